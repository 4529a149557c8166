"""A starter problem: a picture, a question about it, the right answer and how one gets there.

Pictures are dealt into three pools by a hash of what they show. The annotated examples that the starter policy is taught with, the
train split and the held-out split draw from one pool each, so no picture is ever in two of them, whatever the seeds are.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from tasks.starter.picture import Picture

POOLS = {"annotated": 0.7, "train": 0.15, "heldout": 0.15}
LETTERS = "ABCD"


@dataclass(frozen=True)
class StarterProblem:
    """One problem. `answer` is an integer or, where there are `choices`, a letter; `level` runs from 0 (trivial) to 4.

    `working` is the short way to the answer, up to its end ("3+5=8").
    """

    picture: Picture
    kind: str
    level: int
    question: str
    working: str
    answer: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of question: how hard it is, its share of a dataset, and what makes one from a source of randomness."""

    level: int
    share: float
    make: Callable[[Random], "Draft"]


@dataclass(frozen=True)
class Draft:
    """A problem before it has a kind: `working` is cut before the `result` that it ends in; with `choices`, that is the right choice."""

    picture: Picture
    question: str
    working: str
    result: str
    choices: tuple[str, ...] = ()

    @property
    def answer(self) -> str:
        return LETTERS[self.choices.index(self.result)] if self.choices else self.result


def pool_of(picture: Picture) -> str:
    """The pool a picture belongs to, by the SHA-256 of what it shows."""
    point = int.from_bytes(hashlib.sha256(picture.key.encode()).digest()[:8]) / 2**64
    for name, share in POOLS.items():
        if point < share:
            return name
        point -= share
    return name


def draw_problem(kinds: Mapping[str, Kind], pool: str, rng: Random) -> StarterProblem:
    """One problem whose picture is in `pool`, its kind drawn by the kinds' shares."""
    name = rng.choices(list(kinds), [kind.share for kind in kinds.values()])[0]
    kind = kinds[name]
    while pool_of((draft := kind.make(rng)).picture) != pool:
        pass
    return StarterProblem(
        picture=draft.picture,
        kind=name,
        level=kind.level,
        question=f"<image>{draft.question}",
        working=f"{draft.working}{draft.result}",
        answer=draft.answer,
        choices=draft.choices,
    )
