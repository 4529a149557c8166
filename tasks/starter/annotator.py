"""The careless annotator: worked examples for the supervised run, whose boxed answers are wrong the more often the harder the problem.

This, and no property of the model, is what gives the starter policy its U: it learns to read well and to answer as carelessly as it was
taught, so that reinforcement learning has something to sharpen. The annotator works rightly and slips where the answer is written down.
With a hint in the prompt the annotator is taught to be somewhat more careful, as an instruction-following model would be; that, too, is
put in by hand, so what hints gain on the starter shows that the machinery works and says nothing about real models.
"""

import re
from dataclasses import dataclass
from random import Random

from tasks.prompting.prompt import render_hint, render_prompt
from tasks.starter.datasets import DATASETS
from tasks.starter.picture import Picture
from tasks.starter.problem import LETTERS, StarterProblem, draw_problem
from tasks.starter.settings import AnnotatorSettings

TEMPLATE = "think_then_box"
HINTS = ("medium", "hard")
LARGEST_SLIP = 4


@dataclass(frozen=True)
class Example:
    """A prompt (with its `<image>` mark), the picture it is about, and the answer to imitate."""

    picture: Picture
    prompt: str
    completion: str


def slip(problem: StarterProblem, slips: str, rng: Random) -> str:
    """A wrong answer: another choice's letter, or a number, as AnnotatorSettings has `slips`.

    Near is a whole number at most 4 away from the right one and not negative; so is what is on the way where the working names none.
    """
    if problem.choices:
        wrong = list(LETTERS[: len(problem.choices)])
    else:
        right = int(problem.answer)
        wrong = re.findall(r"\d+", problem.working) if slips == "on_the_way" else []
        if not set(wrong) - {problem.answer}:
            wrong = [str(number) for number in range(max(0, right - LARGEST_SLIP), right + LARGEST_SLIP + 1)]
    return rng.choice([answer for answer in wrong if answer != problem.answer])


def completion(problem: StarterProblem, answer: str) -> str:
    """`<think>`the right working`</think>\\boxed{}` with `answer`, right or wrong, in the box."""
    return f"<think>{problem.working}</think>\\boxed{{{answer}}}"


def draw_example(settings: AnnotatorSettings, rng: Random, *, hinted: bool) -> Example:
    """One worked example about a picture of the annotated pool, from either dataset; `hinted` says whether its prompt carries a hint."""
    problem = draw_problem(DATASETS[rng.choice(list(DATASETS))], "annotated", rng)
    hint = ""
    chance = settings.carelessness[problem.level]
    if hinted:
        hint = render_hint(rng.choice(HINTS), band="hard", accuracy=rng.random())
        chance *= settings.hinted_carelessness
    answer = slip(problem, settings.slips, rng) if rng.random() < chance else problem.answer
    prompt = render_prompt(TEMPLATE, question=problem.question, choices=problem.choices, hint=hint)
    return Example(problem.picture, prompt, completion(problem, answer))
