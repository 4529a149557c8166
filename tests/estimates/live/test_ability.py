"""The filter: it follows the policy, knows how sure it is, lets go of a wrong prior, and depends on nothing but what it was shown."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from tasks.estimates.live.ability import Ability
from tasks.estimates.live.belief import Groups, Prior, prior_of
from tasks.estimates.live.laplace import Before, posterior

G = 8
PROBLEMS, STEPS = 200, 60


def trained(gain: float, seed: int = 0) -> tuple[Ability, np.ndarray, list[tuple[float, float]]]:
    """A belief that was shown a stage in which every problem gains so many logits, the true logits at the end, and for each step the mean
    squared error of the forecast over all problems and the variance that it gave."""
    numbers = np.random.default_rng(seed)
    variance = numbers.uniform(0.2, 1.5, PROBLEMS)
    mean = numbers.normal(0, 1.5, PROBLEMS)
    start = mean + np.sqrt(variance) * numbers.normal(size=PROBLEMS)
    belief, told = Ability(prior_of(mean, variance), G), []
    for step in range(STEPS):
        p = expit(start + gain * step / STEPS)
        forecast = belief.forecast()
        told.append((float(np.mean((forecast.mean - p) ** 2)), float(np.mean(forecast.deviation**2))))
        drawn = numbers.choice(PROBLEMS, 8, replace=False)
        belief.observe(step, drawn, numbers.binomial(G, p[drawn]), np.full(8, G))
    return belief, start + gain, told


@pytest.mark.parametrize("gain", [-2.0, 0.0, 3.0])
def test_the_ability_follows_the_policy(gain):
    """It comes a little late, as a filter does, and as what a problem gained is in part taken for its own."""
    belief, _, _ = trained(gain)
    assert belief.ability == pytest.approx(gain, abs=0.3 + 0.2 * abs(gain)) and belief.spread < 0.1


def test_problems_that_were_never_drawn_are_forecast_as_well():
    belief, logits, _ = trained(3.0)
    unseen = belief.is_new
    errors = (belief.forecast().mean - expit(logits))[unseen]
    at_first = (expit(-belief.difficulty) - expit(logits))[unseen]
    assert unseen.sum() > 10 and np.mean(errors**2) < 0.5 * np.mean(at_first**2)


@pytest.mark.parametrize("gain", [0.0, 3.0])
def test_the_deviation_is_as_large_as_the_error(gain):
    errors, variances = np.mean([np.mean(trained(gain, seed)[2], axis=0) for seed in range(3)], axis=0)
    assert variances == pytest.approx(errors, rel=0.5)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("variance", [0.1, 1.0, 2.0])
@pytest.mark.parametrize("easy", [True, False])
def test_a_prior_that_every_group_contradicts_is_let_go_within_five(easy, variance, at_once):
    logit = 2.2 if easy else -2.2
    belief = Ability(Prior(np.full(100, -logit), np.full(100, variance)), G)
    before, wrong = belief.forecast().mean[99], 0 if easy else G
    for step in range(1 if at_once else 5):
        places = range(5) if at_once else [step]
        belief.observe(step, list(places), [wrong] * len(places), [G] * len(places))
    after = belief.forecast()
    assert (before > 0.7) == easy and (after.mean[99] < 0.25) == easy and after.deviation[99] > 0.2
    assert belief.is_new[99]


def test_a_prior_of_other_problems_is_let_go_within_five():
    """Of every second problem it says the contrary of what is true: no ability explains that."""
    easy = np.arange(100) % 2 == 0
    belief = Ability(Prior(np.where(easy, -2.2, 2.2), np.full(100, 0.3)), G)
    sure = belief.forecast().deviation
    belief.observe(0, range(5), np.where(easy[:5], 0, G), np.full(5, G))
    assert np.all(belief.forecast().deviation[5:] > 2.5 * sure[5:]) and abs(belief.ability) < 0.5


def test_a_prior_that_holds_is_kept():
    belief = Ability(Prior(np.full(100, -2.2), np.full(100, 0.3)), G)
    before = belief.forecast()
    belief.observe(0, range(5), [7, 8, 7, 6, 8], np.full(5, G))
    after = belief.forecast()
    assert after.mean[99] == pytest.approx(before.mean[99], abs=0.02) and after.deviation[99] < 1.2 * before.deviation[99]


def test_a_policy_that_collapses_is_followed():
    belief = Ability(Prior(np.linspace(-2, 2, 100), np.full(100, 0.5)), G)
    numbers, p = np.random.default_rng(0), expit(-np.linspace(-2, 2, 100))
    for step in range(30):
        drawn = numbers.choice(100, 8, replace=False)
        right = numbers.binomial(G, p[drawn]) if step < 27 else np.zeros(8)
        belief.observe(step, drawn, right, np.full(8, G))
    assert belief.forecast().mean.max() < 0.35


def test_the_same_groups_give_the_same_state_to_the_bit():
    first, _, _ = trained(2.0)
    again, _, _ = trained(2.0)
    one, other = first.forecast(), again.forecast()
    assert np.array_equal(one.mean, other.mean) and np.array_equal(one.signal, other.signal)
    assert (first.ability, first.spread) == (again.ability, again.spread)


def test_the_order_within_a_step_does_not_matter_and_groups_of_one_problem_add_up():
    prior = Prior(np.linspace(-1, 1, 5), np.ones(5))
    one, other = Ability(prior, G), Ability(prior, G)
    one.observe(0, [1, 3, 1], [2, 5, 4], [8, 8, 8])
    other.observe(0, [3, 1], [5, 6], [8, 16])
    assert np.array_equal(one.forecast().mean, other.forecast().mean)


def test_groups_that_could_not_be_judged_teach_nothing():
    shown, waited = (Ability(Prior(np.linspace(-1, 1, 5), np.ones(5)), G) for _ in range(2))
    shown.observe(3, [0, 1, 2], [0, np.nan, np.nan], [0, 8, np.nan])
    waited.observe(3, [], [], [])
    assert np.array_equal(shown.forecast().mean, waited.forecast().mean) and shown.is_new.all()
    assert shown.ability == 0 and np.isfinite(shown.forecast().mean).all()


def test_laplaces_step_is_near_the_exact_posterior():
    before = Before(0.3, np.array([0.4]), np.array([-0.5]), np.array([[0.8]]))
    found = posterior(before, Groups(np.array([0]), np.array([6.0]), np.array([8.0])))

    theta, b = np.meshgrid(np.linspace(-5, 5, 801), np.linspace(-6, 6, 801), indexing="ij")
    p, cell = expit(theta - b), (10 / 800) * (12 / 800)
    density = p**6 * (1 - p) ** 2 * norm.pdf(theta, 0.3, 0.4**0.5) * norm.pdf(b, -0.5, 0.8**0.5) * cell
    whole = density.sum()
    assert found.ability[0] == pytest.approx((theta * density).sum() / whole, abs=0.05)
    assert found.difficulty[0, 0] == pytest.approx((b * density).sum() / whole, abs=0.08)
    assert found.evidence[0] == pytest.approx(np.log(whole), abs=0.05)
