"""Where output is no terminal, long work says in the log how far it is, also while nothing new is heard of it."""

import logging
import time
from pathlib import Path

import pytest

from tasks.steps import progress
from tasks.steps.how_far import HowFar
from tasks.steps.progress import progress_shown, standing

BEGUN = HowFar(title="sampling with base", done=0, total=0, what="", before=0, began=1000.0, told=1000.0, pid=1, host="here")


@pytest.mark.parametrize(
    ("told", "now", "words"),
    [
        ({}, 1090.0, "sampling with base: for 2 min, and nothing that can be counted is done yet"),
        (
            {"done": 1500, "total": 6000, "what": "rollouts", "told": 1600.0},
            1601.0,
            "sampling with base: 1,500 of 6,000 rollouts, 2.5 a second, about 30 min left",
        ),
        (
            {"done": 40, "total": 100, "before": 40, "what": "steps", "told": 1010.0},
            1030.0,
            "sampling with base: 40 of 100 steps, no pace yet, the time left is not known yet",
        ),
        (
            {"done": 10, "total": 5000, "what": "steps", "told": 1100.0},
            1400.0,
            "sampling with base: 10 of 5,000 steps, 0.1 a second, about 13 h 52 min left; nothing new for 5 min",
        ),
    ],
)
def test_a_line_says_done_total_rate_and_what_is_left(told: dict, now: float, words: str) -> None:
    assert standing(BEGUN.model_copy(update=told), now) == words


def test_lines_come_by_themselves_and_end_with_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.02)
    with caplog.at_level(logging.INFO, "tasks.steps.progress"), progress_shown("grading", tmp_path) as on_progress:
        on_progress(30, 90, "responses")
        deadline = time.monotonic() + 30
        while len(caplog.messages) < 2:  # nothing new was told
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert all(line.startswith("grading: ") for line in caplog.messages)
    said = len(caplog.messages)
    time.sleep(0.1)
    assert len(caplog.messages) == said
