"""Values that sentences state: the whole expression, and no number that is only compared with, counted from or named."""

import pytest

from tasks.grading.extraction.answer import final_answer
from tasks.grading.extraction.values import value_in

STATED = [
    ("The range is [0, 2].", "[0, 2]"),
    ("The domain is [2, 5).", "[2, 5)"),
    ("The solution set is {2, 3}.", "{2, 3}"),
    ("The maximum is at the point (1, 0).", "(1, 0)"),
    ("The function has its maximum at (u1, u2) = (1, 0).", "(u1, u2) = (1, 0)"),
    ("Therefore, the length of CD is 2√3.", "2√3"),
    ("Therefore, the length is $2\\sqrt{3}$.", "$2\\sqrt{3}$"),
    ("Therefore the area equals 5π.", "5π"),
    ("Therefore the height is h = 2a + 3.", "h = 2a + 3"),
    ("Hence the angle is 180 - x - 40.", "180 - x - 40"),
    ("The area of the triangle is 125*a^2 + 250.", "125*a^2 + 250"),
    ("Therefore, $f(x) = x^2 + 1$.", "$f(x) = x^2 + 1$"),
    ("The range is x > 3.", "x > 3"),
    ("The ratio is 3:1.", "3:1"),
    ("So x = 7 - 3 = 4.", "4"),
    ("Hence $\\log_2 8 = 3$.", "3"),
    ("The solutions are $x=2$ and $x=3$.", "$x=2$ and $x=3$"),
    ("Thus, x = 7 or x = -7.", "x = 7 or x = -7"),
    ("The length is 5 cm or 6 cm.", "5 cm or 6 cm"),
    ("It takes 3 hours and 20 minutes.", "3 hours and 20 minutes"),
    ("So the width is 30√3 m.", "30√3 m"),
    ("The age gap is 13 years, one being 13 and the other 26.", "13 years"),
    ("So, there is 1 block that has exactly 36 houses.", "1"),
    ("There are three cubes left.", "three"),
    ("There is one cube left.", "one"),
    ("There are 2 bars with values smaller than 0.", "2"),
    ("0 bars are smaller than 2.", "0"),
    ("There are 4 people who were born before 1980.", "4"),
    ("We conclude that there are exactly 5 such integers between 1 and 100.", "5"),
    ("The 3 numbers that sum to 10 are 2, 3, 5.", "2, 3, 5"),
    ("So the total is 42, which is 6 times 7.", "42"),
    ("Since 2 + 3 = 5, the sum is 12.", "12"),
    ("42 is the final answer.", "42"),
    ("The perimeter is 2 * (6 feet + 3 feet) = 2 * 9 feet = 18 feet.", "18 feet"),
    ("Hence the value is minus 5.", "-5"),
    ("Hence there are 5 thousand people.", "5 thousand"),
    ("There are no bars that are smaller than 0.", "0"),
    ("360 apples were sold in total.", "360"),
    ("In total, 12 of the 30 students passed.", "12"),
    ("The date is March 5, 2021.", "March 5, 2021"),
    ("The train arrives at 5:30 PM.", "5:30 PM"),
    ("The value was 34 in 2015.", "34"),
    ("One might think it is 10, but it is 12.", "12"),
    ("The maximum value is 12, attained at x = 3.", "12"),
    ("Thus a = 3, b = 4, and a + b = 7.", "a + b = 7"),
    ("Hence the equation is $x^2 + y^2 = 9$.", "$x^2 + y^2 = 9$"),
    ("We get v = -78 km/h - 52 km/h = -130 km/h.", "-130 km/h"),
    ("x = 5, y = 7", "x = 5, y = 7"),
    ("Only one bar is below 10.", "one"),
    ("因此，线段的长度是5cm。", "5cm"),
    ("有三个苹果。", "三"),
    ("In the year 2012 the sales were the highest.", "2012"),
    ("In 2012, the sales were 45.", "45"),
    ("In 2012 the highest value was 45.", "45"),
    ("面積は 12 cm² です。", "12 cm²"),
    ("따라서 넓이는 12입니다.", "12"),
    ("It gets about 40 to 50 miles per gallon.", "40 to 50 miles per gallon"),
    ("Based on the graph, 10% of people prefer the least preferred object, which is the shaft.", "10%"),
    ("There were one hundred and five people.", "one hundred and five"),
    ("The fraction is three fifths.", "three fifths"),
    ("There are two dozen eggs.", "two dozen"),
    ("Three of the cubes are red.", "Three"),
    ("Area = 5 × 4 = 20 cm²", "20 cm²"),
    ("The area is $$A = \\pi r^2 = 9\\pi \\text{ cm}^2$$", "9\\pi \\text{ cm}^2"),
    (r"The identity is $\begin{pmatrix}1 & 0 \\ 0 & 1\end{pmatrix}$.", r"$\begin{pmatrix}1 & 0 \\ 0 & 1\end{pmatrix}$"),
    ("The odds are 3 to 1.", "3 to 1"),
    ("In the end there are 1,250 people in total.", "1,250"),
    ("The sum of the angles is 35° + 55°, i.e. 90°.", "90°"),
]
NOT_STATED = [
    "The picture shows 4 dogs and 3 cats.",
    "So angle 1 is 35° and angle 2 is 55°.",
    "The length is 5 cm and the width is 3 cm.",
    "12 cannot be the answer.",
    "The function first reaches 2 when the input is large.",
    "The smallest one in the chart is Bar 1.",
    "Between 3 and 5 of them are red.",
    "It is anything but 12.",
    "La respuesta no es 12.",
    "The value is less than 7.",
    "In 2012 Japan was the largest exporter.",
    "In 2012, the most common colour was red.",
    "The value is at least 7.",
    "The number is between 1 and 100.",
    "They were born after 1945.",
    "See step 2.",
    "We look at f(5).",
    "It is a 5-year-old boy.",
    "This is S24.",
    "The one on the left is red.",
    "There are no solutions.",
    "The value is 5 or more.",
    "1, 2, 3, __, 5",
]
IN_TEXTS = [
    ("The measure of ∠ABC is 65°. I hope that helps!", "65°"),
    ("The measure of ∠ABC is 65°. Let me know if you have 2 more questions.", "65°"),
    ("There are 3 bars below 40. They are those of 2014, 2015 and 2016.", "3"),
    ("The share is highest in **2019**, with 25.8%.\n\nIn 2020, it fell to 15.4%.", "2019"),
    ("The missing number is 4.\n\n1, 2, 3, __, 5", "4"),
    ("There are 4 objects left:\n\n1. Red cube\n2. Sphere\n3. Ball", "4"),
    ("So the fastest student is Evelyn.", "Evelyn"),
]
IN_NO_TEXT = [
    "面積は 12 ではない。",
    "넓이는 12가 아닙니다.",
    "There are 2 small spheres. We are left with 2 - 2 = 0 cylinders and 3 - 2 = 1 remaining cubes.",
    "There are no further details on 5.",
    "It is impossible to find f(5) from this.",
    "I can't see the image, so I can't answer; 3 of the values are missing.",
    "I do not know, maybe 5 or 6 or 7.",
    "In the 4x4 table we had 16 cells. Please provide the figure.",
    "Let me know if you have 2 more questions.",
]


@pytest.mark.parametrize(("sentence", "value"), STATED)
def test_a_sentence_states_a_whole_value(sentence: str, value: str) -> None:
    assert value_in(sentence) == value


@pytest.mark.parametrize("sentence", NOT_STATED)
def test_a_number_that_is_not_stated_is_none(sentence: str) -> None:
    assert value_in(sentence) is None


@pytest.mark.parametrize(("response", "value"), IN_TEXTS)
def test_the_value_of_a_text_need_not_stand_in_its_last_sentence(response: str, value: str) -> None:
    found = final_answer(response)
    assert found is not None and found.text == value


@pytest.mark.parametrize("response", IN_NO_TEXT)
def test_a_text_that_refuses_or_asks_states_no_value(response: str) -> None:
    assert final_answer(response) is None
