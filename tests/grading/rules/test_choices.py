"""Multiple choice: which choices a gold answer means, and what names them: letters, texts, values; what names two names none."""

import pytest

from tasks.grading.grader import Grader, decide
from tasks.grading.rules.choices import Right, bare_choices, right_choices
from tasks.grading.verdict import Gold, Verdict

LETTERS = ("A", "B", "C", "D", "E")
AREAS = (r"$18 \mathrm{~cm}^{2}$", r"$20 \mathrm{~cm}^{2}$", r"$\frac{1}{2}$", "It depends on the points A and B.", "none of these")
ORDERS = ("$3,5,4$", "$3,4,5$", "$5,4,3$")
SHAPES = ("An equilateral triangle", "A rectangle, but not a square", "A right triangle", "A square", "A hexagon")
PAIRS = ("A", "B", "C", "D", "C or D")
NUMBERS = ("5", "6", "8", "10")
TWINS = ("9", "12", "18", "18")
COLORS = ("red", "blue", "green", "yellow")
MARKS = ("(c)", "(a)", "(e)", "(d)", "(b)")
ROOTS = ("9π", "6π", "3π", "π")
STUDENTS = ("甲", "乙", "丙", "丁")
TEN = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
VARIABLES = ("$b+1$", "$a+b$", "$2a$")
POINTS = ("(1,2)", "(2,1)", "(0,0)")
SCALES = ("5 cm", "5 m", "7 m")
EITHER = ("drill", "saw", "Either of the above", "None of the above")
BOTH = ("x", "y", "Both A and B", "A or B")
YES_NO = ("Yes", "No")
PARENTHESES = ("(A) 46", "(B) 47")

TABLE = [
    ("B", "B", LETTERS, True),
    ("(b)", "B", LETTERS, True),
    (r"\text{(B)}", "B", LETTERS, True),
    ("B.", "B", LETTERS, True),
    ("C).", "C", LETTERS, True),
    (r"\textbf{(B) }20", "B", AREAS, True),
    ("Option B", "B", LETTERS, True),
    ("the correct answer is B", "B", LETTERS, True),
    ("the correct option letter is: B", "B", NUMBERS, True),
    ("I think it is B", "B", NUMBERS, True),
    ("B is correct", "B", NUMBERS, True),
    ("Answer is option B.", "B", NUMBERS, True),
    ("【B】", "B", NUMBERS, True),
    ("Answer – B", "B", NUMBERS, True),
    ("Ans - B", "B", NUMBERS, True),
    ("✅ B", "B", NUMBERS, True),
    ("Therefore option b.", "B", NUMBERS, True),
    ("-B", "B", NUMBERS, False),
    ("b. 6", "B", NUMBERS, True),
    ("b) 6", "6", NUMBERS, True),
    ("b. 8", "B", NUMBERS, False),
    ("Hence (b) is true", "B", NUMBERS, True),
    ("It must be (B)", "B", NUMBERS, True),
    ("B > A", "B", NUMBERS, False),
    ("B = 8", "C", NUMBERS, True),
    ("B = 8", "B", NUMBERS, False),
    ("Antwort: B", "B", NUMBERS, True),
    ("a letra B", "B", NUMBERS, True),
    ("B (not C)", "B", NUMBERS, True),
    ("C", "B", LETTERS, False),
    ("B because it fits", "B", LETTERS, True),
    ("A because it fits", "A", NUMBERS, True),
    ("F", "B", LETTERS, False),
    ("yellow star", "B", LETTERS, False),
    ("B is wrong", "B", NUMBERS, False),
    ("B is not correct", "B", NUMBERS, False),
    ("not B", "B", NUMBERS, False),
    ("Not (B)", "B", NUMBERS, False),
    ("Eliminate (B)", "B", NUMBERS, False),
    ("B (incorrect)", "B", NUMBERS, False),
    ("b, not c", "B", NUMBERS, True),
    ("(B), not (C)", "B", NUMBERS, True),
    ("(B), not (C)", "C", NUMBERS, False),
    ("not A but B", "B", NUMBERS, True),
    ("not A but B", "A", NUMBERS, False),
    ("A is incorrect, B is correct", "B", NUMBERS, True),
    ("A is incorrect, B is correct", "A", NUMBERS, False),
    ("20", "B", AREAS, True),
    (r"20 \mathrm{~cm}^2", "B", AREAS, True),
    ("18", "B", AREAS, False),
    ("(B) 18 cm^2", "B", AREAS, False),
    ("0.5", "C", AREAS, True),
    ("none of the above", "E", AREAS, True),
    ("none", "A", AREAS, False),
    ("none of the above", "B", NUMBERS, False),
    ("20 cm^2 (B)", "B", AREAS, True),
    ("20 cm^2, option B", "B", AREAS, True),
    ("C or D", "E", PAIRS, True),
    ("(E) C or D", "E", PAIRS, True),
    ("C or D", "C", PAIRS, False),
    ("C and D", "E", PAIRS, False),
    ("A and B", "C", BOTH, True),
    ("A or B", "C", BOTH, False),
    ("A or B", "D", BOTH, True),
    ("3,4,5", "B", ORDERS, True),
    ("5,4,3", "B", ORDERS, False),
    ("3, 5, 4", "A", ORDERS, True),
    ("a square", "D", SHAPES, True),
    ("A square", "A", SHAPES, False),
    ("a rectangle, but not a square", "B", SHAPES, True),
    ("E", "D", ("A", "B", "C", "E", "Impossible"), True),
    ("(E)", "D", ("A", "B", "C", "E", "Impossible"), True),
    ("G", "E", ("A", "B", "D", "F", "G"), True),
    ("II", "B", ("I", "II", "III"), True),
    ("I", "B", ("I", "II", "III"), False),
    ("I", "A", ("I only", "II only", "I and II"), True),
    ("I and II", "A", ("I only", "II only", "I and II"), False),
    (r"\frac{1}{4}", "B", ("1:2", "1:4"), True),
    ("Diagram A", "B", ("Diagram B", "Diagram A"), True),
    ("Diagram A", "A", ("Diagram B", "Diagram A"), False),
    ("H", "H", TEN, True),
    ("7", "H", TEN, True),
    ("J", "I", TEN, False),
]

