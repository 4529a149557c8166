"""The grader against its promises: answers of public bug reports, agreement with published judgements, throughput against plain
math-verify, a thousand hostile strings, answers that provoke time-outs, and the same verdicts on a busy machine.

`python -m tests.bench grading` runs it; `GRADING_CASES` names another file of cases than ../shared/data/grading/cases.jsonl. Throughput is
of the 2,432 recorded MathVision responses on two cores, in turns: plain is `verify(parse(gold), parse(response))` in a pool of two
processes; ours is one `Grader` with two children and nothing remembered. Both have imported and warmed up what they need before the clock
starts.
"""

import os
import time
from collections import Counter
from multiprocessing import get_context
from statistics import median

from tasks.grading.forms.plain import plain, text_key
from tasks.grading.grader import Grader
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Gold, Grade
from tests.bench.row import Row
from tests.grading.busy import beside_busy_processes
from tests.grading.hostile import endure, hostile_responses, timed_grade
from tests.grading.known_cases import CASES, firm_cases, gold_of, outcome
from tests.grading.math_verify_tests import FILE, graded_cases, shared
from tests.grading.provoking import PROVOKING
from tests.grading.published import DATA, DEBATABLE, judge_published, listed, published_responses

CORES, TURNS = 2, 5
AGREEMENT, PUBLIC, FASTER, HOSTILE, TIMEOUT_S, OVER_S = 0.998, 0.93, 5.0, 1000, 2.0, 1.0
CASES_RIGHT, MOST_FALSE_POSITIVES, BUSY, PROVOKED, PROVOKED_S = 0.98, 2, 4, 10, 3.0


def plain_verdict(case: tuple[str, str]) -> bool:
    """What math-verify says by itself of a (response, gold answer)."""
    from math_verify import parse, verify

    response, gold = case
    return bool(verify(parse(f"${gold}$"), parse(response)))


def plain_seconds(cases: list[tuple[str, Gold]]) -> float:
    """Seconds that two processes of plain math-verify take for all cases, handed out sixteen at a time."""
    pairs = [(response, gold.answer or "") for response, gold in cases]
    with get_context("spawn").Pool(CORES) as pool:
        pool.map(plain_verdict, [("$x+1$", "1+x")] * 64, chunksize=1)
        started = time.perf_counter()
        pool.map(plain_verdict, pairs, chunksize=16)
        return time.perf_counter() - started


def our_seconds(cases: list[tuple[str, Gold]]) -> float:
    """Seconds that a new grader takes for all cases."""
    with Grader(GradingSettings(workers=CORES)) as grader:
        grader.grade([rf"\boxed{{{n}+\log_2 x}}" for n in range(8)], [Gold("x")] * 8)
        for remembered in (plain, text_key):
            remembered.cache_clear()
        started = time.perf_counter()
        grader.grade([response for response, _ in cases], [gold for _, gold in cases])
        return time.perf_counter() - started


def throughput() -> Row:
    """Responses a second, ours against plain, on the same two cores."""
    cases = [(row["response"], gold) for row, gold in published_responses()]
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:CORES])
    try:
        turns = [(our_seconds(cases), plain_seconds(cases)) for _ in range(TURNS)]
    finally:
        os.sched_setaffinity(0, before)
    ours, theirs = (len(cases) / median(seconds) for seconds in zip(*turns, strict=True))
    measured = f"{ours / theirs:.1f}x ({ours:,.0f} against {theirs:,.0f} responses/s)"
    return Row("grading against plain math-verify, 2 cores", measured, f"≥ {FASTER:.0f}x", ours / theirs >= FASTER)


def agreement() -> list[Row]:
    """Agreement with the published judgements: raw, and where they are no error."""
    found = judge_published()
    apart, debatable = len(found.disagreements), len(listed(DEBATABLE))
    fair = f"{found.without_errors:.2%} ({apart - debatable} errors of the published judgement set aside, {debatable} debatable ones not)"
    return [
        Row("grading: agreement with the published judgement", f"{found.raw:.2%} ({apart} of {len(found.judged):,} differ)"),
        Row("grading: agreement where that is no error", fair, f"≥ {AGREEMENT:.1%}", found.without_errors >= AGREEMENT),
    ]


