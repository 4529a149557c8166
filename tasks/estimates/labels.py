"""How probable it is that a gold answer is wrong, by what a policy's responses say instead, and which ones are worth a look.

Fits the model of beliefs.py to the votes of a profile by penalised maximum likelihood: how strong the policy's beliefs are, how what is
left spreads, and how often it holds a misconception. How many gold answers are wrong cannot be told from misconceptions where both look
alike (always between two options), so the share of wrong ones is held at or below RATE: what the policy believes in against gold answers
beyond that counts as misconceptions. A policy that errs firmly and often thus leaves few to look at, or none, rather than many for nothing.

That those listed are what they say, `python -m tests.bench labels` measures, by the share of misconceptions, options and rounds.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from tasks.estimates.beliefs import EDGES, NODES, OF_ANSWERS, Counts, Numbers, Votes, likelihoods
from tasks.estimates.fit import PROFILE

RATE = 0.02  # the most gold answers that are taken to be wrong [share]; ours: published counts lie between 1% and 4%
PRECISION = 0.5  # of those listed at least so many are to be wrong, by their mean probability
LEAST = 0.2  # and none is listed whose own probability is below this
SPREAD = 1.5  # standard deviation of the prior of a belief's log alpha and log beta, whose centre is 0, the flat Beta(1, 1)
OF_SPREADS = 0.05  # pseudo-problems of each concentration
OF_MISCONCEPTIONS = np.array([2.0, 0.05, 0.05, 0.05])  # of none, and of a weak, a strong and a firm one
OF_RATE = (6.0, 0.1)  # of gold answers that are wrong as often as RATE says, and of fewer
FIRMNESS = ((3.0, 2.0), (8.0, 2.0), (30.0, 1.0))  # Betas of the strength of misconceptions, around 60%, 80% and 97%
STEP = 1e-6  # of a logarithm, for a slope
DOUBTS: dict[str, Any] = (
    dict.fromkeys(PROFILE, pl.String)
    | dict.fromkeys(("options", "k"), pl.Int64)
    | {"votes": pl.List(pl.Int64), "probability": pl.Float64, "is_worth_a_look": pl.Boolean}
)


@dataclass(frozen=True)
class Mixture:
    """The shares of what can be behind votes: `beliefs` (NODES,) of each strength, `spreads` (5,) of each concentration, `misconceptions`
    (4,) of none and of each firmness, `rate` of wrong gold answers; and `by_log` (2, NODES), the slopes of the beliefs by the logarithms
    of their Beta's parameters."""

    beliefs: Numbers
    spreads: Numbers
    misconceptions: Numbers
    rate: float
    by_log: Numbers

    def strengths(self) -> Numbers:
        """The share of each of the three causes and strengths: (3, NODES)."""
        right, erring = self.misconceptions[0] * self.beliefs, self.misconceptions[1:] @ firmness()
        return np.stack([(1 - self.rate) * right, (1 - self.rate) * erring, self.rate * self.beliefs])


def doubts(patterns: pl.DataFrame) -> pl.DataFrame:
    """The probability of a wrong gold answer for each row of `vote_patterns` (see sql/marts/data/), and whether it is worth a look: columns
    DOUBTS."""
    tables = [pl.DataFrame(schema=DOUBTS)]
    for _, rows in patterns.group_by(PROFILE, maintain_order=True):
        choice, free = rows.filter(pl.col("options") > 0), rows.filter(pl.col("options") == 0)
        judged = pl.concat([part.with_columns(probability=wrong_probability(part)) for part in (choice, free) if len(part)])
        listed = worth_a_look(judged["probability"].to_numpy(), judged["problems"].to_numpy())
        tables.append(judged.with_columns(is_worth_a_look=listed).select(*DOUBTS))
    return pl.concat(tables)


def wrong_probability(patterns: pl.DataFrame) -> Numbers:
    """The probability that the gold answer is wrong for each pattern of votes (columns options, k, votes, problems), either all of options
    or all of free answers, as the model says that is fitted to them."""
    logs = np.zeros((len(patterns), 3, NODES, len(OF_ANSWERS)))
    for (options,), rows in patterns.with_row_index("place").group_by("options"):
        logs[rows["place"].to_numpy()] = likelihoods(Votes(int(str(options)), rows["k"].to_numpy(), padded(rows["votes"].to_list())))
    scaled = np.exp(logs - logs.max(axis=(1, 2, 3), keepdims=True))
    found = fitted(scaled, patterns["problems"].to_numpy())
    causes = np.einsum("phsa,hs,a->ph", scaled, found.strengths(), found.spreads)
    return causes[:, 2] / causes.sum(axis=1)


def padded(votes: list[list[int]]) -> Counts:
    """Lists of votes as the rows of one array, filled up with 0; at least one column."""
    rows = np.zeros((len(votes), max([1, *map(len, votes)])), dtype=np.int64)
    for row, counts in zip(rows, votes, strict=True):
        row[: len(counts)] = counts
    return rows


