"""Watches a stage as it runs: keeps its metrics, seals its checkpoints, tells how far it is and gives it up when its policy collapses."""

import logging
import time
from typing import Any

import numpy as np
from accelerate import PartialState
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tasks.base.errors import InputError
from tasks.base.events import emit_progress
from tasks.training.checkpoints import Checkpoints, full_disk_named
from tasks.training.records import Records
from tasks.training.settings import CollapseSettings, StageSettings

LOG = logging.getLogger(__name__)
LINES = 20


class Watch(TrainerCallback):
    """The trainer's callback. On several processes only the first one writes."""

    def __init__(self, records: Records, checkpoints: Checkpoints, settings: StageSettings) -> None:
        self.records = records
        self.checkpoints = checkpoints
        self.settings = settings
        self.started = time.monotonic()
        self.steps_before = 0

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        self.started, self.steps_before = time.monotonic(), state.global_step
        if state.global_step:
            LOG.info("going on from the checkpoint of step %d", state.global_step)

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any) -> None:
        logs = given["logs"]
        if "loss" not in logs:  # the summary at the end of training
            return
        self.records.add_metrics(state.global_step, logs)
        if fallen := collapse(self.records.series("reward"), self.settings.collapse):
            raise InputError(f"{fallen}; {self.way_out()}")
        if state.is_world_process_zero:
            self.tell(state.global_step)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        PartialState().wait_for_everyone()  # each process writes its own random states
        if state.is_world_process_zero:
            with full_disk_named(self.checkpoints.path(state.global_step)):
                self.records.write(self.checkpoints.path(state.global_step))
                self.checkpoints.seal(state.global_step)

    def tell(self, step: int) -> None:
        """Progress for the parent at every step, a line for the log at about every twentieth of the way. A batch that is used again has no
        reward of its own: it is told by that of its first use."""
        steps = self.settings.steps
        reward, accuracy = (next(iter(self.records.series(name)[::-1]), 0.0) for name in ("reward", "rewards/accuracy/mean"))
        emit_progress(step, steps, f"steps, reward {reward:.3f}")
        if step % max(1, steps // LINES) == 0 or step == steps:
            pace = (time.monotonic() - self.started) / (step - self.steps_before)
            LOG.info("step %d of %d: reward %.3f, accuracy %.3f, %.2f s a step", step, steps, reward, accuracy, pace)

    def way_out(self) -> str:
        """What a person can do about a collapse."""
        settings = self.settings
        return (
            f"the policy is collapsing, mostly because steps are too large: lower learning_rate ({settings.learning_rate:g}) or "
            f"max_grad_norm ({settings.clip_words}), or raise beta ({settings.beta:g}); collapse.patience null turns this check off"
        )


def collapse(rewards: list[float], settings: CollapseSettings) -> str:
    """How the reward has fallen for too long, or "" where it has not. `rewards` is the mean reward of each step so far.

    Healthy noise does not count: means of `window` steps are compared, and the fall must last `patience` steps.
    """
    if settings.patience is None or len(rewards) < settings.window + settings.patience:
        return ""
    means = np.convolve(rewards, np.full(settings.window, 1 / settings.window), mode="valid")
    best = np.maximum.accumulate(means)
    fallen = means < (1 - settings.drop) * best
    if not fallen[-settings.patience :].all():
        return ""
    return (
        f"training stopped at step {len(rewards)}: the mean reward of the last {settings.window} steps is {means[-1]:.3f}, down from "
        f"{best[-1]:.3f}, and has stayed more than {settings.drop:.0%} below for {settings.patience} steps"
    )
