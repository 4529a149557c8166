"""How wrong a grader is, by the labels that people gave to a stratified sample of its verdicts, and accuracies that take it into account.

The errors of a side (the verdicts that called a response right, or those that refused it) are drawn from the two confidence distributions
of the exact binomial interval, at the number of labels that a plain sample would need to say as much (E. L. Korn and B. I. Graubard, Survey
Methodology 24, 1998; no more than L. Kish's, which counts only how unequal the weights are). The lower end of an interval takes the
pessimistic distribution of each side and the upper end the optimistic one: "melding" (M. P. Fay, M. A. Proschan and E. Brittain, Biometrics
71, 2015). Neither a normal approximation nor each stratum's own posterior holds: most strata are small, and show no error at all.

That the intervals hold what they say, at 0.3% errors, 20% errors and in strata of one verdict, `python -m tests.bench auditing` measures.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 4_000
LEAST_POWER = 0.05  # of sensitivity + specificity - 1: below it a verdict says next to nothing, and no accuracy can be corrected

Counts = NDArray[np.int64]
Numbers = NDArray[np.floating]


@dataclass(frozen=True)
class Interval:
    """An estimate and the ends of its interval; None and [0, 1] where nothing is known."""

    estimate: float | None
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class Strata:
    """The verdicts of one side (called right, or refused) by stratum: how many it holds, how many were labelled, and of these the errors.

    Each stratum has a label; those without have joined others, or the side has none and nothing is known of it.
    """

    verdicts: Counts
    labelled: Counts
    errors: Counts


@dataclass(frozen=True)
class Side:
    """The errors among `verdicts` verdicts of one side: an estimate (None where nothing is known), and draws of how few and how many they
    may be, `few` <= `many`."""

    verdicts: int
    errors: float | None
    few: Numbers
    many: Numbers


def side_of(strata: Strata, numbers: np.random.Generator, draws: int = DRAWS) -> Side:
    """The errors of a side whose strata all have labels."""
    few, many = drawn_errors(strata, numbers, draws)
    estimate = float((strata.verdicts * strata.errors / strata.labelled).sum())
    return Side(int(strata.verdicts.sum()), estimate, few, many)


def unlabelled(verdicts: int, draws: int = DRAWS) -> Side:
    """A side that nobody has labelled: none of its verdicts is an error, or all are."""
    return Side(verdicts, None if verdicts else 0.0, np.zeros(draws), np.full(draws, float(verdicts)))


def drawn_errors(strata: Strata, numbers: np.random.Generator, draws: int) -> tuple[Numbers, Numbers]:
    """Draws of how many of a side's verdicts are errors: what was found in strata that are labelled wholly, and in the others what may be.

    Three gamma numbers over their sum are shares of errors, of one more error that may be there, and of the rest: without and with it the
    errors follow Beta(e, n - e + 1) and Beta(e + 1, n - e), the two distributions, and the second is never the smaller.
    """
    left = strata.verdicts - strata.labelled
    is_open, known = left > 0, float(strata.errors[left == 0].sum())
    if not is_open.any():
        return np.full(draws, known), np.full(draws, known)
    share, worth = plain_sample(Strata(strata.verdicts[is_open], strata.labelled[is_open], strata.errors[is_open]))
    wrong, more, right = (numbers.standard_gamma(part, draws) for part in (share * worth, 1.0, (1 - share) * worth))
    few = numbers.binomial(left.sum(), wrong / (wrong + more + right))
    many = few + numbers.binomial(left.sum() - few, more / (more + right))
    known += share * float(strata.labelled[is_open].sum())
    return known + few, known + many


def plain_sample(strata: Strata) -> tuple[float, float]:
    """The share of errors, each stratum counted by what it holds, and how many labels of a plain sample say as much of it."""
    weights, shares = strata.verdicts / strata.verdicts.sum(), strata.errors / strata.labelled
    share, worth = float(weights @ shares), 1 / float((weights**2 / strata.labelled).sum())
    variance = float((weights**2 * shares * (1 - shares) / np.maximum(strata.labelled - 1, 1)).sum())
    return share, min(worth, share * (1 - share) / variance) if variance else worth


def lent(own: Side, whole: Side, weight: float) -> Side:
    """A side with few labels of its own: so much weight on its own errors, the rest on the error rate of the whole that it is part of."""
    scale = own.verdicts / max(whole.verdicts, 1) * (1 - weight)
    known = None if whole.errors is None else weight * (own.errors or 0.0) + scale * whole.errors
    return Side(own.verdicts, known, weight * own.few + scale * whole.few, weight * own.many + scale * whole.many)


def rates(right: Side, refused: Side, confidence: float) -> dict[str, Interval]:
    """Of verdicts that called responses right and of those that refused them: `precision` (called right that are), `refusals` (refused that
    are right), `recall` (right ones that were called so), `specificity` (wrong ones that were refused), `wrong` (verdicts that are wrong)
    and `accuracy` (responses that are right, whatever the grader said)."""
    sizes = right.verdicts, refused.verdicts
    estimates = shares(sizes, np.asarray(right.errors or 0.0), np.asarray(refused.errors or 0.0))
    worst, best = shares(sizes, right.many, refused.many), shares(sizes, right.few, refused.few)
    ends = dict.fromkeys(("precision", "recall", "specificity"), (worst, best))
    ends |= {"refusals": (best, worst), "wrong": (best, worst)}
    ends |= {"accuracy": (shares(sizes, right.many, refused.few), shares(sizes, right.few, refused.many))}
    known = {"precision": right.errors is not None, "refusals": refused.errors is not None}
    both = all(known.values())
    return {
        name: interval(float(estimates[name]) if known.get(name, both) else None, low[name], high[name], confidence)
        for name, (low, high) in ends.items()
    }


def shares(sizes: tuple[int, int], called: Numbers, missed: Numbers) -> dict[str, Numbers]:
    """The rates where so many of those called right are wrong and so many refused ones right; NaN where there is nothing to share."""
    right, refused = sizes
    hits, rejected = right - called, refused - missed
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "precision": hits / right if right else hits * np.nan,
            "refusals": missed / refused if refused else missed * np.nan,
            "recall": hits / (hits + missed),
            "specificity": rejected / (rejected + called),
            "wrong": (called + missed) / (right + refused),
            "accuracy": (hits + missed) / (right + refused),
        }


def interval(estimate: float | None, low: Numbers, high: Numbers, confidence: float) -> Interval:
    """From the lower quantile of one end's draws to the upper one of the other's; it always holds the estimate."""
    tail = (1 - confidence) / 2
    ends = float(np.quantile(np.nan_to_num(low, nan=0.0), tail)), float(np.quantile(np.nan_to_num(high, nan=1.0), 1 - tail))
    if estimate is None or np.isnan(estimate):
        return Interval(None, *ends)
    return Interval(estimate, min(ends[0], estimate), max(ends[1], estimate))


def corrected(outcome: tuple[int, int], right: Side, refused: Side, confidence: float) -> Interval:
    """The accuracy that k of n verdicts `right` stand for, with the grader's errors taken out (W. J. Rogan and B. Gladen, American Journal
    of Epidemiology 107, 1978), within [0, 1]; what few samples leave open (Jeffreys' posterior) and what few labels do are both in it.

    More errors among those called right make it lower, more among the refused higher, so each end takes the draws that are worst for it.
    """
    k, n = outcome
    asked = np.random.default_rng([k, n]).beta(k + 0.5, n - k + 0.5, len(right.few))
    low, high = (
        without_errors(asked, right, refused, (right.many, refused.few)),
        without_errors(asked, right, refused, (right.few, refused.many)),
    )
    tail = (1 - confidence) / 2
    ends = [0.0 if k == 0 else float(np.quantile(np.nan_to_num(low, nan=0.0), tail))]
    ends += [1.0 if k == n else float(np.quantile(np.nan_to_num(high, nan=1.0), 1 - tail))]
    if right.errors is None or refused.errors is None:
        return Interval(None, *ends)
    estimate = float(without_errors(np.asarray(k / n), right, refused, (np.asarray(right.errors), np.asarray(refused.errors))))
    return Interval(None, *ends) if np.isnan(estimate) else Interval(estimate, min(ends[0], estimate), max(ends[1], estimate))


def without_errors(share: Numbers, right: Side, refused: Side, errors: tuple[Numbers, Numbers]) -> Numbers:
    """Rogan and Gladen's estimate of a share of verdicts `right`, by the sensitivity and specificity that so many errors come to; NaN
    where the grader tells right from wrong hardly better than chance."""
    found = shares((right.verdicts, refused.verdicts), *errors)
    recall, specificity = (np.nan_to_num(found[name], nan=1.0) for name in ("recall", "specificity"))
    power = recall + specificity - 1
    return np.where(power > LEAST_POWER, np.clip((share + specificity - 1) / np.maximum(power, LEAST_POWER), 0.0, 1.0), np.nan)
