"""Near-duplicates among a hundred thousand problems: time, memory, and how many of the planted copies are found.

Half of the problems have a picture, half only a text; one in a hundred has an edited copy, and a third of the texts come from a few
templates that differ in their numbers, as synthetic datasets have them. `python -m tests.bench.similarity` runs it.
"""

import resource
import time
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.similarity.looks import SIDE, Look
from tasks.similarity.pairs import near_pairs
from tasks.similarity.settings import SimilaritySettings
from tests.bench.row import Row
from tests.sql.rows import table

PROBLEMS, COPIES, FOUND, SECONDS = 100_000, 1000, 0.97, 120.0
WORDS, LENGTH, TEMPLATES = 5000, 40, 50


@dataclass(frozen=True)
class Simulated:
    """Problems, the looks of their pictures, and the pairs that were planted."""

    problems: pl.DataFrame
    looks: dict[str, Look]
    planted: set[tuple[str, str]]


def simulated(problems: int, copies: int, seed: int = 0) -> Simulated:
    """Problems `p…`, and copies `q…` of the first ones, of which half have a picture."""
    numbers = np.random.default_rng(seed)
    said = numbers.integers(0, WORDS, (problems, LENGTH)).astype(str).astype(object)
    templates = numbers.integers(0, WORDS, (TEMPLATES, LENGTH)).astype(str).astype(object)
    of_template = np.arange(problems) % 3 == 0
    chosen = templates[numbers.integers(0, TEMPLATES, problems)]
    filled = np.arange(LENGTH) % 4 == 0  # every fourth word of a template is its own
    said = np.where(of_template[:, None] & ~filled, chosen, said)
    edited = said[:copies].copy()
    edited[:, LENGTH - 1] = "edited"
    pixels = numbers.integers(0, 256, (problems, SIDE * SIDE * 3), dtype=np.uint8)
    again = np.clip(pixels[:copies].astype(np.int16) + numbers.integers(-12, 13, pixels[:copies].shape), 0, 255).astype(np.uint8)
    names = [*(f"p{number:06}" for number in range(problems)), *(f"q{number:06}" for number in range(copies))]
    pictured = [int(name[1:]) % 2 == 0 for name in names]
    rows = pl.DataFrame(
        {
            "problem_id": names,
            "question": [" ".join(words) for words in np.concatenate([said, edited])],
            "images": [[name] if has else [] for name, has in zip(names, pictured, strict=True)],
        }
    )
    filling = table("problems", [{"problem_id": "p"}]).drop("problem_id", "question", "images")
    looks = {name: look_of(levels) for name, levels, has in zip(names, np.concatenate([pixels, again]), pictured, strict=True) if has}
    return Simulated(rows.join(filling, how="cross"), looks, {(f"p{number:06}", f"q{number:06}") for number in range(copies)})


def look_of(levels: np.ndarray) -> Look:
    """The look of a picture that is its own thumbnail."""
    grey = levels.reshape(SIDE, SIDE, 3).mean(axis=2)
    return Look(np.packbits(np.diff(grey, axis=1, append=grey[:, :1]).ravel() > 0).tobytes().hex(), levels.tobytes())


def recall(made: Simulated, found: pl.DataFrame) -> float:
    """The share of the planted pairs that were found."""
    return len(made.planted & set(found.select("problem_id", "other_id").iter_rows())) / len(made.planted)


def rows() -> list[Row]:
    """One line."""
    made = simulated(PROBLEMS, COPIES)
    started = time.perf_counter()
    found = near_pairs(made.problems, made.looks, SimilaritySettings())
    seconds, memory = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    share = recall(made, found)
    return [
        Row(
            f"near-duplicates of {PROBLEMS:,} problems, {COPIES:,} edited copies planted",
            f"{share:.1%} found, {len(found) - round(share * COPIES):,} other pairs, {seconds:.0f} s, {memory:.1f} GiB with the data",
            f"≥ {FOUND:.0%} found, ≤ {SECONDS:.0f} s",
            share >= FOUND and seconds <= SECONDS,
        )
    ]


if __name__ == "__main__":
    for line in rows():
        print(line)
