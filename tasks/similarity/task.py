"""The task that looks for problems that are nearly the same, in training and held-out sets alike. Ours, not the paper's.

Cached by the content of the problems and the settings. An image that an earlier search has opened is not opened again.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import RELATIONS, Lake, write_parquet
from tasks.problems.images import image_paths
from tasks.problems.tables import read_problems
from tasks.similarity.settings import SimilaritySettings
from tasks.steps.caching import room_task
from tasks.steps.request import StepRequest

if TYPE_CHECKING:
    from tasks.similarity.looks import Look

VERSION = 2
LOOKS, PAIRS = "image_looks.parquet", "near_pairs.parquet"
THREADS = 8


class SimilarityRequest(StepRequest):
    """Problems, and when two of them count as nearly the same."""

    problems: tuple[Artifact, ...]
    settings: SimilaritySettings

    def target(self) -> Artifact:
        inputs = {"version": VERSION, "problems": [source.content for source in self.problems], "settings": self.settings}
        return artifact(self.home, "similarity", inputs)

    def said(self) -> str:
        return "find problems that are nearly the same"


@room_task(name="find near-duplicates")
def find_near_duplicates(request: SimilarityRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write what the images look like and the pairs of nearly equal problems. The manifest says how many pairs of each kind there are."""
    from tasks.similarity.pairs import near_pairs  # brings NumPy, which plans and reruns do without

    rows, lake = read_problems(request.problems), Lake(request.home)
    looks = looks_of(lake, rows["images"].explode().drop_nulls().unique().sort())
    pairs = near_pairs(rows, looks, request.settings)
    write_parquet(table_of(looks), folder / LOOKS)
    write_parquet(pairs, folder / PAIRS)
    return {"settings": request.settings, "counts": dict(pairs.group_by("kind").len().sort("kind").iter_rows())}


def looks_of(lake: Lake, names: pl.Series) -> "dict[str, Look]":
    """The look of every image by its name; those that the lake knows as it knows them."""
    from tasks.similarity.looks import Look, look_at

    known = lake.scan("image_looks").filter(pl.col("image").is_in(names.implode())).collect()
    looks = {name: Look(hash, levels) for name, hash, levels in known.iter_rows()}
    missing = [name for name in names if name not in looks]
    with ThreadPoolExecutor(THREADS) as pool:
        looks |= dict(zip(missing, pool.map(look_at, image_paths(lake, missing)), strict=True))
    return {name: looks[name] for name in names}


def table_of(looks: "dict[str, Look]") -> pl.DataFrame:
    """The rows of `image_looks`."""
    rows = [(name, look.hash, look.levels) for name, look in looks.items()]
    return pl.DataFrame(rows, schema=RELATIONS["image_looks"], orient="row")