def worth_a_look(probability: Numbers, problems: Counts) -> np.ndarray:
    """Which patterns to list: the most probable first, as long as the mean probability of the problems listed is PRECISION or more and each
    one's LEAST or more (M. A. Newton et al., Biostatistics 5, 2004: the mean is the precision to expect)."""
    order = np.argsort(-probability, kind="stable")
    mean = (probability * problems)[order].cumsum() / problems[order].cumsum()
    listed = np.zeros(len(probability), dtype=bool)
    listed[order] = (mean >= PRECISION) & (probability[order] >= LEAST)
    return listed


def fitted(likely: Numbers, problems: Counts) -> Mixture:
    """The mixture that fits the likelihoods (patterns, 3, NODES, 5) of so many problems each best, by its priors above."""
    from scipy.optimize import minimize

    start = np.concatenate([np.zeros(2 + len(OF_ANSWERS)), [0.0, -4.0, -4.0, -4.0], [2.0]])
    limits = [(-4.0, 5.0)] * 2 + [(-12.0, 12.0)] * (len(OF_ANSWERS) + 4) + [(-3.0, 4.0)]
    flat = likely.reshape(len(likely), -1)
    found = minimize(loss, x0=start, args=(flat, problems), jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 300})
    return mixture(found.x)


def mixture(x: Numbers) -> Mixture:
    """The mixture of the numbers that the search moves: log alpha and log beta of beliefs, logits of spreads, misconceptions and rate."""
    beliefs, spreads, misconceptions, rate = x[:2], x[2:-5], x[-5:-1], x[-1]
    cells = belief_cells(beliefs)
    by_log = np.stack([(belief_cells(beliefs + STEP * one) - cells) / STEP for one in np.eye(2)])
    return Mixture(cells, shares(spreads), shares(misconceptions), RATE / (1 + np.exp(-rate)), by_log)


def belief_cells(logs: Numbers) -> Numbers:
    """The probability of each cell of strengths under the Beta with these logarithms of its parameters."""
    from scipy.special import betainc

    return np.diff(betainc(*np.exp(logs), EDGES))


@cache
def firmness() -> Numbers:
    """The probability of each cell of strengths under each of FIRMNESS: (3, NODES)."""
    return np.stack([belief_cells(np.log(parameters)) for parameters in FIRMNESS])


def shares(logits: Numbers) -> Numbers:
    """Shares that add up to 1."""
    parts = np.exp(logits - logits.max())
    return parts / parts.sum()


def loss(x: Numbers, likely: Numbers, problems: Counts) -> tuple[float, Numbers]:
    """Minus the log-likelihood of the votes with the priors' part, and its gradient."""
    found = mixture(x)
    strengths = found.strengths()
    total = likely @ (strengths[:, :, None] * found.spreads).ravel()
    slopes = -((problems / total) @ likely).reshape(3, NODES, -1)
    by_strength = slopes @ found.spreads
    gradient = np.concatenate(
        [
            found.by_log @ ((1 - found.rate) * found.misconceptions[0] * by_strength[0] + found.rate * by_strength[2]),
            through_shares(found.spreads, np.einsum("hs,hsa->a", strengths, slopes)),
            through_shares(found.misconceptions, (1 - found.rate) * by_misconception(found, by_strength)),
            [found.rate * (1 - found.rate / RATE) * by_rate(found, by_strength)],
        ]
    )
    value, by_prior = prior_loss(x, found)
    return value - float(problems @ np.log(total)), by_prior + gradient


def through_shares(found: Numbers, slopes: Numbers) -> Numbers:
    """The slopes by logits, of those by the shares that they give."""
    return found * (slopes - found @ slopes)


def by_misconception(found: Mixture, by_strength: Numbers) -> Numbers:
    """The slopes by the share of each misconception, of those by cause and strength (3, NODES)."""
    return np.concatenate([[found.beliefs @ by_strength[0]], firmness() @ by_strength[1]])


def by_rate(found: Mixture, by_strength: Numbers) -> float:
    """The slope by the rate of wrong gold answers."""
    return float(found.beliefs @ by_strength[2] - found.misconceptions @ by_misconception(found, by_strength))


def prior_loss(x: Numbers, found: Mixture) -> tuple[float, Numbers]:
    """Minus the logarithm of the priors, and its gradient."""
    of_spreads, reached = np.full(len(found.spreads), OF_SPREADS), found.rate / RATE
    value = (x[:2] ** 2).sum() / (2 * SPREAD**2) - of_spreads @ np.log(found.spreads) - OF_MISCONCEPTIONS @ np.log(found.misconceptions)
    value -= OF_RATE[0] * np.log(reached) + OF_RATE[1] * np.log1p(-reached)
    parts = [(part.sum() * share - part) for part, share in ((of_spreads, found.spreads), (OF_MISCONCEPTIONS, found.misconceptions))]
    return float(value), np.concatenate([x[:2] / SPREAD**2, *parts, [OF_RATE[1] * reached - OF_RATE[0] * (1 - reached)]])
