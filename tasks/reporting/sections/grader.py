"""How wrong the grader is that every figure of the page rests on: by the labels that people gave to a sample of its verdicts."""

from contextlib import closing
from typing import Any

import polars as pl

from tasks.lake.lake import Lake
from tasks.reporting.audited import found, moved, nobody, parts
from tasks.reporting.inputs import Inputs
from tasks.reporting.wording import label
from tasks.warehouse.building import open_over
from tasks.warehouse.settings import MartSettings

AUDITS = ("audits", "audited", "labels")
MARTS = ("grader_audit", "difficulty_corrected")


def grader_section(inputs: Inputs) -> dict[str, Any]:
    """What the audit of the grader says that difficulty was measured with, or that nobody has audited it, with the command that does."""
    grader = str(inputs.difficulty.manifest.get("grader_id", ""))
    audit, corrected = audited(inputs)
    rows = audit.filter(pl.col("in_force"), pl.col("grader_id") == grader).with_columns(grader=pl.lit(label(grader.split("+")[0])))
    if rows.is_empty():
        return {"none": nobody(f"difficulty-prior audit {inputs.name}")}
    whole = rows.filter(pl.col("part") == "all").row(0, named=True)
    mine = corrected.filter(pl.col("grader_id") == grader)
    return {
        "none": "",
        "found": found(whole),
        "tables": parts(rows),
        "moved": [moved_of(mine, "training problems"), *of_sets(inputs, mine)],
    }


def audited(inputs: Inputs) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The marts `grader_audit`, and `difficulty_corrected` of the training problems."""
    lake = Lake(inputs.home)
    files = {relation: lake.files(relation) for relation in AUDITS} | {"problem_counts": [inputs.difficulty.file("difficulty.parquet")]}
    with closing(open_over(files, MartSettings(difficulty=inputs.edges), wanted=MARTS)) as connection:
        audit, corrected = (connection.table(mart).pl() for mart in MARTS)
    return audit, corrected


def of_sets(inputs: Inputs, corrected: pl.DataFrame) -> list[str]:
    """How many problems of each stage's set would be in another band."""
    said = []
    for (stage,), rows in inputs.curated.group_by("stage", maintain_order=True):
        chosen = corrected.join(rows, on=["problem_id", "dataset"], how="semi")
        said += [moved_of(chosen, f"problems of {label(str(stage))}")] if len(chosen) else []
    return said


def moved_of(rows: pl.DataFrame, what: str) -> str:
    """How many of these problems change band."""
    return moved(int(rows["band_changed"].sum()), len(rows), what)
