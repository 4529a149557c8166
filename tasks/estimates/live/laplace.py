"""One step of the filter: what a step's groups say of the policy's ability and of their problems' difficulties, under several hypotheses.

Ability θ ~ N(m, P) and difficulties b_j ~ N(β_j, V_j) are independent before the step; group j has k_j of n_j right with chance σ(θ - b_j).
The posterior is replaced by the normal one at its mode (Laplace's method: C. Bishop, Pattern Recognition and Machine Learning, section 4.4;
in time it is the extended Kalman filter of a binomial observation: L. Fahrmeir, JASA 87, 1992). Its Hessian is an arrow, θ with each b_j
and no b with another, so a step costs as much as it has groups.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tasks.estimates.live.belief import Groups
from tasks.estimates.live.logit_normal import sigmoid

Numbers = NDArray[np.float64]
ITERATIONS = 40
LONGEST = 2.0  # logits that Newton's method goes at once, so that it does not overshoot where σ is flat
SETTLED = 1e-9


@dataclass(frozen=True)
class Before:
    """What was believed before a step: `ability` m, its `spread` P (hypotheses,), `difficulty` β (groups,) and its `variance` V
    (hypotheses, groups)."""

    ability: float
    spread: Numbers
    difficulty: Numbers
    variance: Numbers


@dataclass(frozen=True)
class After:
    """What is believed after it, under each hypothesis: means and variances of the ability (hypotheses,) and of the difficulties
    (hypotheses, groups), and the logarithm of the groups' likelihood (hypotheses,), less a constant that all have."""

    ability: Numbers
    spread: Numbers
    difficulty: Numbers
    variance: Numbers
    evidence: Numbers


@dataclass(frozen=True)
class Point:
    """The posterior about one ability θ (hypotheses,) and difficulties b (hypotheses, groups)."""

    before: Before
    groups: Groups
    theta: Numbers
    b: Numbers

    @cached_property
    def p(self) -> Numbers:
        """Accuracies σ(θ - b)."""
        return sigmoid(self.theta[:, None] - self.b)

    @cached_property
    def information(self) -> Numbers:
        """W = n p (1 - p), what a group says of θ - b."""
        return self.groups.judged * self.p * (1 - self.p)

    @cached_property
    def precision(self) -> Numbers:
        """D = 1 / V + W, the Hessian's diagonal for each b."""
        return 1 / self.before.variance + self.information

    @cached_property
    def schur(self) -> Numbers:
        """1 / P + the sum of W / (1 + V W): the precision of θ when every b is integrated out (the arrow's Schur complement)."""
        return 1 / self.before.spread + (self.information / (1 + self.before.variance * self.information)).sum(axis=1)

    def step(self) -> tuple[Numbers, Numbers]:
        """Newton's step of θ and of b."""
        residual = self.groups.right - self.groups.judged * self.p
        down = -residual - (self.b - self.before.difficulty) / self.before.variance
        slope = residual.sum(axis=1) - (self.theta - self.before.ability) / self.before.spread
        theta = (slope + (self.information / self.precision * down).sum(axis=1)) / self.schur
        return theta, (down + self.information * theta[:, None]) / self.precision

    def after(self) -> After:
        """The normal posterior, where this point is its mode."""
        share = self.information / self.precision
        variance = 1 / self.precision + share**2 / self.schur[:, None]
        return After(self.theta, 1 / self.schur, self.b, variance, self.evidence())

    def evidence(self) -> Numbers:
        """Laplace's approximation of the likelihood's logarithm, without the binomial coefficients (and 2 pi cancels)."""
        k, n, before = self.groups.right, self.groups.judged, self.before
        x = self.theta[:, None] - self.b
        likelihood = (k * x - n * np.logaddexp(0, x)).sum(axis=1)
        far = (self.b - before.difficulty) ** 2 / before.variance + np.log(before.variance * self.precision)
        ability = (self.theta - before.ability) ** 2 / before.spread + np.log(before.spread * self.schur)
        return likelihood - 0.5 * (far.sum(axis=1) + ability)


def posterior(before: Before, groups: Groups) -> After:
    """The normal posterior at the mode, by Newton's method under all hypotheses at once."""
    hypotheses = len(before.spread)
    theta, b = np.full(hypotheses, before.ability), np.tile(before.difficulty, (hypotheses, 1))
    for _ in range(ITERATIONS):
        theta_step, b_step = Point(before, groups, theta, b).step()
        longest = np.maximum(np.abs(theta_step), np.abs(b_step).max(axis=1))
        shorter = np.minimum(1.0, LONGEST / np.maximum(longest, SETTLED))
        theta, b = theta + shorter * theta_step, b + shorter[:, None] * b_step
        if longest.max() < SETTLED:
            break
    return Point(before, groups, theta, b).after()
