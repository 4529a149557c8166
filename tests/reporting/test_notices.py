"""What the Prefect UI is told, against a real Prefect server."""

import base64
import os
import re
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import Artifact
from prefect.client.schemas.sorting import ArtifactSort

from tasks.reporting.inputs import Inputs
from tasks.reporting.notices import links, markdown, notices
from tasks.reporting.task import ReportRequest, report_run, show_new
from tasks.steps.naming import artifact_key


def test_keys_are_fit_for_prefect_and_tell_names_apart(made):
    run = made(datasets=("<img src=x onerror=alert(1)>", "Ünï/code"), problems=24)
    told = notices(Inputs(**run.arguments), Path("/somewhere/report.html"))
    keys = [notice.key for notice in told]
    assert len(set(keys)) == len(keys) == 6
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) for key in keys)
    assert artifact_key("a b") != artifact_key("a-b") and artifact_key("starter", "report") == "starter-report"
    assert "<img" not in "".join(notice.text + notice.about for notice in told)
    assert all(notice.about and "lonely" not in notice.about for notice in told)


def test_markdown_names_are_shown_as_they_are():
    assert markdown("[x](javascript:1)") == r"\[x\]\(javascript\:1\)"
    assert markdown("<b>a|b</b>") == r"&lt;b&gt;a\|b&lt;/b&gt;"


@pytest.mark.process
def test_a_run_leaves_its_notices_in_prefect(made, in_prefect):
    run = made(steps=13)

    @flow
    def small():
        return report_run(ReportRequest(**run.arguments))

    def told() -> dict[str | None, Artifact]:
        with get_client(sync_client=True) as client:
            last = client.read_artifacts(sort=ArtifactSort.CREATED_DESC)
        return {artifact.key: artifact for artifact in reversed(last) if (artifact.key or "").startswith("starter-")}

    page = small()
    found = told()
    assert page.file("report.html").as_uri() in found["starter-report"].data and "| Stage 2 |" in found["starter-report"].data
    assert "tokens" in found["starter-cost"].data and "data:image/svg" in found["starter-difficulty-cells-train"].data
    assert "Not told apart from flat" in found["starter-difficulty-cells-train"].data  # 32 problems of a U make none sure
    assert "█" in found["starter-difficulty-charts-train"].data
    assert "Stage 2" in found["starter-evaluation"].data and "stage2" in found["starter-curated-sets"].data
    small()
    assert told().keys() == found.keys()


def test_links_lead_to_the_server_of_reports_where_there_is_one(monkeypatch, tmp_path):
    page = tmp_path / "reports" / "k" / "report.html"
    assert page.as_uri() in links(page) and str(page) in links(page)
    monkeypatch.setenv("DIFFICULTY_PRIOR_REPORTS_URL", "http://127.0.0.1:4201/")
    assert "(http://127.0.0.1:4201/k/report.html)" in links(page) and "(http://127.0.0.1:4201/index.html)" in links(page)


def test_pictures_stand_alone(made):
    run = made()
    text = next(notice.text for notice in notices(Inputs(**run.arguments), Path("/x/report.html")) if "cells" in notice.key)
    uri = re.search(r"!\[Histogram\]\(data:image/svg\+xml;base64,([^)]+)\)", text)
    picture = ElementTree.fromstring(base64.b64decode(uri[1]))
    named = set(re.findall(r"var\((--[a-z0-9-]+)\)", base64.b64decode(uri[1]).decode()))
    style = picture.find("{http://www.w3.org/2000/svg}style").text
    assert picture.get("width") and named and all(f"{name}:" in style for name in named)


@pytest.mark.process
def test_a_flow_that_runs_alone_tells_what_it_has_made(made, in_prefect):
    run = made(datasets=("alone",), problems=20)
    old = run.difficulty.path / "manifest.json"

    @flow
    def profiling(is_new: bool):
        if is_new:
            os.utime(old, ns=(time.time_ns(),) * 2)  # by itself it takes the file system's time, which may be milliseconds behind
        show_new("lonely", run.difficulty, run.evaluation)

    @flow
    def whole():
        profiling(True)

    def told() -> set[str | None]:
        with get_client(sync_client=True) as client:
            return {artifact.key for artifact in client.read_artifacts() if (artifact.key or "").startswith("lonely")}

    show_new("lonely", run.difficulty)
    profiling(False)
    whole()
    assert told() == set()
    profiling(True)
    assert told() == {"lonely-difficulty-alone-train"}
