"""Writes a stage's problems as one Parquet file that trains elsewhere as it is: images inside, readable by `datasets` and by EasyR1."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.base.errors import InputError

ESTIMATES = ("prior", "p_mean", "p_low", "p_high", "logit_mean", "logit_variance")
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
COLUMNS = {
    "images": pa.list_(IMAGE),
    "problem": pa.string(),
    "answer": pa.string(),
    "choices": pa.list_(pa.string()),
    "precision": pa.int64(),
    "problem_id": pa.string(),
    "dataset": pa.string(),
    "band": pa.string(),
    "accuracy": pa.float64(),
    **dict.fromkeys(ESTIMATES, pa.float64()),
    "rank": pa.int64(),
}
WEIGHT = {"weight": pa.float64()}  # one more column where the stage's rule gives weights
ROWS_AT_ONCE = 128


def file_schema(columns: dict[str, pa.DataType]) -> pa.Schema:
    """The columns with the metadata by which `datasets` decodes images. "Sequence" is the name that all its versions know."""

    def feature(dtype: pa.DataType) -> dict[str, Any]:
        if pa.types.is_list(dtype):
            return {"feature": feature(dtype.value_type), "_type": "Sequence"}
        if dtype == IMAGE:
            return {"_type": "Image"}
        if pa.types.is_struct(dtype):
            return {field.name: feature(field.type) for field in dtype}
        return {"dtype": {"double": "float64"}.get(str(dtype), str(dtype)), "_type": "Value"}

    features = {name: feature(dtype) for name, dtype in columns.items()}
    return pa.schema(list(columns.items()), metadata={"huggingface": json.dumps({"info": {"features": features}})})


def write_stage(problems: pl.DataFrame, images: Path, path: Path) -> None:
    """Write problems (columns of COLUMNS, perhaps WEIGHT; `images` are names in that folder) to `path`, a few at a time to save memory."""
    schema = file_schema({name: (COLUMNS | WEIGHT)[name] for name in problems.columns})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in problems.iter_slices(ROWS_AT_ONCE):
            filled = [{**row, "images": [read_image(images, name, row["problem_id"]) for name in row["images"]]} for row in rows.to_dicts()]
            writer.write_table(pa.Table.from_pylist(filled, schema=schema))


def read_image(images: Path, name: str, problem_id: str) -> dict[str, Any]:
    """One image as `datasets` stores it. Raises InputError, naming image and problem, when it is not in the lake any more."""
    try:
        return {"bytes": (images / name).read_bytes(), "path": name}
    except FileNotFoundError as error:
        raise InputError(
            f"image {images / name} of problem {problem_id} is gone; delete the problems/ folder of the lake and run again to read it anew"
        ) from error
