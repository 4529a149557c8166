"""Responses made to hang, crash or fill the grader: deep nesting, huge powers, catastrophic patterns, a megabyte, control characters.

Deterministic: the same number gives the same responses.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tasks.grading.grader import Grader
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Gold, Grade, Verdict

MEGABYTE = 1_000_000
GOLDS = (
    Gold("x+1"),
    Gold("(1,2)"),
    Gold("[1,2)"),
    Gold("B", ("x+1", "2", "3", "none of these")),
    Gold(r"\frac{\sqrt{3}}{2} cm"),
    Gold("1:2"),
)
PIECES = [
    "\\boxed{",
    "answer is ",
    "answer" + " " * 300,
    "1,000",
    "(A) ",
    "</think>",
    "<think>",
    "<answer>",
    "</answer>",
    "because ",
    "A or ",
    "{" * 50,
    "}" * 50,
    "x=",
    "1:",
    "5 cm ",
    "①",
    "(1)",
    "\\frac{",
    "\\sqrt",
    "\\text{",
    "_{",
    "^{\\circ}",
    "' ",
    "1/",
    "-",
    "答案是",
    "\x00",
    "\ud800",
    "\u202e",
    "no, yes ",
    "2 h ",
    "\\cup",
    "x \\in ",
    "\\{x|",
    "<",
    "\\le ",
    "10:30 ",
    "e+",
    "\\",
    "$",
    "~",
    "0.\\overline{",
    "\n",
    ". ",
    "```",
    "one two ",
    "[",
    ",",
]


def nested(random: random.Random) -> str:
    """Brackets and commands in each other, far deeper than any answer."""
    opening, closing = random.choice(
        [("(", ")"), ("{", "}"), (r"\sqrt{", "}"), (r"\frac{1}{", "}"), (r"\text{", "}"), ("2^{", "}"), ("[", "]"), (r"\left(", r"\right)")]
    )
    depth = random.choice([5, 20, 39, 60, 200, 900, 5000])
    return rf"\boxed{{{opening * depth}x+{random.randint(1, 9)}{closing * depth}}}"


def huge(random: random.Random) -> str:
    """Powers, factorials, sums and products that no machine can write out."""
    n = random.choice([10**3, 10**6, 10**9])
    forms = [
        "{v}^{{{n}^{{{n}}}}}",
        "x+9^{{9^{{9^{n}}}}}",
        "({n})!",
        "x+{n}!",
        r"x+\binom{{{n}}}{{{m}}}",
        r"\sum_{{k=1}}^{{{n}}} k^k",
        "(x+{v})^{{{n}}}",
        r"\prod_{{k=1}}^{{{n}}} k",
        r"\int_0^1 x^{{x^{{{n}}}}}",
        "(a+b+c+d+f)^{{{m}}}",
        "x^{n}-1=0",
        r"\log({v}^{{{n}!}})",
    ]
    return r"\boxed{" + random.choice(forms).format(n=n, m=random.choice([20, 40, n // 2]), v=random.randint(2, 99)) + "}"


def repeated(random: random.Random) -> str:
    """One or two pieces over and over, up to a megabyte: what makes a pattern with nested repetition explode."""
    piece = "".join(random.choices(PIECES, k=random.choice([1, 1, 2])))
    size = random.choice([200, 2000, 20_000, MEGABYTE])
    text = piece * (size // len(piece) + 1)
    return rf"\boxed{{{text[:1900]}}}" if random.random() < 0.3 else text


def mixed(random: random.Random) -> str:
    """Pieces in random order, boxed or not."""
    text = "".join(random.choices(PIECES, k=random.choice([10, 100, 1000])))
    return random.choice(["{}", "The answer is {}", r"\boxed{{{}}}", "<answer>{}</answer>", "<think>{}</think>"]).format(text)


def controlled(random: random.Random) -> str:
    """Control characters, lone surrogates and signs from all over Unicode."""
    text = "".join(
        chr(random.choice([random.randrange(32), random.randrange(0x110000), random.randrange(0x2000, 0x2100)]))
        for _ in range(random.choice([30, 1500]))
    )
    return random.choice([text, rf"\boxed{{{text}}}", f"The answer is {text}"])


def algebra(random: random.Random) -> str:
    """Formulas that are wellformed and slow to simplify."""
    n = random.randint(2, 30)
    forms = [
        r"\sqrt{" * n + "x" + "}" * n,
        "+".join(rf"\sin^{{{k}}}(x^{k})" for k in range(1, n)),
        "*".join(f"(x+{k})" for k in range(n)),
        "x=" * n + "1",
        r"\int " * n + "x^x",
        rf"\lim_{{x\to\infty}} x^{{{n}}}/e^x",
        r"\begin{matrix}" + r"1&x\\" * n + r"\end{matrix}",
        ",".join(f"x^{k}" for k in range(60)),
        "{" + r"\{1,x\}," * n + "}",
        rf"\frac{{x^{{{n}}}-1}}{{x-1}}+\sqrt[{n}]{{x}}",
        "1/" * n + "x",
        r"\infty-" * n + r"\infty",
        "|" * n + "x" + "|" * n,
    ]
    return rf"\boxed{{{random.choice(forms)}}}"


KINDS: tuple[Callable[[random.Random], str], ...] = (nested, huge, repeated, mixed, controlled, algebra)


def hostile_responses(count: int, seed: int = 0) -> Iterator[tuple[str, Gold]]:
    """`count` responses of all kinds in turn, each with one of GOLDS."""
    for number in range(count):
        source = random.Random(f"{seed}/{number}")
        yield KINDS[number % len(KINDS)](source), GOLDS[number // len(KINDS) % len(GOLDS)]


@dataclass(frozen=True)
class Endured:
    """How a grader took hostile responses.

    slowest_s: seconds of the slowest one, a child being ready for it; slowest: which one. recovery_s: the longest that an honest answer
    after a killed child took, with the start of another if none was ready. wrong: honest answers that were not judged correct.
    """

    slowest_s: float
    slowest: str
    verdicts: dict[str, int]
    recovery_s: float
    honest: int
    wrong: int
    children: int


def endure(count: int, settings: GradingSettings) -> Endured:
    """Grade `count` hostile responses one at a time, and honest ones that need a child after every time-out and in the end."""
    verdicts: Counter[str] = Counter()
    slowest, recoveries, wrong = (0.0, ""), [], 0
    with Grader(settings) as grader:

        def honest(number: int) -> None:
            nonlocal wrong
            seconds, grade = timed_grade(grader, rf"\boxed{{{number}+x}}", Gold(f"x+{number}"))
            wrong += grade.verdict != Verdict.correct
            recoveries.append(seconds)

        honest(1)
        recoveries.clear()  # the first start is no recovery
        for number, (response, gold) in enumerate(hostile_responses(count)):
            seconds, grade = timed_grade(grader, response, gold)
            slowest = max(slowest, (seconds, f"{response[:60]!r} ({len(response)} characters)"))
            verdicts[grade.verdict.value] += 1
            if grade.verdict == Verdict.timeout:
                honest(number + 2)
        last = grader.grade([rf"\boxed{{{n}+x}}" for n in range(-9, 0)], [Gold(f"x{n}") for n in range(-9, 0)])
        wrong += sum(grade.verdict != Verdict.correct for grade in last)
        return Endured(*slowest, dict(verdicts), max(recoveries, default=0.0), 1 + len(recoveries) + len(last), wrong, len(grader.pids))


def timed_grade(grader: Grader, response: str, gold: Gold) -> tuple[float, Grade]:
    """Seconds of grading one response, and its grade."""
    start = time.monotonic()
    [grade] = grader.grade([response], [gold])
    return time.monotonic() - start, grade
