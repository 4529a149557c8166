"""Other problems in the place of groups that cannot teach: dynamic sampling as in DAPO (arXiv 2503.14476), but with bounded tries.

All processes decide alike, from gathered rewards. Which problems are drawn follows from seed and step, and where the stage chooses its
problems from what it has learnt of them, so a resumed run draws the same; the answers come from the training's random numbers, as those of
any step.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from accelerate.utils import gather_object

from tasks.base.files import digest
from tasks.training.answering import AnsweringTrainer, Answers
from tasks.training.problems import Problems
from tasks.training.rewards import JUDGED_BY, Rewards


@dataclass(frozen=True)
class Row:
    """One completion: the problem's index, its tokens and their log-probabilities, its accuracy reward, the tokens it took, and whether its
    prompt carried a hint."""

    index: int
    ids: list[int]
    logprobs: list[float | None] | None
    reward: float | None
    tokens: int
    hinted: bool = False


Group = list[Row]


@dataclass(frozen=True)
class Replacing:
    """How often the groups of a step are replaced at most, and by which problems: the order of all that are not among those taken."""

    tries: int
    order: Callable[[set[int]], Iterator[int]]


@dataclass(frozen=True)
class Refilled:
    """This process's rows of the refilled batch, and of all processes: the groups that were answered and are not in it, the number of those
    that could not teach before, those replaced, the tries made, and the completions and tokens spent beyond those that are in the batch
    (what was drawn in vain or thrown away)."""

    rows: list[Row]
    lost: list[Group]
    groups: int
    unteaching: int
    replaced: int
    tries: int
    completions: int
    tokens: int

    @property
    def answers(self) -> Answers:
        """The rows as the answers that the step takes."""
        logprobs: Any = None if self.rows[0].logprobs is None else [row.logprobs for row in self.rows]
        return Answers([row.ids for row in self.rows], logprobs, [], [row.tokens for row in self.rows])

    def metrics(self) -> dict[str, float]:
        """What the step's metrics say of it."""
        spent = {"refill/tries": self.tries, "refill/completions": self.completions, "refill/tokens": self.tokens}
        return {**spent, "refill/groups": self.replaced, "refill/zero_signal_before": self.unteaching / self.groups}


def refill(trainer: AnsweringTrainer, problems: Problems, rewards: Rewards, indices: list[int], replacing: Replacing) -> Refilled:
    """Answer this process's part of a batch (in the whole batch each problem's index stands group_size times in a row), and replace the
    groups that cannot teach. Places for which nothing is found keep their group."""

    def asked(some: list[int]) -> list[Group]:
        """All processes' answers, this one's being to `some` problems."""
        rows = gather_object(answered(trainer, rewards, some, trainer.examples(problems, some, here * len(some))))
        return [rows[start : start + size] for start in range(0, len(rows), size)]

    size, processes, here = trainer.group_size, trainer.accelerator.num_processes, trainer.accelerator.process_index
    batch, drawn, made = asked(indices), list[Group](), 0
    first = list(batch)
    holes = [place for place, group in enumerate(batch) if not teaches(group)]
    unteaching = len(holes)
    order = replacing.order({group[0].index for group in batch}) if holes else iter(())
    while holes and made < replacing.tries and (fresh := take(order, len(holes), size, processes)):
        groups = asked([index for index in fresh for _ in range(size)][part(len(fresh) * size, here, processes)])
        for group in filter(teaches, groups):
            if holes:
                batch[holes.pop(0)] = group
        drawn, made = drawn + groups, made + 1
    rows = [row for group in batch for row in group]
    kept = {id(group) for group in batch}
    spent = sum(row.tokens for group in (*first, *drawn) for row in group) - sum(row.tokens for row in rows)
    return Refilled(
        rows=rows[part(len(rows), here, processes)],
        lost=[group for group in (*first, *drawn) if id(group) not in kept],
        groups=len(batch),
        unteaching=unteaching,
        replaced=unteaching - len(holes),
        tries=made,
        completions=size * len(drawn),
        tokens=spent,
    )


def answered(trainer: AnsweringTrainer, rewards: Rewards, indices: Sequence[int], examples: list[dict[str, Any]]) -> list[Row]:
    """An answer to each example, of the problem of that index, judged for accuracy."""
    answers = trainer.answer(examples)
    golds: dict[str, Any] = {name: [example[name] for example in examples] for name in JUDGED_BY}
    judged = rewards.accuracy(answers.texts, **golds)
    logprobs: Any = answers.logprobs or [None] * len(examples)
    hinted = [example["hinted"] for example in examples]
    return [Row(*row) for row in zip(indices, answers.ids, logprobs, judged, answers.tokens, hinted, strict=True)]


def teaches(group: Group) -> bool:
    """Whether a problem's completions have both right and wrong answers to one prompt among those that could be judged."""
    judged = {(row.hinted, row.reward) for row in group if row.reward is not None}
    return len(judged) > len({hinted for hinted, _ in judged})


def replacements(total: int, taken: set[int], seed: int, step: int) -> Iterator[int]:
    """The problems that are not in the batch, in an order of their own for each seed and step."""
    generator = np.random.default_rng(int(digest(["refill", seed, step])[:16], 16))
    return iter([index for index in generator.permutation(total).tolist() if index not in taken])


def take(order: Iterator[int], wanted: int, size: int, processes: int) -> list[int]:
    """The next problems, at least `wanted` where there are so many, and so many that their completions fall to the processes in equal
    numbers."""
    taken: list[int] = []
    for index in order:
        taken.append(index)
        if len(taken) >= wanted and len(taken) * size % processes == 0:
            break
    while len(taken) * size % processes:
        taken.pop()
    return taken


def part(count: int, here: int, processes: int) -> slice:
    """Where this process's part lies in so many rows, which are dealt in order."""
    return slice(here * count // processes, (here + 1) * count // processes)
