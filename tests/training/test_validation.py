"""Validation during training: what it measures, that it disturbs nothing, and the best policy kept and found again after a kill."""

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal
from safetensors.torch import load_file

from tasks.base.errors import InputError
from tasks.lake.artifacts import folder_digests
from tasks.policy.identity import Policy, folder_policy_id
from tasks.training.checkpoints import Checkpoints
from tasks.training.records import Records
from tasks.training.settings import StageSettings
from tasks.training.spec import StageSpec
from tasks.training.stage import run_stage
from tasks.training.succession import ADAM, HANDOVER
from tasks.training.validation import best_step, chosen
from tasks.training.watching import Watch
from tests.training.tiny import SETTINGS, problem, stage_spec, write_stage


def watching(trained: StageSpec, folder: Path, file: Path, **changes: object) -> StageSpec:
    """The spec of the trained stage with validation, in another folder."""
    validation = {"every": 2, "problems": 5, "samples": 3, **changes}
    settings = StageSettings(**{**SETTINGS.model_dump(), "validation": validation})
    return stage_spec(folder, trained.policy, trained.problems, settings).model_copy(update={"validation": file})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Validation problems, one of them without images."""
    rows = [problem(number, problem_id=f"v{number}", band=None, accuracy=None) for number in range(7)]
    return write_stage(tmp_path_factory.mktemp("validation") / "v.parquet", [*rows, problem(8, images=[], problem="One?", problem_id="v8")])


@pytest.fixture(scope="module")
def watched(trained: StageSpec, file: Path, tmp_path_factory: pytest.TempPathFactory) -> StageSpec:
    """A stage that keeps its best policy, trained without a disturbance; its checkpoints, one a step, are still there."""
    spec = watching(trained, tmp_path_factory.mktemp("watched"), file, every=1, keep_best=True)
    every = spec.settings.model_copy(update={"save_every": 1, "keep_checkpoints": 9})
    spec = spec.model_copy(update={"settings": every, "hands_over": "optimizer"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoints, "remove", lambda self: None)
        run_stage(spec)
    return spec


def metrics(spec: StageSpec) -> pl.DataFrame:
    return pl.read_parquet(spec.folder / "metrics" / "metrics.parquet")


def test_training_is_the_same_with_and_without_validation(trained: StageSpec, file: Path, tmp_path: Path) -> None:
    spec = watching(trained, tmp_path / "stage", file)
    run_stage(spec)
    assert folder_policy_id(spec.folder / "policy") == folder_policy_id(trained.folder / "policy")
    ours = metrics(spec).filter(~pl.col("name").str.starts_with("validation/"), pl.col("step") > 0)
    assert_frame_equal(ours, metrics(trained))
    for name in ("num_tokens", "validation/accuracy", "validation/unjudged", "validation/mean_length"):
        assert {0, 2, 4, 6} <= set(metrics(spec).filter(name=name)["step"]), name
    assert metrics(spec).filter(name="validation/accuracy")["step"].to_list() == [0, 2, 4, 6]
    accuracy = metrics(spec).filter(name="validation/accuracy")["value"]
    assert accuracy.is_between(0, 1).all()
    assert metrics(spec).filter(name="num_tokens").sort("step")["value"].is_sorted()


def test_the_policy_left_is_the_best_one(watched: StageSpec) -> None:
    rows = metrics(watched).filter(name="validation/accuracy")
    best = int(rows.filter(value=rows["value"].max())["step"].max())
    assert metrics(watched).filter(name="validation/kept_step").select("step", "value").rows() == [(6, best)]
    assert best < 6, "choose another seed: here the last policy is the best, which proves nothing"
    left = load_file(watched.folder / "policy" / "model.safetensors")
    kept = Path(watched.policy.model) if best == 0 else watched.folder / "checkpoints" / f"checkpoint-{best}"
    for name, tensor in load_file(kept / "model.safetensors").items():
        assert torch.equal(tensor, left[name]), name
    last = load_file(watched.folder / "checkpoints" / "checkpoint-6" / "model.safetensors")
    assert any(not torch.equal(tensor, left[name]) for name, tensor in last.items())
    assert len(list(watched.folder.glob("checkpoints/best-*"))) == 1
    steps = {int(value) for name, value in load_file(watched.folder / HANDOVER / ADAM).items() if name.endswith(".step")}
    assert steps == {best}, "Adam's state is not of the step whose weights are kept"


def interrupt_after(last: int) -> Callable[[Watch, int], None]:
    """In place of `Watch.tell`: the end of the process after so many steps."""

    def tell(watch: Watch, step: int) -> None:
        if step == last:
            raise KeyboardInterrupt

    return tell


def test_an_interrupted_stage_keeps_the_best_policy_of_an_undisturbed_one(
    watched: StageSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = watched.settings.model_copy(update={"save_every": 2, "keep_checkpoints": 1})
    spec = watched.model_copy(update={"folder": tmp_path / "stage", "settings": settings})
    spec.folder.mkdir()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Watch, "tell", interrupt_after(5))
        run_stage(spec)
    assert Checkpoints(spec.folder / "checkpoints", 1).last() == spec.folder / "checkpoints" / "checkpoint-4"
    run_stage(spec)
    shutil.rmtree(watched.folder / "checkpoints")
    assert folder_digests(spec.folder) == folder_digests(watched.folder)


def test_the_problems_asked_depend_on_their_ids_alone() -> None:
    ids = [f"p{number}" for number in range(20)]
    asked = {ids[place] for place in chosen(ids, 5)}
    assert len(asked) == 5
    assert {ids[::-1][place] for place in chosen(ids[::-1], 5)} == asked
    assert asked < {ids[place] for place in chosen(ids, 6)}
    assert chosen(ids, None) == list(range(20)) == chosen(ids, 99)


def test_of_several_best_the_latest_is_kept(tmp_path: Path) -> None:
    records = Records("stage")
    for step, value in ((0, 0.2), (5, 0.5), (10, 0.3), (15, 0.5), (20, 0.4)):
        records.add_metrics(step, {"validation/accuracy": value, "reward": 9.0})
    assert best_step(records) == 15
    checkpoints = Checkpoints(tmp_path, 1)
    for step in (0, 5, 15):
        checkpoints.save_best(step, {"w": torch.tensor([step])})
    checkpoints.keep_best(15)
    assert [path.name for path in tmp_path.iterdir()] == ["best-15"]
    assert checkpoints.load_best(15)["w"].item() == 15
    (tmp_path / "best-15" / "weights.pt").write_bytes(b"cut")
    with pytest.raises(InputError, match="best-15 are gone or cut"):
        checkpoints.load_best(15)


def test_validation_without_problems_is_an_error_before_training(tiny_policy: Policy, stage_file: Path, tmp_path: Path) -> None:
    settings = StageSettings(**{**SETTINGS.model_dump(), "validation": {}})
    spec = stage_spec(tmp_path / "stage", tiny_policy, stage_file, settings)
    with pytest.raises(InputError, match="give problems.validation sources"):
        run_stage(spec)
    assert not list(spec.folder.glob("checkpoints/*"))
