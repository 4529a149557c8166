"""A stage's problems in the row forms of other trainers, each with its ready prompt: the one that the policy is profiled and trained on.

Forms: `datasets` is what TRL reads (chat messages in parts). `verl` is that of verl 0.9.1's `RLHFDataset` (`utils/dataset/rl_dataset.py`:
messages of text whose `<image>` marks are filled from `images`) and of its reward managers (`reward_model`, `extra_info`). `easyr1` is
that of hiyouga/EasyR1 at 46c6c21 (`verl/utils/dataset.py`): `problem` goes through the format prompt, which here adds nothing, and the
column named by `answer_key` is all that a reward function is given, so that it holds everything a grade depends on, as JSON.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.curation.export import IMAGE, ROWS_AT_ONCE, file_schema
from tasks.prompting.pictures import plain_image
from tasks.prompting.prompt import chat_messages
from tasks.training.problems import Problems

TEXT, REAL, COUNT = pa.string(), pa.float64(), pa.int64()
KEPT = {"problem_id": TEXT, "dataset": TEXT, "stage": TEXT, "band": TEXT, "accuracy": REAL, "rank": COUNT, "hint": TEXT}
ASKED = {"answer": TEXT, "choices": pa.list_(TEXT), "precision": COUNT}
PARTS = pa.list_(pa.struct([("type", TEXT), ("text", TEXT)]))

COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "datasets": {"prompt": pa.list_(pa.struct([("role", TEXT), ("content", PARTS)])), "images": pa.list_(IMAGE), **ASKED, **KEPT},
    "verl": {
        "data_source": TEXT,
        "prompt": pa.list_(pa.struct([("role", TEXT), ("content", TEXT)])),
        "images": pa.list_(IMAGE),
        "ability": TEXT,
        "reward_model": pa.struct([("style", TEXT), ("ground_truth", TEXT)]),
        "extra_info": pa.struct([("index", COUNT), ("split", TEXT), *KEPT.items(), *ASKED.items()]),
    },
    "easyr1": {"images": pa.list_(IMAGE), "problem": TEXT, "answer": TEXT, "ground_truth": TEXT, **KEPT},
}


def datasets_row(prompt: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row for TRL, or for anything that reads chat messages in parts."""
    return {"prompt": chat_messages(prompt), **row}


def verl_row(prompt: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row for verl; `extra_info` reaches its reward function."""
    return {
        "data_source": row["dataset"],
        "prompt": [{"role": "user", "content": prompt}],
        "images": row["images"],
        "ability": "math",
        "reward_model": {"style": "rule", "ground_truth": row["answer"]},
        "extra_info": {"index": row["rank"] - 1, "split": row["stage"], **{name: row[name] for name in (*KEPT, *ASKED)}},
    }


def easyr1_row(prompt: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row for EasyR1."""
    truth = {name: row[name] for name in (*ASKED, "problem_id", "stage", "accuracy")}
    return {**row, "problem": prompt, "ground_truth": json.dumps(truth, ensure_ascii=False)}


FORMS: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {"datasets": datasets_row, "verl": verl_row, "easyr1": easyr1_row}


def write_rows(problems: Problems, datasets: list[str], stage: str, to: str, path: Path) -> None:
    """Write a stage's problems, whose `datasets` are given in their order, in the form `to`; a few at a time, to save memory."""
    columns = COLUMNS[to]
    schema = file_schema(columns)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in batches(problems, datasets, stage):
            formed = [FORMS[to](problems.prompt(row), row) for row in rows]
            writer.write_table(pa.Table.from_pylist([{name: row[name] for name in columns} for row in formed], schema=schema))


def batches(problems: Problems, datasets: list[str], stage: str) -> Iterator[list[dict[str, Any]]]:
    """The rows with everything that a form may take, images as any trainer would show them."""
    for start in range(0, len(problems), ROWS_AT_ONCE):
        yield [
            {
                **row,
                "images": [{"bytes": plain_image(image["bytes"]), "path": None} for image in row["images"] or ()],
                "choices": row["choices"] or [],
                "hint": problems.hint(row),
                "dataset": datasets[start + place],
                "stage": stage,
                "rank": start + place + 1,
            }
            for place, row in enumerate(problems.rows[start : start + ROWS_AT_ONCE])
        ]
