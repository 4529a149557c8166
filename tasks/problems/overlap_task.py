"""Sets the parts of a recipe's problems apart, with the task that drops from a source what another part has, too.

Cached by the content of the source and of the others. What is dropped is a row of `rejected`, with the reason.
"""

import logging
from pathlib import Path
from typing import Any

import polars as pl

from tasks.base.errors import InputError
from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import RELATIONS, read_parquet, write_parquet
from tasks.problems.overlap import Parts, check_apart, places
from tasks.problems.settings import Overlap
from tasks.steps.caching import room_task
from tasks.steps.request import StepRequest

VERSION = 1
logger = logging.getLogger(__name__)


def set_apart(home: Path, parts: Parts, overlap: Overlap) -> Parts:
    """The parts with no problem in two of them. Raises InputError where one is and `overlap` says that this is an error.

    With "drop_train" the held-out problems stay whole, with "drop_heldout" those trained on; validation problems give way to both. In a
    plan, parts that are not ingested yet are taken as they are.
    """
    if not all(source.is_complete for source in parts.sources):
        return parts
    if overlap == "error":
        check_apart(parts)
        return parts
    train, heldout = parts.train, parts.heldout
    if overlap == "drop_train":
        train = without(home, train, heldout, "problems.overlap drop_train leaves nothing to train on: all of it is also held out")
    else:
        heldout = without(home, heldout, train, "problems.overlap drop_heldout leaves nothing held out: all of it is also trained on")
    others = (*parts.train, *parts.heldout)  # as many problems as before the drop, and known in a plan, too
    return Parts(train, heldout, without(home, parts.validation, others, "all problems.validation are also trained on or held out"))


def without(home: Path, sources: tuple[Artifact, ...], others: tuple[Artifact, ...], nothing_left: str) -> tuple[Artifact, ...]:
    """The sources without the problems of others; those that share none as they are. Raises InputError where nothing is left."""
    known = places(others)["problem_id"].implode()
    left = []
    for source in sources:
        shares = places([source])["problem_id"].is_in(known)
        if not shares.all():
            left.append(drop_overlap(DropRequest(home=home, source=source, others=others)) if shares.any() else source)
    if sources and not left:
        raise InputError(f"{nothing_left}; choose other sources")
    return tuple(left)


class DropRequest(StepRequest):
    """A source, and those whose problems are to be dropped from it."""

    source: Artifact
    others: tuple[Artifact, ...]

    def target(self) -> Artifact:
        inputs = {"version": VERSION, "source": self.source.content, "others": sorted(other.content for other in self.others)}
        return artifact(self.home, "problems", inputs)

    def said(self) -> str:
        return f"drop from {str(self.source.manifest['source']).split(' from ')[0]} what other parts of the recipe have"

    def foretold(self) -> dict[str, Any]:
        return {fact: self.source.manifest[fact] for fact in ("source", "settings")}


@room_task(name="drop overlap")
def drop_overlap(request: DropRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write the source's problems that are not among those of the others, and the rest to `rejected.parquet`."""
    source = request.source
    rows = read_parquet(source.file("problems.parquet"))
    known = pl.concat(read_parquet(other.file("problems.parquet"), columns=["problem_id", "dataset", "split"]) for other in request.others)
    first = known.unique("problem_id", keep="first", maintain_order=True)
    dropped = rows.join(first, on="problem_id", suffix="_other", maintain_order="left")
    left = rows.join(dropped, on="problem_id", how="anti", maintain_order="left")
    name, path = source.manifest["source"].split(" from ", 1)
    logger.warning(
        "%s of %s problems of %s are dropped, since other parts of the recipe have them", f"{len(dropped):,}", f"{len(rows):,}", name
    )
    write_parquet(left, folder / "problems.parquet")
    write_parquet(rejections(dropped, path), folder / "rejected.parquet")
    counts = {**source.manifest["counts"], "problems": len(left), "overlap": len(dropped)}
    said = {"gold_rules": source.manifest.get("gold_rules", {}), "warnings": source.manifest.get("warnings", [])}
    return {**request.foretold(), "problems": [source.key], "counts": counts, **said}


def rejections(dropped: pl.DataFrame, path: str) -> pl.DataFrame:
    """The rows of `rejected` for problems with the place that also has them (dataset_other, split_other)."""
    reason = pl.format("overlap: the same problem is in {}/{} of the recipe", "dataset_other", "split_other")
    rows = dropped.select("dataset", "split", source=pl.lit(path), row="row", column=pl.lit(""), reason=reason)
    return rows.select(pl.col(name).cast(dtype) for name, dtype in RELATIONS["rejected"].items()).sort("source", "row")
