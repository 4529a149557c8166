"""Grades responses against gold answers: extraction, cheap rules here, and what is left in children that can be killed.

The same answer against the same gold is decided once: within a call, and between calls as far as MOST_KNOWN verdicts reach back. The
order of the input is the order of the output, and nothing depends on which child was faster.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from tasks.grading.extraction.answer import Extracted, final_answer, format_ok
from tasks.grading.rules.choices import bare_choices, compare_choice, right_choices
from tasks.grading.rules.letters import LETTERS
from tasks.grading.rules.order import by_the_rules, compare
from tasks.grading.rules.rule import Decision
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Gold, Grade, Verdict
from tasks.grading.workers.children import Plea, Pool, Question

Case = tuple[str, Gold]
MOST_KNOWN = 16_384
BROKEN = Decision(None, "broken_gold")
"""Of a gold answer that a rule cannot take: a fault of ours, and nothing that the answers to it can be judged by."""
PROBES = ("0", "x", "no")
logger = logging.getLogger(__name__)
PREFERRED = (Verdict.correct, Verdict.timeout, Verdict.incorrect, Verdict.unparseable, Verdict.unscorable)


class Grader:
    """Grades batches; a context manager, because its children (started only when needed) end with it. Any thread may use it."""

    def __init__(self, settings: GradingSettings | None = None) -> None:
        self.settings = settings or GradingSettings()
        self._pool = Pool(self.settings)
        self._known: dict[Case, tuple[Verdict, str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        """Process ids of the children that live now; empty until one is needed."""
        return self._pool.pids

    def close(self) -> None:
        """Ends the children. The grader may be used again; it then starts new ones."""
        self._pool.close()

    def grade(self, responses: Sequence[str], golds: Sequence[Gold]) -> list[Grade]:
        """One grade per response. Raises ValueError where the two lengths differ, ChildError where no child can be started."""
        if len(responses) != len(golds):
            raise ValueError(f"{len(responses)} responses but {len(golds)} gold answers: give one gold answer per response")
        answers = [found_in(response, gold) for response, gold in zip(responses, golds, strict=True)]
        texts = [answer.text if answer else None for answer in answers]
        if self.settings.verifier:
            return self._verified(responses, golds, texts)
        asked = [(text, gold) for text, gold in zip(texts, golds, strict=True) if text is not None and is_scorable(gold)]
        verdicts = self._verdicts(list(dict.fromkeys((text, one) for text, gold in asked for one in ways_to_be_right(gold))))
        return [
            Grade(*_verdict(text, gold, verdicts), format_ok(response))
            for response, text, gold in zip(responses, texts, golds, strict=True)
        ]

    def readings(self, answer: str, gold: Gold) -> tuple[dict[str, Any], ...]:
        """What math-verify reads in an answer and a gold answer, part by part (see `algebra.readings`); none after a time-out."""
        return self._pool.ask([Question(answer, _gold_text(gold), explain=True)])[0].readings

    def _verified(self, responses: Sequence[str], golds: Sequence[Gold], texts: Sequence[str | None]) -> list[Grade]:
        """The grades of the user's verifier, asked once of each response to a gold answer; what it extracted nobody knows but we guess."""
        cases = list(dict.fromkeys((response, one) for response, gold in zip(responses, golds, strict=True) for one in gold.alternatives))
        outcomes = self._pool.ask([Plea(response, gold.answer, told_of(gold)) for response, gold in cases])
        found = dict(zip(cases, outcomes, strict=True))
        grades = []
        for response, gold, text in zip(responses, golds, texts, strict=True):
            said = [found[response, one] for one in gold.alternatives]
            verdict, rule = best([(Verdict(outcome.verdict or Verdict.timeout), outcome.rule) for outcome in said])
            grades.append(Grade(verdict, text, rule, format_ok(response)))
        return grades

    def _verdicts(self, cases: list[Case]) -> dict[Case, tuple[Verdict, str]]:
        """Verdict and rule per case, those decided before taken from there. A child's death says nothing about a case: not kept."""
        known = self._known
        found = {case: verdict for case in cases if (verdict := known.get(case)) is not None}
        fresh = self._judge([case for case in cases if case not in found])
        keep = {case: verdict for case, verdict in fresh.items() if verdict[1] != "worker_died"}
        self._known = dict(list({**known, **found, **keep}.items())[-MOST_KNOWN:])
        return found | fresh

    def _judge(self, cases: list[Case]) -> dict[Case, tuple[Verdict, str]]:
        """Verdict and rule per case: by the rules where they decide, by math-verify where they do not."""
        decisions = {case: decided(*case) for case in cases}
        open_cases = [case for case in cases if decisions[case].equal is None and decisions[case] is not BROKEN]
        outcomes = self._pool.ask([Question(text, _gold_text(gold)) for text, gold in open_cases])
        verdicts = {
            case: (Verdict.unscorable if decision is BROKEN else _as_verdict(decision.equal), decision.rule)
            for case, decision in decisions.items()
        }
        return verdicts | {
            case: (Verdict.timeout if outcome.equal is None else _as_verdict(outcome.equal), outcome.rule)
            for case, outcome in zip(open_cases, outcomes, strict=True)
        }


