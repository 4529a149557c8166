"""TRL's GRPO trainer, able to answer prompts outside its own step: for validation, and for problems that are drawn to refill a batch.

Such answers take TRL's road (its tokenizing, its engine, its decoding), so the policy is asked just as in a step, but the step's metrics
and count of tokens do not see them. What breaks for numbers that are none stops the stage with the batch saved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
import torch

from tasks.base.errors import InputError
from tasks.lake.lake import write_parquet
from tasks.training.problems import Difficulty, Problems
from tasks.training.rewards import completion_text
from tasks.training.seeing import SeeingTrainer

NO_NUMBERS = ("probability tensor contains", "device-side assert triggered")  # what drawing tokens from NaN says, on a CPU and on a GPU
BROKEN = "broken-batch-step-{}.parquet"
SCHEMA: dict[str, type[pl.DataType]] = {
    "problem_id": pl.String,
    "prompt": pl.String,
    "completion": pl.String,
    "accuracy_reward": pl.Float64,
    "format_reward": pl.Float64,
    "advantage": pl.Float64,
}


@dataclass(frozen=True)
class Answers:
    """One answer to each of some prompts: its tokens, their log-probabilities where the engine tells them, its text, and the number of
    tokens of prompt and answer together."""

    ids: list[list[int]]
    logprobs: list[list[float | None]] | None
    texts: list[str]
    tokens: list[int]


class AnsweringTrainer(SeeingTrainer):
    """A trainer that answers examples, and that can be told what was answered already. Broken batches are saved in `broken`."""

    without_hint = 0  # the completions of a hinted problem's group that are asked without the hint

    def __init__(self, *, broken: Path, **options: Any) -> None:
        self.broken = broken
        self.asked: list[dict[str, Any]] = []  # the examples of this process that are answered, or were last
        self.answered: Answers | None = None  # what the next step takes instead of asking
        super().__init__(**options)

    @property
    def group_size(self) -> int:
        """Completions of a group."""
        return int(self.num_generations or 0)

    def examples(self, problems: Problems, indices: Sequence[int], place: int) -> list[dict[str, Any]]:
        """The examples of these problems, each index being of one completion, the first of which stands at `place` among those of all
        processes. The last `without_hint` of each group carry no hint."""
        hinted = self.group_size - self.without_hint
        return [
            problems.example(index, hinted=where % self.group_size < hinted, difficulty=self.difficulty(index))
            for where, index in enumerate(indices, start=place)
        ]

    def difficulty(self, index: int) -> Difficulty | None:
        """What the hint of the problem at this index goes by; None: what its file says."""
        return None

    def answer(self, examples: list[dict[str, Any]]) -> Answers:
        """An answer to each example's prompt. With several processes all of them must call this together, each with its own examples."""
        self.asked = examples
        prompt_ids, images, fields = self._tokenize_prompts([row["prompt"] for row in self.with_images_in_prompts(examples)])
        ids, logprobs = self._generate_single_turn(prompt_ids, images, fields, 1)  # each prompt once, however often it is given
        processor: Any = self.processing_class
        texts = processor.batch_decode(ids, skip_special_tokens=True)
        return Answers(ids, logprobs, texts, [len(prompt) + len(answered) for prompt, answered in zip(prompt_ids, ids, strict=True)])

    def _generate_single_turn(
        self, prompt_ids: Any, images: Any, multimodal_fields: Any, num_generations: Any, has_tool_images: Any = False
    ) -> tuple[list[list[int]], Any]:
        """Where a group has two prompts each completion's own is asked: TRL asks a server of vLLM the first of a group for all of them."""
        if self.answered is not None:
            given, self.answered = self.answered, None
            return given.ids, given.logprobs
        try:
            repeated = 1 if self.without_hint else num_generations
            return super()._generate_single_turn(prompt_ids, images, multimodal_fields, repeated, has_tool_images)
        except RuntimeError as error:
            if any(words in str(error) for words in NO_NUMBERS):
                self.stop("no answer can be drawn: the policy gives probabilities that are no numbers", error)
            raise

    def _get_grad_norm(self, model: torch.nn.Module, grad_norm: Any = None) -> Any:
        """TRL would apply a gradient that is no number, and the policy would be none; a loss that is none gives such a gradient. The norm
        is that of all processes, so they stop together. With fp16 such gradients are in order: its scaler skips them."""
        norm = super()._get_grad_norm(model, grad_norm=grad_norm)
        if norm is not None and self.accelerator.scaler is None and not torch.isfinite(torch.as_tensor(norm)):
            self.stop(f"the gradient's norm is {float(norm)}, from a loss that is no number or too large")
        return norm

    def stop(self, fault: str, error: Exception | None = None) -> NoReturn:
        """End the stage: save the batch in hand and raise an InputError that names it. Checkpoints stay as they are."""
        step, drawn = self.state.global_step + 1, error is None
        path = self.broken / BROKEN.format(step)
        if self.is_world_process_zero():
            write_parquet(pl.DataFrame(self.batch_rows(drawn), schema=SCHEMA), path)
        weights = "" if drawn else f"{self.weights_without_numbers()}; "
        raise InputError(
            f"training stopped at step {step}: {fault}; {weights}the batch is in {path}, and the checkpoints before it stay. Mostly steps "
            f"are too large: lower learning_rate ({self.args.learning_rate:g}) or max_grad_norm ({self.args.max_grad_norm or 'off'})"
        ) from error

    def batch_rows(self, drawn: bool) -> list[dict[str, Any]]:
        """The batch in hand: this process's questions, or, once a batch is `drawn`, all processes' with answers, rewards, advantages."""
        if not drawn:
            return [{"problem_id": row["problem_id"], "prompt": completion_text(row["prompt"])} for row in self.asked]
        logs: Any = self._logs
        columns = logs["prompt"], logs["completion"], *logs["rewards"].values(), logs["advantages"]
        return [
            dict(zip(SCHEMA, (problem, completion_text(prompt), completion_text(completion), *numbers), strict=True))
            for problem, (prompt, completion, *numbers) in zip(self.drawn_problems(), zip(*columns, strict=True), strict=True)
        ]

    def drawn_problems(self) -> list[str]:
        """The problem of each completion of the batch, of all processes."""
        raise NotImplementedError

    def weights_without_numbers(self) -> str:
        """Which weights of the policy are no numbers. A GPU that has met one cannot be asked any more."""
        if self.accelerator.device.type == "cuda":
            return "its weights or its numbers on the way overflowed"
        model: Any = self.model
        broken = [name for name, weight in model.named_parameters() if not torch.isfinite(weight).all()]
        return f"{len(broken)} of its weights hold NaN or infinity (first: {broken[0]})" if broken else "its weights are too large"
