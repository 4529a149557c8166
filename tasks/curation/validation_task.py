"""The task that writes validation problems in the form of a stage's, for training to watch itself with.

Cached by the content of the problems, and of those that they must not be among.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from tasks.base.errors import InputError
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import Lake, read_parquet
from tasks.problems.precision import stated_precision
from tasks.steps.caching import room_task
from tasks.steps.planning import Work, all_problems

VERSION = 1
SHOWN = 3
VALIDATION = "validation.parquet"  # its file


def plan_validation(home: Path, problems: tuple[Artifact, ...], others: tuple[Artifact, ...]) -> Artifact:
    """The artifact that `export_validation` makes of the same arguments."""
    inputs = {
        "version": VERSION,
        "problems": [source.content for source in problems],
        "others": sorted(source.content for source in others),
    }
    return artifact(home, "validation", inputs)


def work(home: Path, problems: tuple[Artifact, ...], others: tuple[Artifact, ...]) -> Work:
    """The problems that `export_validation` writes, at most."""
    return Work(problems=all_problems(problems), completions=0, left=0, most_tokens=0)


@room_task(plan_validation, work=work, name="export validation problems", task_run_name="write the problems to watch training with")
def export_validation(home: Path, problems: tuple[Artifact, ...], others: tuple[Artifact, ...]) -> Artifact:
    """Write `validation.parquet`: the problems without band and accuracy, each once; those with several gold answers are left out.

    Raises InputError when one of them is also among the `others`, those to train on and to hold out: what is watched would not be new.
    """
    target = plan_validation(home, problems, others)
    if target.is_complete:
        return target
    from tasks.curation.export import write_stage  # brings pyarrow and NumPy, which plans and reruns do without

    rows = validation_rows(problems)
    check_apart(rows, others)
    with building(target, {"problems": len(rows), "by_dataset": dict(rows.group_by("dataset").len().sort("dataset").rows())}) as folder:
        write_stage(rows, Lake(home).images, folder / VALIDATION)
    return target


def validation_rows(problems: Sequence[Artifact]) -> pl.DataFrame:
    """The problems as a stage's file holds them, in the order of their sources."""
    from tasks.curation.export import COLUMNS

    found = pl.concat(read_parquet(source.file("problems.parquet")) for source in problems)
    agreed = found.filter(pl.col("gold_id").n_unique().over("problem_id") == 1).unique("problem_id", keep="first", maintain_order=True)
    decimals = [stated_precision(*row) for row in agreed.select("question", "metadata").iter_rows()]
    unknown = {"band": pl.lit(None, pl.String), "accuracy": pl.lit(None, pl.Float64)}
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