def found_in(response: str, gold: Gold) -> Extracted | None:
    """The final answer of a response. One that extraction fails on has none that could be found, and ends no run."""
    try:
        return final_answer(response, bare_choices(gold.choices))
    except Exception as error:  # noqa: BLE001 whatever extraction has overlooked
        logger.warning(f"extraction failed on a response that ends in {response[-200:]!r}: {error!r}; please tell us")
        return None


def told_of(gold: Gold) -> dict[str, Any]:
    """What a verifier is told of a problem."""
    return {"question": gold.question, "choices": list(gold.choices), "precision": gold.precision}


def best(verdicts: Sequence[tuple[Verdict, str]]) -> tuple[Verdict, str]:
    """The verdict, with its rule, of a response that is right by any one of several gold answers; nobody knows, where one timed out."""
    return min(verdicts, key=lambda verdict: PREFERRED.index(verdict[0]))


def ways_to_be_right(gold: Gold) -> tuple[Gold, ...]:
    """The gold answers of which one must be given; where several choices are right, all of them together are no hedge but right as well."""
    several = gold.alternatives
    rights = [right_choices(one.answer or "", one.choices) for one in several] if len(several) > 1 and gold.choices else []
    if not rights or None in rights:
        return several
    together = {LETTERS[place] for right in rights if right for place in right.places}
    return (*several, replace(gold, answer=", ".join(sorted(together)))) if len(together) > 1 else several


def is_scorable(gold: Gold) -> bool:
    """Whether there is anything to compare with: a gold answer that is not blank."""
    return isinstance(gold.answer, str) and bool(gold.answer.strip())


def decided(answer: str, gold: Gold) -> Decision:
    """As `decide`, but no text of a dataset or a policy ends a run, whatever it does to a rule: math-verify is then asked of an answer that
    broke one, and a gold answer that breaks one is BROKEN."""
    try:
        return decide(answer, gold)
    except Exception as error:  # noqa: BLE001 whatever a rule has overlooked
        logger.warning(
            f"a rule failed on the answer {answer[:200]!r} to the gold answer {str(gold.answer)[:200]!r}: {error!r}; please tell us"
        )
        return BROKEN if any(breaks(probe, gold) for probe in PROBES) else Decision(None, "undecided")


def breaks(answer: str, gold: Gold) -> bool:
    """Whether a rule fails on an answer."""
    try:
        decide(answer, gold)
    except Exception:  # noqa: BLE001 that is the question
        return True
    return False


def decide(answer: str, gold: Gold) -> Decision:
    """What the cheap rules say about an extracted answer."""
    assert gold.answer is not None
    right = right_choices(gold.answer, gold.choices)
    if right is None:
        return compare(answer, gold.answer, by_the_rules(gold.precision))
    return compare_choice(answer, right, gold.choices, gold.precision)


def _gold_text(gold: Gold) -> str:
    """The text math-verify compares with: the right choice's, or the gold answer itself."""
    assert gold.answer is not None
    right = right_choices(gold.answer, gold.choices)
    return gold.answer if right is None else bare_choices(gold.choices)[min(right.places)]


def _as_verdict(equal: bool | None) -> Verdict:
    return Verdict.correct if equal else Verdict.incorrect


def _verdict(text: str | None, gold: Gold, verdicts: dict[Case, tuple[Verdict, str]]) -> tuple[Verdict, str | None, str]:
    """The first three fields of a grade."""
    if not is_scorable(gold):
        return Verdict.unscorable, text, "blank_gold"
    if text is None:
        return Verdict.unparseable, None, "no_answer"
    verdict, rule = best([verdicts[text, one] for one in ways_to_be_right(gold)])
    return verdict, text, rule
