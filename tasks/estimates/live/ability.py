"""The model `live`: the policy has one ability, every problem a difficulty, and each group says something about all problems.

p_i(t) = σ(θ_t - b_i), the Rasch model of item response theory with an ability that moves (G. Rasch, 1960; as a state-space model:
L. Fahrmeir, JASA 87, 1992). θ starts at 0, since the profile was measured by the policy that the stage starts from, and drifts by a random
walk; b_i starts from the profile. How fast θ drifts, how fast problems drift on their own (each improves at its own speed), and by how much
the profile's variances are too small (it may be another policy's) are not known: a step is taken under every combination of a few values,
each is weighed by how well it foresaw the groups, and the mixture is replaced by the normal one with its moments (the generalised
pseudo-Bayesian filter of first order, G. Ackerson and K. Fu, IEEE TAC 15, 1970). So a prior that contradicts the groups loses its weight
within a few of them. The model as a whole is ours, and none of the paper's.
"""

from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tasks.estimates.live.belief import Forecast, Groups, Prior, Steps
from tasks.estimates.live.laplace import After, Before, posterior
from tasks.estimates.live.logit_normal import moments

Numbers = NDArray[np.float64]
DRIFTS = {1e-4: 0.3, 2e-3: 0.4, 3e-2: 0.28, 1.0: 0.015, 9.0: 0.005}
"""Variances, in squared logits a step, that θ may drift by, and their weights before the first group. The last two are jumps."""
OWN_DRIFTS = {1e-4: 0.3, 3e-3: 0.4, 2e-2: 0.3}
"""The same of each problem's own drift."""
DOUBTS = {0.0: 0.8, 1.0: 0.15, 5.0: 0.05}
"""Squared logits by which the profile's variances may be too small, for problems of which no group was seen yet: with the last one it says
little (logits of a p that is uniform in [0, 1] have a variance of 3.3)."""
MEMORY = 0.95  # how much of a hypothesis' logarithmic weight a step leaves: what held 20 steps ago counts a third
REVIVED = 0.01  # share of the weight that goes back to where it was at first, so that none is ruled out for good


class Ability:
    """The filter. Its state: θ's mean and variance, b's means and variances, the step at which each problem was last seen (the first one
    is 0), and the weights of the hypotheses."""

    def __init__(self, prior: Prior, group_size: int) -> None:
        self.group_size = group_size
        self.steps = Steps(len(prior))
        self.ability, self.spread = 0.0, 0.0
        self.difficulty, self.variance = prior.difficulty.copy(), prior.variance.copy()
        self.passed = 0
        self.last_seen = np.zeros(len(prior), dtype=np.int64)
        self.is_new = np.ones(len(prior), dtype=np.bool_)
        hypotheses = list(product(DRIFTS.items(), OWN_DRIFTS.items(), DOUBTS.items()))
        self.drift, self.own_drift, self.doubt = np.array([[value for value, _ in each] for each in hypotheses]).T
        self.at_first = np.array([np.prod([weight for _, weight in each]) for each in hypotheses])
        self.weights = self.at_first

    def forecast(self) -> Forecast:
        """By the mixture's variances: of θ - b_i, which is taken as normal."""
        spread = self.spread + self.weights @ self.drift
        variance = self.variance + np.where(self.is_new, self.weights @ self.doubt, 0.0)
        variance += (self.weights @ self.own_drift) * (self.passed + 1 - self.last_seen)
        return Forecast(*moments(self.ability - self.difficulty, spread + variance, self.group_size))

    def observe(self, step: int, indices: ArrayLike, right: ArrayLike, judged: ArrayLike) -> None:
        """One step of the filter; a step without a group that teaches lets time pass."""
        passed, groups = self.steps.take(step, (indices, right, judged))
        self.passed += passed
        if not len(groups):
            self.spread += float(self.weights @ self.drift) * passed
            return
        after = posterior(self.before(groups, passed), groups)
        self.weigh(after.evidence)
        self.collapse(after, groups)

    def before(self, groups: Groups, passed: int) -> Before:
        """What each hypothesis expects of the groups' problems at this step."""
        at = groups.places
        doubt = np.where(self.is_new[at], self.doubt[:, None], 0.0)
        waited = self.passed - self.last_seen[at]
        variance = self.variance[at] + doubt + self.own_drift[:, None] * waited
        return Before(self.ability, self.spread + self.drift * passed, self.difficulty[at], variance)

    def weigh(self, evidence: Numbers) -> None:
        """The hypotheses' weights by Bayes' rule, with a memory that fades (A. Raftery et al., Technometrics 52, 2010)."""
        logs = MEMORY * np.log(self.weights) + (1 - MEMORY) * np.log(self.at_first) + evidence
        weights = np.exp(logs - logs.max())
        self.weights = (1 - REVIVED) * weights / weights.sum() + REVIVED * self.at_first

    def collapse(self, after: After, groups: Groups) -> None:
        """One normal with the mixture's mean and variance in the place of the hypotheses' posteriors."""
        at = groups.places
        mean, spread = mixed(self.weights, after.ability[:, None], after.spread[:, None])
        self.ability, self.spread = float(mean[0]), float(spread[0])
        self.difficulty[at], self.variance[at] = mixed(self.weights, after.difficulty, after.variance)
        self.last_seen[at], self.is_new[at] = self.passed, False


def mixed(weights: Numbers, means: Numbers, variances: Numbers) -> tuple[Numbers, Numbers]:
    """Mean and variance of a mixture of normals (hypotheses, entries), by entry."""
    mean = weights @ means
    return mean, weights @ (variances + (means - mean) ** 2)
