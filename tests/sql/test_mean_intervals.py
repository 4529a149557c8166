"""Intervals of means over problems hold on slices of any size, easy and hard ones, and where problems are versions of one."""

import numpy as np
import pytest

from tests.sql.rows import ask, warehouse
from tests.sql.small_slices import GAINS, LEVELS, Z, coverage, gains, levels, true_gain, true_level

SIZES = {5: 3000, 20: 2000, 100: 1000, 1000: 300}
"""Problems of a slice, and how many slices are drawn."""
LEAST = {5: 0.93, 20: 0.93, 100: 0.93, 1000: 0.915}


@pytest.mark.parametrize("population", LEVELS)
def test_the_interval_of_an_accuracy_holds(population):
    chance, truth = np.random.default_rng(1), true_level(LEVELS[population])
    for problems, slices in SIZES.items():
        assert coverage(levels(LEVELS[population], chance, (slices, problems)), truth, 0) >= LEAST[problems]


@pytest.mark.parametrize("population", GAINS)
def test_the_interval_of_a_gain_holds(population):
    chance, truth = np.random.default_rng(2), true_gain(GAINS[population])
    for problems, slices in SIZES.items():
        assert coverage(gains(GAINS[population], chance, (slices, problems)), truth, -1) >= LEAST[problems]


@pytest.mark.parametrize(("clusters", "slices"), [(5, 2000), (40, 1000), (200, 500)])
def test_versions_of_one_problem_count_as_one(clusters, slices):
    chance, draw = np.random.default_rng(3), LEVELS["U"]
    shared = np.broadcast_to(draw(chance, (slices, clusters))[:, :, None], (slices, clusters, 5))
    values = chance.binomial(8, shared) / 8
    assert coverage(values, true_level(draw), 0) >= 0.93
    assert coverage(values.reshape(slices, -1), true_level(draw), 0) < 0.8  # as if they were problems by themselves


def test_the_interval_is_that_of_two_problems_more(tmp_path):
    values = [0.25, 0.5, 1.0, 1.0]
    more = np.array([*values, 0, 1])
    margin = Z * more.std(ddof=1) / np.sqrt(6)
    connection = warehouse(tmp_path, {}, wanted=[])
    [(low, high)] = ask(connection, f"select mean_low(x, 1, 1, 0, {Z}), mean_high(x, 1, 1, 0, {Z}) from unnest({values}) as t(x)")
    assert (low, high) == (pytest.approx(more.mean() - margin), pytest.approx(min(more.mean() + margin, 1)))
    counted = "(values (0.25, 1), (0.5, 1), (1.0, 2)) as t(x, times)"
    [again] = ask(connection, f"select mean_low(x, 1, times, 0, {Z}), mean_high(x, 1, times, 0, {Z}) from {counted}")
    assert again == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(("value", "lowest"), [(1.0, 0), (0.0, 0), (0.0, -1), (-1.0, -1)])
def test_an_interval_holds_what_was_seen_and_stays_within_what_can_be(tmp_path, value, lowest):
    connection = warehouse(tmp_path, {}, wanted=[])
    for problems in (1, 2, 5, 1000):
        for z in (0.1, Z, 4):
            [(low, high)] = ask(
                connection, f"select mean_low({value}, 1, 1, {lowest}, {z}), mean_high({value}, 1, 1, {lowest}, {z}) from range({problems})"
            )
            assert lowest <= low <= value <= high <= 1


def test_nothing_has_no_interval(tmp_path):
    connection = warehouse(tmp_path, {}, wanted=[])
    asked = "select mean_low(null::double, n, 1, 0, 2), mean_high(null::double, n, 1, 0, 2) from unnest([0, 0]) as t(n)"
    assert ask(connection, asked) == [(None, None)]


def test_an_evaluation_counts_versions_of_a_problem_as_one_cluster(tmp_path):
    rows = [
        {"policy_id": "b", "policy": "base", "problem_id": f"p{place}", "n": 8, "k": 8 * (place < 4), "cluster": f"c{place // 4}"}
        for place in range(8)
    ]
    apart = [row | {"cluster": "", "evaluation_id": "apart"} for row in rows]
    found = warehouse(tmp_path, {"evaluations": rows + apart}).sql("from evaluation where dataset = 'all' order by evaluation_id").pl()
    assert found.select("evaluation_id", "problems", "clusters", "accuracy").rows() == [("apart", 8, 8, 0.5), ("e", 8, 2, 0.5)]
    narrow, wide = (found["accuracy_high"] - found["accuracy_low"]).to_list()
    assert wide > 1.5 * narrow
