"""Suspect labels against simulation: of what is listed as worth a look how much is wrong, and how much of what is wrong is listed.

A policy knows the answer with a strength drawn from a Beta; what is left it guesses, among the options or among a dozen wrong answers of
unequal weight. Of some problems it holds a misconception: it gives one wrong answer in most samples, and the gold answer is right. A wrong
gold answer is another option, or one that the policy seldom gives. Lines without a goal are of what no
votes of one policy tell: misconceptions as firm as what the policy knows, and fewer wrong gold answers than the rate that is assumed.
`python -m tests.bench.labels` runs it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from tasks.estimates.fit import PROFILE
from tasks.estimates.labels import PRECISION, doubts
from tests.bench.row import Row

RECALL, REPEATS = 0.6, 20
ANSWERS, WEIGHT = 11, 0.5  # wrong free answers, and the Dirichlet of their weights: one of them has a third of it or so
SEEN = 0.5  # strength from which the policy gives the right answer more often than not


@dataclass(frozen=True)
class World:
    """What is simulated: so many problems of each number of options (0: free answers), of `rounds` samples, of a policy with strengths of
    Beta(*strengths); shares of wrong gold answers and of misconceptions, and how often a misconception's answer is given."""

    problems: int = 400
    options: tuple[int, ...] = (2, 3, 4, 5, 0)
    rounds: int = 8
    strengths: tuple[float, float] = (0.8, 0.4)
    wrong: float = 0.02
    misconceptions: float = 0.0
    firmness: float = 0.7


def simulated(world: World, seed: int) -> pl.DataFrame:
    """The votes of every problem: columns options, k, votes, is_wrong (the gold answer), is_seen (the policy mostly gives it right)."""
    numbers = np.random.default_rng(seed)
    return pl.concat(part(world, options, numbers) for options in world.options)


def part(world: World, options: int, numbers: np.random.Generator) -> pl.DataFrame:
    """The problems of one number of options. Answer 0 is the right one; the last of free answers is one that nobody gives."""
    size = world.problems
    strength = numbers.beta(*world.strengths, size)
    misled, wrong = numbers.random(size) < world.misconceptions, numbers.random(size) < world.wrong
    chances = answer_chances(options, strength, numbers)
    firm = np.full(chances.shape[1], (1 - world.firmness) / (chances.shape[1] - 1))
    firm[1] = world.firmness
    chances[misled] = firm
    given = np.column_stack([numbers.multinomial(world.rounds, chances), np.zeros(size, dtype=int)])
    never = np.full(size, given.shape[1] - 1)
    other = numbers.integers(1, chances.shape[1], size)
    gold = np.where(wrong, other if options else np.where(numbers.random(size) < 0.7, never, other), 0)
    k = given[np.arange(size), gold]
    given[np.arange(size), gold] = 0
    votes = [[int(count) for count in row if count] for row in -np.sort(-given, axis=1)]
    seen = (strength >= SEEN) & ~misled
    return pl.DataFrame({"options": [options] * size, "k": k, "votes": votes, "is_wrong": wrong, "is_seen": seen})


def answer_chances(options: int, strength: np.ndarray, numbers: np.random.Generator) -> np.ndarray:
    """The chance of each answer to each problem: a guess hits any option alike, and of free answers only wrong ones."""
    if options:
        left = np.full((len(strength), options), 1 / options)
    else:
        left = np.column_stack([np.zeros(len(strength)), numbers.dirichlet(np.full(ANSWERS, WEIGHT), len(strength))])
    chances = (1 - strength)[:, None] * left
    chances[:, 0] += strength
    return chances


def judged(problems: pl.DataFrame) -> pl.DataFrame:
    """The problems with their probability of a wrong gold answer, and whether they are listed."""
    keys = ["options", "k", "votes"]
    patterns = (
        problems.group_by(keys, maintain_order=True).agg(problems=pl.len()).with_columns(pl.lit("one").alias(name) for name in PROFILE)
    )
    return problems.join(doubts(patterns).drop(PROFILE), on=keys, how="left", maintain_order="left")


