"""The annotator slips as often as its settings say, and only in the result."""

import re
from random import Random

import pytest

from tasks.starter.annotator import completion, draw_example, slip
from tasks.starter.datasets import DATASETS
from tasks.starter.problem import draw_problem
from tasks.starter.settings import AnnotatorSettings

NEVER = AnnotatorSettings(carelessness=(0, 0, 0, 0, 0))
ALWAYS = AnnotatorSettings(carelessness=(1, 1, 1, 1, 1), hinted_carelessness=1)
FORM = re.compile(r"<think>[^<]+?(\w+)</think>\\boxed\{(\d+|[ABC])\}")


def _drawn(count: int):
    rng = Random(1)
    return [draw_problem(DATASETS[rng.choice(list(DATASETS))], "annotated", rng) for _ in range(count)]


@pytest.mark.parametrize("slips", ["near", "on_the_way"])
def test_a_slip_is_never_right_and_never_negative(slips):
    for number, problem in enumerate(_drawn(1000)):
        wrong = slip(problem, slips, Random(number))
        assert wrong != problem.answer
        assert wrong in "ABC"[: len(problem.choices)] if problem.choices else int(wrong) >= 0


def test_a_slip_on_the_way_is_a_number_of_the_working_where_it_names_another_one():
    for number, problem in enumerate(problem for problem in _drawn(1000) if not problem.choices):
        named = set(re.findall(r"\d+", problem.working)) - {problem.answer}
        wrong = slip(problem, "on_the_way", Random(number))
        assert wrong in named if named else abs(int(wrong) - int(problem.answer)) <= 4


def test_the_working_is_right_and_the_box_says_what_it_is_told():
    for problem in _drawn(300):
        worked_out, boxed = FORM.fullmatch(completion(problem, problem.answer)).groups()
        assert boxed == problem.answer
        assert worked_out == (problem.choices["ABC".index(boxed)] if problem.choices else boxed)


def _draws(hinted: bool, settings: AnnotatorSettings):
    return [draw_example(settings, Random(seed), hinted=hinted) for seed in range(200)]


@pytest.mark.parametrize("hinted", [False, True])
def test_only_the_box_of_a_careless_example_differs(hinted):
    for careful, careless in zip(_draws(hinted, NEVER), _draws(hinted, ALWAYS), strict=True):
        assert careful.prompt == careless.prompt
        working, boxed = careful.completion.split("\\boxed")
        assert careless.completion.split("\\boxed")[0] == working
        assert careless.completion.split("\\boxed")[1] != boxed


def test_carelessness_is_what_the_settings_say():
    half = AnnotatorSettings(carelessness=(0.5, 0.5, 0.5, 0.5, 0.5), hinted_carelessness=0.2)
    right = {example.completion for example in _draws(False, NEVER)} | {example.completion for example in _draws(True, NEVER)}
    plain = sum(example.completion not in right for example in _draws(False, half))
    hinted = sum(example.completion not in right for example in _draws(True, half))
    assert 70 < plain < 130 and 5 < hinted < 40


def test_a_hinted_prompt_says_how_hard_the_problem_is():
    hinted = [draw_example(NEVER, Random(seed), hinted=True).prompt for seed in range(50)]
    plain = [draw_example(NEVER, Random(seed), hinted=False).prompt for seed in range(50)]
    assert all("This problem is" in prompt for prompt in hinted)
    assert not any("This problem is" in prompt for prompt in plain)
