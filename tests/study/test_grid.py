"""The learning rate that an arm of a study takes, by what its pilot runs left."""

from pathlib import Path

import pytest

from tasks.base.errors import InputError
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import write_parquet
from tasks.study.grid import Pilot
from tasks.study.grid_task import GridRequest, choose_learning_rate
from tests.sql.rows import table


def stage(home: Path, accuracy: float, name: str) -> Artifact:
    """What a pilot run left: half as good in the middle as at its end."""
    target = artifact(home, "stages", {"name": name})
    rows = [
        {"stage_id": target.key, "step": step, "name": "validation/accuracy", "value": value}
        for step, value in ((4, accuracy), (2, accuracy / 2), (0, 1.0))
    ]
    with building(target, {}) as folder:
        write_parquet(table("metrics", rows), folder / "metrics" / "metrics.parquet")
    return target


def chosen(home: Path, **accuracies: tuple[float | None, ...]) -> Artifact:
    """The grid over learning rates in ten-thousandths (`r1`), each with its accuracy for every pilot seed, None where that broke."""
    pilots = [
        Pilot(learning_rate=int(rate[1:]) / 10_000, seed=seed, stage=stage(home, accuracy, f"{rate}-{seed}"))
        if accuracy is not None
        else Pilot(learning_rate=int(rate[1:]) / 10_000, seed=seed, broke="the policy is collapsing")
        for rate, found in accuracies.items()
        for seed, accuracy in enumerate(found)
    ]
    return choose_learning_rate.fn(GridRequest(home=home, arm="weighted", pilots=tuple(pilots), answers=800))


def test_the_rate_that_is_right_most_often_at_the_end_is_taken(tmp_path: Path) -> None:
    facts = chosen(tmp_path, r1=(0.50, 0.52), r2=(0.58, 0.60), r3=(0.70, 0.40)).manifest
    assert (facts["learning_rate"], facts["edge"]) == (2e-4, "")
    assert (facts["lead"], facts["error"]) == (pytest.approx(0.04), 0.025)


def test_of_two_that_are_right_equally_often_the_smaller_is_taken_and_an_edge_is_said(tmp_path: Path) -> None:
    facts = chosen(tmp_path, r1=(0.1 + 0.2, 0.6), r2=(0.6, 0.3), r3=(0.2, 0.2)).manifest
    assert (facts["learning_rate"], facts["edge"], facts["lead"]) == (1e-4, "lowest", pytest.approx(0))


def test_a_rate_at_which_a_run_broke_is_not_taken(tmp_path: Path) -> None:
    facts = chosen(tmp_path, r1=(0.2, 0.2), r2=(0.9, None)).manifest
    assert (facts["learning_rate"], facts["lead"]) == (1e-4, None)


def test_an_arm_that_broke_with_every_rate_has_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"arm 'weighted': its pilot runs broke with every .*, the first with: the policy is collapsing"):
        chosen(tmp_path, r1=(None, 0.5), r2=(0.5, None))


def test_what_an_arm_is_called_changes_nothing(tmp_path: Path) -> None:
    pilots = (Pilot(learning_rate=1e-4, seed=0, broke="x"),)
    request = GridRequest(home=tmp_path, arm="one", pilots=pilots, answers=800)
    assert request.target() == request.model_copy(update={"arm": "other"}).target()
    assert request.target() != request.model_copy(update={"answers": 801}).target()