def repeated(world: World, repeats: int = REPEATS, seed: int = 0) -> pl.DataFrame:
    """The judged problems of so many simulated datasets."""
    return pl.concat(judged(simulated(world, seed + number)) for number in range(repeats))


@dataclass(frozen=True)
class Found:
    """Rows listed; of these the share that is wrong and the share that was expected to be; the share of the wrong gold answers that is
    listed, and of those whose right answer the policy mostly gives. None where there is nothing to share."""

    listed: int
    precision: float | None
    expected: float | None
    recall: float | None
    recall_of_seen: float | None

    def __str__(self) -> str:
        if self.precision is None or self.expected is None:
            return "none listed"
        listed = f"{self.listed} listed, {self.precision:.0%} of them wrong ({self.expected:.0%} expected)"
        wrong = f"{listed}, {self.recall or 0:.0%} of all wrong ones"
        return f"{wrong}, {self.recall_of_seen or 0:.0%} of those whose right answer the policy mostly gives"


def found_in(problems: pl.DataFrame) -> Found:
    """What the list of these problems holds."""
    listed, wrong = problems.filter("is_worth_a_look"), problems.filter("is_wrong")
    shares = (listed["is_wrong"], listed["probability"], wrong["is_worth_a_look"], wrong.filter("is_seen")["is_worth_a_look"])
    return Found(len(listed), *(None if share.is_empty() else float(share.mean()) for share in shares))  # type: ignore[arg-type]


def row_of(name: str, problems: pl.DataFrame, *, recall: bool = False, judge: bool = True) -> Row:
    """A line of the table: the precision is to hold wherever something is listed, the recall where it is asked for."""
    found = found_in(problems)
    ok = (found.precision is None or found.precision >= PRECISION) and (not recall or (found.recall or 0) >= RECALL)
    goal = f"≥ {PRECISION:.0%} wrong" + (f", ≥ {RECALL:.0%} of all" if recall else "")
    return Row(f"suspect labels, {name}", str(found), goal if judge else "", ok if judge else None)


def by_options(problems: pl.DataFrame) -> Iterable[tuple[str, pl.DataFrame]]:
    """The problems of each number of options."""
    for (options,), rows in problems.group_by("options", maintain_order=True):
        yield (f"{options} options" if options else "free answers"), rows


def rows() -> list[Row]:
    """All of it; a dataset has 2,000 problems, 2% wrong gold answers and 8 rounds unless a line says otherwise."""
    usual, u = World(), World(strengths=(0.4, 0.4))
    found = repeated(usual)
    lines = [row_of("2 to 5 options and free answers, right in 67% of samples at least", found, recall=True)]
    lines += [row_of(f"of these {name}", rows, judge=False) for name, rows in by_options(found)]
    lines += [row_of("a U, Beta(0.4, 0.4)", repeated(u))]
    worlds = {f"{share:.0%} misconceptions": replace(usual, misconceptions=share) for share in (0.02, 0.05, 0.1)}
    worlds |= {f"{rounds} rounds": replace(usual, rounds=rounds) for rounds in (4, 16)}
    worlds |= {
        "300 problems": replace(usual, problems=60),
        "4% wrong": replace(usual, wrong=0.04),
        "guesses alone": replace(usual, strengths=(0.01, 20)),
    }
    lines += [row_of(name, repeated(world)) for name, world in worlds.items()]
    others = {f"{share:.1%} wrong": replace(usual, wrong=share) for share in (0.0, 0.005, 0.01)}
    others |= {f"{share:.0%} misconceptions, firm in 95%": replace(usual, misconceptions=share, firmness=0.95) for share in (0.02, 0.1)}
    return [*lines, *(row_of(name, repeated(world), judge=False) for name, world in others.items())]


if __name__ == "__main__":
    for line in rows():
        print(line.what, "|", line.measured, "|", line.goal, "|", line.ok)
