"""The page over all reports of a lake."""

import json
import os
from pathlib import Path

from tasks.reporting.index import render_index, reports_of, write_index
from tests.reporting.test_report import HOSTILE_NAME, Page

FIRST = {"title": "Base", "accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6, "difference": None}
LAST = {
    "title": "Stage 2",
    "accuracy": 0.75,
    "accuracy_low": 0.7,
    "accuracy_high": 0.8,
    "difference": 0.25,
    "difference_low": 0.2,
    "difference_high": 0.3,
}


def keep(home: Path, key: str, written: float, **facts: object) -> Path:
    """A complete report of that key."""
    path = home / "reports" / key / "manifest.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"key": key, **facts}))
    os.utime(path, (written, written))
    return path


def text_of(home: Path) -> str:
    return Page(write_index(home).read_text()).text


def test_an_empty_lake_says_how_to_begin(tmp_path):
    assert "No run has been reported yet" in text_of(tmp_path) and "difficulty-prior run starter" in text_of(tmp_path)


def test_the_newest_run_comes_first(tmp_path):
    score = {"problems": 512, "first": FIRST, "last": LAST}
    keep(tmp_path, "a" * 32, 1_000_000_000, name="older", score=score)
    keep(tmp_path, "b" * 32, 1_700_000_000, name="newer", score=score)
    text = text_of(tmp_path)
    assert text.index("newer") < text.index("older")
    assert "2023-11-14 22:13 UTC" in text and "512 held-out problems" in text
    assert "Base 50.0%" in text and "Stage 2 75.0%" in text and "+25.0 points (+20.0 … +30.0)" in text
    links = [attributes["href"] for tag, attributes in Page(render_index(reports_of(tmp_path))).elements if tag == "a"]
    assert links == ["#runs", f"{'b' * 32}/report.html", f"{'a' * 32}/report.html"]


def test_runs_without_a_stage_and_studies_and_old_reports_are_listed(tmp_path):
    keep(tmp_path, "a" * 32, 1, name="measured only", score={"problems": 9, "first": FIRST})
    keep(tmp_path, "b" * 32, 2, name="parts", study="s", score={"problems": 9, "arms": 3, "seeds": 5, "first": FIRST, "last": LAST})
    keep(tmp_path, "c" * 32, 3, name="old")
    keep(tmp_path, "d" * 32, 4, name="nothing held out", score={})
    text = text_of(tmp_path)
    assert "4 reports" in text and "3 arms" in text and "5 seeds" in text and "run the recipe again" in text


def test_deleted_and_unfinished_reports_are_not_listed(tmp_path):
    keep(tmp_path, "a" * 32, 1, name="stays")
    keep(tmp_path, "b" * 32, 2, name="goes").unlink()
    (tmp_path / "reports" / ("c" * 32)).mkdir()
    text = text_of(tmp_path)
    assert "stays" in text and "goes" not in text and "One report" in text


def test_names_are_inert(tmp_path):
    score = {"problems": 1, "first": FIRST | {"title": HOSTILE_NAME}, "last": LAST}
    keep(tmp_path, "a" * 32, 1, name=HOSTILE_NAME, score=score)
    page = Page(write_index(tmp_path).read_text())
    assert page.text.count(HOSTILE_NAME) == 2 and "img" not in page.tags() and "script" not in page.tags()


def test_manifests_that_differ_give_pages_that_differ_and_equal_ones_the_same(tmp_path):
    keep(tmp_path, "a" * 32, 1, name="one")
    first = write_index(tmp_path).read_bytes()
    assert write_index(tmp_path).read_bytes() == first
    keep(tmp_path, "b" * 32, 2, name="two")
    assert write_index(tmp_path).read_bytes() != first
