"""Phrases and sentences in words: what may differ without a difference in meaning, and what may not."""

import pytest

from tasks.grading.rules.order import compare

SAME = [
    ("The triangle is isosceles", "isosceles"),
    ("isosceles", "The triangle is isosceles"),
    ("isosceles triangle", "isosceles"),
    ("isosceles", "an isosceles triangle"),
    (r"\text{a circle with radius }3", "circle of radius 3"),
    ("A circle having radius 3", "the circle with radius 3"),
    (r"circle with radius $\sqrt{2}$", r"a circle of radius \sqrt2"),
    ("The shape is a rectangle.", "rectangle"),
    ("They are parallel", "parallel"),
    ("parallel lines", "parallel line"),
    ("circles", "circle"),
    ("right-angled triangle", "right angled triangle"),
    ("nonlinear", "non-linear"),
    ("colour of the centre", "color of the center"),
    ("grey", "gray"),
    ("three sides", "3 sides"),
    ("in March", "March"),
    ("the red one", "red"),
    ("Team B", "B"),
    ("side AB", "AB"),
    ("line $l$", "l"),
    ("Quadrant III", "III"),
    ("It increases", "increases"),
    ("The area doubles", "doubles"),
    ("Evelyn is the fastest", "Evelyn"),
    ("sufficient but not necessary condition", "sufficient but not necessary"),
    ("充分不必要条件", "充分不必要"),
    ("I only", "I"),
    ("an acute angle", "acute"),
    ("The winner is Evelyn", "Evelyn"),
    ("it's a rhombus", "rhombus"),
    ("anticlockwise", "counter-clockwise"),
    (r"$\triangle ABC$", "triangle ABC"),
    ("by the SAS criterion", "SAS"),
    ("Figure (3)", "Figure 3"),
    ("The point lies inside the circle", "inside the circle"),
    ("inside the circle", "inside"),
    ("it stays the same", "stays the same"),
    ("The parabola opens upward", "upward"),
    ("Evelyn, not Bob", "Evelyn"),
    ("2 apples and 3 pears", "3 pears and 2 apples"),
]

DIFFERENT = [
    ("not isosceles", "isosceles"),
    ("The triangle is not isosceles", "isosceles"),
    ("isosceles", "The triangle is not isosceles"),
    ("The triangle is equilateral", "isosceles"),
    ("non-linear", "linear"),
    ("nonlinear", "linear"),
    ("left", "right"),
    ("parallelogram", "parallel"),
    ("circle of radius 4", "circle of radius 3"),
    ("circle of radius 3", "circle of diameter 3"),
    (r"circle of radius $\sqrt{3}$", "circle of radius 3"),
    ("four sides", "3 sides"),
    ("acute triangle", "acute angle"),
    ("dark green", "green"),
    ("in the box", "on the box"),
    ("Team B", "Team A"),
    ("Team B", "A"),
    ("Team A", "Team"),
    ("line a", "line b"),
    ("Quadrant II", "III"),
    ("no change", "change"),
    ("less than", "greater than"),
    ("The area does not double", "doubles"),
    ("The population will fall if prices increase", "increase"),
    ("Evelyn is not the fastest", "Evelyn"),
    ("Evan is the fastest", "Evelyn"),
    ("Alice and Bob", "Alice"),
    ("the wrong answer is isosceles", "isosceles"),
    ("sufficient but not necessary", "necessary but not sufficient"),
    ("必要不充分条件", "充分不必要条件"),
    ("The triangle may or may not be isosceles", "isosceles"),
    ("If x is small it is isosceles", "isosceles"),
    ("without a lid", "with a lid"),
    ("clockwise", "counterclockwise"),
    (r"$\triangle ABC$", "triangle ABD"),
    ("2 apples and 3 pears", "2 pears and 3 apples"),
    ("a rhombus but not a square", "rhombus"),
    ("segment AB", "line AB"),
    ("outside the circle", "inside"),
    ("it does not stay the same", "stays the same"),
    ("Evelyn, not Bob", "Bob"),
]


@pytest.mark.parametrize(("answer", "gold"), SAME)
def test_phrases_are_the_same(answer: str, gold: str) -> None:
    assert compare(answer, gold).equal is True


@pytest.mark.parametrize(("answer", "gold"), DIFFERENT)
def test_phrases_differ(answer: str, gold: str) -> None:
    assert compare(answer, gold).equal is not True
