"""What it would take to know more: rounds of a profile, held-out problems, seeds of a study, from variances that are measured.

For a terminal and for pages alike. What cannot be told is told so, with the reason and the way out, and has no figure.
"""

from dataclasses import dataclass

from tasks.base.errors import InputError
from tasks.estimates.settings import DifficultySettings, PowerSettings
from tasks.lake.lake import Lake
from tasks.reporting.power.problems import Problems, Wanted, problems_found, problems_sentence, problems_table
from tasks.reporting.power.rounds import Decided, Range, Rounds, rounds_found, rounds_sentence, rounds_table
from tasks.reporting.power.seeds import Seeds, Sought, seeds_found, seeds_sentence, seeds_table
from tasks.reporting.table import Table
from tasks.warehouse.querying import named_query, published_edges, query

NOTHING = {
    "power_outcomes": "rounds: no profile without hints is published; `difficulty-prior profile` measures one",
    "power_evaluated": "problems: no recipe's newest run has an evaluation; `difficulty-prior evaluate` makes one",
    "power_scores": "seeds: no study is published, and only a study tells how much seeds differ; `difficulty-prior study` runs one",
}
"""What is said where a query has no row."""


@dataclass(frozen=True)
class Scope:
    """Whose power it is: only what a recipe or a study of that `name` has (None: all that is published), decided by the `ranges` of
    accuracy that its stages keep and the bands' `edges` (None: those that the warehouse was published with)."""

    name: str | None = None
    ranges: tuple[Range, ...] = ()
    edges: DifficultySettings | None = None


@dataclass(frozen=True)
class Part:
    """What is told of rounds, of problems, or of seeds: a table, and a sentence or two for each of its subjects."""

    table: Table
    sentences: list[str]


@dataclass(frozen=True)
class Power:
    """What was asked, what was found, and what cannot be told, in sentences."""

    asked: PowerSettings
    confidence: float
    rounds: tuple[Rounds, ...] = ()
    problems: tuple[Problems, ...] = ()
    seeds: tuple[Seeds, ...] = ()
    untold: tuple[str, ...] = ()

    def parts(self) -> list[Part]:
        """What is told of rounds, of problems and of seeds, as far as something is."""
        after, within, seeds = self.asked.right, self.asked.within, sought(self.asked, self.confidence)
        parts = (
            Part(rounds_table(self.rounds, after), [rounds_sentence(row, after) for row in self.rounds]),
            Part(problems_table(self.problems, within), [problems_sentence(row, within) for row in self.problems]),
            Part(seeds_table(self.seeds, seeds), [seeds_sentence(row, seeds) for row in self.seeds]),
        )
        return [part for part in parts if part.sentences]


def wanted(asked: PowerSettings, confidence: float) -> Wanted:
    """What is asked of held-out problems."""
    return Wanted(asked.within, asked.completions, confidence)


def sought(asked: PowerSettings, confidence: float) -> Sought:
    """What is asked of seeds."""
    return Sought(asked.effect, asked.chance, 1 - confidence, asked.runs)


def published_power(lake: Lake, scope: Scope, asked: PowerSettings) -> Power:
    """What the published warehouse tells. Raises InputError where it tells nothing at all, with the reasons."""
    outcomes, evaluated, scores = (named_query(lake, name, recipe=scope.name) for name in NOTHING)
    edges = scope.edges or published_edges(lake)
    decided = Decided.by(scope.ranges or [(edges.low, edges.high)], edges, asked.right)
    rounds, no_rounds = rounds_found(outcomes, query(lake, "from priors"), decided)
    problems, no_problems = problems_found(evaluated, wanted(asked, edges.confidence))
    seeds, no_seeds = seeds_found(scores, sought(asked, edges.confidence))
    missing = [said for rows, said in zip((outcomes, evaluated, scores), NOTHING.values(), strict=True) if rows.is_empty()]
    untold = (*missing, *no_rounds, *no_problems, *no_seeds)
    if not (rounds or problems or seeds):
        whose = f" of {scope.name}" if scope.name else ""
        raise InputError(f"{lake.warehouse} tells nothing{whose} that power could be worked out from: {'; '.join(untold)}")
    return Power(asked, edges.confidence, rounds, problems, seeds, untold)
