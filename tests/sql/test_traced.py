"""What is told of a problem: the steps that drew it, why, what was expected of it, and what came."""

from tasks.lake.lake import Lake
from tasks.warehouse.lineage import told_of_problem


def test_a_draw_says_why_what_was_expected_and_what_came(mixed: Lake) -> None:
    drawn = told_of_problem(mixed, "t3")["when and why it was drawn"]
    columns = ("policy", "step", "why", "p_mean", "p_deviation", "signal", "correct", "judged", "learnt", "hint")
    assert drawn.select(columns).rows() == [
        ("stage1 a1a1a1a1", 1, "prior", 0.5, 0.1, 0.9, 4, 4, True, None),
        ("stage1 a1a1a1a1", 2, "explore", 0.5, 0.1, 0.9, 4, 4, True, None),
    ]


def test_a_stage_that_goes_through_its_set_says_in_which_order(mixed: Lake) -> None:
    drawn = told_of_problem(mixed, "s1")["when and why it was drawn"]
    columns = ("policy", "step", "why", "p_mean", "correct", "judged", "learnt")
    assert drawn.select(columns).rows() == [("stage1 b1b1b1b1", 1, "shuffled", None, 2, 4, True)]


def test_a_problem_that_was_never_drawn_has_no_draws(mixed: Lake) -> None:
    assert told_of_problem(mixed, "h1")["when and why it was drawn"].is_empty()
