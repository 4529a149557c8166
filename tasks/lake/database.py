"""Opens DuckDB over files of the lake.

DuckDB is imported where it is used: Prefect keeps flows alive to the very end of a process, and with them whatever their modules name,
and DuckDB, kept alive so long, prints pages of leak warnings as the last thing a person sees.
"""

from __future__ import annotations

import glob
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.base.files import sync

if TYPE_CHECKING:
    import duckdb


def connect(**config: str | int) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB. One thread unless told, so that sums of floats, and with them artifacts, are the same in every run."""
    import duckdb

    return duckdb.connect(config={"threads": 1, "temp_directory": tempfile.gettempdir(), **config})


def literal(path: Path) -> str:
    """A path as a DuckDB glob that matches just it: a home folder may be called `runs [old]`."""
    return glob.escape(str(path))


@contextmanager
def writable(path: Path) -> Iterator[Path]:
    """Where DuckDB can write a database that is to lie at a path: there, but for a path with a `?`. It takes that, and what stands behind
    it, for the query of an address, and looks for its write-ahead log elsewhere; such a database is written aside, and brought."""
    if "?" not in str(path.resolve()):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="difficulty-prior-") as folder:
        place = Path(folder) / path.name
        if path.exists():
            shutil.move(path, place)
        try:
            yield place
        finally:
            if place.exists():
                shutil.move(place, path)
                sync(path)


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """A text of ours as an SQL literal, where the grammar takes no parameter."""
    return "'" + text.replace("'", "''") + "'"
