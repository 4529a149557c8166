"""Each written form of a gold answer is unwrapped by its rule, and a plain answer that only looks like one is left alone."""

from decimal import Decimal
from typing import Any

import pytest

from tasks.base.errors import InputError
from tasks.problems.gold.choosing import read_golds
from tasks.problems.gold.settings import GoldForm, GoldPattern
from tasks.problems.gold.several import acceptable, joined
from tasks.problems.gold.written import written
from tasks.problems.reading.row import Numeral

SOLVED = "First we add the two numbers together. Then we get what was asked for.\n"
FOUR = ("40", "45", "50", "60")

WRAPPED: dict[str, dict[Any, str | tuple[str, ...]]] = {
    "hashes": {
        SOLVED + "#### 18": "18", SOLVED + "####18": "18", SOLVED + "#### 1,000 ": "1,000", "2 + 2 = <<2+2=4>>4 #### 4": "4",
        SOLVED + "#### -3\n": "-3", SOLVED + "#### $18": "$18", SOLVED + "#### 12.5%": "12.5%", "#### 10:30": "10:30",
        SOLVED + "#### \\frac{1}{2}": "\\frac{1}{2}", "#### Step 1\nWe add.\n#### 3/4": "3/4",
    },
    "tag": {
        "<answer>18</answer>": "18", "<think>Hm. So.</think>\n<answer> B </answer>": "B", "<ANSWER>\n18\n</ANSWER>\n": "18",
        "<answer>1</answer> no, <answer>2</answer>": "2", "<final_answer>x + 1</final_answer>": "x + 1", "<ans>3</ans>.": "3",
        SOLVED + "<answer>1/2</answer>": "1/2", "<|begin_of_box|>7<|end_of_box|>": "7", "<CONCLUSION> 9 </CONCLUSION>": "9",
        "<answer>a < b</answer>": "a < b",
    },
    "box": {
        SOLVED + "So $\\boxed{\\frac{1}{2}}$.": "\\frac{1}{2}", SOLVED + "\\fbox{7}": "7", "\\boxed{3}. But no: \\boxed{4}": "4",
        "\\boxed{\\frac{\\sqrt{3}}{\\frac{1}{2}}} metres, as asked.": "\\frac{\\sqrt{3}}{\\frac{1}{2}}", "\\boxed {5}": "5",
        "thus $\\boxed 5$": "5", "$\\boxed{\\boxed{9}}$": "9", "\\boxed{x \\in \\{1, 2\\}}": "x \\in \\{1, 2\\}",
        "Therefore, the final answer is: $\\boxed{72}$": "72", "**Answer:** $\\boxed{\\text{(B)}}$": "\\text{(B)}",
    },
    "sentence": {
        "The answer is 72.": "72", "Therefore, the final answer is: $72$.": "$72$", "Answer: 72": "72", "ANSWER: B": "B",
        "**Final Answer:** 72": "72",
        "The final answer is $5$. I hope it is correct.": "$5$", SOLVED + "So the answer is 3.5.": "3.5",
        "Answer: B\nExplanation: it is so. It was so.": "B", "Option C is correct.": "C", "The answer is U.S.A.": "U.S.A.",
        "# Answer\n\n42": "42", "72 apples is the answer.": "72 apples", "So the correct option is D because it is red.": "D",
        "Ans. 5": "5",
    },
    "sentence in Chinese": {
        "答案是72。": "72", "答案：72": "72", "故选B": "B", "故选：B．": "B", "【答案】72": "72", "【答案】B【解析】因为它是红的": "B",
        "所以答案为：$\\frac{1}{2}$。": "$\\frac{1}{2}$", "本题选C。": "C", "综上，答案应为5": "5", "参考答案：12 解析：因为": "12",
    },
    "labelled": {
        "B. 45": ("B", "45"), "(B) 45": ("B", "45"), "B) 45": ("B", "45"), "B: 45": ("B", "45"), "B、45": ("B", "45"),
        "B．45": ("B", "45"), "(b) 45": ("B", "45"), "C：7": ("C", "7"), "[D] x+1": ("D", "x+1"), "（A）$\\pi$": ("A", "$\\pi$"),
    },
    "list": {
        '["12", "a dozen"]': ("12", "a dozen"), "['12', 'a dozen']": ("12", "a dozen"), "('a', 'b', 'a')": ("a", "b"), "['7']": "7",
        '["18"]': "18", "['it\\'s', \"is\"]": ("it's", "is"), '["12", 13]': ("12", "13"), "['1/2', '0.5']": ("1/2", "0.5"),
        "['$6', 'dollar 6']": ("$6", "dollar 6"), '["红", "红色"]': ("红", "红色"),
    },
    "either": {
        "12 or 13": ("12", "13", "12 or 13"), "12或13": ("12", "13", "12或13", "12 or 13"), "3, 4 or 5": ("3", "4", "5", "3, 4 or 5"),
        "couch or sofa": ("couch", "sofa", "couch or sofa"), "12 or 13 apples": ("12", "13 apples", "12 or 13 apples"),
        "$12$ or $13$": ("12", "13", "$12$ or $13$"), "7": "7", "red": "red", "$3 or $4": ("$3", "$4", "$3 or $4"),
        "2 或者 3": ("2", "3", "2 或者 3", "2 or 3"),
    },
}  # fmt: skip


