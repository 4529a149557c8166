"""Why a line is judged as it is: what was found in the response, by which way and where, and what every rule that was asked said of it."""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tasks.base.errors import InputError
from tasks.grading.files.cases import Case, read_cases
from tasks.grading.forms.plain import plain
from tasks.grading.grader import BROKEN, Grader, decided, found_in, is_scorable
from tasks.grading.rules.rule import OPEN, Asked, watched
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Gold

SAYS = {True: "the same", False: "not the same", OPEN: "that only algebra can tell", None: "nothing"}


@dataclass(frozen=True)
class RuleAsked:
    """A rule that was asked, with the plain texts it was asked of, what it is for, and how deep in another rule's question."""

    rule: str
    about: str
    answer: str
    gold: str
    says: str
    depth: int


@dataclass(frozen=True)
class Comparison:
    """The answer against one of the gold answers that are right: both in plain form, and the rules in the order they were asked. What they
    leave open is asked of math-verify: `readings` are the parts that it was asked of, and what it read in them."""

    gold: str | None
    answer_plain: str
    gold_plain: str
    rules: tuple[RuleAsked, ...]
    decided_by: str
    readings: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Explanation:
    """A line's verdict and all that led to it. `found` is the way the answer was found, `begins` the place in the response (characters, 0
    first; None where there is no answer)."""

    line: int
    verdict: str
    rule: str
    fault: str
    extracted: str | None
    found: str | None
    begins: int | None
    length: int
    choices: tuple[str, ...]
    precision: int | None
    comparisons: tuple[Comparison, ...]

    def as_json(self) -> dict[str, Any]:
        """Its fields, for JSON."""
        return asdict(self)


def explained(source: Path, numbers: Collection[int], settings: GradingSettings) -> list[Explanation]:
    """The explanation of each of these lines (1 first) of a file. Raises InputError where the file has no such line."""
    if not source.is_file():
        raise InputError(f"there is no file {source}; give a file of JSON Lines with the fields `response` and `answer`")
    with Grader(settings) as grader:
        found = [explain(case, grader) for case in read_cases(source) if case.number in numbers]
    if missing := {*numbers} - {one.line for one in found}:
        raise InputError(f"--explain {min(missing)}: {source} has no such line that is not blank; the first line is 1")
    return found


def explain(case: Case, grader: Grader) -> Explanation:
    """Why a line is judged as it is. Of a verifier nobody knows more than its verdict."""
    if case.fault:
        return Explanation(case.number, "unscorable", "unreadable", case.fault, None, None, None, 0, (), None, ())
    [grade] = grader.grade([case.response], [case.gold])
    found = found_in(case.response, case.gold)
    compared = found is not None and is_scorable(case.gold) and not grader.settings.verifier
    comparisons = tuple(comparison(found.text, one, grader) for one in case.gold.alternatives) if found and compared else ()
    begins = case.response.rfind(found.text) if found else -1
    return Explanation(
        line=case.number,
        verdict=grade.verdict.value,
        rule=grade.rule,
        fault="",
        extracted=found.text if found else None,
        found=found.found if found else None,
        begins=begins if begins >= 0 else None,
        length=len(case.response),
        choices=case.gold.choices,
        precision=case.gold.precision,
        comparisons=comparisons,
    )


def comparison(answer: str, gold: Gold, grader: Grader) -> Comparison:
    """An answer against one gold answer, with every rule that was asked."""
    with watched() as watch:
        decision = decided(answer, gold)
    rules, plains = tuple(asked_rules(watch.asked)), (plain(answer), plain(gold.answer or ""))
    if decision.equal is not None or decision is BROKEN:
        return Comparison(gold.answer, *plains, rules, decision.rule)
    return Comparison(gold.answer, *plains, rules, "math_verify", grader.readings(answer, gold))


def asked_rules(asked: list[Asked]) -> Iterator[RuleAsked]:
    """The rules in words."""
    for one in asked:
        about = (one.rule.__doc__ or "").strip().partition("\n")[0]
        yield RuleAsked(one.rule.__name__, about, one.answer, one.gold, SAYS[one.said], one.depth)
