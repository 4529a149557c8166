"""The README is short, and the figures that it repeats are those that were measured or worked out elsewhere."""

import json
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from flows.recipe import load_recipe
from tasks.base.process import PROJECT
from tasks.difficulty.histogram import draw
from tasks.estimates.power.rounds import Bands, Kept, expected_right
from tasks.estimates.prior import Prior
from tasks.estimates.settings import DifficultySettings
from tests.documents.pages import blocks
from tests.sql.rows import verdicts, warehouse

README = (PROJECT / "README.md").read_text(encoding="utf-8")
RESULTS = (PROJECT / "tests" / "bench" / "RESULTS.md").read_text(encoding="utf-8")
COSTS = (PROJECT / "deployments" / "recipes" / "paper.md").read_text(encoding="utf-8")
LINES, WORDS = 200, 1_800


def test_the_readme_is_two_screens() -> None:
    assert len(README.splitlines()) <= LINES
    assert len(README.split()) <= WORDS


def test_its_result_is_the_one_that_was_measured() -> None:
    [row] = re.findall(r"^\| both datasets, hints off \|.*$", README, re.MULTILINE)
    assert row in RESULTS.splitlines()


@pytest.mark.parametrize("figure", re.findall(r"[\d.]+(?=% before training|% after both stages)", README))
def test_its_picture_shows_that_result(figure: str) -> None:
    assert f"{figure}%" in next(line for line in README.splitlines() if line.startswith("| both datasets, hints off"))


ESTIMATES = " ".join(README.split("## Raw counts and estimates")[1].split("## ")[0].split())


def test_its_savings_are_those_that_were_measured() -> None:
    [row] = [line for line in RESULTS.splitlines() if line.startswith("| adaptive rounds, U Beta(0.4, 0.4) (value, the default)")]
    saved, wrong = re.findall(r"([\d.]+)% fewer completions .*?, ([\d.]+)% wrong ", row)[0]
    assert f"{float(saved):.0f}% fewer completions than 16 rounds decide {wrong}% wrongly" in ESTIMATES


def test_what_few_rounds_decide_wrongly_is_what_a_u_makes_them() -> None:
    u, edges = Prior("fit", (1.0,), (0.4,), (0.4,)), DifficultySettings()
    kept, bands = Kept(edges.low, edges.high), Bands((edges.low, edges.hard_below, edges.medium_below, edges.high))
    wrong = {(rounds, one): f"{1 - expected_right(u, rounds, one.right):.0%}" for rounds in (8, 16) for one in (kept, bands)}
    assert f"drops {wrong[8, kept]} of problems wrongly after 8 rounds, {wrong[16, kept]} after 16" in ESTIMATES
    assert f"puts {wrong[8, bands]} and {wrong[16, bands]} into a wrong one of five bands" in ESTIMATES


def test_its_real_run_costs_what_was_worked_out() -> None:
    costs = {line.split(" | ")[0].strip("| "): line.rstrip(" |").split(" | ")[1:] for line in COSTS.splitlines() if line.startswith("| ")}
    *_, gpu_hours, hours = next(line.rstrip(" |").split(" | ") for line in COSTS.splitlines() if line.startswith("| together | 3"))
    memory = re.findall(r"^\| together \| ([\d.]+) \|$", COSTS, re.MULTILINE)[0]
    told = README.split("## A real run")[1].split("## ")[0]
    assert f"{gpu_hours} GPU-hours, {hours} hours on those eight" in told
    assert f"{memory} GiB" in told
    assert f"{costs['profile'][-1]} hours to profile" in told


HERE = re.compile(r"^(?:cat|python -) > (\S+) <<'END'\n(.*?)^END$", re.MULTILINE | re.DOTALL)
WRITTEN = {name: text for block in blocks(README, "sh") for name, text in HERE.findall(block)}
[PRINTED] = blocks(README, "")
SOLVED = {int(k): int(problems) for k, problems in re.findall(r"^ +(\d)/8 .*? (\d+) +[\d.]+%$", PRINTED, re.MULTILINE)}


def printed(code: str) -> str:
    """What a piece of Python prints."""
    with redirect_stdout(StringIO()) as lines:
        exec(code, {})
    return lines.getvalue()


@pytest.fixture
def sums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The rows of the reader's own problems, in the folder where the reader has made them as the README says."""
    monkeypatch.chdir(tmp_path)
    for name, text in WRITTEN.items():
        Path(name).write_text(printed(text) if name.endswith(".jsonl") else text)
    return [json.loads(line) for line in Path("sums.jsonl").read_text().splitlines()]


def test_the_reader_s_own_problems_are_as_many_as_it_prints(sums: list[dict[str, object]]) -> None:
    problems = pl.DataFrame(sums).unique("problem")
    assert len(sums) == 64
    assert problems.height == sum(SOLVED.values())
    told = re.findall(r"^(\d) +(\d+) +0\.\d+$", PRINTED, re.MULTILINE)
    assert {int(digits): int(count) for digits, count in told} == dict(problems.group_by("digits").len().iter_rows())


def test_the_reader_s_own_recipe_loads(sums: list[dict[str, object]]) -> None:
    recipe = load_recipe("mine.yaml")
    assert recipe.sampling.rounds == max(SOLVED)
    assert recipe.problems.train[0].path == "sums.jsonl"


def test_what_it_prints_is_what_is_printed_of_such_counts(tmp_path: Path) -> None:
    ids = [(f"p{k}-{place}", k) for k, problems in SOLVED.items() for place in range(problems)]
    judged = [row for name, k in ids for row in verdicts(name, "c" * k + "i" * (8 - k))]
    marts = warehouse(tmp_path, {"problems": [{"problem_id": name} for name, _ in ids], "verdicts": judged}, rounds=8)
    console = Console(width=120, record=True, color_system=None)
    console.print(draw(*(marts.sql(f"from {mart}").pl() for mart in ("difficulty_histogram", "u_shape")), DifficultySettings()))
    drawn = [line.rstrip() for line in console.export_text().splitlines()[1:]]
    assert drawn == PRINTED.splitlines()[1 : 1 + len(drawn)]
