"""Trackers that a stage's metrics go to beside the lake: which packages they need, and where they write.

They are transformers' own callbacks. Nothing about them is in a recipe but their names: accounts and keys come from the environment.
"""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tasks.base.errors import InputError
from tasks.training.settings import Tracker

PACKAGES: dict[Tracker, tuple[str, ...]] = {"tensorboard": ("tensorboard", "tensorboardX"), "wandb": ("wandb",), "trackio": ("trackio",)}
PROJECT_NAME = "difficulty-prior"


def check_trackers(trackers: Sequence[Tracker]) -> None:
    """Raise InputError, naming the package, when a tracker is not installed."""
    for tracker in trackers:
        if not any(find_spec(package) for package in PACKAGES[tracker]):
            raise InputError(
                f"train.report_to: {tracker} is not installed: pip install {PACKAGES[tracker][0]}, or take it out of report_to "
                "(the metrics are in the lake's `metrics` all the same)"
            )


def tracker_variables(trackers: Sequence[Tracker], folder: Path) -> dict[str, str]:
    """The environment that makes trackers write under `folder`, and under the project's name; what the user has set stays."""
    ours: dict[Tracker, dict[str, str]] = {
        "tensorboard": {"TENSORBOARD_LOGGING_DIR": str(folder)},
        "wandb": {"WANDB_DIR": str(folder), "WANDB_PROJECT": PROJECT_NAME},
        "trackio": {"TRACKIO_DIR": str(folder)},
    }
    wanted = {name: value for tracker in trackers for name, value in ours[tracker].items()}
    return {name: os.environ.get(name, value) for name, value in wanted.items()}
