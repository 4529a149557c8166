"""Reads Parquet, Arrow and Feather batch by batch, with images as the bytes that are stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tasks.base.errors import InputError
from tasks.problems.reading.opening import opened_anywhere
from tasks.problems.reading.row import BATCH_ROWS, Row, numbered

ARROW_FILE = b"ARROW1"


def parquet_rows(path: Path, part: str | None) -> Iterator[Row]:
    """The rows of a Parquet file. Raises InputError when it is none."""
    import pyarrow.parquet as pq

    with opened_anywhere(path) as file, arrow_errors_named(path, "Parquet"), pq.ParquetFile(file) as table:
        refuse_doubles(path, table.schema_arrow.names)
        yield from numbered((batch.to_pylist() for batch in table.iter_batches(batch_size=BATCH_ROWS)), path.name)


def arrow_rows(path: Path, part: str | None) -> Iterator[Row]:
    """The rows of an Arrow file (also called Feather) or an Arrow stream (as `datasets` caches them). Raises InputError when it is
    neither."""
    import pyarrow as pa

    with opened_anywhere(path) as file, arrow_errors_named(path, "Arrow"):
        begins = file.read(len(ARROW_FILE))
        file.seek(0)
        if begins == ARROW_FILE:
            table = pa.ipc.open_file(file)
            batches: Iterator[Any] = (table.get_batch(number) for number in range(table.num_record_batches))
        else:
            table = pa.ipc.open_stream(file)
            batches = iter(table)
        refuse_doubles(path, table.schema.names)
        yield from numbered((piece for batch in batches for piece in pieces(batch)), path.name)


def pieces(batch: Any) -> Iterator[list[dict[str, Any]]]:
    """A record batch, a few rows at a time."""
    for start in range(0, batch.num_rows, BATCH_ROWS):
        yield batch.slice(start, BATCH_ROWS).to_pylist()


def refuse_doubles(path: Path, names: list[str]) -> None:
    """Raise InputError where two columns have the same name."""
    if double := next((name for place, name in enumerate(names) if name in names[:place]), None):
        raise InputError(f"{path}: {names.count(double)} columns are called {double!r}; give each a name of its own")


@contextmanager
def arrow_errors_named(path: Path, format: str) -> Iterator[None]:
    """Turn what pyarrow raises for a broken or foreign file into one error that names it."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        empty = "it is empty (0 bytes)" if not path.stat().st_size else str(error)
        raise InputError(f"cannot read {path} as {format}: {empty}; is the copy complete?") from error