def hostile() -> list[Row]:
    """A thousand hostile responses, one at a time, a child being ready for each."""
    endured = endure(HOSTILE, GradingSettings(timeout_s=TIMEOUT_S, workers=CORES))
    over = max(0.0, endured.slowest_s - TIMEOUT_S)
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(endured.verdicts.items()))
    honest = f"{endured.honest - endured.wrong} of {endured.honest} right, {endured.children} of {CORES} children alive in the end"
    back = f"; after a killed child the slowest waited {endured.recovery_s:.1f} s"
    return [
        Row(
            f"grading: {HOSTILE:,} hostile responses, most over the time-out",
            f"{over:.2f} s ({verdicts})",
            f"≤ {OVER_S:.0f} s",
            over <= OVER_S,
        ),
        Row("grading: honest answers between and after them", honest + back, "all", endured.children == CORES and not endured.wrong),
    ]


def public() -> Row:
    """The share of math-verify's own test cases that we judge as they expect, where a teacher would expect it."""
    name = "grading: math-verify's own test cases"
    if not FILE.is_file():
        return Row(name, "MATH_VERIFY_TESTS names no tests/test_all.py of Math-Verify")
    cases = graded_cases()
    ours = shared(cases)
    share = sum(case.kept for case in ours) / len(ours)
    return Row(name, f"{share:.1%} of {len(ours)} ({len(cases) - len(ours)} set aside)", f"≥ {PUBLIC:.0%}", share >= PUBLIC)


def known_cases() -> Row:
    """Answers that public bug reports are about, against a careful teacher's verdicts."""
    if not CASES.is_file():
        return Row("grading: answers of public bug reports", f"{CASES.name} is not here (../shared/data/grading)")
    cases = firm_cases()
    with Grader(GradingSettings(workers=CORES)) as grader:
        found = outcome(cases, grader.grade([case["response"] or "" for case in cases], [gold_of(case) for case in cases]))
    measured = f"{found.share:.1%} of {len(cases)}, {found.false_positives} wrong ones taken for right"
    ok = found.share >= CASES_RIGHT and found.false_positives <= MOST_FALSE_POSITIVES
    return Row("grading: answers of public bug reports", measured, f"≥ {CASES_RIGHT:.0%}, ≤ {MOST_FALSE_POSITIVES} taken for right", ok)


def on_a_busy_machine() -> Row:
    """The same responses graded twice, the second time beside busy processes: recorded ones where they are here, and hostile ones."""
    cases = [(row["response"], gold) for row, gold in published_responses()] if DATA.is_dir() else []
    cases += [*hostile_responses(300), *((rf"\boxed{{{answer}}}", Gold("x+1")) for answer in PROVOKING)]

    def graded() -> list[Grade]:
        with Grader(GradingSettings(workers=CORES)) as grader:
            return grader.grade([response for response, _ in cases], [gold for _, gold in cases])

    quiet = graded()
    with beside_busy_processes(BUSY):
        differ = sum(one != other for one, other in zip(quiet, graded(), strict=True))
    return Row(f"grading twice, once beside {BUSY} busy processes", f"{differ} of {len(cases):,} verdicts differ", "0", differ == 0)


def provoked() -> list[Row]:
    """Answers that no machine can write out: the ten that take longest together, and how many time out."""
    seconds, verdicts = [], Counter[str]()
    with Grader(GradingSettings(workers=CORES)) as grader:
        grader.grade([r"\boxed{y+x}"], [Gold("x+y")])
        for answer in PROVOKING:
            took, grade = timed_grade(grader, rf"\boxed{{{answer}}}", Gold("x+1"))
            seconds.append(took)
            verdicts[grade.verdict.value] += 1
    worst = sum(sorted(seconds)[-PROVOKED:])
    said = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    what = f"grading: the slowest {PROVOKED} of {len(PROVOKING)} answers that provoke time-outs, together"
    return [Row(what, f"{worst:.2f} s ({said})", f"≤ {PROVOKED_S:.0f} s", worst <= PROVOKED_S)]


def rows() -> list[Row]:
    """All of it; what needs data that is not part of the project only where they are."""
    always = [known_cases(), public(), *provoked(), on_a_busy_machine(), *hostile()]
    if not DATA.is_dir():
        return [Row("grading: agreement and throughput", "MathVision's responses are not here (../shared/data/mathvision)"), *always]
    return [*agreement(), throughput(), *always]


if __name__ == "__main__":
    for line in rows():
        print(line)
