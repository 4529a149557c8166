"""What a stage hands over: two stages with Adam and the float32 weights carried over end as one uninterrupted stage does."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tasks.base.errors import InputError
from tasks.lake.artifacts import folder_digests
from tasks.policy.identity import Policy, trained_policy
from tasks.training.settings import LoraSettings, StageSettings
from tasks.training.spec import StageSpec
from tasks.training.stage import run_stage
from tasks.training.succession import ADAM, HANDOVER, MASTERS
from tasks.training.trainer import DifficultyGRPOTrainer
from tasks.training.watching import Watch
from tests.training.tiny import SETTINGS, stage_spec

STEPS, STOPPED = 2, 2  # of one stage, and where one is killed
LORA = LoraSettings(rank=4, alpha=8)
STEADY = {"learning_rate": 3e-3, "lr_schedule": "constant_with_warmup", "warmup_steps": 0, "max_grad_norm": None, "save_every": 1}


def settings(steps: int, **changes: Any) -> StageSettings:
    return StageSettings(**{**SETTINGS.model_dump(), **STEADY, "steps": steps, **changes})


@dataclass
class Course:
    """Which problems a step has, and which random numbers its answers are drawn with: both go by the steps made by it and `before` it."""

    before: int = 0

    def indices(self, trainer: DifficultyGRPOTrainer) -> list[int]:
        size = trainer.num_generations
        groups = trainer.args.generation_batch_size // size
        first, last = self.before * groups, (self.before + trainer.args.max_steps) * groups
        return [group % 9 for group in range(first, last) for _ in range(size)]


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch) -> Course:
    """Have all stages take their steps from one course."""
    taken, score = Course(), DifficultyGRPOTrainer._generate_and_score_completions

    def scored(self: DifficultyGRPOTrainer, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        torch.manual_seed(taken.before + self.state.global_step)
        return score(self, inputs)

    monkeypatch.setattr(DifficultyGRPOTrainer, "_get_train_sampler", lambda self, dataset=None: taken.indices(self))
    monkeypatch.setattr(DifficultyGRPOTrainer, "_generate_and_score_completions", scored)
    return taken


def second_of(first: StageSpec, folder: Path, stage: StageSettings) -> StageSpec:
    """The stage after `first`, with all that this one has left."""
    policy = trained_policy(first.folder / "policy", name="stage1", stage_id="s", parent=first.policy)
    left = {"adam": first.folder / HANDOVER / ADAM, "masters": first.folder / HANDOVER / MASTERS}
    there = {name: path for name, path in left.items() if path.exists() and (name != "adam" or stage.optimizer == "carry")}
    return stage_spec(folder, policy, first.problems, stage).model_copy(update=there)


def weights_of(spec: StageSpec) -> dict[str, torch.Tensor]:
    """The weights as a stage trained them."""
    masters = spec.folder / HANDOVER / MASTERS
    [file] = (masters if masters.is_dir() else spec.folder / "policy").glob("*.safetensors")
    return load_file(file)


def farthest(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> float:
    assert left.keys() == right.keys()
    return max(float((left[name].double() - right[name].double()).abs().max()) for name in left)


def handing_over(spec: StageSpec) -> StageSpec:
    return spec.model_copy(update={"hands_over": "optimizer"})


def state_of(spec: StageSpec) -> dict[str, torch.Tensor]:
    return load_file(spec.folder / HANDOVER / ADAM)


def counts(state: dict[str, torch.Tensor]) -> set[int]:
    """The counts of Adam's steps in a state."""
    return {int(value) for name, value in state.items() if name.endswith(".step")}


