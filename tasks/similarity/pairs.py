"""Finds the pairs of problems that are nearly the same: candidates share a band of their sketches, and each is then looked at itself.

A problem with images is sought by its images, one without by its text, so that one template over a thousand pictures is a thousand
problems. The cost grows with the number of problems, not with its square.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.lake.lake import RELATIONS
from tasks.similarity.looks import Look, bands_of, difference
from tasks.similarity.settings import SimilaritySettings
from tasks.similarity.texts import Sketches, sketches

ESTIMATE_ERROR = 0.2  # three standard deviations of a signature's estimate

Places = NDArray[np.int64]


class Alike(NamedTuple):
    """Pairs of problems by their places, with how alike their texts are (0 to 1) and how far apart their pictures."""

    ones: Places
    others: Places
    texts: NDArray[np.float64]
    pictures: NDArray[np.float64]


def near_pairs(problems: pl.DataFrame, looks: dict[str, Look], settings: SimilaritySettings) -> pl.DataFrame:
    """The rows of `near_pairs` for these problems (rows of the lake's), given the look of every image by its name.

    A pair is `near`, or `image` where only the pictures are alike and the problems are of different datasets or splits.
    """
    rows = problems.sort("problem_id", "dataset", "split").unique("problem_id", keep="first", maintain_order=True)
    texts = sketches([text_of(row) for row in rows.iter_rows(named=True)])
    images = [[looks[name] for name in names or ()] for names in rows["images"].to_list()]
    homes = rows.select(pl.struct("dataset", "split").rank("dense"))["dataset"].to_numpy()
    ones, others = candidates(texts, images, homes, settings.crowd)
    distances = np.array([image_distance(images[one], images[other]) for one, other in zip(ones, others, strict=True)])
    alike = distances <= settings.image
    ones, others, distances = ones[alike], others[alike], distances[alike]
    similar = similarities(texts, ones, others, settings.text)
    return as_rows(rows, Alike(ones, others, similar, distances), [bool(names) for names in images], settings.text)


def text_of(problem: dict) -> str:
    """All words that a problem shows."""
    return "\n".join([problem["question"], *(problem["choices"] or ())])


def candidates(texts: Sketches, images: Sequence[Sequence[Look]], homes: NDArray[np.uint32], crowd: int) -> tuple[Places, Places]:
    """Pairs of places, the smaller first, each once, of problems that share a band. `homes`: each one's dataset and split, by number."""
    with_images = np.array([place for place, names in enumerate(images) if names], dtype=np.int64)
    without = np.array([place for place, names in enumerate(images) if not names], dtype=np.int64)
    found = [*sharing(texts.bands[without], without, crowd), *across(texts.bands[without], without, homes, crowd)]
    if len(with_images):
        keys = bands_of([images[place][0] for place in with_images])
        found += [*sharing(keys, with_images, crowd), *across(keys, with_images, homes, crowd)]
    codes = np.unique(np.concatenate([np.zeros((0, 2), dtype=np.int64), *found]), axis=0)
    return codes[:, 0], codes[:, 1]


def sharing(keys: NDArray[np.uint64], places: Places, crowd: int) -> Iterator[Places]:
    """Pairs of places that have a key in the same column, for each column; of a crowd with one key, neighbours up to `crowd` apart."""
    for column in keys.T:
        order = np.argsort(column, kind="stable")
        in_order, sorted_keys = places[order], column[order]
        for apart in range(1, min(crowd, len(order) - 1) + 1):
            same = sorted_keys[apart:] == sorted_keys[:-apart]
            if not same.any():
                break
            yield np.stack([in_order[:-apart][same], in_order[apart:][same]], axis=1)


def across(keys: NDArray[np.uint64], places: Places, homes: NDArray[np.uint32], crowd: int) -> Iterator[Places]:
    """Pairs of places of different homes in each crowd with one key: each place with its neighbours in every other home, up to `crowd` of
    them. Else held-out look-alikes whose nearest neighbours are all held out, too, would never be compared with one to train on."""
    for column in keys.T:
        order = np.argsort(column, kind="stable")
        in_order, sorted_keys = places[order], column[order]
        _, starts, sizes = np.unique(sorted_keys, return_index=True, return_counts=True)
        for start, size in zip(starts[sizes > crowd + 1], sizes[sizes > crowd + 1], strict=True):
            members = in_order[start : start + size]
            for home in np.unique(homes[members]):
                yield from nearest(members[homes[members] != home], members[homes[members] == home], -(-crowd // 2))


def nearest(ones: Places, others: Places, most: int) -> Iterator[Places]:
    """Pairs, the smaller first, of each of `ones` with those of the `others`, both sorted, that are up to `most` before or behind it."""
    middle = np.searchsorted(others, ones)
    for step in range(-most, most):
        at = middle + step
        there = (at >= 0) & (at < len(others))
        pairs = np.stack([ones[there], others[at[there]]], axis=1)
        if len(pairs):
            yield np.sort(pairs, axis=1)


def image_distance(ones: Sequence[Look], others: Sequence[Look]) -> float:
    """The difference of the worst pair of images; 0 without images, 1 where their numbers differ."""
    if len(ones) != len(others):
        return 1.0
    return max((difference(one, other) for one, other in zip(ones, others, strict=True)), default=0.0)


def similarities(texts: Sketches, ones: Places, others: Places, least: float) -> NDArray[np.float64]:
    """How alike the pairs' texts are; those that a sketch already tells apart are given its estimate."""
    estimates = texts.estimates(ones, others)
    for place in np.flatnonzero(estimates >= least - ESTIMATE_ERROR):
        estimates[place] = texts.similarity(int(ones[place]), int(others[place]))
    return estimates


def as_rows(rows: pl.DataFrame, pairs: Alike, pictured: list[bool], least: float) -> pl.DataFrame:
    """The pairs that are near or share their pictures, as rows of `near_pairs`."""
    ids, homes = rows["problem_id"], rows.select(home=pl.struct("dataset", "split"))["home"]
    table = pl.DataFrame(
        {
            "problem_id": ids.gather(pairs.ones),
            "other_id": ids.gather(pairs.others),
            "text_similarity": pairs.texts,
            "image_distance": pl.Series(pairs.pictures, dtype=pl.Float64),
            "apart": homes.gather(pairs.ones) != homes.gather(pairs.others),
            "pictured": pl.Series(np.array(pictured, dtype=bool)[pairs.ones], dtype=pl.Boolean),
        }
    ).with_columns(
        kind=pl.when(pl.col("text_similarity") >= least).then(pl.lit("near")).otherwise(pl.lit("image")),
        image_distance=pl.when("pictured").then("image_distance"),
    )
    kept = table.filter((pl.col("kind") == "near") | (pl.col("apart") & pl.col("pictured")))
    return kept.select(pl.col(name).cast(dtype) for name, dtype in RELATIONS["near_pairs"].items()).sort("problem_id", "other_id")