def read(values: list[Any], choices: tuple[str, ...] = (), form: GoldForm = "auto") -> list[tuple[str, str]]:
    """Answer and rule of each value of a source whose problems have these choices."""
    return [(gold.answer, gold.rule) for gold in read_golds([written(value, choices) for value in values], form, "own: own.jsonl")]


@pytest.mark.parametrize("form", WRAPPED)
def test_a_wrapper_is_taken_off(form: str) -> None:
    right = {text: joined((said,) if isinstance(said, str) else said) for text, said in WRAPPED[form].items()}
    rule = form.split()[0]
    told = [(said, "plain" if text in ("7", "red") else rule) for text, said in right.items()]
    assert read(list(right)) == told, "as one source"
    for text, said in right.items():
        assert [found for found, _ in read([text])] == [said], "alone"


def test_a_label_before_a_choices_text_is_its_letter() -> None:
    values = ["B. 45", "(B) 45", "B) 45", "B: 45", "b) 45", "[B] $45$", "B、45 ", "(B) 45 cm", "B．45.", "(B): 45"]
    assert read(values, FOUR) == [("B", "labelled")] * 10
    assert read(["A", "(C)", "45", "D. 60"], FOUR) == [("A", "plain"), ("(C)", "plain"), ("45", "plain"), ("D", "labelled")]
    assert read(["A. E. coli", "C. elegans"], ("E. coli", "yeast", "C. elegans"))[1] == ("C. elegans", "plain")
    assert read(["B. 60"], FOUR) == [("B. 60", "plain")], "the letter of one choice and the text of another mean none"


PLAIN = [
    "(1, 2)", "[1, 2)", "[1, 2]", "x = 3", "\\frac{1}{2}", "$5$", "Yes", "x or y", "x = 1 or x = 2", "p \\lor q", "2 or -2", "3:45",
    "A, C", "-5", "∅", "√", "2^{n}", "The dog is chasing the cat.", "E. coli", "12:30 p.m.", "\\begin{pmatrix}1\\\\2\\end{pmatrix}", "none",
    "\\{1, 2\\}", "(a) 5, (b) 6", "No answer is possible", "A and B", "5 < x < 7", "$\\text{Paris}$", "0.10", "1,000", "H_2O", "true",
]  # fmt: skip


def test_plain_answers_stay_as_they_are() -> None:
    assert read(PLAIN) == [(text, "plain") for text in PLAIN]


def test_wrappers_are_taken_off_one_another() -> None:
    texts = ["<answer>\\boxed{18}</answer>", "<answer>The answer is (B) 45.</answer>", "Answer: $\\boxed{5}$", "#### ['7', '8']"]
    rules = [("18", "tag+box"), ('["B", "45"]', "tag+sentence+labelled"), ("5", "box"), ('["7", "8"]', "hashes+list")]
    assert read(texts) == rules


def test_each_row_of_a_mixed_source_is_read_by_the_wrapper_that_it_has() -> None:
    texts = [SOLVED + "#### 18", "<answer>7</answer>", SOLVED + "\\boxed{5}", "9", "The answer is 3.", SOLVED, SOLVED + "####"]
    rules = [("18", "hashes"), ("7", "tag"), ("5", "box"), ("9", "plain"), ("3", "sentence"), ("", "unscorable"), ("", "unscorable")]
    assert read(texts) == rules


def test_the_wrapper_that_all_rows_have_counts_before_one_that_some_have() -> None:
    texts = ["\\boxed{1}\n#### 2", "\\boxed{3}", "\\boxed{4}. The answer is 5."]
    assert read(texts) == [("1", "box"), ("3", "box"), ("4", "box")]


def test_alternatives_are_none_among_formulas() -> None:
    assert read(["2 or 3", "x = 5"]) == [("2 or 3", "plain"), ("x = 5", "plain")]
    assert read(["A or C", "B"], FOUR) == [('["A", "C", "A or C"]', "either"), ("B", "plain")]
    assert read(["red or blue"], ("red or blue", "red")) == [("red or blue", "plain")]


