"""Writes the two starter datasets to a folder, in EasyR1's conventions: JSONL beside a folder of PNG images.

Byte for byte the same for the same seed and sizes. The splits share no picture with each other nor with what the policy was taught;
"validation" is drawn from the pool of "train" without the pictures that the train split has, and changes neither it nor "heldout".
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random

from tasks.starter import charts, figures
from tasks.starter.picture import png_bytes
from tasks.starter.problem import Kind, StarterProblem, draw_problem
from tasks.starter.settings import STARTER_DATASETS

DATASETS: dict[str, Mapping[str, Kind]] = dict(zip(STARTER_DATASETS, (figures.KINDS, charts.KINDS), strict=True))


def starter_problems(name: str, split: str, *, seed: int, count: int, without: Iterable[StarterProblem] = ()) -> list[StarterProblem]:
    """`count` different problems of dataset `name`, none with a picture of `without`; `split` is "train", "heldout" or "validation"."""
    rng = Random(f"{name} {split} {seed}")
    pool = {"validation": "train"}.get(split, split)
    shown = {problem.picture.key for problem in without}
    chosen: dict[tuple[str, str], StarterProblem] = {}
    while len(chosen) < count:
        problem = draw_problem(DATASETS[name], pool, rng)
        if problem.picture.key not in shown:
            chosen.setdefault((problem.picture.key, problem.question), problem)
    return list(chosen.values())


def _row(problem: StarterProblem, identity: str, image: str) -> dict:
    row = {"id": identity, "images": [image], "problem": problem.question, "answer": problem.answer}
    if problem.choices:
        row["choices"] = list(problem.choices)
    return row | {"level": problem.level, "kind": problem.kind}


def _write_split(folder: Path, name: str, split: str, problems: list[StarterProblem]) -> None:
    lines = []
    for position, problem in enumerate(problems):
        identity = f"{name}-{split}-{position:05d}"
        image = f"images/{split}-{position:05d}.png"
        (folder / image).write_bytes(png_bytes(problem.picture.draw()))
        lines.append(json.dumps(_row(problem, identity, image), ensure_ascii=False))
    (folder / f"{split}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_starter_datasets(
    folder: Path | str, *, seed: int = 0, n_train: int = 384, n_heldout: int = 320, n_validation: int = 0
) -> list[Path]:
    """Writes `<folder>/<name>/{train,heldout}.jsonl` and `<folder>/<name>/images/*.png` for each dataset; returns the JSONL files.

    `validation.jsonl` is written where `n_validation` asks for some. A row has `id`, `images` (paths relative to the JSONL's folder),
    `problem` (with its `<image>` mark), `answer` (an integer, or a letter where the row has `choices`), `level` (0 trivial to 4), `kind`.
    """
    written = []
    for name in DATASETS:
        home = Path(folder) / name
        (home / "images").mkdir(parents=True, exist_ok=True)
        counts = {"train": n_train, "heldout": n_heldout}
        splits = {split: starter_problems(name, split, seed=seed, count=count) for split, count in counts.items()}
        if n_validation:
            splits["validation"] = starter_problems(name, "validation", seed=seed, count=n_validation, without=splits["train"])
        for split, problems in splits.items():
            _write_split(home, name, split, problems)
            written.append(home / f"{split}.jsonl")
    return written