BESIDE = [
    ("A (5)", "A", NUMBERS, True),
    ("A(5)", "A", NUMBERS, True),
    ("A (5).", "5", NUMBERS, True),
    ("D（10）", "D", NUMBERS, True),
    ("A (9π)", "9π", ROOTS, True),
    (r"A (9\pi)", "A", ROOTS, True),
    ("A - 5", "A", NUMBERS, True),
    ("B: 6", "B", NUMBERS, True),
    ("B = 6", "B", NUMBERS, True),
    ("B) 6 and not A) 5", "B", NUMBERS, True),
    ("B. Choice C is 8", "B", NUMBERS, True),
    ("C (green)", "C", COLORS, True),
    ("A (6)", "A", NUMBERS, False),
    ("A (6)", "B", NUMBERS, False),
    ("A(6)", "A", NUMBERS, False),
    ("C (5)", "A", NUMBERS, False),
    ("A: 5, B: 6, C: 8, D: 10", "A", NUMBERS, False),
    ("A = 5, B = 6, C = 8", "A", NUMBERS, False),
    ("(A) 5 (B) 6 (C) 8", "A", NUMBERS, False),
    ("A (5) or B (6)", "A", NUMBERS, False),
    ("(B) 6 or (C) 8", "B", NUMBERS, False),
    ("B or 8", "B", NUMBERS, False),
    ("C(1,2)", "A", POINTS, True),
    ("C(1,2)", "C", POINTS, False),
    ("A: False", "False", ("True", "False"), False),
    ("(E) 137", "97", ("97", "102"), False),
]

TWO = [
    ("A or B", "A", LETTERS, False),
    ("A, B", "A", LETTERS, False),
    ("either (A) or (B)", "B", LETTERS, False),
    ("A and B", "B", LETTERS, False),
    ("A/B", "A", LETTERS, False),
    ("AB", "A", NUMBERS, False),
    ("A B C D", "C", NUMBERS, False),
    ("A, B, C and D", "A", NUMBERS, False),
    ("maybe A or B", "A", NUMBERS, False),
    ("either of the above", "C", EITHER, True),
    ("none of the above", "C", EITHER, False),
    ("none of the above", "D", EITHER, True),
    ("an equilateral triangle or a hexagon", "A", SHAPES, False),
    ("red or blue", "A", COLORS, False),
    ("5 or 6", "A", NUMBERS, False),
    ("5", "A", SCALES, False),
    ("5 m", "B", SCALES, True),
    ("5 cm", "B", SCALES, False),
    ("7", "C", SCALES, True),
]

