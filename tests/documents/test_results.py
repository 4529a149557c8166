"""What proofs, benches and the study measure goes into RESULTS.md, each table into its own place and each bench's lines by themselves."""

import shutil
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import results
from tests.bench.results import RESULTS, put, shown
from tests.bench.row import Row, line_of

TABLES = ("proof", "study", "cards", "bench", "bench on a GPU")


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the results, into which is written."""
    copy = Path(shutil.copy(RESULTS, tmp_path))
    monkeypatch.setattr(results, "RESULTS", copy)
    return copy


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_put_in_the_place_of_the_last_one(copied: Path, name: str) -> None:
    others = {other: shown(other) for other in TABLES if other != name}
    assert shown(name).startswith("Measured by")
    put(name, "Measured anew.")
    assert (shown(name), {other: shown(other) for other in others}) == ("Measured anew.", others)
    assert copied.read_text().split("<!-- proof")[0] == RESULTS.read_text().split("<!-- proof")[0]


def test_a_table_without_a_place_is_an_error(copied: Path) -> None:
    with pytest.raises(ValueError, match="has no <!-- elsewhere: begin --> … <!-- elsewhere: end -->"):
        put("elsewhere", "Measured.")
    assert copied.read_text() == RESULTS.read_text()


def test_a_bench_s_lines_take_the_place_of_its_last_ones_and_leave_the_others(copied: Path) -> None:
    before = bench.kept_lines()
    again = bench.lines_of("start", [Row("how soon it answers", "0.5 s", "≤ 1 s", True), Row("and how late", "2 s", "≤ 1 s", False)])
    put(bench.TABLE, bench.table({**before, "start": again}))
    assert bench.kept_lines() == {**before, "start": again}
    assert again[1].startswith("| and how late | 2 s | ≤ 1 s | **missed** | 20")
    assert again[1].endswith(" <!-- start --> |")


def test_a_line_without_a_goal_says_neither() -> None:
    assert line_of(Row("size", "1 MB")) == "| size | 1 MB |  |  |"


def test_what_is_no_bench_runs_nothing(copied: Path) -> None:
    with pytest.raises(SystemExit, match="no bench is called starts: there are simulated, "):
        bench.main(["start", "starts"])
    assert copied.read_text() == RESULTS.read_text()


def test_every_bench_is_a_module_and_every_line_a_bench_s() -> None:
    assert all((RESULTS.parent / f"{name}.py").is_file() for name in bench.NAMES)
    lines = [line for table in ("bench", "bench on a GPU") for line in shown(table).splitlines() if "<!--" in line]
    assert {line.split("<!-- ")[1].removesuffix(" --> |") for line in lines} <= set(bench.NAMES)
