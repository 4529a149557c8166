"""A collapsing reward is noticed, a healthy noisy one is not."""

import numpy as np
import pytest

from tasks.training.settings import CollapseSettings
from tasks.training.watching import collapse

SETTINGS = CollapseSettings()


def rewards(means: np.ndarray, seed: int) -> list[float]:
    """Means of 8 groups of 8 completions: as noisy as a step of the default batch whose problems are solved now always, now never."""
    generator = np.random.default_rng(seed)
    difficulty = np.clip(generator.beta(0.6, 0.6, (len(means), 8)) + (means - 0.5)[:, None], 0, 1)
    return (generator.binomial(8, difficulty) / 8).mean(axis=1).tolist()


@pytest.mark.parametrize("start", [0.3, 0.5])
def test_a_healthy_noisy_run_goes_on(start: float) -> None:
    for seed in range(40):
        run = rewards(np.linspace(start, start + 0.1, 300), seed)
        assert all(not collapse(run[:step], SETTINGS) for step in range(1, 301, 3)), seed


def test_a_flat_run_without_any_reward_goes_on() -> None:
    assert collapse([0.0] * 200, SETTINGS) == ""


def test_a_collapse_is_told_with_its_numbers() -> None:
    run = rewards(np.r_[np.full(60, 0.55), np.linspace(0.55, 0.1, 20), np.full(60, 0.1)], 1)
    first = next(step for step in range(1, 141) if collapse(run[:step], SETTINGS))
    assert 80 < first < 120
    assert collapse(run[:first], SETTINGS).startswith(f"training stopped at step {first}: the mean reward of the last 30 steps is 0.")
    assert collapse(run, CollapseSettings(patience=None)) == ""
