"""An accuracy p whose logarithm of odds log(p / (1 - p)) is normal: its mean and deviation, and a group's chance of a signal.

No closed form is known, and a quadrature for every problem of a large stage takes longer than a step may. So the three are computed once
over a grid of means and deviations of the logit, by the trapezoidal rule, and read off it by linear interpolation. For means within 16 and
deviations up to 8 logits p errs by less than 0.0005, its deviation by 0.0005 and the signal of a group of 8 by 0.002 (tests/estimates/live
holds it to that); beyond these ends the end's value is given.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
MOST_MEAN, MOST_DEVIATION, PER_LOGIT = 16.0, 8.0, 16
WIDTH, POINTS = 8.0, 321  # deviations to each side that are summed over, and at how many points


@lru_cache
def grid(group_size: int) -> Numbers:
    """E[p], the deviation of p and E[1 - p^G - (1-p)^G], shape (3, means, deviations), for even steps of both."""
    means = np.linspace(-MOST_MEAN, MOST_MEAN, int(2 * MOST_MEAN * PER_LOGIT) + 1)
    deviations = np.linspace(0, MOST_DEVIATION, int(MOST_DEVIATION * PER_LOGIT) + 1)
    z = np.linspace(-WIDTH, WIDTH, POINTS)
    weights = np.exp(-(z**2) / 2)
    weights /= weights.sum()
    found = np.empty((3, len(means), len(deviations)))
    for place, deviation in enumerate(deviations):
        p = sigmoid(means[:, None] + deviation * z)
        found[0, :, place] = p @ weights
        found[1, :, place] = np.sqrt(np.maximum((p - found[0, :, place, None]) ** 2 @ weights, 0.0))
        found[2, :, place] = 1 - (p**group_size + (1 - p) ** group_size) @ weights
    return found


def moments(mean: Numbers, variance: Numbers, group_size: int) -> tuple[Numbers, Numbers, Numbers]:
    """E[p], the deviation of p and E[1 - p^G - (1-p)^G] for logits of that mean and variance, shape (problems,) each."""
    from scipy.ndimage import map_coordinates

    at = np.stack([(mean + MOST_MEAN) * PER_LOGIT, np.sqrt(variance) * PER_LOGIT])
    first, deviation, signal = (map_coordinates(values, at, order=1, mode="nearest") for values in grid(group_size))
    return first, deviation, signal


def sigmoid(x: Numbers) -> Numbers:
    """1 / (1 + exp(-x)), without an overflow on either side."""
    return 0.5 * (1 + np.tanh(0.5 * x))
