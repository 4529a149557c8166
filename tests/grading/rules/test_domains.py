"""Parts of the number line in words against each other and against intervals."""

import pytest

from tasks.grading.forms.plain import plain
from tasks.grading.rules.domains import same_domain
from tasks.grading.rules.intervals import same_region
from tasks.grading.rules.order import by_the_rules

TABLE = [
    (r"\text{all real numbers } x", r"\mathbb{R}", True),
    (r"\text{all real numbers } x", "x > 0", False),
    ("all reals", r"(-\infty,\infty)", True),
    ("All real numbers", r"x\in\mathbb{R}", True),
    (r"\mathbb{R}", "all real numbers", True),
    ("ℝ", "all real numbers", True),
    ("x∈R", r"(-\infty,+\infty)", True),
    ("(-∞, ∞)", "all real numbers", True),
    ("any real number", r"\mathbb{R}", True),
    ("the set of all real numbers", r"\mathbb{R}", True),
    ("全体实数", r"\mathbb{R}", True),
    ("x取任意实数", r"(-\infty, \infty)", True),
    ("all integers", r"\mathbb{R}", None),
    ("all positive real numbers", "x>0", True),
    ("positive real numbers", r"(0,\infty)", True),
    (r"\mathbb{R}^+", r"(0,\infty)", True),
    (r"\mathbb{R}_{\ge 0}", r"[0,\infty)", True),
    ("all nonnegative real numbers", r"x \ge 0", True),
    ("all nonnegative real numbers", "x > 0", False),
    ("all positive real numbers", r"\mathbb{R}", False),
    ("all real numbers", r"x \neq 0", False),
    (r"\mathbb R\setminus\{1\}", "all real numbers except 1", True),
    (r"\mathbb{R}\setminus\{1\}", r"x \ne 1", True),
    (r"\mathbb{R} \setminus \{1, 2\}", "all real numbers except 1 and 2", True),
    ("all real numbers except x = 1 and x = 2", r"x \neq 1, 2", True),
    (r"x \neq 1, x \neq 2", r"(-\infty,1)\cup(1,2)\cup(2,\infty)", True),
    (r"x \neq 1, x \neq 2", r"x \neq 1, x \neq 3", False),
    ("all real numbers except 2", r"x\ne 3", False),
    ("all real numbers except x=2", r"x\ne2", True),
    (r"all reals, x \neq 3", r"x \neq 3", True),
    (r"\mathbb{R} - \{0\}", r"x \neq 0", True),
    ("all real numbers greater than 2", "x>2", True),
    ("all real numbers greater than or equal to 2", r"[2,\infty)", True),
    ("all real numbers less than 2", r"(2,\infty)", False),
    ("all real numbers x such that x > 3", r"(3, \infty)", True),
    ("除1以外的全体实数", r"x \neq 1", True),
    ("正实数", r"(0,+\infty)", True),
    ("all real numbers except", r"x \ne 1", None),
    ("real", r"\mathbb{R}", None),
    ("real numbers", "integers", None),
    ("(1,2)", "(1,2)", None),
    ("all rational numbers", r"\mathbb{R}", None),
    ("all real numbers except -1", r"x \neq 1", False),
    (r"\mathbb{R}\setminus\{1\}", r"\mathbb{R}", False),
    ("real numbers except 1 and 2", r"x \ne 1", False),
    ("R", r"(-\infty,\infty)", None),
    (r"\text{all real numbers except }\pm 1", r"x\neq -1, 1", True),
    (r"\mathbb{R}\setminus\{-1,1\}", r"x\ne\pm1", True),
    (r"\mathbb{R}\setminus\{-2,1\}", r"x\ne\pm1", False),
    (r"\forall x\in\mathbb{R}", r"\mathbb{R}", True),
]


@pytest.mark.parametrize(("answer", "gold", "same"), TABLE)
def test_words_name_a_part_of_the_number_line(answer: str, gold: str, same: bool | None) -> None:
    texts, context = (plain(answer), plain(gold)), by_the_rules()
    named = same_domain(*texts, context)
    assert (same_region(*texts, context) if named is None else named) is same