SENTENCES = [
    ("it is an equilateral triangle", "A", SHAPES, True),
    ("the largest bar is green", "C", COLORS, True),
    ("the largest bar is not green but blue", "B", COLORS, True),
    ("the largest bar is not green", "C", COLORS, False),
    ("the bar is blue rather than green", "B", COLORS, True),
    ("the blue bar is longer than the green one", "B", COLORS, True),
    ("the blue bar is longer than the green one", "C", COLORS, False),
    ("any color other than red", "A", COLORS, False),
    ("any color but blue", "B", COLORS, False),
    ("not blue but green", "B", COLORS, False),
    ("dark blue", "B", COLORS, False),
    ("blue, because the green bar is shorter", "B", COLORS, True),
    ("red is not the color, blue is", "B", COLORS, True),
    ("blue, not green", "B", COLORS, True),
    ("it may be red but that cannot be determined", "A", COLORS, False),
    ("none of the options, not even red", "A", COLORS, False),
    ("is it red?", "A", COLORS, False),
    ("the blue and the green bars", "B", COLORS, False),
    ("green is wrong", "C", COLORS, False),
    ("the fastest is Team 2", "B", ("Team 1", "Team 2"), True),
    ("No, it is not", "No", YES_NO, True),
    ("No, it is not", "A", YES_NO, False),
    ("Yes, it is the largest", "A", YES_NO, True),
    ("yes and no", "A", YES_NO, False),
    ("甲", "A", STUDENTS, True),
    ("最快的同学是乙", "B", STUDENTS, True),
    ("甲和乙", "A", STUDENTS, False),
    ("不是甲", "A", STUDENTS, False),
]

CHANGES = ("The area increases", "The area decreases", "The area stays the same", "Cannot be determined")
ROMAN = ("Only I", "Only II", "Both I and II", "Neither I nor II")
PARTS = [
    ("It decreases", "B", CHANGES, True),
    ("It increases", "B", CHANGES, False),
    ("stays the same", "C", CHANGES, True),
    ("the area does not decrease", "B", CHANGES, False),
    ("cannot be determined from the figure", "D", CHANGES, True),
    ("determined", "D", CHANGES, False),
    ("the area", "A", CHANGES, False),
    ("I", "A", ROMAN, True),
    ("I only", "A", ROMAN, True),
    ("II only", "A", ROMAN, False),
    ("I and II", "C", ROMAN, True),
    ("I and II", "D", ROMAN, False),
    ("neither", "D", ROMAN, True),
    ("both", "C", ROMAN, True),
    ("both", "D", ROMAN, False),
    ("square", "A", ("A rectangle, but not a square", "A circle"), False),
    ("solution", "A", ("no solution", "one"), False),
]

CHINESE = [
    ("选C", "C", STUDENTS, True),
    ("选项C", "C", STUDENTS, True),
    ("C项", "C", STUDENTS, True),
    ("选项 (B) $3.3\\mathrm{MeV}$。", "B", ("2.4 MeV", "3.3 MeV"), True),
    ("C. 丙", "C", STUDENTS, True),
    ("C. 甲", "C", STUDENTS, False),
    ("选项B是正确答案。", "B", NUMBERS, True),
    ("选B", "C", STUDENTS, False),
    ("不选C", "C", STUDENTS, False),
    ("选项 (C) 错误。", "C", STUDENTS, False),
    ("A错误，B正确", "B", STUDENTS, True),
    ("A错误，B正确", "A", STUDENTS, False),
    ("A或B", "A", STUDENTS, False),
]

GOLDS = [
    ("(b)", "(b)", MARKS, True),
    ("E", "(b)", MARKS, True),
    ("(E)", "(b)", MARKS, True),
    ("(c)", "(b)", MARKS, False),
    ("(D) 18", "18", TWINS, True),
    ("C", "18", TWINS, True),
    ("D", "C", TWINS, True),
    ("18", "D", TWINS, True),
    ("B", "D", TWINS, False),
    ("D", "B", TWINS, False),
    ("47", "B", PARENTHESES, True),
    ("46", "B", PARENTHESES, False),
    ("47", "B", ("A. 46", "B. 47"), True),
    ("B", "47", ("A: 46", "B: 47"), True),
    ("(B) 47", "B. 47", ("a) 46", "b) 47"), True),
    ("47", "(B) 47", ("46", "47"), True),
    ("B", "(B) 47", ("46", "47"), True),
    ("B) 47", "(B) 47", ("46", "47"), True),
    ("A", "(B) 47", ("46", "47"), False),
    ("46", "(B) 47", ("46", "47"), False),
    ("B", "0.5", ("0.25", r"\frac{1}{2}"), True),
    ("b", "B", NUMBERS, True),
    ("b", "B", VARIABLES, False),
    ("(b)", "B", VARIABLES, True),
    ("I", "I", TEN, True),
    ("I choose B", "I", TEN, False),
]

