"""Groups that cannot teach are replaced by others: bounded, counted, the same after a kill, and never a crash."""

from itertools import islice
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.lake.artifacts import folder_digests
from tasks.policy.identity import Policy
from tasks.training.refilling import Row, part, replacements, take, teaches
from tasks.training.settings import StageSettings
from tasks.training.spec import StageSpec
from tasks.training.stage import run_stage
from tasks.training.watching import Watch
from tests.training.test_validation import interrupt_after
from tests.training.tiny import SETTINGS, mixed_problems, problem, stage_spec, write_stage

COUNTS = ("refill/tries", "refill/groups", "refill/completions", "refill/tokens", "refill/zero_signal_before")


def refilling(folder: Path, policy: Policy, file: Path, tries: int) -> StageSpec:
    settings = StageSettings(**{**SETTINGS.model_dump(), "refill": {"tries": tries}})
    return stage_spec(folder, policy, file, settings)


@pytest.fixture(scope="module")
def refilled(tiny_policy: Policy, stage_file: Path, tmp_path_factory: pytest.TempPathFactory) -> StageSpec:
    """A stage that refills, trained without a disturbance."""
    spec = refilling(tmp_path_factory.mktemp("refilled"), tiny_policy, stage_file, 2)
    run_stage(spec)
    return spec


def by_step(spec: StageSpec) -> pl.DataFrame:
    """The metrics, a row a step."""
    return pl.read_parquet(spec.folder / "metrics" / "metrics.parquet").pivot("name", index="step", values="value").sort("step")


def groups(spec: StageSpec) -> pl.DataFrame:
    return pl.read_parquet(spec.folder / "groups" / "groups.parquet").with_columns(
        unteaching=pl.col("correct").is_in([0]) | (pl.col("correct") == pl.col("G"))
    )


def test_groups_that_can_teach_take_the_places_of_those_that_cannot(refilled: StageSpec, trained: StageSpec) -> None:
    rows, after = by_step(refilled), groups(refilled).group_by("step").agg(pl.col("unteaching").mean()).sort("step")
    before = groups(trained).filter(step=1)
    assert rows["refill/zero_signal_before"][0] == before["unteaching"].mean()
    filled = rows["refill/groups"] / 4
    assert (rows["refill/zero_signal_before"] - filled).to_list() == pytest.approx(after["unteaching"].to_list())
    assert rows["refill/groups"].sum() > 0
    assert rows["refill/tries"].max() <= 2
    kept = before.filter(~pl.col("unteaching")).select("problem_id", "correct")
    assert kept.join(groups(refilled).filter(step=1), on=["problem_id", "correct"], how="anti").is_empty()


def test_what_is_spent_is_counted(refilled: StageSpec) -> None:
    rows = by_step(refilled)
    assert (rows["refill/completions"] % SETTINGS.group_size == 0).all()
    assert (rows["refill/completions"] >= SETTINGS.group_size * rows["refill/groups"]).all()
    per_step = rows["num_tokens"].diff().fill_null(rows["num_tokens"][0])
    assert (per_step > rows["refill/tokens"]).all()
    unspent = rows.filter(pl.col("refill/tries") == 0)
    assert (unspent["refill/tokens"] == 0).all() and (unspent["refill/completions"] == 0).all()


def test_a_step_without_holes_is_the_one_without_refilling(tiny_policy: Policy, trained: StageSpec, tmp_path: Path) -> None:
    """With no other problem to draw nothing is replaced, and the stage is what it is without refilling."""
    file = write_stage(tmp_path / "stage1.parquet", mixed_problems()[:4])
    plain, tried = (refilling(tmp_path / str(tries), tiny_policy, file, tries) for tries in (0, 3))
    for spec in (plain, tried):
        run_stage(spec)
    assert folder_digests(plain.folder / "policy") == folder_digests(tried.folder / "policy")
    assert by_step(tried)["refill/tries"].to_list() == [0.0] * 6


def test_when_nothing_survives_the_stage_goes_on(tiny_policy: Policy, tmp_path: Path) -> None:
    rows = [problem(number, answer="never said") for number in range(9)]
    spec = refilling(tmp_path / "stage", tiny_policy, write_stage(tmp_path / "stage1.parquet", rows), 7)
    run_stage(spec)
    counts = by_step(spec)
    assert counts["refill/groups"].to_list() == [0.0] * 6
    assert counts["refill/completions"].to_list() == [20.0] * 6  # of nine problems four are in the batch
    assert counts["refill/tries"].to_list() == [2.0] * 6
    assert counts["groups/all_wrong"].to_list() == [1.0] * 6
    assert len(groups(spec)) == 24


def test_an_interrupted_stage_draws_the_same_problems(refilled: StageSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = refilled.model_copy(update={"folder": tmp_path / "stage"})
    spec.folder.mkdir()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Watch, "tell", interrupt_after(5))
        run_stage(spec)
    run_stage(spec)
    assert folder_digests(spec.folder) == folder_digests(refilled.folder)


def test_the_order_of_replacements_depends_on_seed_and_step() -> None:
    def order(seed: int, step: int) -> list[int]:
        return list(replacements(30, {3, 5}, seed, step))

    assert sorted(order(1, 2)) == [index for index in range(30) if index not in (3, 5)]
    assert order(1, 2) == order(1, 2)
    assert len({tuple(order(seed, step)) for seed in (1, 2) for step in (0, 1, 2)}) == 6


@given(st.integers(0, 40), st.integers(1, 20), st.sampled_from([2, 4, 6, 8]), st.integers(1, 8))
def test_what_is_taken_falls_to_all_processes_in_equal_parts(total: int, wanted: int, size: int, processes: int) -> None:
    order = iter(range(total))
    taken = take(order, wanted, size, processes)
    count = len(taken) * size
    parts = [list(range(count))[part(count, here, processes)] for here in range(processes)]
    assert [row for rows in parts for row in rows] == list(range(count))
    assert len({len(rows) for rows in parts}) == 1
    assert len(taken) >= wanted or total - len(taken) < processes
    assert len(taken) < wanted + processes
    assert not set(islice(order, 1)) & set(taken)


@pytest.mark.parametrize(("rewards", "can"), [([1, 0], True), ([1, 1], False), ([0, 0], False), ([1, None], False), ([None, None], False)])
def test_a_group_teaches_where_some_are_right_and_some_wrong(rewards: list[float | None], can: bool) -> None:
    assert teaches([Row(0, [], None, reward, 1) for reward in rewards]) is can
