"""What rules read of the stage before: its groups, and what is expected of its problems after them."""

from pathlib import Path

import polars as pl
import pytest

from tasks.curation.candidates import read_candidates
from tasks.curation.rules import choose
from tasks.curation.settings import StageRule
from tasks.curation.task import CurationRequest, curate_sets
from tasks.curation.trained import EXPECTED, NONE, read_trained, told_by
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import read_parquet, write_parquet
from tests.curation.sets import SMALL, measured
from tests.sql.rows import table


def trained(home: Path, curated: Artifact, right: int, *, hints: bool = False) -> Artifact:
    """Stage 1 of a set, whose every problem was drawn in ten steps and answered so often rightly of eight times."""
    names = read_parquet(curated.file("stage1.parquet"))["problem_id"]
    rows = [{"step": step, "problem_id": name, "G": 8, "correct": right} for step in range(1, 11) for name in names]
    target = artifact(home, "stages", {"right": right, "hints": hints})
    facts = {"stage": "stage1", "curated": curated.key, "settings": {"hints": hints, "group_size": 8}}
    with building(target, facts) as folder:
        write_parquet(table("groups", rows).drop("hinted"), folder / "groups" / "groups.parquet")
    return target


@pytest.fixture
def curated(tmp_path: Path) -> Artifact:
    difficulty, problems = measured(tmp_path, pictures=False)
    return curate_sets.fn(CurationRequest(home=tmp_path, difficulty=difficulty, problems=problems, settings=SMALL, seed=0))


def test_a_rule_drops_what_the_forecast_says_is_mastered(tmp_path: Path, curated: Artifact) -> None:
    difficulty = Artifact(home=tmp_path, kind="difficulty", key=curated.manifest["difficulty"])
    problems = tuple(Artifact(home=tmp_path, kind="problems", key=key) for key in curated.manifest["problems"])
    candidates, path = read_candidates(difficulty, problems), tmp_path / "own.sql"
    path.write_text(
        "select problem_id, row_number() over (order by problem_id) as rank from candidates "
        "anti join (from forecast where belief = 'live' and p_mean > $high) using (problem_id)"
    )
    rule, drawn = StageRule(rule=str(path), size=99), set(read_parquet(curated.file("stage1.parquet"))["problem_id"])
    mastered, hard = (choose(candidates, rule, 0, None, read_trained(trained(tmp_path, curated, right))) for right in (8, 2))
    assert set(candidates.counts["problem_id"]) - set(mastered["problem_id"]) == drawn
    assert drawn <= set(hard["problem_id"])


def test_hinted_groups_move_no_forecast_and_nothing_is_told_before_the_first_stage(tmp_path: Path, curated: Artifact) -> None:
    plain, hinted = (read_trained(trained(tmp_path, curated, 8, hints=hints)) for hints in (False, True))
    assert plain.forecast.schema == pl.Schema(EXPECTED) and len(plain.forecast) == 3 * 6
    live = pl.col("belief") == "live"
    assert plain.forecast.filter(live)["p_mean"].min() > 0.87 > hinted.forecast.filter(live)["p_mean"].max()  # type: ignore[operator]
    assert read_trained(None) is NONE and NONE.groups.is_empty() and NONE.forecast.is_empty()


def test_the_key_holds_groups_and_profile(tmp_path: Path, curated: Artifact) -> None:
    assert len({told_by(trained(tmp_path, curated, right)) for right in (8, 2)}) == 2