@pytest.mark.parametrize("changes", [{"dtype": "float32"}, {"lora": LORA}], ids=["whole", "adapter"])
def test_two_stages_with_adam_carried_equal_one(
    tiny_policy: Policy, stage_file: Path, tmp_path: Path, course: Course, changes: dict[str, Any]
) -> None:
    """Whole weights though the policy between the stages is saved in bfloat16."""
    policy = tiny_policy if "lora" in changes else tiny_policy.model_copy(update={"dtype": "bfloat16"})
    whole, first = (
        handing_over(stage_spec(tmp_path / name, policy, stage_file, settings(steps, **changes)))
        for name, steps in (("whole", 2 * STEPS), ("first", STEPS))
    )
    run_stage(whole)
    run_stage(first)
    course.before = STEPS
    carried = handing_over(second_of(first, tmp_path / "second", settings(STEPS, optimizer="carry", **changes)))
    run_stage(carried)
    assert farthest(weights_of(whole), weights_of(carried)) < 1e-6
    assert farthest(weights_of(whole), weights_of(first)) > 1e-3
    assert farthest(state_of(whole), state_of(carried)) < 1e-6
    assert [counts(state_of(spec)) for spec in (whole, first, carried)] == [{2 * STEPS}, {STEPS}, {2 * STEPS}]


@pytest.fixture(scope="module")
def left(tiny_policy: Policy, stage_file: Path, tmp_path_factory: pytest.TempPathFactory) -> StageSpec:
    """A stage that is over, whose policy is saved in bfloat16."""
    policy = tiny_policy.model_copy(update={"dtype": "bfloat16"})
    spec = handing_over(stage_spec(tmp_path_factory.mktemp("left"), policy, stage_file, settings(STEPS)))
    run_stage(spec)
    return spec


@pytest.fixture(scope="module")
def carried(left: StageSpec, tmp_path_factory: pytest.TempPathFactory) -> StageSpec:
    """The stage after it, over too, without a disturbance."""
    spec = handing_over(second_of(left, tmp_path_factory.mktemp("carried"), settings(STEPS, optimizer="carry")))
    run_stage(spec)
    return spec


def test_a_stage_that_is_killed_once_it_took_adam_over_ends_the_same_to_the_bit(
    carried: StageSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = carried.model_copy(update={"folder": tmp_path})
    with monkeypatch.context() as patch:
        patch.setattr(Watch, "tell", lambda self, step: (_ for _ in ()).throw(KeyboardInterrupt) if step == STOPPED else None)
        with pytest.raises(KeyboardInterrupt):
            run_stage(cut)
    assert [path.name for path in (cut.folder / "checkpoints").iterdir()] == [f"checkpoint-{STOPPED - 1}"]
    run_stage(cut)
    assert folder_digests(cut.folder) == folder_digests(carried.folder)


def test_without_adam_or_without_the_masters_it_ends_elsewhere(carried: StageSpec, left: StageSpec, tmp_path: Path) -> None:
    fresh = handing_over(second_of(left, tmp_path / "fresh", settings(STEPS, optimizer="fresh")))
    rounded = carried.model_copy(update={"folder": tmp_path / "rounded", "masters": None})
    rounded.folder.mkdir()
    run_stage(fresh)
    run_stage(rounded)
    assert farthest(weights_of(carried), weights_of(fresh)) > 1e-3
    assert farthest(weights_of(carried), weights_of(rounded)) > 1e-4


def test_a_policy_is_saved_as_it_is_sampled_and_nothing_lies_in_it_that_is_handed_over(left: StageSpec) -> None:
    [policy] = (left.folder / "policy").glob("*.safetensors")
    assert {tensor.dtype for tensor in load_file(policy).values()} == {torch.bfloat16}
    assert {tensor.dtype for tensor in weights_of(left).values()} == {torch.float32}
    assert not (left.folder / "policy" / ADAM).exists()


def test_a_state_of_other_parameters_is_refused(left: StageSpec, tmp_path: Path) -> None:
    state = state_of(left)
    name = min(state).rpartition(".")[0]
    save_file({key: tensor for key, tensor in state.items() if not key.startswith(f"{name}.")}, tmp_path / ADAM)
    spec = second_of(left, tmp_path / "second", settings(1, optimizer="carry")).model_copy(update={"adam": tmp_path / ADAM})
    with pytest.raises(InputError, match=rf"holds Adam's state of other parameters: 1 differ, {re.escape(name)} is not there in it"):
        run_stage(spec)
