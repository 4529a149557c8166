"""How hard the problems were for every policy of a run that was asked, and what SQL says of the differences between them.

The policy that curation measured has answered the training problems, and with `reprofile` a trained one has, too; on the held-out
problems every policy has, without hints. The marts over difficulty are run on all of these at once, as the warehouse runs them.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from tasks.lake.lake import read_parquet
from tasks.reporting.inputs import Inputs
from tasks.reporting.wording import policy_title
from tasks.warehouse.building import open_over
from tasks.warehouse.settings import MartSettings

MARTS = ("difficulty_histogram", "u_shape", "band_transitions", "policy_drift")
HELD_OUT = """
    select
        problem_id, '' as gold_id, dataset, split, policy_id, '' as sampling_id, '' as grader_id, n, k, k / nullif(n, 0) as accuracy,
        wilson_low(k, n, z) as accuracy_low, wilson_high(k, n, z) as accuracy_high,
        band(k / nullif(n, 0), low, hard_below, medium_below, high) as band
    from stg_evaluations cross join parameters
    where not hints"""
"""The held-out problems as `problem_counts` has them; a problem with several gold answers is one row."""


@dataclass(frozen=True)
class Measured:
    """The marts over every policy's difficulty, the policies in the order of training, id -> name; `bands`: how many problems of each
    policy are in which band, by their own accuracy and not by that of their bin."""

    policies: dict[str, str]
    bands: pl.DataFrame
    histogram: pl.DataFrame
    shapes: pl.DataFrame
    transitions: pl.DataFrame
    drift: pl.DataFrame

    def title(self, policy_id: str) -> str:
        """A policy's name as a heading shows it."""
        return policy_title(self.policies[policy_id])

    def steps(self) -> list[tuple[str, str]]:
        """The pairs of policies to compare: each with the one before it, and where there are several such pairs the first with the last."""
        ids = list(self.policies)
        return [*pairwise(ids), *([(ids[0], ids[-1])] if len(ids) > 2 else [])]


def measured(inputs: Inputs) -> Measured:
    """Run the marts over what every policy solved."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "difficulty.parquet"
        rows = pl.concat(difficulties(inputs), how="diagonal_relaxed")
        rows.write_parquet(path)
        bands = rows.group_by("dataset", "split", "policy_id", "sampling_id", "band").agg(problems=pl.len())
        asked = [source.file("problems.parquet") for source in (*inputs.problems, *inputs.others)]  # says which are versions of one
        files = {"problem_counts": [path], "problems": asked}
        with closing(open_over(files, MartSettings(difficulty=inputs.edges), wanted=MARTS)) as connection:
            return Measured(inputs.policy_names, bands, *(connection.table(mart).pl() for mart in MARTS))


def difficulties(inputs: Inputs) -> Iterator[pl.DataFrame]:
    """The difficulty of the training problems, for every policy that it was measured with, and that of the held-out ones."""
    yield from (read_parquet(item.file("difficulty.parquet")) for item in inputs.difficulties)
    if inputs.evaluation is None:
        return
    files = {"evaluations": [inputs.evaluation.file("evaluations.parquet")]}
    with closing(open_over(files, MartSettings(difficulty=inputs.edges), wanted=["stg_evaluations", "parameters"])) as connection:
        yield connection.sql(HELD_OUT).pl()
