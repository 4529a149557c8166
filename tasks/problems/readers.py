"""Streams a source's rows, in order, without holding more than a batch of them, as plain dictionaries with images left undecoded.

A row that cannot be read is still a row, with its fault; a file that cannot be read at all is an error. Numbers of JSON text keep the
digits they were written with, so that an answer loses nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tasks.base.errors import InputError
from tasks.problems.origin import Origin, hub_commit, several
from tasks.problems.settings import SourceSettings

BATCH_ROWS = 64


class Numeral(str):
    """A number with a fraction or exponent as JSON text had it ("0.10" is not "0.1" and 1e400 is not infinity)."""


@dataclass(frozen=True)
class Row:
    """Row `number` (1-based; in JSON Lines the line) of `source` (a file's name), with its values by column, or why it has none."""

    source: str
    number: int
    values: dict[str, Any]
    fault: str = ""


def read_rows(source: SourceSettings, origin: Origin) -> Iterator[Row]:
    """The source's rows, `limit` of them after the first `skip`. Raises InputError for a file that is not what it should be."""
    if origin.format == "jsonl":
        rows: Iterator[Row] = (row for path in origin.files for row in jsonl_rows(path))
    elif origin.format == "parquet":
        rows = (row for path in origin.files for row in parquet_rows(path))
    else:
        rows = dataset_rows(source, origin)
    return islice(rows, source.skip, None if source.limit is None else source.skip + source.limit)


def jsonl_rows(path: Path) -> Iterator[Row]:
    """One row per line that is not blank. Raises InputError for a JSON array in place of JSON Lines."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            text = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
            if number == 1 and text.startswith(b"["):
                raise InputError(f"{path}: this is a JSON array, not JSON Lines; write one object a line (for instance with `jq -c '.[]'`)")
            if text:
                yield jsonl_row(path.name, number, text)


def jsonl_row(source: str, number: int, line: bytes) -> Row:
    """The row in one line of JSON, or the fault that the line has."""
    try:
        values = json.loads(line.decode("utf-8"), parse_float=Numeral, parse_constant=refuse_constant)
        if not isinstance(values, dict):
            return Row(source, number, {}, f"the line is not a JSON object but a {type(values).__name__}")
        if b"\\ud" in line.lower():
            json.dumps(values, ensure_ascii=False).encode()
    except UnicodeError as error:
        return Row(source, number, {}, f"the line is not valid Unicode: {error}")
    except (ValueError, RecursionError) as error:
        return Row(source, number, {}, f"the line is not valid JSON: {error}")
    return Row(source, number, values)


def refuse_constant(name: str) -> Any:
    """NaN and the infinities are no JSON, and no answer."""
    raise ValueError(f"{name} is not a JSON value")


def parquet_rows(path: Path) -> Iterator[Row]:
    """The rows of a Parquet file, batch by batch. Raises InputError when it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            yield from numbered((batch.to_pylist() for batch in file.iter_batches(batch_size=BATCH_ROWS)), path.name)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"cannot read {path} as Parquet: {error}; is the copy complete?") from error


def dataset_rows(source: SourceSettings, origin: Origin) -> Iterator[Row]:
    """The rows of a saved or hub dataset as Arrow stores them, so that images stay the bytes they are."""
    dataset = open_dataset(source, origin)
    where = origin.folder.name if origin.folder else origin.dataset
    batches = dataset.with_format("arrow").iter(batch_size=BATCH_ROWS)
    yield from numbered((batch.to_pylist() for batch in batches), where)


def open_dataset(source: SourceSettings, origin: Origin) -> Any:
    """The `datasets.Dataset` of the wanted split. Raises InputError naming the splits there are when it must be chosen among several."""
    import datasets

    try:
        if origin.folder:
            loaded = datasets.load_from_disk(str(origin.folder))
        else:
            loaded = datasets.load_dataset(origin.dataset, source.config, revision=hub_commit(source))
    except (ValueError, FileNotFoundError) as error:
        where = f"{origin.folder or origin.dataset} (config {source.config!r}, revision {source.revision!r})"
        raise InputError(f"{source.name}: cannot load the dataset {where}: {error}") from error
    if isinstance(loaded, datasets.Dataset):
        return loaded
    wanted = source.source_split or (next(iter(loaded)) if len(loaded) == 1 else None)
    if wanted not in loaded:
        raise InputError(several(source, source.path, list(loaded)))
    return loaded[wanted]


def numbered(batches: Iterator[list[dict[str, Any]]], where: str) -> Iterator[Row]:
    """The rows of all batches, numbered from 1."""
    number = 0
    for batch in batches:
        for values in batch:
            number += 1
            yield Row(where, number, values)
