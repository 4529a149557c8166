"""When sets in use are changed: the drift between them and those that would be chosen now, and what is kept of it."""

from pathlib import Path

import polars as pl
import pytest

from flows.recipe import load_recipe
from flows.service.watching import Watched
from flows.service.watching import files_of as watched_files
from tasks.curation.drift import StageDrift, drift_of, stage_drift
from tasks.curation.settings import StageRule
from tasks.steps.in_use import InUse, files_of, in_use, use
from tasks.steps.planning import planning
from tests.flows.service.panel import add_round, panel_recipe

RULE = StageRule(low=0.25, high=0.75, size=4)


def rows(**accuracies: float) -> pl.DataFrame:
    """Problems with their accuracies."""
    return pl.DataFrame({"problem_id": list(accuracies), "accuracy": list(accuracies.values())})


CANDIDATES = rows(a=0.5, b=0.5, c=0.9, d=0.1, e=0.5, f=0.3)


@pytest.mark.parametrize(
    ("used", "now", "left", "entered", "outside", "membership", "band"),
    [
        ("ab", "ab", 0, 0, 0, 0.0, 0.0),
        ("ab", "ae", 1, 1, 0, 0.5, 0.0),
        ("abcd", "abef", 2, 2, 2, 0.5, 0.5),
        ("ab", "abef", 0, 2, 0, 1.0, 0.0),  # a stage that grows: what joins counts
        ("abxy", "ab", 2, 0, 2, 0.5, 0.5),  # problems that are gone are outside
        ("", "ab", 0, 2, 0, 1.0, 1.0),
        ("", "", 0, 0, 0, 0.0, 0.0),
    ],
)
def test_drift(used: str, now: str, left: int, entered: int, outside: int, membership: float, band: float) -> None:
    ids = {name: pl.DataFrame({"problem_id": list(text)}, schema={"problem_id": pl.String}) for name, text in (("u", used), ("n", now))}
    found = stage_drift("stage1", ids["u"], ids["n"], CANDIDATES, RULE)
    assert found == StageDrift("stage1", len(used), len(now), left, entered, outside)
    assert found.share("membership") == membership
    assert found.share("band") == band


def test_the_stage_that_drifted_furthest_counts() -> None:
    stages = [StageDrift("stage1", 10, 10, 1, 1, 0), StageDrift("stage2", 4, 4, 2, 1, 0)]
    assert drift_of(stages, "membership") == 0.5
    assert drift_of([], "membership") == 0.0


def test_what_is_in_use_is_kept_by_recipe_and_changed_in_part(tmp_path: Path) -> None:
    assert in_use(tmp_path, "mine") is None
    use(tmp_path, "mine", sets="one")
    use(tmp_path, "mine", stages={"stage1": "s"})
    use(tmp_path, "other", sets="two")
    assert in_use(tmp_path, "mine") == InUse(sets="one", stages={"stage1": "s"})
    use(tmp_path, "mine", sets="one")
    assert [path.name for path in files_of(tmp_path, "mine")] == ["mine@000001.json", "mine@000002.json"]


def test_a_dry_run_uses_nothing(tmp_path: Path) -> None:
    with planning():
        use(tmp_path, "mine", sets="one")
    assert in_use(tmp_path, "mine") is None


def test_changed_files_are_told_of_once_they_are_at_rest(tmp_path: Path) -> None:
    recipe = load_recipe(str(panel_recipe(tmp_path)))
    watched = Watched(recipe, watched_files(recipe))
    assert {Path(name).name for name in watched.told} == {"problems.jsonl", "round-a.jsonl", "round-b.jsonl"}
    assert not watched.look()
    add_round(tmp_path, "c", right=range(3))
    assert [watched.look() for _ in range(3)] == [False, True, False]
    (tmp_path / "round-c.jsonl").unlink()
    assert [watched.look() for _ in range(3)] == [False, True, False]
