"""Our trainer's step against stock TRL's on the same batch of the starter policy, the loss that both come to, and what it costs to choose
a step's problems.

In turns, each turn a short run of both from the same seed at a learning rate that changes nothing, so that every step of one has a step
of the other with the same prompts and the same answers; the figure is the median of these pairs' ratios. `python -m tests.bench.training`
runs it.
"""

import contextlib
import io
import logging
import math
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import torch
from datasets import Dataset
from transformers import AutoConfig, AutoModelForImageTextToText, PrinterCallback, TrainerCallback
from trl import GRPOTrainer

from tasks.grading.judges import Judges
from tasks.grading.settings import GradingSettings
from tasks.policy.identity import STARTER, Policy, PolicySettings, base_policy
from tasks.policy.loading import load_model, load_processor
from tasks.starter.datasets import DATASETS, starter_problems
from tasks.starter.picture import png_bytes
from tasks.training.checkpoints import Checkpoints
from tasks.training.choosing import Chooser, Outcome
from tasks.training.problems import load_problems
from tasks.training.records import Records
from tasks.training.rewards import Rewards, content_text
from tasks.training.settings import StageSettings, WeightingSettings
from tasks.training.spec import StageSpec
from tasks.training.stage import build_trainer
from tasks.training.trainer import training_arguments
from tests.bench.row import Row
from tests.flows.runs import STARTER_STAGE
from tests.training.tiny import problem, stage_spec, write_stage

MOST, TURNS, STEPS, TRAJECTORY = 1.03, 6, 6, 6
LARGE_TURNS = 2
MOST_CHOOSING, CHOSEN_FROM = 1.01, 2000
LARGE_TEXT = {
    "hidden_size": 2048,
    "intermediate_size": 11008,
    "num_hidden_layers": 36,
    "num_attention_heads": 16,
    "num_key_value_heads": 2,
}
LARGE_VISION = {"hidden_size": 1280, "intermediate_size": 3420, "depth": 32, "num_heads": 16, "fullatt_block_indexes": [7, 15, 23, 31]}
NEXT_TO_NOTHING = 1e-12
ALIKE = 1e-6


