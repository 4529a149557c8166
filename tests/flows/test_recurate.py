"""When sets in use are changed: the drift between them and those that would be chosen now, and what is kept of it."""

from pathlib import Path

import polars as pl
import pytest

from flows.recipe import load_recipe
from flows.service.watching import Watched
from flows.service.watching import files_of as watched_files
from tasks.curation.drift import StageDrift, drift_of, drift_said, stage_drift
from tasks.steps.in_use import InUse, files_of, in_use, use
from tasks.steps.planning import planning
from tests.flows.service.panel import add_round, panel_recipe

BETWEEN = set("abef")  # the problems that lie between the thresholds now


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
    found = stage_drift("stage1", ids["u"], ids["n"], BETWEEN)
    assert found == StageDrift("stage1", len(used), len(now), left, entered, outside)
    assert found.share("membership") == membership
    assert found.share("band") == band


def test_the_stage_that_drifted_furthest_counts() -> None:
    stages = [StageDrift("stage1", 10, 10, 1, 1, 0), StageDrift("stage2", 4, 4, 2, 1, 0)]
    assert drift_of(stages, "membership") == 0.5
    assert drift_of([], "membership") == 0.0


def drawn(*left: int) -> tuple[StageDrift, ...]:
    """Draws of an unchanged policy, in which so many of 100 problems leave."""
    return tuple(StageDrift("s", 100, 100, gone, gone, gone) for gone in left)


@pytest.mark.parametrize(
    ("left", "moved", "excess"),
    [
        (22, 0.0, 0.0),  # a little more than chance gives on average, as chance may
        (40, 0.0, 0.2),
        (22, 0.04, 0.04),  # counts tell nothing, the shift of the whole policy does
        (0, 0.04, 0.0),  # where no problem would be exchanged none has moved
    ],
)
def test_what_chance_gives_is_no_drift(left: int, moved: float, excess: float) -> None:
    stage = StageDrift("s", 100, 100, left, left, left, by_chance=drawn(*[18, 20, 22] * 6), moved=moved)
    assert stage.chance("membership") == pytest.approx(0.2)
    assert stage.excess("membership") == stage.excess("band") == pytest.approx(excess)
    assert drift_said([stage], "membership") == (f"{left / 100:.1%} found, 20.0% expected by chance alone, drift beyond that {excess:.1%}")


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
