"""What problems cost to ask."""

import pytest

from tests.sql.rows import ask, verdicts, warehouse

TOKENS = {"cheap": (10, 10, 20), "dear": (100, 100, 100)}


@pytest.fixture
def costly(tmp_path):
    """A cheap problem that is always solved and a dear one that never is; the time of part of the draws is known."""
    rollouts = [
        {"problem_id": name, "round": place, "n_tokens": tokens, "finish_reason": "length" if tokens == 100 else "stop"}
        for name, counts in TOKENS.items()
        for place, tokens in enumerate(counts)
    ]
    draws = [
        {"policy_id": "base", "sampling_id": "warm", "engine": "vllm", "responses": 2, "tokens": tokens, "seconds": seconds}
        for tokens, seconds in ((100, 3.0), (100, 1.0))
    ]
    rows = [*verdicts("cheap", "ccc"), *verdicts("dear", "iii")]
    problems = [{"problem_id": name} for name in TOKENS]
    return warehouse(tmp_path, {"problems": problems, "rollouts": rollouts, "verdicts": rows, "draws": draws}, wanted=["cost"])


def test_tokens_and_time_of_a_problem(costly):
    columns = "problem_id, responses, tokens, round(mean_tokens, 2), cut_off_share, seconds"
    assert ask(costly, f"select {columns} from problem_cost") == [
        ("cheap", 3, 40, 13.33, 0.0, pytest.approx(40 * 4 / 200)),
        ("dear", 3, 300, 100.0, 1.0, pytest.approx(300 * 4 / 200)),
    ]


def test_cost_by_band(costly):
    columns = "band, problems, responses, correct, tokens, tokens_per_problem, tokens_per_correct, seconds, cut_off_share"
    assert ask(costly, f"select {columns} from cost order by band") == [
        ("all", 2, 6, 3, 340, 170.0, pytest.approx(340 / 3), pytest.approx(6.8), 0.5),
        ("hopeless", 1, 3, 0, 300, 300.0, None, pytest.approx(6.0), 1.0),
        ("trivial", 1, 3, 3, 40, 40.0, pytest.approx(40 / 3), pytest.approx(0.8), 0.0),
    ]


def test_what_is_not_known_is_null(tmp_path):
    rows = verdicts("p", "tt")
    rollouts = [{"problem_id": "p", "round": place, "n_tokens": None} for place in range(2)]
    connection = warehouse(tmp_path, {"problems": [{"problem_id": "p"}], "rollouts": rollouts, "verdicts": rows}, wanted=["cost"])
    assert ask(connection, "select tokens, mean_tokens, seconds from problem_cost") == [(None, None, None)]
    assert ask(connection, "select band, problems, tokens, seconds from cost order by band") == [
        ("all", 1, None, None),
        ("unmeasured", 1, None, None),
    ]
