"""Trackers get a stage's metrics where the lake's owner finds them, and nothing of them is in the stage."""

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tasks.policy.identity import Policy
from tasks.training.stage import run_stage
from tasks.training.trackers import tracker_variables
from tasks.training.worker import library_variables
from tests.training.tiny import SETTINGS, stage_spec


def test_tensorboard_gets_every_step(tiny_policy: Policy, stage_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SETTINGS.model_copy(update={"steps": 2, "save_every": 9, "report_to": ("tensorboard",)})
    spec = stage_spec(tmp_path / "stage", tiny_policy, stage_file, settings)
    spec = spec.model_copy(update={"trackers": tmp_path / "trackers" / "stage1"})
    monkeypatch.delenv("TENSORBOARD_LOGGING_DIR", raising=False)
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", library_variables(spec)["TENSORBOARD_LOGGING_DIR"])
    run_stage(spec)
    events = EventAccumulator(str(tmp_path / "trackers" / "stage1")).Reload()
    assert [event.step for event in events.Scalars("train/reward")] == [1, 2]
    assert "train/weight/mean" in events.Tags()["scalars"]
    assert sorted(path.name for path in spec.folder.iterdir()) == ["groups", "metrics", "policy"]


def test_what_the_user_has_set_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    variables = tracker_variables(("wandb",), tmp_path)
    assert variables == {"WANDB_DIR": str(tmp_path), "WANDB_PROJECT": "mine"}
    assert tracker_variables((), tmp_path) == {}
