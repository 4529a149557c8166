"""What a rule of equivalence is: a small function of two plain texts that says True, False or, where it is not its business, None."""

from collections.abc import Callable
from dataclasses import dataclass


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
        for rule in self.rules:
            if (equal := rule(answer, gold, self)) is not None:
                return Decision(equal, rule.__name__)
        return Decision(None, "undecided")

    def equal(self, answer: str, gold: str) -> bool | None:
        """Whether two plain texts are the same answer, as far as the rules can tell."""
        return self.decide(answer, gold).equal


Rule = Callable[[str, str, Context], bool | None]