def test_values_that_are_no_text() -> None:
    said = [(51, "51"), (51.0, "51"), (0.1, "0.1"), (0.10000000149011612, "0.1"), (1e20, "1" + "0" * 20), (-0.0, "0"), (1e-05, "0.00001"),
            (12345678901234567890, "12345678901234567890"), (0.30000000000000004, "0.30000000000000004"), (Numeral("51.0"), "51"),
            (Numeral("0.10"), "0.10"), (Decimal("5.00"), "5.00")]  # fmt: skip
    assert read([value for value, _ in said]) == [(text, "plain") for _, text in said]
    assert read([["12", 13], [7.0], ("a", None, "b")]) == [('["12", "13"]', "list"), ("7", "list"), ('["a", "b"]', "list")]
    assert read([True, False]) == [('["True", "Yes"]', "boolean"), ('["False", "No"]', "boolean")]
    assert read([True, False], ("No", "Yes")) == [("Yes", "boolean"), ("No", "boolean")]


NOTHING = [
    "N/A", "n.a.", "-", "—", "?", "...", "nan", "null", "unknown", "see figure", "See the solution above.", "As shown in the figure",
    "Answers may vary", "略", "证明略", "见解析", "Proof: it is so", "We add. Hence it holds. Q.E.D.", SOLVED, "\\boxed{}", "<ans> </ans>",
]  # fmt: skip


def test_what_is_no_answer_is_unscorable() -> None:
    assert read([*NOTHING, "5"]) == [*[("", "unscorable")] * len(NOTHING), ("5", "plain")]
    assert read(["N/A", "unknown"], ("unknown", "N/A")) == [("N/A", "plain"), ("unknown", "plain")], "a choice is an answer"


THREE = ("cat", "dog", "cow")


@pytest.mark.parametrize(
    ("values", "choices", "letters", "rule"),
    [
        ([0, 1, 2], THREE, "ABC", "index_from_0"),
        (["0", "2"], THREE, "AC", "index_from_0"),
        ([1.0, "0"], THREE, "BA", "index_from_0"),
        ([1, 3], THREE, "AC", "index_from_1"),
        (["3", "3"], THREE, "CC", "index_from_1"),
        ([0, 2], ("1", "2", "3"), "AC", "index_from_0"),
        (["1", "2"], ("1", "2", "3"), "12", "plain"),
        (["2", "3"], ("2 cm", "3 cm", "4 cm"), "23", "plain"),
        (["A", "1"], THREE, "A1", "plain"),
    ],
)
def test_a_number_of_a_choice_is_decided_over_the_source(values: list[Any], choices: tuple[str, ...], letters: str, rule: str) -> None:
    assert read(values, choices) == [(letter, rule) for letter in letters]


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ([1, 2], "in no row is it 0, and in none the number of choices"),
        ([3, 0], "of 2 1 are none when the first is 0 and 1 are none when the first is 1"),
        ([0] * 20 + [3], "of 21 1 are none when the first is 0"),
    ],
)
def test_a_number_that_could_be_either_choices_is_asked_about(values: list[int], fault: str) -> None:
    with pytest.raises(InputError, match=f"own: own.jsonl: .*{fault}.*Set columns.gold to index_from_0 or index_from_1, or to plain"):
        read(values, THREE)
    assert read(values, THREE, "index_from_0")[0] == (
        "ABCD"[values[0]] if values[0] < 3 else "",
        "index_from_0" if values[0] < 3 else "unscorable",
    )
    assert read(values, THREE, "plain")[0] == (str(values[0]), "plain")


def test_a_named_rule_reads_every_row_or_none() -> None:
    assert read(["#### 5", "18", "#### B. 7"], form="hashes") == [("5", "hashes"), ("", "unscorable"), ('["B", "7"]', "hashes+labelled")]
    assert read(["A. Paris", "Rome", "C"], form="labelled") == [('["A", "Paris"]', "labelled"), ("Rome", "plain"), ("C", "plain")]
    assert read(["red or x", "#### 5"], form="plain") == [("red or x", "plain"), ("#### 5", "plain")]
    assert read(["9 => 5", "no arrow"], form=GoldPattern(pattern="=> (.+)")) == [("5", "pattern"), ("", "unscorable")]


def test_several_answers_are_one_text_and_back() -> None:
    for answers in (("12",), ("12", "13"), ('say "a"', "b\\c"), ("é", "ü")):
        assert acceptable(joined(answers)) == answers
    assert [acceptable(text) for text in ('["a"', "[1, 2]", '["a", 2, "b"]', '["a"]')] == [
        ('["a"',),
        ("[1, 2]",),
        ('["a", 2, "b"]',),
        ('["a"]',),
    ]
