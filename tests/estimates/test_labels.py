"""Gold answers that are worth a look: half of those listed are wrong at least, and most of the wrong ones are listed."""

import numpy as np
import polars as pl
import pytest
from scipy.optimize import approx_fprime

from tasks.estimates import labels
from tasks.estimates.beliefs import NODES, OF_ANSWERS, OF_OPTIONS, Votes, likelihoods
from tasks.estimates.fit import PROFILE
from tests.bench.labels import World, found_in, judged, repeated, simulated

OPTIONS = (2, 3, 4, 5, 0)


def test_half_of_those_listed_are_wrong_and_most_wrong_ones_are_listed() -> None:
    """2 to 5 options and free answers, 2% wrong gold answers, 8 rounds."""
    found = found_in(repeated(World(), repeats=4))
    assert found.precision is not None and found.expected is not None and found.recall is not None and found.recall_of_seen is not None
    assert found.precision >= 0.5 and found.recall >= 0.6 and found.recall_of_seen >= 0.8
    assert 0.5 <= found.expected <= found.precision  # what is printed promises no more than what is found


@pytest.mark.parametrize("strengths", [(0.4, 0.4), (0.8, 0.4)])
def test_the_list_gets_short_and_not_false_where_misconceptions_are_common(strengths: tuple[float, float]) -> None:
    few, many = (found_in(repeated(World(strengths=strengths, misconceptions=share), repeats=3)) for share in (0.02, 0.1))
    assert few.precision is not None and few.precision >= 0.5
    assert many.listed < few.listed / 4


def test_guesses_make_no_label_suspect() -> None:
    """Of a policy that knows nothing: half of all problems with two options have five wrong answers of eight or more."""
    found = judged(simulated(World(problems=1000, options=(2,), strengths=(0.01, 20), wrong=0.0), seed=1))
    assert (found["k"] <= 3).mean() > 0.3 and not found["is_worth_a_look"].any()


def test_few_problems_and_none_list_nothing() -> None:
    patterns = pl.DataFrame(
        {name: ["one"] * 2 for name in PROFILE} | {"options": [0, 4], "k": [0, 0], "votes": [[8], [8]], "problems": [2, 1]}
    )
    found = labels.doubts(patterns)
    assert not found["is_worth_a_look"].any() and found["probability"].is_between(0, 1).all()
    assert labels.doubts(patterns.clear()).is_empty()


@pytest.mark.parametrize("options", OPTIONS)
def test_likelihoods_add_up_over_all_votes(options: int) -> None:
    """Over all orders of two answers, where the believed one is the gold answer: right twice, once, or never with equal or unequal ones."""
    gold, wrong = np.array([2, 1, 0, 0]), np.array([[0, 0], [1, 0], [2, 0], [1, 1]])
    if options == 2:
        gold, wrong = gold[:3], wrong[:3, :1]
    right = np.exp(likelihoods(Votes(options, gold, wrong))[:, 0])
    others = max(options - 1, 1)
    orders = np.array([1, 2 * others, others, others * (others - 1) if options else 1])[: len(gold)]
    assert right.shape == (len(gold), NODES, len(OF_ANSWERS)) and len(OF_OPTIONS) == len(OF_ANSWERS)
    assert np.einsum("p,psa->sa", orders, right) == pytest.approx(np.ones((NODES, len(OF_ANSWERS))))


def test_the_gradient_is_that_of_the_loss() -> None:
    numbers = np.random.default_rng(0)
    likely, problems, x = numbers.random((9, 3 * NODES * 5)), numbers.integers(1, 50, 9), numbers.normal(size=12) / 2
    slopes = labels.loss(x, likely, problems)[1]
    assert slopes == pytest.approx(approx_fprime(x, lambda at: labels.loss(at, likely, problems)[0], 1e-6), rel=1e-3, abs=1e-2)


def test_the_list_ends_where_its_mean_falls_below_a_half() -> None:
    probability = np.array([0.1, 0.9, 0.3, 0.25, 0.15])
    assert labels.worth_a_look(probability, np.array([1, 1, 2, 9, 1])).tolist() == [False, True, True, False, False]
