"""What grading speaks about: the gold answer, the grade of a response, and the identities under which verdicts are stored.

`grader_id` changes whenever a verdict could change for the same text.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.metadata import version

from tasks.grading.rules.order import GRADER_VERSION
from tasks.grading.settings import GradingSettings
from tasks.grading.workers.verifier import find_verifier
from tasks.problems.gold.several import acceptable


class Verdict(StrEnum):
    """How a response was judged. Accuracy counts the first three; the other two stay columns of their own."""

    correct = "correct"
    incorrect = "incorrect"
    unparseable = "unparseable"
    timeout = "timeout"
    unscorable = "unscorable"


@dataclass(frozen=True, slots=True)
class Gold:
    """A problem's gold answer.

    answer: the answer's text, or the letter of the right choice; of several that are right, a JSON list of them (`["12", "13"]`). None or
    blank cannot be scored.
    choices: the texts of the choices in the order of their letters A, B, …; empty for free-form problems.
    precision: decimals at which numbers are compared; None compares exactly (six decimals where one is a decimal fraction).
    question: what was asked; only a verifier of the user's own is told, and only for it is it filled in.
    """

    answer: str | None
    choices: tuple[str, ...] = ()
    precision: int | None = None
    question: str = ""

    @property
    def alternatives(self) -> "tuple[Gold, ...]":
        """A gold answer for each of the answers that are right; itself where there is one, or none."""
        answers = acceptable(self.answer or "")
        return tuple(replace(self, answer=answer) for answer in answers) if len(answers) > 1 else (self,)


@dataclass(frozen=True, slots=True)
class Grade:
    """A response's grade: the verdict, the answer found in it (None if none), the rule that decided, and whether its format is kept."""

    verdict: Verdict
    extracted: str | None
    rule: str
    format_ok: bool


def grader_id(settings: GradingSettings | None = None) -> str:
    """The name of who judges: the settings' verifier by its file's digest, or our grader."""
    return find_verifier(settings.verifier).id if settings and settings.verifier else own_id()


@cache
def own_id() -> str:
    """Our grader's name, e.g. `grader-1+math-verify-0.9.0+sympy-1.14.0+latex2sympy2_extended-1.11.0`."""
    packages = ("math-verify", "sympy", "latex2sympy2_extended")
    return "+".join([f"grader-{GRADER_VERSION}", *(f"{package}-{version(package)}" for package in packages)])
