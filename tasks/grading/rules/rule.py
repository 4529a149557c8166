"""What a rule of equivalence is: a small function of two plain texts that says True, False or, where it is not its business, None.

Where it is its business but only algebra can tell, it says OPEN: no later rule is asked.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal


class Open(Enum):
    """What a rule says that has found its business and cannot decide it."""

    open = "open"


OPEN = Open.open
Said = bool | None | Literal[Open.open]


def claimed(equal: bool | None) -> Said:
    """What a rule says of a pair that is its own: OPEN where the parts are undecided."""
    return OPEN if equal is None else equal


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say: equal is None where only math-verify can tell."""

    equal: bool | None
    rule: str


@dataclass(frozen=True, slots=True)
class Context:
    """How to compare. precision: decimals of numbers; ordered: whether the order of a list without brackets counts; rules: in the order in
    which they are asked, also of the parts of an answer."""

    precision: int | None
    ordered: bool
    rules: "tuple[Rule, ...]"

    def decide(self, answer: str, gold: str) -> Decision:
        """Compares two plain texts; the first rule that decides wins."""
        if (watch := _WATCH.get()) is not None:
            return watch.decide(answer, gold, self)
        for rule in self.rules:
            if (said := rule(answer, gold, self)) is not None:
                return Decision(None if said is OPEN else said, rule.__name__)
        return Decision(None, "undecided")

    def equal(self, answer: str, gold: str) -> bool | None:
        """Whether two plain texts are the same answer, as far as the rules can tell."""
        return self.decide(answer, gold).equal


Rule = Callable[[str, str, Context], Said]


@dataclass(slots=True)
class Asked:
    """A rule that was asked: of which plain texts, how deep inside other rules (0: of the whole answer), and what it said."""

    rule: Rule
    answer: str
    gold: str
    depth: int
    said: Said = None


@dataclass(slots=True)
class Watch:
    """The rules that are asked while somebody watches, in the order in which they are."""

    asked: list[Asked] = field(default_factory=list)
    depth: int = 0

    def decide(self, answer: str, gold: str, context: Context) -> Decision:
        """As `Context.decide`, and keeps who was asked."""
        for rule in context.rules:
            entry = Asked(rule, answer, gold, self.depth)
            self.asked.append(entry)
            self.depth += 1
            entry.said = rule(answer, gold, context)
            self.depth -= 1
            if entry.said is not None:
                return Decision(None if entry.said is OPEN else entry.said, rule.__name__)
        return Decision(None, "undecided")


_WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watched() -> Iterator[Watch]:
    """Keeps all rules that are asked in this thread meanwhile."""
    watch = Watch()
    token = _WATCH.set(watch)
    try:
        yield watch
    finally:
        _WATCH.reset(token)
