"""Watches the policy on problems that it is not trained on, and keeps the best one where the stage asks for it.

Answers are drawn with random numbers of their own and the trainer's are put back, so training is the same to the bit with and without
validation (but with vLLM's rollouts inside this process, whose engine has its own numbers).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from accelerate import PartialState
from accelerate.utils import DistributedType, gather_object
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict, set_model_state_dict
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tasks.base.errors import InputError
from tasks.base.files import digest
from tasks.training.answering import AnsweringTrainer
from tasks.training.checkpoints import Checkpoints
from tasks.training.handover import AdamState, adam_state
from tasks.training.problems import Problems
from tasks.training.records import Records
from tasks.training.rewards import JUDGED_BY
from tasks.training.spec import StageSpec

if TYPE_CHECKING:
    from tasks.training.trainer import DifficultyGRPOTrainer

LOG = logging.getLogger(__name__)
ACCURACY, KEPT = "validation/accuracy", "validation/kept_step"


class Validation(TrainerCallback):
    """The evaluations of a stage, which asks for them. To be added after `Watch`, which seals the checkpoints that hold their results, and
    after `TakeUp`: the best step may be none."""

    def __init__(self, trainer: "DifficultyGRPOTrainer", problems: Problems, checkpoints: Checkpoints, spec: StageSpec) -> None:
        assert spec.settings.validation is not None
        self.trainer, self.problems, self.rewards = trainer, problems, trainer.rewards
        self.records, self.checkpoints = trainer.records, checkpoints
        self.settings, self.seed = spec.settings.validation, spec.seed
        self.keeps_adam = spec.hands_over == "optimizer"
        self.asked = chosen([row["problem_id"] for row in problems.rows], self.settings.problems)

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if state.global_step == 0:
            self.records.add_metrics(0, {"num_tokens": 0})
            self.evaluate(0)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if state.global_step % self.settings.every == 0 or state.global_step == state.max_steps:
            self.evaluate(state.global_step)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """The checkpoint that was just sealed knows the best policy so far; the others are never asked for again."""
        if self.settings.keep_best and state.is_world_process_zero:
            self.checkpoints.keep_best(best_step(self.records))

    def evaluate(self, step: int) -> None:
        """Add the metrics of an evaluation, and keep the weights where they are the best so far."""
        values = self.measure(step)
        self.records.add_metrics(step, values)
        LOG.info("validation at step %d: accuracy %.3f on %d problems", step, values[ACCURACY], len(self.asked))
        if self.settings.keep_best and best_step(self.records) == step:
            save_state(self.trainer, self.checkpoints, step, with_adam=self.keeps_adam)

    def measure(self, step: int) -> dict[str, float]:
        """Accuracy (mean over problems of the share right of what could be judged), the share not judged, and the mean tokens of an
        answer; the same on every process."""
        rows = [place for place in self.asked for _ in range(self.settings.samples)]
        with randomness_apart(), evaluating(self.trainer):
            answered = dict(gather_object(list(self.answered(rows, step))))
        kept = [answered[place] for place in range(len(rows))]
        right = np.array([np.nan if reward is None else reward for reward, _ in kept]).reshape(len(self.asked), -1)
        judged = right[~np.isnan(right).all(axis=1)]
        accuracy = float(np.nanmean(judged, axis=1).mean()) if len(judged) else 0.0
        lengths = [length for _, length in kept]
        return {ACCURACY: accuracy, "validation/unjudged": float(np.isnan(right).mean()), "validation/mean_length": float(np.mean(lengths))}

    def answered(self, rows: list[int], step: int) -> Iterator[tuple[int, tuple[float | None, int]]]:
        """The place of each row that falls to this process, with the answer's reward and length. Every process asks as many batches."""
        state = PartialState()
        args: Any = self.trainer.args
        places = list(range(-(-len(rows) // state.num_processes) * state.num_processes))[state.process_index :: state.num_processes]
        size = args.per_device_train_batch_size * args.steps_per_generation
        for start in range(0, len(places), size):
            torch.manual_seed(int(digest(["validation", self.seed, step, state.process_index, start])[:8], 16))
            batch = places[start : start + size]
            examples = [self.problems[rows[min(place, len(rows) - 1)]] for place in batch]  # what is over asks the last one again
            answers = self.trainer.answer(examples)
            golds: dict[str, Any] = {name: [example[name] for example in examples] for name in JUDGED_BY}
            yield from zip(batch, zip(self.rewards.accuracy(answers.texts, **golds), map(len, answers.ids), strict=True), strict=True)


def chosen(problem_ids: list[str], count: int | None) -> list[int]:
    """The places of the `count` problems (None: of all) that validation asks: by the digest of their ids, the same whatever the order."""
    return sorted(sorted(range(len(problem_ids)), key=lambda place: digest(["validation", problem_ids[place]]))[:count])


def best_step(records: Records) -> int:
    """The step of the highest accuracy so far; of several the latest."""
    return max((row["value"], row["step"]) for row in records.metrics if row["name"] == ACCURACY)[1]


@contextmanager
def randomness_apart() -> Iterator[None]:
    """Give torch's random states back as they were. Those of Python and numpy are not used in drawing answers."""
    with torch.random.fork_rng([torch.cuda.current_device()] if torch.cuda.is_available() else []):
        yield


@contextmanager
def evaluating(trainer: AnsweringTrainer) -> Iterator[None]:
    """The model in evaluation mode, and afterwards in the mode it was in."""
    model: Any = trainer.model_wrapped
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def check_best_can_be_kept(trainer: AnsweringTrainer) -> None:
    """Raise InputError where the weights of a running stage cannot be put back."""
    if trainer.accelerator.distributed_type == DistributedType.DEEPSPEED:
        raise InputError(
            "validation.keep_best: DeepSpeed holds the weights in a form that cannot be put back; use DDP or FSDP, or keep_best: false"
        )


def save_state(trainer: "DifficultyGRPOTrainer", checkpoints: Checkpoints, step: int, *, with_adam: bool) -> None:
    """Keep the weights that are trained (in LoRA: the adapter's) as the best ones, and Adam's state of their step where the stage hands
    that over; every process takes part in gathering them."""
    options = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)
    weights = get_model_state_dict(trainer.model_wrapped, options=options)
    adam = adam_state(trainer) if with_adam else {}
    if trainer.is_world_process_zero():
        checkpoints.save_best(step, {"weights": weights, "adam": adam})
    PartialState().wait_for_everyone()


def restore_best(trainer: AnsweringTrainer, records: Records, checkpoints: Checkpoints) -> AdamState | None:
    """Put the best weights back into the model, and say in the metrics of the last step which they are. Gives the state of Adam that was
    kept with them; None where the last step's are the best."""
    step, last = best_step(records), trainer.state.max_steps
    records.add_metrics(last, {KEPT: step})
    if step == last:
        return None
    state = PartialState()
    best: dict[str, Any] = checkpoints.load_best(step) if state.is_main_process else {"weights": {}, "adam": {}}
    several = state.num_processes > 1
    options = StateDictOptions(full_state_dict=True, broadcast_from_rank0=several, strict=False)
    set_model_state_dict(trainer.model_wrapped, best["weights"], options=options)
    LOG.info("the policy of step %d is kept: the best on the validation problems", step)
    return best["adam"]
