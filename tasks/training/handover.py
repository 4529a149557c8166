"""Adam's state from one stage to the next: `NAME.exp_avg`, `NAME.exp_avg_sq` and `NAME.step` of each parameter, whole, as safetensors.

The learning rate, its schedule and a gradient scaler are each stage's own; what is carried is what the gradients have left behind. The
state is one file whatever the processes: sharded weights (FSDP2) gather it, and are sent their parts of it. DeepSpeed's cannot be had so.
Imports torch.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from accelerate import PartialState
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_optimizer_state_dict, set_optimizer_state_dict
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tasks.base.errors import InputError
from tasks.training.checkpoints import full_disk_named
from tasks.training.succession import ADAM

if TYPE_CHECKING:
    from tasks.training.trainer import DifficultyGRPOTrainer

LOG = logging.getLogger(__name__)
MEANS, STEP = ("exp_avg", "exp_avg_sq"), "step"

AdamState = dict[str, torch.Tensor]
"""`NAME.PART` of each trained parameter, on the CPU."""


class TakeUp(TrainerCallback):
    """Puts the state in `file` into the trainer's Adam before the first step. A stage that is resumed has it in its checkpoint."""

    def __init__(self, trainer: "DifficultyGRPOTrainer", file: Path) -> None:
        self.trainer, self.file = trainer, file

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if state.global_step == 0:
            check_is_of(self.trainer, self.file)
            take_up(self.trainer, self.file)


def trained_parameters(trainer: "DifficultyGRPOTrainer") -> dict[str, torch.nn.Parameter]:
    """The parameters that are trained, by name; those of sharded weights know their whole shape."""
    model = trainer.accelerator.unwrap_model(trainer.model_wrapped)
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def check_is_of(trainer: "DifficultyGRPOTrainer", file: Path) -> None:
    """Raise InputError where a state is of other parameters than the trainer's, by its header alone."""
    own = {name: list(parameter.shape) for name, parameter in trained_parameters(trainer).items()}
    with safe_open(file, framework="pt") as opened:
        names = {name.removesuffix(f".{MEANS[0]}") for name in opened.keys() if name.endswith(MEANS[0])}  # noqa: SIM118 - no mapping
        there = {name: opened.get_slice(f"{name}.{MEANS[0]}").get_shape() for name in names}
    if other := sorted(name for name in own.keys() | there.keys() if own.get(name) != there.get(name)):
        raise InputError(
            f"train.optimizer: {file} holds Adam's state of other parameters: {len(other)} differ, {other[0]} is "
            f"{there.get(other[0], 'not there')} in it and {own.get(other[0], 'not trained')} in this stage; give optimizer: fresh"
        )


def take_up(trainer: "DifficultyGRPOTrainer", file: Path) -> None:
    """Put a state into the trainer's Adam; what the stage says of it, such as the learning rate, stays. Every process takes part."""
    process, optimizer = PartialState(), adam_in(trainer)
    groups = get_optimizer_state_dict(trainer.model_wrapped, optimizer)["param_groups"]
    carried: dict[str, Any] = {}
    if process.is_main_process:
        held = load_file(file)
        state = {name: {part: held[f"{name}.{part}"] for part in (*MEANS, STEP)} for name in trained_parameters(trainer)}
        carried = {"state": state, "param_groups": groups}
        LOG.info("Adam goes on after %d steps of the stages before", max(int(parts[STEP]) for parts in state.values()))
    options = StateDictOptions(full_state_dict=True, broadcast_from_rank0=process.num_processes > 1)
    set_optimizer_state_dict(trainer.model_wrapped, optimizer, carried, options=options)


def adam_state(trainer: "DifficultyGRPOTrainer") -> AdamState:
    """The state of the trainer's Adam, on the first process; a parameter without a gradient so far has zeros and no step. Every process
    takes part in gathering it."""
    optimizer = adam_in(trainer)
    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    begun = bool(optimizer.state)  # torch would make a step to have something to give
    found: Any = get_optimizer_state_dict(trainer.model_wrapped, optimizer, options=options).get("state", {}) if begun else {}
    if not trainer.is_world_process_zero():
        return {}
    state: AdamState = {}
    for name, parameter in trained_parameters(trainer).items():
        parts = found.get(name) or {part: torch.zeros(parameter.shape, dtype=parameter.dtype) for part in MEANS} | {STEP: torch.tensor(0.0)}
        state |= {f"{name}.{part}": parts[part].contiguous() for part in (*MEANS, STEP)}
    return state


def adam_in(trainer: "DifficultyGRPOTrainer") -> torch.optim.Optimizer:
    """Adam itself, which accelerate wraps."""
    wrapped: Any = trainer.optimizer
    return wrapped.optimizer


def save_adam(state: AdamState, folder: Path) -> None:
    """Save a state as `adam.safetensors` in a stage's folder for what it hands over."""
    with full_disk_named(folder):
        folder.mkdir(parents=True, exist_ok=True)
        save_file(state, folder / ADAM)
