"""Intervals of means over problems hold on slices of any size, easy and hard ones, and where problems are versions of one."""

import numpy as np
import pytest
from scipy.special import stdtrit

from tests.sql.rows import ask, warehouse
from tests.sql.small_slices import GAINS, LEVELS, Z, clustered_coverage, coverage, gains, levels, true_gain, true_level

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


@pytest.mark.parametrize(("clusters", "slices"), [(10, 2000), (20, 1500), (60, 1000)])
def test_clusters_of_any_size_are_covered_where_single_problems_would_not_be(clusters, slices):
    chance, draw = np.random.default_rng(4), LEVELS["U"]
    sizes = 1 + chance.geometric(0.2, (slices, clusters))
    totals, truth = chance.binomial(8 * sizes, draw(chance, sizes.shape)) / 8, true_level(draw)
    assert 0.93 <= clustered_coverage(totals, sizes, truth, 0) <= 0.97
    most = int(sizes.max())
    apart = np.arange(most) < sizes[:, :, None]  # a cluster's problems, each with the mean of all, as places that are there or not
    alone = np.where(apart, (totals / sizes)[:, :, None], 0).reshape(slices, -1)
    assert clustered_coverage(alone, apart.reshape(slices, -1).astype(int), truth, 0) < 0.85


def test_few_clusters_take_the_quantile_of_students_t(tmp_path):
    connection = warehouse(tmp_path, {}, wanted=[])
    for degrees in (3, 5, 10, 100, 10_000):
        [(quantile,)] = ask(connection, f"select t_of({Z}, {degrees})")
        assert quantile == pytest.approx(stdtrit(degrees, 0.975), rel=2e-3)
    sizes = "(values (1.0, 2), (0.5, 2), (0.5, 1), (1.5, 2)) as t(x, size)"
    [(one, other)] = ask(connection, f"select mean_quantile(size, 1, {Z}), mean_quantile(1, 1, {Z}) from {sizes}")
    assert (one, other) == (pytest.approx(stdtrit(3, 0.975), rel=2e-3), pytest.approx(Z))


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


def versions(cluster_of, **changes):
    """Rows of an evaluation: eight problems, half of them solved by the base policy and all but one by the trained one."""
    return [
        {"policy_id": policy, "policy": policy, "hints": hints, "problem_id": f"p{place}", "n": 8, "k": k, "cluster": cluster_of(place)}
        | changes
        for policy, hints in (("base", False), ("base", True), ("stage1", False))
        for place in range(8)
        for k in [8 * (place < 4) if policy == "base" and not hints else 8 * (place < 7)]
    ]


def test_differences_between_policies_and_hints_are_clustered(tmp_path):
    rows = versions(lambda place: f"c{place // 2}") + versions(lambda place: None, evaluation_id="apart")
    made = warehouse(tmp_path, {"evaluations": rows})
    gains = made.sql("from evaluation where dataset = 'all' and policy = 'stage1' order by evaluation_id").pl()
    effects = made.sql("from hint_effect where dataset = 'all' order by evaluation_id").pl()
    for found, ends in ((gains, ("difference_low", "difference_high")), (effects, ("effect_low", "effect_high"))):
        assert found.select("evaluation_id", "problems", "clusters", "interval_between").rows() == [
            ("apart", 8, 8, "problems"),
            ("e", 8, 4, "clusters"),
        ]
        narrow, wide = (found[ends[1]] - found[ends[0]]).to_list()
        assert wide > 1.3 * narrow


def test_versions_of_one_problem_alone_have_no_interval(tmp_path):
    made = warehouse(tmp_path, {"evaluations": versions(lambda place: "one")})
    gains, effects = (made.sql(f"from {mart}").pl() for mart in ("evaluation", "hint_effect"))
    assert gains["interval_between"].unique().to_list() == effects["interval_between"].unique().to_list() == ["one cluster"]
    ends = [gains[f"{name}_{end}"] for name in ("accuracy", "difference") for end in ("low", "high")]
    assert all(values.is_null().all() for values in (*ends, effects["effect_low"], effects["effect_high"]))
    assert gains["accuracy"].is_not_null().all()
