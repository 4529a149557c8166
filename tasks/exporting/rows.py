"""A stage's problems in the row forms of other trainers, each with its ready prompt: the one that the policy is profiled and trained on.

Of several right answers `answer` is the first, as most rewards take one; all are in `answers`, which our own reward reads.
Where no problem of an export has an image, its rows have no images column and its chat messages are plain texts: a text model has no
processor, and its chat template takes no parts. In an export of both, a row of text has an empty list of images.

Every row says how hard its problem was found: `accuracy`, the raw share k / n; `p_mean`, `p_low` and `p_high`, mean and interval of its
true accuracy p; `logit_mean` and `logit_variance`, mean and variance of log(p / (1 - p)), so that a trainer which keeps a difficulty b with
variance v for p = sigmoid(ability - b) starts it from b = -logit_mean, v = logit_variance; and `prior`, the one of `p_mean` and `accuracy`
that the recipe decides by, towards which the weights shrink. Sets of older versions have the accuracy alone.

- `datasets`: what TRL reads (chat messages in parts).
- `verl`: verl 0.9.1's `RLHFDataset` (`utils/dataset/rl_dataset.py`: messages of text whose `<image>` marks are filled from `images`) and
  its reward managers (`reward_model`, `extra_info`).
- `easyr1`: hiyouga/EasyR1 at b44b311 (`verl/utils/dataset.py`): `problem` goes through the format prompt, which here adds nothing, and the
  column named by `answer_key` is all that a reward function is given, so that it holds everything a grade depends on, as JSON. A row with
  an images column, even an empty one, goes to the processor there.
- `openrlhf`: OpenRLHF at 3c3be62 (`datasets/prompts_dataset.py`): chat messages as `input_key`, the answer as `label_key`.
- `lmm-r1`: TideDra/lmm-r1 at f917f18, a fork of OpenRLHF: chat messages as JSON text in `message`, with the images inside.
- `ms-swift`: modelscope/ms-swift at 3602360 (`dataset/preprocessor/core.py`): `messages` of text with `<image>` marks, `images` as bytes
  that `datasets` leaves undecoded, and `solution`, boxed, as its `accuracy` reward reads a bare letter as no answer.
"""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from tasks.curation.export import IMAGE, ROWS_AT_ONCE, file_schema
from tasks.problems.gold.several import acceptable
from tasks.prompting.pictures import plain_image
from tasks.prompting.prompt import chat_messages
from tasks.training.problems import ESTIMATED, Problems, prior_of

TEXT, REAL, COUNT = pa.string(), pa.float64(), pa.int64()
MEASURED = {"band": TEXT, "accuracy": REAL, **dict.fromkeys(ESTIMATED, REAL)}
KEPT = {"problem_id": TEXT, "dataset": TEXT, "stage": TEXT, **MEASURED, "rank": COUNT, "hint": TEXT}
ASKED = {"answer": TEXT, "answers": pa.list_(TEXT), "choices": pa.list_(TEXT), "precision": COUNT}
PARTS = pa.list_(pa.struct([("type", TEXT), ("text", TEXT)]))

MESSAGES = pa.list_(pa.struct([("role", TEXT), ("content", PARTS)]))
PLAIN_MESSAGES = pa.list_(pa.struct([("role", TEXT), ("content", TEXT)]))
IMAGES = pa.list_(IMAGE)

COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "datasets": {"prompt": MESSAGES, "images": IMAGES, **ASKED, **KEPT},
    "verl": {
        "data_source": TEXT,
        "prompt": PLAIN_MESSAGES,
        "images": IMAGES,
        "ability": TEXT,
        "reward_model": pa.struct([("style", TEXT), ("ground_truth", TEXT)]),
        "extra_info": pa.struct([("index", COUNT), ("split", TEXT), *KEPT.items(), *ASKED.items()]),
    },
    "easyr1": {"images": IMAGES, "problem": TEXT, "answer": TEXT, "ground_truth": TEXT, **KEPT},
    "openrlhf": {"prompt": MESSAGES, "images": IMAGES, "label": TEXT, "datasource": TEXT, **ASKED, **KEPT},
    "lmm-r1": {"message": TEXT, "question": TEXT, **ASKED, **KEPT},
    "ms-swift": {"messages": PLAIN_MESSAGES, "images": IMAGES, "solution": TEXT, **ASKED, **KEPT},
}


def schema_of(to: str, pictured: bool) -> pa.Schema:
    """The schema of a form's file, of an export with images or of one without any."""
    columns = dict(COLUMNS[to])
    if not pictured:
        columns.pop("images", None)
        columns |= {name: PLAIN_MESSAGES for name, dtype in columns.items() if dtype == MESSAGES}
    return pa.schema(list(columns.items())) if to == "ms-swift" else file_schema(columns)


