"""All who judge a run's responses: for each dataset its verifier or our grader, and, where the settings ask for one, a judge that has the
second word about what was not accepted.

Which responses the judge is asked about depends on nothing but the responses: those first of which the grader is least sure, and among
equals by the digest of the response, as many as the share of all that were judged so far leaves room for.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from tasks.base.files import digest
from tasks.grading.grader import Grader
from tasks.grading.rules.choices import bare_choices, right_choices
from tasks.grading.rules.letters import LETTERS
from tasks.grading.second.judge import Appeal, Judge
from tasks.grading.second.kept import Kept
from tasks.grading.second.words import accepts
from tasks.grading.settings import WHO, GradingSettings, SecondSettings
from tasks.grading.verdict import JUDGE, Gold, Grade, Opinion, Verdict, judge_id

UNSURE = ("no_answer", "math_verify", "time", "wait", "memory", "worker_died")
"""The rules that stand for nobody having decided: answers that were not found, not understood, or not compared."""


class Judges:
    """Grades batches as a `Grader` does; a context manager. `words` is the folder where what a judge says is kept (None: nowhere)."""

    def __init__(self, settings: GradingSettings, words: Path | None = None) -> None:
        self.settings, self._open = settings, ExitStack()
        self._graders: dict[str | None, Grader] = {}
        self.second = SecondOpinion(settings.second, self._open.enter_context(Kept(words))) if settings.second else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the children of every grader, and closes what is kept."""
        self._open.close()
        self._graders.clear()

    def grade(self, responses: Sequence[str], golds: Sequence[Gold], known: Sequence[Grade | None] = ()) -> list[Grade]:
        """One grade per response, with the judge's opinion where one was asked; `known` are what verifiers or our grader have said before
        (None: nothing). Raises what `Grader.grade` raises, and InputError where the judge cannot be asked."""
        if len(responses) != len(golds):
            raise ValueError(f"{len(responses)} responses but {len(golds)} gold answers: give one gold answer per response")
        before = known or [None] * len(responses)
        left = [place for place, grade in enumerate(before) if grade is None]
        fresh = iter(self.first_grades([responses[place] for place in left], [golds[place] for place in left]))
        grades = [grade or next(fresh) for grade in before]
        return self.second.heard(responses, golds, grades) if self.second else grades

    def first_grades(self, responses: Sequence[str], golds: Sequence[Gold]) -> list[Grade]:
        """What each response's verifier, or our grader, says of it."""
        parts: dict[str | None, list[int]] = defaultdict(list)
        for place, gold in enumerate(golds):
            parts[self.settings.verifier_of(gold.dataset)].append(place)
        found: dict[int, Grade] = {}
        for verifier, places in parts.items():
            told = [golds[place] if verifier else replace(golds[place], question="", dataset="") for place in places]
            grades = self.grader_of(verifier).grade([responses[place] for place in places], told)
            name = judge_id(verifier)
            found |= {place: named(grade, name) if verifier else grade for place, grade in zip(places, grades, strict=True)}
        return [found[place] for place in range(len(responses))]

    def grader_of(self, verifier: str | None) -> Grader:
        """The grader that asks a verifier, or ours; its children start when it is first asked."""
        if verifier not in self._graders:
            settings = self.settings.model_copy(update={**dict.fromkeys(WHO), "by_dataset": {}, "verifier": verifier})
            self._graders[verifier] = self._open.enter_context(Grader(settings))
        return self._graders[verifier]


class SecondOpinion:
    """Asks a judge about what was not accepted, about at most the share `limit` of the responses `judged` so far; of those it was `asked`
    about so many."""

    def __init__(self, settings: SecondSettings, kept: Kept) -> None:
        self.settings, self.judge = settings, Judge(settings, kept)
        self.judged, self.asked = 0, 0

    def heard(self, responses: Sequence[str], golds: Sequence[Gold], grades: Sequence[Grade]) -> list[Grade]:
        """The grades, those that the judge was asked about with its opinion, and with its verdict where it says yes or no."""
        self.judged += len(grades)
        places = self.appeals(responses, grades)
        self.asked += len(places)
        words = self.judge.words([appeal(responses[place], golds[place]) for place in places])
        found = {place: settled(grades[place], word, self.judge.letters) for place, word in zip(places, words, strict=True)}
        return [found.get(place, grade) for place, grade in enumerate(grades)]

    def appeals(self, responses: Sequence[str], grades: Sequence[Grade]) -> list[int]:
        """The places of the responses that the judge is asked about."""
        refused = [place for place, grade in enumerate(grades) if grade.verdict in self.settings.of]
        room = max(0, int(self.settings.limit * self.judged + 1e-9) - self.asked)
        order = sorted(refused, key=lambda place: (grades[place].rule not in UNSURE, digest(responses[place]), place))
        return sorted(order[:room])


def named(grade: Grade, judge: str) -> Grade:
    """A verifier's grade with its own name for the rule that decided, so that a stored verdict tells whose it is."""
    return replace(grade, rule=judge) if grade.rule == "verifier" else grade


def appeal(response: str, gold: Gold) -> Appeal:
    """A response as a judge is asked about it: any one of several answers is right, and a choice is told with its text."""
    answers = [told_answer(one) for one in gold.alternatives]
    return Appeal(gold.question, gold.choices, " or ".join(answers), response)


def told_answer(gold: Gold) -> str:
    """A right answer in words: of a choice its letter and its text, of several all of them or, where the choices are the same, any."""
    right = right_choices(gold.answer or "", gold.choices)
    if right is None:
        return gold.answer or ""
    texts = bare_choices(gold.choices)
    return (" and " if right.together else " or ").join(f"{LETTERS[place]} ({texts[place]})" for place in sorted(right.places))


def settled(grade: Grade, word: str, letters: bool) -> Grade:
    """A grade after a judge's word: yes is correct, no is incorrect unless it was unparseable, and anything else changes nothing."""
    said = accepts(word, letters)
    opinion = Opinion(word, said, grade.verdict, grade.rule)
    verdict = grade.verdict
    if said is not None:
        verdict = Verdict.correct if said else Verdict.unparseable if verdict == Verdict.unparseable else Verdict.incorrect
    return replace(grade, verdict=verdict, rule=grade.rule if verdict == grade.verdict else JUDGE, opinion=opinion)
