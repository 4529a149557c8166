"""What every belief shares: priors with gaps, groups that are wrong, and names."""

import numpy as np
import pytest

from tasks.base.errors import InputError
from tasks.estimates.live.belief import Prior, groups_of, prior_of
from tasks.estimates.live.samplers import BELIEFS, belief_of

G = 8
PRIOR = Prior(np.linspace(-3, 3, 40), np.linspace(0.2, 3, 40))


def test_a_problem_without_a_profile_is_like_one_of_the_others():
    prior = prior_of([1.0, np.nan, -3.0], [0.5, np.nan, 1.5])
    assert prior.difficulty.tolist() == [-1.0, 1.0, 3.0] and prior.variance.tolist() == [0.5, 1.0 + 4.0, 1.5]


def test_where_nobody_has_a_profile_all_accuracies_are_alike():
    prior = prior_of([np.nan] * 2, [np.nan] * 2)
    assert prior.difficulty.tolist() == [0, 0] and prior.variance == pytest.approx(np.pi**2 / 3)
    assert belief_of("static", prior, G).forecast().mean == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("mean", "variance", "said"),
    [
        ([0.0, 1.0], [1.0], "2 logit means but 1 logit variances"),
        ([0.0, np.inf], [1.0, 1.0], "logit_mean of a prior 2 is inf"),
        ([0.0, 0.0], [1.0, -1.0], r"logit_variance of a prior 2 is -1\.0"),
    ],
)
def test_a_prior_that_cannot_be_is_refused(mean, variance, said):
    with pytest.raises(InputError, match=said):
        prior_of(mean, variance)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (([0], [9], [8]), "count of right answers of a group 1 is 9"),
        (([0, 1], [1, -1], [8, 8]), "count of right answers of a group 2 is -1"),
        (([40], [1], [8]), "index of a group 1 is 40: the stage has problems 0 to 39"),
        (([0], [1, 2], [8]), "1 groups with 2 counts of right and 1 of judged"),
    ],
)
def test_groups_that_cannot_be_are_refused(groups, said):
    with pytest.raises(InputError, match=said):
        groups_of(40, *groups)


@pytest.mark.parametrize("sampler", BELIEFS)
def test_every_belief_forecasts_and_takes_each_step_once_in_order(sampler):
    belief = belief_of(sampler, PRIOR, G)
    belief.observe(1, [0, 20, 39], [8, 4, 0], [8, 8, 8])
    belief.observe(4, [20], [np.nan], [0])
    found = belief.forecast()
    for values in (found.mean, found.signal):
        assert values.shape == (40,) and np.all((values >= 0) & (values <= 1))
    assert np.all(found.deviation >= 0) and np.all(found.deviation <= 0.5)
    with pytest.raises(InputError, match="step 4 comes after step 4"):
        belief.observe(4, [1], [1], [8])


def test_a_name_of_no_belief_is_refused_with_those_there_are():
    with pytest.raises(InputError, match=r"no sampler is named 'lively' \(did you mean `live`\?\); use one of live, beta, pools"):
        belief_of("lively", PRIOR, G)
