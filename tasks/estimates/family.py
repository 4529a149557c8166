"""A family of paired comparisons: what each difference is, alone and among all that are looked at together.

The arms of a study share the baseline's seeds, so their differences depend on each other. The test flips the signs of all differences of a
seed together and takes the largest statistic of the family (P. Westfall and S. Young, Resampling-based multiple testing, 1993, in one
step): where no arm differs, and the differences of a seed are as likely the other way round, any of them is called significant in at most
`1 - confidence` of studies. All 2^n flips are looked at for up to 16 seeds, else a seeded draw of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.estimates.intervals import t_quantile

if TYPE_CHECKING:
    import numpy as np

FEWEST = 3  # differences: with fewer nothing can be said
MOST_EXACT = 16  # seeds
DRAWN = 65_536
TIE = 1e-9  # statistics that differ by less are the same number, added up in another order
Scores = Mapping[int, float]
"""A value for each seed."""


@dataclass(frozen=True)
class Judged:
    """A mean of `count` differences, its Student-t interval and its sign-flip p-value, both alone and among the family.

    Everything but count and mean is None with fewer than FEWEST differences. The family's interval is None, too, where there are so few
    seeds that the test could never be significant at this confidence.
    """

    count: int
    mean: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    family_low: float | None = None
    family_high: float | None = None
    family_p: float | None = None


def differences(scores: Scores, others: Scores) -> dict[int, float]:
    """The differences of two arms by seed: one for each seed that both have. A seed that only one of them has is shared out: it goes into
    the mean of one of that arm's seeds, in turn, so that each value of both counts and the differences stay independent."""
    shared = sorted(scores.keys() & others.keys())
    mine, theirs = (shared_out(values, shared) for values in (scores, others))
    return {seed: mine[seed] - theirs[seed] for seed in shared}


def shared_out(values: Scores, seeds: Sequence[int]) -> dict[int, float]:
    """The values at `seeds`, each the mean of its own and of those of other seeds that fall to it."""
    held = {seed: [values[seed]] for seed in seeds}
    for place, seed in enumerate(sorted(values.keys() - held.keys()) if held else ()):
        held[seeds[place % len(seeds)]].append(values[seed])
    return {seed: sum(found) / len(found) for seed, found in held.items()}


def judge(family: Sequence[Scores], confidence: float) -> list[Judged]:
    """Judge each comparison of a family, given as its differences by seed. Those with fewer than FEWEST differences are no part of it."""
    import numpy as np  # commands that compare nothing never load it

    told = [place for place, found in enumerate(family) if len(found) >= FEWEST]
    judged = [Judged(len(found), sum(found.values()) / len(found) if found else None) for found in family]
    if not told:
        return judged
    units = np.column_stack([unit(family[place], seeds_of([family[other] for other in told])) for place in told])
    flipped = np.abs(signs(len(units)) @ units)
    largest = flipped.max(axis=1)
    for column, place in enumerate(told):
        alone, among = (tested(values, flipped[0, column], confidence) for values in (flipped[:, column], largest))
        judged[place] = judged_one(family[place], confidence, alone[0], among)
    return judged


def seeds_of(family: Sequence[Scores]) -> list[int]:
    """All seeds of a family."""
    return sorted({seed for found in family for seed in found})


def unit(found: Scores, seeds: Sequence[int]) -> "np.ndarray":
    """The differences as a vector of length 1 over all seeds, 0 where there is none: its sum is a statistic that rises with Student's t,
    and whose scale no flip of signs changes. All 0 where all differences are."""
    import numpy as np

    values = np.array([found.get(seed, 0.0) for seed in seeds])
    length = np.sqrt((values**2).sum())
    return values / length if length > 0 else values


def signs(seeds: int) -> "np.ndarray":
    """Flips of the signs of so many seeds, shape (flips, seeds), the first flips none: each of them that is not another one turned round,
    or a seeded draw."""
    import numpy as np

    if seeds <= MOST_EXACT:
        return 1.0 - 2.0 * ((np.arange(2 ** (seeds - 1))[:, None] >> np.arange(seeds)) & 1)
    drawn = np.random.default_rng(0).choice([-1.0, 1.0], size=(DRAWN, seeds))
    drawn[0] = 1.0
    return drawn


def tested(flipped: "np.ndarray", seen: float, confidence: float) -> tuple[float, float | None]:
    """The p-value of a statistic among its values over all flips, and the value above which it is significant; None where none can be."""
    import numpy as np

    p, significant = float((flipped >= seen - TIE).mean()), int((1 - confidence) * len(flipped) + TIE)
    return p, float(np.sort(flipped)[::-1][significant]) + TIE if significant else None


def judged_one(found: Scores, confidence: float, p: float, family: tuple[float, float | None]) -> Judged:
    """One comparison's mean with both its intervals: alone by Student's t with as many degrees of freedom as there are differences, less
    one, and among the family by the t at which its test is significant."""
    count = len(found)
    mean = sum(found.values()) / count
    error = (sum((value - mean) ** 2 for value in found.values()) / (count - 1) / count) ** 0.5
    alone = t_quantile((1 + confidence) / 2, count - 1) * error
    family_p, bound = family
    ends: tuple[float | None, float | None] = (None, None)
    if bound is not None and (left := count - bound**2) > TIE:
        among = bound * ((count - 1) / left) ** 0.5 * error
        ends = (mean - among, mean + among)
    return Judged(count, mean, mean - alone, mean + alone, p, *ends, family_p)
