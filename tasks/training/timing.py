"""How long the finished stages of a lake took: what their folders keep of how far they were, and when.

That is no part of what an artifact holds, since two equal runs differ in it. Timed are the steps after the first one that was told of, with
the answers to validation problems and the refills that were drawn among them. Loading and the first step are not in it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from tasks.lake.lake import read_parquet
from tasks.lake.layout import MANIFEST, PROGRESS
from tasks.steps.how_far import HowFar, read_how_far
from tasks.training.settings import Hints, StageSettings

ROLLOUTS = ("engine", "mode", "tensor_parallel")
MEANS = (
    *("iterations", "micro_batch", "dtype", "autocast", "lora", "freeze_vision"),
    *("gradient_checkpointing", "liger", "accelerate", "processes"),
)


@dataclass(frozen=True)
class Load:
    """What a step of a stage has to do, where that can be compared: completions to learn from, by groups of `group_size`, each of at most
    `max_tokens`, to prompts with `hints` or without; `refills`, the tries to replace its groups; whether it `chooses` its problems by an
    estimate; and, every `validated` steps (0: never), so many `answers` to validation problems."""

    completions: int
    group_size: int
    max_tokens: int
    hints: Hints = False
    refills: int = 0
    chooses: bool = False
    validated: int = 0
    answers: int = 0


@dataclass(frozen=True)
class Timed:
    """A finished stage: the policy that it started from, the machine, by which means it was trained (see `means_of`), what its steps had to
    do, how many of them were timed, in how many seconds, and how many completions were drawn among these to validate and to refill."""

    policy_id: str
    host: str
    means: Mapping[str, Any]
    load: Load
    steps: int
    seconds: float
    watched: int
    refilled: int


def means_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """By what a stage of these settings (as JSON has them) trains: two stages that differ in it say nothing of each other's time."""
    held = with_defaults(settings)
    return {
        **{f"rollouts.{name}": held["rollouts"][name] for name in ROLLOUTS},
        **{name: held[name] for name in MEANS},
        "KL": held["beta"] > 0,
    }


def load_of(settings: Mapping[str, Any], answers: int) -> Load:
    """What a step of a stage of these settings has to do; an evaluation on validation problems takes so many `answers`."""
    held = with_defaults(settings)
    named = {name: held[name] for name in ("group_size", "max_tokens", "hints")}
    validated = held["validation"]["every"] if held["validation"] else 0
    chooses = held["sampler"]["model"] != "shuffled"
    completions = held["batch"] // held["iterations"]
    return Load(completions, **named, refills=held["refill"]["tries"], chooses=chooses, validated=validated, answers=answers)


def with_defaults(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A stage's settings with what versions before had no setting for, which did as the default does."""
    usual = StageSettings().model_dump(mode="json")
    return {**usual, **settings, "rollouts": {**usual["rollouts"], **settings.get("rollouts", {})}}


def timed_stages(home: Path) -> list[Timed]:
    """The finished stages of a lake that say how long they took."""
    asked = validation_problems(home)
    found = (timed(path.parent, asked) for path in sorted((home / "stages").glob(f"*/{MANIFEST}")))
    return [stage for stage in found if stage]


def validation_problems(home: Path) -> dict[str, int]:
    """How many problems each set of validation problems in a lake has, by its content."""
    manifests = (json.loads(path.read_text(encoding="utf-8")) for path in (home / "validation").glob(f"*/{MANIFEST}"))
    return {made["content"]: made["problems"] for made in manifests}


def timed(folder: Path, asked: Mapping[str, int]) -> Timed | None:
    """What a finished stage's folder tells of its time; None where it does not, or where its validation problems cannot be counted."""
    far, made = progress_of(folder), json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    settings = made["settings"]
    watching = settings.get("validation")
    problems = asked.get(made["made_from"].get("validation")) if watching else 0
    if far is None or problems is None:
        return None
    answers = min(problems, watching["problems"] or problems) * watching["samples"] if watching else 0
    load = load_of(settings, answers)
    times = sum(is_validated(step, far.total, load.validated) for step in range(far.before + 1, far.total + 1))
    drawn = {"watched": times * answers, "refilled": refilled(folder, far.before) if load.refills else 0}
    return Timed(made["parent"], far.host, means_of(settings), load, far.total - far.before, far.told - far.began, **drawn)


def progress_of(folder: Path) -> HowFar | None:
    """How a finished stage told of itself; None where nothing of that is there, or no step was timed."""
    try:
        far = read_how_far(folder / PROGRESS)
    except ValueError:
        return None  # of another version: a stage whose time is not known, no more
    return far if far and far.pace and far.done == far.total else None


def is_validated(step: int, steps: int, every: int) -> bool:
    """Whether a stage of so many steps answers validation problems after this one."""
    return bool(every) and (step % every == 0 or step == steps)


def refilled(folder: Path, before: int) -> int:
    """How many completions refills drew in a stage's steps after this one."""
    metrics = read_parquet(folder / "metrics" / "metrics.parquet")
    drawn = metrics.filter((pl.col("name") == "refill/completions") & (pl.col("step") > before))
    return int(drawn["value"].sum())
