"""What grading speaks about: the gold answer, the grade of a response, and the identities under which verdicts are stored.

`grader_id` changes whenever a verdict could change for the same text.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.metadata import version

from tasks.base.files import digest
from tasks.grading.rules.order import GRADER_VERSION
from tasks.grading.second.prompts import second_id
from tasks.grading.settings import GradingSettings
from tasks.grading.workers.verifier import DIGITS, find_verifier
from tasks.problems.gold.several import acceptable

BY_DATASET, SECOND = "+datasets-", "+second-"
JUDGE, RULES = "judge", "rules"
"""Who decides a verdict in the end; where a verifier has judged first, `rules` stands for it."""


class Verdict(StrEnum):
    """How a response was judged. Accuracy counts the first three; the other two stay columns of their own."""

    correct = "correct"
    incorrect = "incorrect"
    unparseable = "unparseable"
    timeout = "timeout"
    unscorable = "unscorable"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a judge, asked about a grade, said: its `word` as it came, and whether that means yes (True), no, or neither (None). `first` and
    `rule` are the verdict before it and the rule that gave that."""

    word: str
    accepts: bool | None
    first: Verdict
    rule: str

    @property
    def decided_by(self) -> str:
        """Whose verdict stands: the judge's, unless it said neither yes nor no."""
        return RULES if self.accepts is None else JUDGE


@dataclass(frozen=True, slots=True)
class Gold:
    """A problem's gold answer.

    answer: the answer's text, or the letter of the right choice; of several that are right, a JSON list of them (`["12", "13"]`). None or
    blank cannot be scored.
    choices: the texts of the choices in the order of their letters A, B, …; empty for free-form problems.
    precision: decimals at which numbers are compared; None compares exactly (six decimals where one is a decimal fraction).
    question: what was asked; only a verifier of the user's own, and a judge, are told.
    dataset: the dataset that the problem is of, where others may judge some.
    """

    answer: str | None
    choices: tuple[str, ...] = ()
    precision: int | None = None
    question: str = ""
    dataset: str = ""

    @property
    def alternatives(self) -> "tuple[Gold, ...]":
        """A gold answer for each of the answers that are right; itself where there is one, or none."""
        answers = acceptable(self.answer or "")
        return tuple(replace(self, answer=answer) for answer in answers) if len(answers) > 1 else (self,)


@dataclass(frozen=True, slots=True)
class Grade:
    """A response's grade: the verdict, the answer found in it (None if none), the rule that decided, whether its format is kept, and what a
    judge said where one was asked."""

    verdict: Verdict
    extracted: str | None
    rule: str
    format_ok: bool
    opinion: Opinion | None = None


def grader_id(settings: GradingSettings | None = None) -> str:
    """The name of who judges: our grader, or the settings' verifier by its file's digest; with datasets that others judge, or a second
    opinion, one name for all together.

    One name, because everything that is measured is of one grader: a profile, a set and a comparison would fall apart into the datasets
    that share a judge. That a change of one dataset's verifier makes another name costs little: what the others have judged is found
    under the name before (see known.py).
    """
    if settings is None:
        return own_id()
    first = judge_id(settings.verifier)
    others = {name: judge_id(one.verifier) for name, one in settings.by_dataset.items()}
    if unlike := {name: judge for name, judge in others.items() if judge != first}:
        first += f"{BY_DATASET}{digest(unlike)[:DIGITS]}"
    return f"{first}{SECOND}{second_id(settings.second)}" if settings.second else first


def judge_id(verifier: str | None) -> str:
    """The name of a verifier, or of our grader where there is none."""
    return find_verifier(verifier).id if verifier else own_id()


@cache
def own_id() -> str:
    """Our grader's name, e.g. `grader-1+math-verify-0.9.0+sympy-1.14.0+latex2sympy2_extended-1.11.0`."""
    packages = ("math-verify", "sympy", "latex2sympy2_extended")
    return "+".join([f"grader-{GRADER_VERSION}", *(f"{package}-{version(package)}" for package in packages)])
