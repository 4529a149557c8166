"""What a source holds, read once: its columns, the images that its rows name, and, where memory has room, the rows themselves.

A source is asked what it holds before it is ingested, while that is done, and afterwards, and for each of them its digest must be right. So
what was read is remembered by the digests of the files, and counts only while these are the same. The rows of one source at a time are
held, up to HELD_BYTES; those of a larger one are read once more to be ingested, a batch at a time.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from tasks.base.errors import InputError
from tasks.base.files import digest
from tasks.problems.fingerprint import data_fingerprint
from tasks.problems.origin import Origin
from tasks.problems.places import Columns
from tasks.problems.reading.row import Row
from tasks.problems.settings import SourceSettings
from tasks.problems.sources import read_rows
from tasks.problems.survey import Survey

HELD_BYTES = 64 << 20
ROW_BYTES = 1 << 10  # what a row takes beside its texts
REMEMBERED = 256


@dataclass(frozen=True)
class Contents:
    """The columns of a source by their meaning, the paths (as written, sorted) of all images that its rows name, and its rows where they
    are held."""

    columns: Columns
    images: tuple[str, ...]
    rows: tuple[Row, ...] | None


KNOWN: OrderedDict[str, Contents] = OrderedDict()
TURN = Lock()


def contents(source: SourceSettings, origin: Origin) -> Contents:
    """What the source holds, read where it is not remembered. Raises InputError when it has no rows, none that can be read, or not the
    columns that are mapped."""
    key = content_key(source, origin)
    with TURN:
        if known := KNOWN.get(key):
            return known
        found = read_contents(source, origin)
        if content_key(source, origin) == key:  # else the files were changed meanwhile, and nobody could say what was read
            remember(key, found)
        return found


def content_key(source: SourceSettings, origin: Origin) -> str:
    """Names what is read of the source: its files' content, and how they are read."""
    return digest([source.model_dump(mode="json"), str(origin), data_fingerprint(source, origin)])


def remember(key: str, found: Contents) -> None:
    """Keep what a source holds, and of those before it all but their rows."""
    release_rows()
    KNOWN[key] = found
    if len(KNOWN) > REMEMBERED:
        KNOWN.popitem(last=False)


def release_rows() -> None:
    """Let go of the rows that are held, so that memory is free for what comes next; all else stays known."""
    for key, known in KNOWN.items():
        KNOWN[key] = replace(known, rows=None)


def rows_of(source: SourceSettings, origin: Origin, known: Contents) -> Iterable[Row]:
    """The rows of a source in order, for the last time: those that are held, and else read."""
    with TURN:
        release_rows()
    return read_rows(source, origin) if known.rows is None else known.rows


def read_contents(source: SourceSettings, origin: Origin) -> Contents:
    """One pass over the rows. The columns are those of any row, as JSON Lines may leave out what a row does not have."""
    survey = Survey(source.columns)
    held: list[Row] | None = []
    fault, size = None, 0
    for row in read_rows(source, origin):
        survey.see(row.values)
        fault = fault or (row if row.fault else None)
        size += weight(row)
        if held is not None:
            held.append(row)
        if size > HELD_BYTES:
            held = None
    columns = columns_of(source, origin, survey, fault)
    images = survey.image_paths(columns) if origin.images_folder else ()
    return Contents(columns, images, None if held is None else tuple(held))


def columns_of(source: SourceSettings, origin: Origin, survey: Survey, fault: Row | None) -> Columns:
    """The mapped columns among those seen; `fault` is the first row that cannot be read."""
    where = f"{source.name}: {source.path}"
    if not survey.names and fault:
        raise InputError(f"{where}: no row can be read; row {fault.number} of {fault.source}: {fault.fault}")
    if not survey.names:
        empty = origin.files and not any(path.stat().st_size for path in origin.files)
        raise InputError(f"{where} has no rows{' (0 bytes)' if empty else ''}; is the file complete?")
    return survey.columns(where)


def weight(row: Row) -> int:
    """About how many bytes a row takes."""
    return ROW_BYTES + sum(map(size_of, row.values.values()))


def size_of(value: Any) -> int:
    """About how many bytes a value takes: its texts and images."""
    if isinstance(value, dict | list):
        return sum(map(size_of, value.values() if isinstance(value, dict) else value))
    return len(value) if isinstance(value, str | bytes) else 0
