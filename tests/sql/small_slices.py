"""Simulated slices: problems of a population answered a few times, and how often the interval of their mean holds the population's."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tasks.lake.database import connect
from tasks.warehouse.building import create_macros

if TYPE_CHECKING:
    from numpy.random import Generator

Z = 1.959963984540054
Draw = Callable[["Generator", tuple[int, ...]], np.ndarray]
"""Gives chances of success of that shape."""


def beta(a: float, b: float) -> Draw:
    """Chances from a Beta distribution."""
    return lambda chance, shape: chance.beta(a, b, shape)


def mixed(share: float, one: Draw, other: Draw) -> Draw:
    """Chances of which a share is drawn by one, the others by another."""
    return lambda chance, shape: np.where(chance.random(shape) < share, one(chance, shape), other(chance, shape))


LEVELS: dict[str, Draw] = {
    "U": beta(0.4, 0.4),
    "a hump": beta(4, 4),
    "easy": beta(8, 0.5),
    "hard": beta(0.3, 6),
    "easy but for 10%": mixed(0.1, beta(1, 50), beta(20, 1)),
    "easy but for 3%": mixed(0.03, beta(1, 50), beta(200, 1)),
    "impossible or a hump": mixed(0.2, beta(1, 1e6), beta(6, 2)),
}
"""How hard the problems of a slice are."""
GAINS: dict[str, tuple[Draw, float]] = {"U": (beta(0.4, 0.4), 1.0), "easy": (beta(8, 0.5), 0.5), "hard": (beta(0.3, 6), 1.0)}
"""How hard they are before, and by how many logits the policy after is better, give or take half a logit."""


def levels(draw: Draw, chance: "Generator", shape: tuple[int, int], rounds: int = 8) -> np.ndarray:
    """Observed accuracies, shape (slices, problems)."""
    return chance.binomial(rounds, draw(chance, shape)) / rounds


def gains(before: tuple[Draw, float], chance: "Generator", shape: tuple[int, int], rounds: int = 4) -> np.ndarray:
    """Observed differences, problem by problem, shape (slices, problems)."""
    first, later = pair(before, chance, shape)
    return (chance.binomial(rounds, later) - chance.binomial(rounds, first)) / rounds


def pair(before: tuple[Draw, float], chance: "Generator", shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Chances of success before and after."""
    draw, logits = before
    first = np.clip(draw(chance, shape), 1e-9, 1 - 1e-9)
    return first, 1 / (1 + (1 / first - 1) * np.exp(-logits - 0.5 * chance.normal(size=shape)))


def true_level(draw: Draw) -> float:
    """The population's mean."""
    return float(draw(np.random.default_rng(99), (2_000_000,)).mean())


def true_gain(before: tuple[Draw, float]) -> float:
    """The population's mean difference."""
    first, later = pair(before, np.random.default_rng(99), (2_000_000,))
    return float((later - first).mean())


def coverage(values: np.ndarray, truth: float, lowest: int) -> float:
    """The share of slices whose interval, as SQL makes it, holds the truth. `values` has shape (slices, problems), or (slices, clusters,
    problems in one)."""
    held = values if values.ndim == 3 else values[:, :, None]
    return clustered_coverage(held.sum(axis=2), np.full(held.shape[:2], held.shape[2]), truth, lowest)


def clustered_coverage(totals: np.ndarray, sizes: np.ndarray, truth: float, lowest: int) -> float:
    """The same for clusters of any size. `totals`, the sum over a cluster's problems, and `sizes` have shape (slices, clusters)."""
    places = np.repeat(np.arange(len(totals)), totals.shape[1])
    rows = pl.DataFrame({"place": places, "total": totals.ravel(), "size": sizes.ravel()})
    with connect() as connection:
        create_macros(connection)
        connection.register("drawn", rows.to_arrow())
        ends = f"mean_{{}}(total, size, 1, {lowest}, {Z})"
        asked = f"select avg(($truth between low and high)::int) from (select {ends.format('low')} as low, {ends.format('high')} as high"
        return float(connection.execute(f"{asked} from drawn group by place)", {"truth": truth}).fetchall()[0][0])