SEVERAL = [
    ("A, C", "AC", NUMBERS, True),
    ("CA", "A, C", NUMBERS, True),
    ("(A) and (C)", "A,C", NUMBERS, True),
    ("(a), (c)", "AC", NUMBERS, True),
    (r"\{A, C\}", "A and C", NUMBERS, True),
    ("A、C", "AC", NUMBERS, True),
    ("A和C", "AC", NUMBERS, True),
    ("A: 5, C: 8", "AC", NUMBERS, True),
    ("5 and 8", "AC", NUMBERS, True),
    ("8, 5", "AC", NUMBERS, True),
    ("red and green", "AC", COLORS, True),
    ("A", "AC", NUMBERS, False),
    ("A, B, C", "AC", NUMBERS, False),
    ("A or C", "AC", NUMBERS, False),
    ("A, B", "AC", NUMBERS, False),
    ("5", "AC", NUMBERS, False),
    ("5, 6 and 8", "AC", NUMBERS, False),
    ("red, green or blue", "AC", COLORS, False),
    ("not red and green", "AC", COLORS, False),
    ("AC", "AC", ("AB", "AC"), True),
    ("B", "AC", ("AB", "AC"), True),
    ("A", "AC", ("AB", "AC"), False),
]


@pytest.mark.parametrize(("answer", "gold", "choices", "equal"), TABLE + BESIDE + TWO + SENTENCES + PARTS + CHINESE + GOLDS + SEVERAL)
def test_an_answer_names_the_right_choice_or_not(answer: str, gold: str, choices: tuple[str, ...], equal: bool) -> None:
    decision = decide(answer, Gold(gold, choices))
    assert decision.equal is equal, decision


def test_only_algebra_against_the_right_choice_is_left_open() -> None:
    assert decide("b+a", Gold("B", ("$2a$", "$a+b$"))).equal is None


@pytest.mark.parametrize(
    ("gold", "choices", "places", "together"),
    [
        ("B", LETTERS, {1}, False),
        ("(b)", LETTERS, {1}, False),
        ("20 cm^2", AREAS, {1}, False),
        ("18", TWINS, {2, 3}, False),
        ("(b)", MARKS, {4}, False),
        ("B, D", LETTERS, {1, 3}, True),
        ("C or D", PAIRS, {4}, False),
        ("(B) 6", NUMBERS, {1}, False),
    ],
)
def test_a_gold_answer_means_letters_or_a_choices_text(gold: str, choices: tuple[str, ...], places: set[int], together: bool) -> None:
    assert right_choices(gold, choices) == Right(frozenset(places), together)


@pytest.mark.parametrize(
    ("gold", "choices"), [("F", LETTERS), ("C", ()), ("7", AREAS), ("(B) 5", NUMBERS), ("A or B", NUMBERS), ("5", SCALES)]
)
def test_a_gold_answer_may_mean_no_choice(gold: str, choices: tuple[str, ...]) -> None:
    assert right_choices(gold, choices) is None


@pytest.mark.parametrize(
    ("choices", "bare"),
    [
        (PARENTHESES, ("46", "47")),
        (("A. 46", "B: 47", "[c] 48"), ("46", "47", "48")),
        (("A. 46", "C. 47"), ("A. 46", "C. 47")),
        (("A cat", "B"), ("A cat", "B")),
        (("(A) 46", "47"), ("(A) 46", "47")),
        (("A", "B"), ("A", "B")),
    ],
)
def test_labels_that_choices_carry_are_taken_off_where_all_carry_their_own(choices: tuple[str, ...], bare: tuple[str, ...]) -> None:
    assert bare_choices(choices) == bare


def test_a_list_of_gold_answers_means_that_any_of_them_is_right_and_so_are_all_together() -> None:
    gold, answers = Gold('["A", "C"]', NUMBERS), ["A", "C", "8", "A and C", r"\boxed{5, 8}", "B", "A, B, C", "A, B", "A or C"]
    with Grader() as grader:
        grades = grader.grade(answers, [gold] * len(answers))
    assert [grade.verdict == Verdict.correct for grade in grades] == [True, True, True, True, True, False, False, False, False]