def messages(prompt: str, pictured: bool) -> list[dict[str, Any]]:
    """The prompt as chat messages: in parts where the export has images, else as text."""
    return chat_messages(prompt) if pictured else [{"role": "user", "content": prompt}]


def datasets_row(prompt: str, row: dict[str, Any], pictured: bool) -> dict[str, Any]:
    """A row for TRL, or for anything that reads chat messages."""
    return {"prompt": messages(prompt, pictured), **row}


def verl_row(prompt: str, row: dict[str, Any], pictured: bool) -> dict[str, Any]:
    """A row for verl; `extra_info` reaches its reward function."""
    return {
        "data_source": row["dataset"],
        "prompt": messages(prompt, pictured=False),
        "images": row["images"],
        "ability": "math",
        "reward_model": {"style": "rule", "ground_truth": row["answer"]},
        "extra_info": {"index": row["rank"] - 1, "split": row["stage"], **{name: row[name] for name in (*KEPT, *ASKED)}},
    }


def easyr1_row(prompt: str, row: dict[str, Any], pictured: bool) -> dict[str, Any]:
    """A row for EasyR1."""
    truth = {name: row[name] for name in (*ASKED, "problem_id", "stage", "prior")}
    return {**row, "problem": prompt, "ground_truth": json.dumps(truth, ensure_ascii=False)}


def openrlhf_row(prompt: str, row: dict[str, Any], pictured: bool) -> dict[str, Any]:
    """A row for OpenRLHF."""
    return {"prompt": messages(prompt, pictured), "label": row["answer"], "datasource": row["dataset"], **row}


def lmm_r1_row(prompt: str, row: dict[str, Any], pictured: bool) -> dict[str, Any]:
    """A row for LMM-R1."""
    turns, shown = messages(prompt, pictured), iter(row["images"])
    for part in turns[0]["content"] if pictured else ():
        if part["type"] == "image":
            part["image"] = data_uri(next(shown)["bytes"])
    return {"message": json.dumps(turns, ensure_ascii=False), "question": prompt, **row}


def data_uri(content: bytes) -> str:
    """An image inside a text."""
    with Image.open(BytesIO(content)) as image:
        kind = Image.MIME.get(image.format or "", "image/png")
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def swift_row(prompt: str, row: dict[str, Any], pictured: bool) -> dict[str, Any]:
    """A row for ms-swift."""
    answer = row["answer"]
    boxed = answer if "\\boxed" in answer else f"\\boxed{{{answer.strip('$')}}}"
    return {"messages": messages(prompt, pictured=False), "solution": boxed, **row}


FORMS: dict[str, Callable[[str, dict[str, Any], bool], dict[str, Any]]] = {
    "datasets": datasets_row,
    "verl": verl_row,
    "easyr1": easyr1_row,
    "openrlhf": openrlhf_row,
    "lmm-r1": lmm_r1_row,
    "ms-swift": swift_row,
}


@dataclass(frozen=True)
class RowForm:
    """How rows are written: for whom, and whether the export has images anywhere."""

    to: str
    pictured: bool


def write_rows(problems: Problems, datasets: list[str], stage: str, form: RowForm, path: Path) -> None:
    """Write a stage's problems, whose `datasets` are given in their order, in a form; a few at a time, to save memory."""
    schema = schema_of(form.to, form.pictured)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in batches(problems, datasets, stage):
            formed = [FORMS[form.to](problems.prompt(row), row, form.pictured) for row in rows]
            writer.write_table(pa.Table.from_pylist([{name: row[name] for name in schema.names} for row in formed], schema=schema))


def batches(problems: Problems, datasets: list[str], stage: str) -> Iterator[list[dict[str, Any]]]:
    """The rows with everything that a form may take, images as any trainer would show them."""
    for start in range(0, len(problems), ROWS_AT_ONCE):
        yield [
            {
                **dict.fromkeys(ESTIMATED),
                **row,
                "prior": prior_of(row),
                "images": [{"bytes": plain_image(image["bytes"]), "path": None} for image in row["images"] or ()],
                "answer": acceptable(row["answer"])[0],
                "answers": list(acceptable(row["answer"])),
                "choices": row["choices"] or [],
                "hint": problems.hint(row),
                "dataset": datasets[start + place],
                "stage": stage,
                "rank": start + place + 1,
            }
            for place, row in enumerate(problems.rows[start : start + ROWS_AT_ONCE])
        ]