@dataclass
class Clock(TrainerCallback):
    """When each step was over, log and all, and its loss."""

    ends: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    def on_log(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if "loss" in given["logs"]:
            self.ends.append(time.perf_counter())
            self.losses.append(given["logs"]["loss"])

    @property
    def seconds(self) -> list[float]:
        """Of each step but the first, which warms up."""
        return [after - before for before, after in zip(self.ends, self.ends[1:], strict=False)]


class Timed(Chooser):
    """What chooses problems, and how long it took in each step."""

    def begin(self, step: int) -> list[int]:
        started = time.perf_counter()
        chosen = super().begin(step)
        self.seconds = [*getattr(self, "seconds", []), time.perf_counter() - started]
        return chosen

    def taught(self, outcomes: Iterable[Outcome]) -> None:
        started = time.perf_counter()
        super().taught(outcomes)
        self.seconds[-1] += time.perf_counter() - started


def stage_file(folder: Path, count: int = 48) -> Path:
    """So many of the starter's problems as a stage's file, each with a profile."""
    drawn = [found for name in DATASETS for found in starter_problems(name, "train", seed=0, count=count // len(DATASETS))]
    rows = [
        problem(number, images=[{"bytes": png_bytes(found.picture.draw()), "path": None}], problem=found.question, answer=found.answer)
        | {"choices": list(found.choices), "logit_mean": math.sin(number), "logit_variance": 0.5}
        for number, found in enumerate(drawn)
    ]
    return write_stage(folder / "stage1.parquet", rows)


def settings(**changes: Any) -> StageSettings:
    return StageSettings(**{**STARTER_STAGE, "steps": STEPS, "warmup_steps": 0, "save_every": 1000, **changes})


def ours(spec: StageSpec, rewards: Rewards) -> Clock:
    """Our trainer as a stage builds it."""
    clock, problems = Clock(), load_problems(spec.problems, spec.prompting, hints=False, sees_images=True)
    trainer = build_trainer(spec, problems, rewards, Records("stage"), Checkpoints(spec.folder, 1))
    trainer.add_callback(clock)
    trainer.train()
    return clock


def choosing(policy: Policy, grader: Judges) -> Row:
    """The line of a stage that chooses each step's problems by a live estimate."""
    with tempfile.TemporaryDirectory() as folder:
        file = stage_file(Path(folder), CHOSEN_FROM)
        spec = stage_spec(Path(folder) / "stage", policy, file, settings(learning_rate=NEXT_TO_NOTHING, sampler="live", steps=2 * STEPS))
        clock, problems = Clock(), load_problems(spec.problems, spec.prompting, hints=False, sees_images=True)
        trainer = build_trainer(spec, problems, Rewards(grader), Records("stage"), Checkpoints(spec.folder, 1))
        trainer.chooser = chooser = Timed(spec.settings, problems, trainer.records, spec.seed)
        trainer.add_callback(clock)
        trainer.train()
    step, chosen = median(clock.seconds), median(chooser.seconds[1:])
    ratio = step / (step - chosen)
    what = f"a training step that chooses from {CHOSEN_FROM:,} problems by a live estimate, against its own time without that"
    return Row(what, f"{ratio:.3f}x ({1000 * chosen:.1f} ms of {step:.2f} s)", f"≤ {MOST_CHOOSING}x", ratio <= MOST_CHOOSING)


def stock(spec: StageSpec, rewards: Rewards) -> Clock:
    """TRL's trainer with the same options on the same problems, as its documentation has it: a dataset with prompts and images."""
    clock, problems = Clock(), load_problems(spec.problems, spec.prompting, hints=False, sees_images=True)
    rows = [problems[place] for place in range(len(problems))]
    trainer = GRPOTrainer(
        model=load_model(spec.policy),
        reward_funcs=[rewards.accuracy, rewards.format],
        args=training_arguments(spec.settings, spec.folder, seed=spec.seed),
        train_dataset=Dataset.from_list([{**row, "prompt": in_plain_text(row["prompt"])} for row in rows]),
        processing_class=load_processor(spec.policy, spec.prompting),
        callbacks=[clock],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return clock


def in_plain_text(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A prompt whose image TRL itself puts in front, where the starter's questions have it."""
    return [{"role": "user", "content": content_text(messages[0]["content"])}]


def spec_in(folder: Path, policy: Policy, asked: StageSettings) -> StageSpec:
    file = stage_file(folder)
    return stage_spec(folder / "stage", policy, file, asked)


def turns(policy: Policy, grader: Judges, number: int = TURNS, **changes: Any) -> tuple[list[float], list[float]]:
    """Seconds of the paired steps: ours, stock's. Ours weighs, normalises and records as a stage of the paper's does."""
    pairs: tuple[list[float], list[float]] = ([], [])
    for turn in range(number):
        with tempfile.TemporaryDirectory() as folder:
            weighed = settings(learning_rate=NEXT_TO_NOTHING, weighting=WeightingSettings(normalise=True), **changes)
            spec = spec_in(Path(folder), policy, weighed).model_copy(update={"seed": turn})
            arms = [(ours, pairs[0]), (stock, pairs[1])]
            for run, seconds in arms if turn % 2 else arms[::-1]:
                seconds += run(spec, Rewards(grader)).seconds
    return pairs


def largest_difference(policy: Policy, grader: Judges) -> float:
    """Between the losses of the first steps, at the starter's learning rate and with weights `none`."""
    with tempfile.TemporaryDirectory() as folder:
        plain = settings(weighting=WeightingSettings(family="none")).model_copy(update={"steps": TRAJECTORY})
        spec = spec_in(Path(folder), policy, plain)
        losses = [run(spec, Rewards(grader)).losses for run in (ours, stock)]
    assert len(losses[0]) == TRAJECTORY
    return max(abs(mine - theirs) for mine, theirs in zip(*losses, strict=True))


def save_large_policy(folder: Path) -> Path:
    """Write a policy as large as Qwen2.5-VL-3B to `folder`: the starter's tokens and images, random weights."""
    torch.manual_seed(0)
    config = AutoConfig.from_pretrained(STARTER)
    text, vision = config.text_config, config.vision_config
    text.update({**LARGE_TEXT, "layer_types": ["full_attention"] * LARGE_TEXT["num_hidden_layers"]})
    text.rope_parameters["mrope_section"] = [16, 24, 24]
    vision.update({**LARGE_VISION, "out_hidden_size": text.hidden_size})
    with torch.device("cuda"):
        model = AutoModelForImageTextToText.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    for file in {*STARTER.iterdir()} - {STARTER / "config.json", STARTER / "model.safetensors"}:
        shutil.copy(file, folder)
    return folder


def large_row(grader: Judges) -> Row:
    """The step of a model of three billion parameters, all of which are trained; only a GPU can."""
    with tempfile.TemporaryDirectory() as folder:
        policy = base_policy(PolicySettings(model=str(save_large_policy(Path(folder))), dtype="bfloat16"))
        mine, theirs = turns(policy, grader, number=LARGE_TURNS, dtype="bfloat16", micro_batch=16)
    return step_row("a weighted training step of 3 billion random parameters, on the same", mine, theirs)


def step_row(what: str, mine: list[float], theirs: list[float]) -> Row:
    """The line of paired steps."""
    ratio = median(one / other for one, other in zip(mine, theirs, strict=True))
    measured = f"{ratio:.3f}x (median of {len(mine)} pairs; {median(mine):.2f} s against {median(theirs):.2f} s)"
    return Row(what, measured, f"≤ {MOST}x", ratio <= MOST)


def rows() -> list[Row]:
    """The lines of the table; on a GPU also that of a large model."""
    logging.getLogger("tasks").setLevel(logging.WARNING)
    policy = base_policy(PolicySettings(model="starter", dtype="float32"))
    with contextlib.redirect_stdout(io.StringIO()), Judges(GradingSettings()) as grader:
        mine, theirs = turns(policy, grader)
        apart = largest_difference(policy, grader)
        chosen = choosing(policy, grader)
        large = [large_row(grader)] if torch.cuda.is_available() else []
    return [
        step_row("a weighted training step against stock TRL's on the same batch of 64 answers", mine, theirs),
        chosen,
        *large,
        Row(
            f"loss of {TRAJECTORY} steps with weights `none` against stock TRL's",
            f"largest difference {apart:.1e}",
            f"≤ {ALIKE:.0e}",
            apart <= ALIKE,
        ),
    ]


if __name__ == "__main__":
    for line in rows():
        print(line)
