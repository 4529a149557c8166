"""What `live` is compared with: counts that fade, pools by the last group, and the profile as it was stored.

They see one problem at a time: a group says nothing about the other problems. All start from the same profile as `live` does, so that
what is compared is the model and not what it knows at first. The published ones start blind (`belief.blind`).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tasks.estimates.live.belief import Forecast, Prior, Steps

Numbers = NDArray[np.float64]
DECAY = 0.5  # what a problem's counts keep when it is drawn again
POOLS = {"hard": (0.25, 0.2), "normal": (0.75, 1.0), "easy": (1.0, 0.2)}
"""The greatest share of right answers of each pool and how often a problem of it is drawn beside the others: prime-rl's defaults."""
NEWTON = 60


class Counts:
    """Beta(alpha, beta) of each problem's accuracy, from its profile: what the profile alone says (`static`)."""

    def __init__(self, prior: Prior, group_size: int) -> None:
        self.group_size = group_size
        self.steps = Steps(len(prior))
        self.alpha, self.beta = beta_of(prior)

    def forecast(self) -> Forecast:
        """The Beta's mean and deviation, and its chance of a signal."""
        total = self.alpha + self.beta
        mean = self.alpha / total
        deviation = np.sqrt(mean * (1 - mean) / (total + 1))
        signal = 1 - powers(self.alpha, total, self.group_size) - powers(self.beta, total, self.group_size)
        return Forecast(mean, deviation, np.clip(signal, 0.0, 1.0))

    def observe(self, step: int, indices: ArrayLike, right: ArrayLike, judged: ArrayLike) -> None:
        """The profile stays as it is; what is wrong with the groups is said nevertheless."""
        self.steps.take(step, (indices, right, judged))


class FadingCounts(Counts):
    """`beta`: alpha and beta of a problem that was drawn become decay times their value and its k right and n - k wrong answers.

    Source: MoPPS (arXiv 2507.04632), whose counts fade at each draw towards a prior that is the same for all problems; there Thompson
    sampling draws from it, here the expected signal ranks. Its authors fade towards a flat prior.
    """

    def observe(self, step: int, indices: ArrayLike, right: ArrayLike, judged: ArrayLike) -> None:
        """Fade the counts of the problems that were drawn, and add their answers."""
        _, groups = self.steps.take(step, (indices, right, judged))
        at = groups.places
        self.alpha[at] = DECAY * self.alpha[at] + groups.right
        self.beta[at] = DECAY * self.beta[at] + groups.judged - groups.right
        floor = 1 - DECAY  # of one right and one wrong answer, the flat prior, so that neither count reaches 0
        self.alpha[at] += floor
        self.beta[at] += floor


class Learnability(Counts):
    """`learnability`: drawn in proportion to E[p (1 - p)] of the stored profile, whatever training shows.

    Source of the score: A. Rutherford et al., arXiv 2408.15099; of its use for language models: T. Foster and J. Foerster, arXiv
    2502.12272.
    """

    def forecast(self) -> Forecast:
        """The profile's forecast, with weights."""
        total = self.alpha + self.beta
        found = super().forecast()
        return Forecast(found.mean, found.deviation, found.signal, self.alpha * self.beta / (total * (total + 1)))


class Pools(Counts):
    """`pools`: a problem is hard, normal or easy by its last group (before it has one, by its profile), and hard and easy ones are drawn
    less often, but never left out: a group of theirs puts them into another pool again.

    Source: prime-rl's difficulty pools, with its thresholds and weights. It starts blind, all problems alike. Its forecast, which it has
    none of, is ours: Beta(k + 1/2, n - k + 1/2) of the last group alone.
    """

    def __init__(self, prior: Prior, group_size: int) -> None:
        super().__init__(prior, group_size)
        self.share = self.alpha / (self.alpha + self.beta)

    def forecast(self) -> Forecast:
        """The last group's forecast, with the pools' weights."""
        found = super().forecast()
        ends, weights = np.array(list(POOLS.values())).T
        return Forecast(found.mean, found.deviation, found.signal, weights[np.searchsorted(ends[:-1], self.share)])

    def observe(self, step: int, indices: ArrayLike, right: ArrayLike, judged: ArrayLike) -> None:
        """Put the problems that were drawn into the pools of their groups."""
        _, groups = self.steps.take(step, (indices, right, judged))
        at = groups.places
        self.share[at] = groups.right / groups.judged
        self.alpha[at], self.beta[at] = groups.right + 0.5, groups.judged - groups.right + 0.5


def beta_of(prior: Prior) -> tuple[Numbers, Numbers]:
    """Alpha and beta of the Betas whose log(p / (1 - p)) has the prior's mean and variance: exactly the profile's posterior where the fit
    of its dataset is one Beta.

    Where that fit is a mixture the posterior is one, too, and no Beta has all its moments. Where three in ten problems can hardly be
    solved (Beta(0.5, 50), the others Beta(4, 3)), one that failed 4 times of 4 has p 0.062 with a deviation of 0.14, and this Beta 0.030
    with 0.05; with 2 or more right of 4 the two agree to 0.001. A stage warns where it begins so, and `forecasts.stored_mean` takes the
    profile's own mean.

    Solves digamma(alpha) - digamma(beta) = mean and trigamma(alpha) + trigamma(beta) = variance (N. Johnson et al., Continuous Univariate
    Distributions, chapter 25), by Newton's method on the logarithms.
    """
    from scipy.special import digamma, polygamma

    mean, variance = -prior.difficulty, prior.variance
    share = np.clip(1 / (1 + np.exp(-mean)), 1e-6, 1 - 1e-6)
    x, y = np.log(1 / (variance * (1 - share))), np.log(1 / (variance * share))
    for _ in range(NEWTON):
        a, b = np.exp(x), np.exp(y)
        off_mean, off_variance = digamma(a) - digamma(b) - mean, np.log(polygamma(1, a) + polygamma(1, b)) - np.log(variance)
        ma, mb = a * polygamma(1, a), -b * polygamma(1, b)
        total = polygamma(1, a) + polygamma(1, b)
        va, vb = a * polygamma(2, a) / total, b * polygamma(2, b) / total
        determinant = ma * vb - mb * va
        x_step, y_step = (off_mean * vb - off_variance * mb) / determinant, (ma * off_variance - va * off_mean) / determinant
        x, y = x - np.clip(x_step, -1, 1), y - np.clip(y_step, -1, 1)
    return np.exp(x), np.exp(y)


def powers(count: Numbers, total: Numbers, group_size: int) -> Numbers:
    """E[p^G] of Beta(count, total - count): the product of (count + j) / (total + j) for j below G."""
    product = np.ones_like(count)
    for j in range(group_size):
        product = product * (count + j) / (total + j)
    return product
