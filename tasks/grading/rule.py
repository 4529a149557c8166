"""What a rule of equivalence is: a small function of two plain texts that says True, False or, where it is not its business, None."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """How to compare. precision: decimals of numbers; ordered: whether the order of a list without brackets counts."""

    precision: int | None = None
    ordered: bool = False


EXACTLY = Context()
"""No precision, and plain lists in any order."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say: equal is None where only math-verify can tell."""

    equal: bool | None
    rule: str


Rule = Callable[[str, str, Context], bool | None]
