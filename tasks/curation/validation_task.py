"""The task that writes validation problems in the form of a stage's, for training to watch itself with.

Cached by the content of the problems, and of those that they must not be among.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from tasks.base.errors import InputError
from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import Lake, read_parquet
from tasks.problems.precision import stated_precision
from tasks.steps.caching import room_task
from tasks.steps.planning import Work, all_problems
from tasks.steps.request import StepRequest

VERSION = 1
SHOWN = 3
VALIDATION = "validation.parquet"  # its file


class ValidationRequest(StepRequest):
    """Validation problems, and the `others` that none of them may be among: those to train on and to hold out."""

    problems: tuple[Artifact, ...]
    others: tuple[Artifact, ...]

    def target(self) -> Artifact:
        inputs = {
            "version": VERSION,
            "problems": [source.content for source in self.problems],
            "others": sorted(source.content for source in self.others),
        }
        return artifact(self.home, "validation", inputs)

    def said(self) -> str:
        return "write the problems to watch training with"

    def work(self) -> Work:
        """The problems that it writes, at most."""
        return Work(problems=all_problems(self.problems), completions=0, left=0, most_tokens=0)


@room_task(name="export validation problems")
def export_validation(request: ValidationRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write `validation.parquet`: the problems without band, accuracy and estimates, each once; those of several gold answers are left out.

    Raises InputError when one of them is also among the others: what is watched would not be new.
    """
    from tasks.curation.export import write_stage  # brings pyarrow and NumPy, which plans and reruns do without

    rows = validation_rows(request.problems)
    check_apart(rows, request.others)
    write_stage(rows, Lake(request.home).images, folder / VALIDATION)
    return {"problems": len(rows), "by_dataset": dict(rows.group_by("dataset").len().sort("dataset").rows())}


def validation_rows(problems: Sequence[Artifact]) -> pl.DataFrame:
    """The problems as a stage's file holds them, in the order of their sources."""
    from tasks.curation.export import COLUMNS, ESTIMATES

    found = pl.concat(read_parquet(source.file("problems.parquet")) for source in problems)
    agreed = found.filter(pl.col("gold_id").n_unique().over("problem_id") == 1).unique("problem_id", keep="first", maintain_order=True)
    decimals = [stated_precision(*row) for row in agreed.select("question", "metadata").iter_rows()]
    unknown = {"band": pl.lit(None, pl.String), **dict.fromkeys(("accuracy", *ESTIMATES), pl.lit(None, pl.Float64))}
    named = agreed.with_columns(pl.Series("precision", decimals, dtype=pl.Int64), pl.col("question").alias("problem"), **unknown)
    return named.with_row_index("rank", 1).select(*COLUMNS)


def check_apart(rows: pl.DataFrame, others: Sequence[Artifact]) -> None:
    """Raise InputError, naming the first of them, when validation problems are trained on or held out."""
    if rows.is_empty():
        raise InputError("problems.validation: no problem is left to ask; give other sources")
    known = pl.concat(read_parquet(source.file("problems.parquet"), columns=["problem_id", "dataset", "split"]) for source in others)
    shared = known.join(rows.select("problem_id"), on="problem_id", how="semi").unique("problem_id", keep="first", maintain_order=True)
    if not shared.is_empty():
        first = ", ".join(f"{row['problem_id']} of {row['dataset']} {row['split']}" for row in shared.head(SHOWN).to_dicts())
        raise InputError(
            f"problems.validation: {len(shared)} of {len(rows)} problems are also trained on or held out ({first}); "
            "choose sources, or `skip` and `limit`, that share none"
        )
