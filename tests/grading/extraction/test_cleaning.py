"""What is no word of the response: chat tokens, tags, fences, the prompt and another question."""

import pytest

from tasks.grading.extraction.answer import final_answer
from tasks.grading.extraction.cleaning import clean

CLEANED = [
    ("It is 45&deg; &plusmn; 1&#176;", "It is 45° ± 1°"),
    ("So it is 4.</s>", "So it is 4."),
    ("<s>4</s>", "4"),
    ("✅ It is 7 🎉", " It is 7"),
    ("x = 7 ∎", "x = 7"),
    ("<|im_start|>assistant\nIt is 31<|im_end|>", "\nIt is 31"),
    ("<|im_start|>user\n2+2?<|im_end|><|im_start|>assistant\n4<|im_end|>", "\n4"),
    ("<start_of_turn>model\n31<end_of_turn>", "\n31"),
    ("31<|eot_id|><|start_header_id|>user<|end_header_id|>And 5?", "31"),
    ("The answer is 3<|endoftext|>Human: next 77", "The answer is 3"),
    ("<|begin_of_box|>C<|end_of_box|>", r"\boxed{C}"),
    ("<b>73</b>", "73"),
    ("It is <strong>73</strong><br/>", "It is 73\n"),
    ("<p>It is <span style='x'>73</span></p>", "It is 73\n"),
    ("x<sup>2</sup> cm<sup>3</sup>", "x^{2} cm^{3}"),
    ("<ANSWER>7</ANSWER>", "<answer>7</answer>"),
    ("x &lt; 3", "x < 3"),
    ("```\n73\n```", "\n73\n"),
    ("> It is 73", "It is 73"),
    (r"\framebox{12}", r"\fbox{12}"),
    ("It is (B).\n\nHint: give the letter.\nQuestion: Which?\nChoices:\n(A) 1\n(B) 2", "It is (B).\n"),
    ("Hint: give the letter.\nQuestion: Which?\nChoices:\n(A) 1\n(B) 2\nIt is 2.", "It is 2."),
    ("__Answer__: 7", "**Answer**: 7"),
    ("it is ==7==.", "it is 7."),
    ("~~6~~ 7", " 7"),
]
KEPT = [
    "a<b and c>d",
    "a<b>c",
    "x < 3 and y > 5",
    "if p<i>q",
    r"\begin{matrix}1&2\\3&4\end{matrix}",
    "Question: what is it?\nIt is 4.",
    "Let me see.\nQuestion: what is it?\n\\boxed{4}",
    "x_1 + a_n_ = __ and 5 __ 7",
    "a==b==c",
    "3~~cm and ~~ 5~~cm",
    "$x_{a} + y_b_{c}$",
    "> 5",
]


@pytest.mark.parametrize(("response", "cleaned"), CLEANED)
def test_what_is_no_word_of_the_response_is_taken_away(response: str, cleaned: str) -> None:
    assert clean(response).rstrip(" ") == cleaned


@pytest.mark.parametrize("response", [one for one in KEPT if not one.startswith("Question")])
def test_formulas_and_questions_before_a_box_are_kept(response: str) -> None:
    assert clean(response) == response


def test_an_echo_of_the_prompt_is_no_answer() -> None:
    prompt = "Hint: Please give the letter, e.g., A, B, C, D, at the end.\nQuestion: Is it red?\nChoices:\n(A) yes\n(B) no\n"
    assert final_answer(prompt, ("yes", "no")) is None
    found = final_answer(prompt + "The answer is B.", ("yes", "no"))
    assert found is not None and found.text == "B"
