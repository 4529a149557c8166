"""What the Prefect UI is told, against a real Prefect server."""

import re
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.testing.utilities import prefect_test_harness

from tasks.reporting.inputs import Inputs
from tasks.reporting.notices import markdown, notice_key, notices
from tasks.reporting.task import report


def test_keys_are_fit_for_prefect_and_tell_names_apart(made):
    run = made(datasets=("<img src=x onerror=alert(1)>", "Ünï/code"), problems=24)
    told = notices(Inputs(**run.arguments), Path("/somewhere/report.html"))
    keys = [notice.key for notice in told]
    assert len(set(keys)) == len(keys) == 5
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) for key in keys)
    assert notice_key("a b") != notice_key("a-b") and notice_key("starter", "report") == "starter-report"
    assert "<img" not in "".join(notice.text for notice in told)


def test_markdown_names_are_shown_as_they_are():
    assert markdown("[x](javascript:1)") == r"\[x\]\(javascript\:1\)"
    assert markdown("<b>a|b</b>") == r"&lt;b&gt;a\|b&lt;/b&gt;"


@pytest.fixture(scope="module")
def server():
    with prefect_test_harness(server_startup_timeout=180):
        yield


def test_a_run_leaves_its_notices_in_prefect(made, server):
    run = made(steps=13)

    @flow
    def small():
        return report(**run.arguments)

    page = small()
    with get_client(sync_client=True) as client:
        found = {artifact.key: artifact for artifact in client.read_artifacts()}
    assert page.file("report.html").as_uri() in found["starter-report"].data
    assert "U-shaped" in found["starter-difficulty-cells-train"].data and "█" in found["starter-difficulty-charts-train"].data
    assert "Stage 2" in found["starter-evaluation"].data and "stage2" in found["starter-curated-sets"].data
    before = len(found)
    small()
    with get_client(sync_client=True) as client:
        assert len({artifact.key for artifact in client.read_artifacts()}) == before
