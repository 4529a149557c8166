"""The published file as others may have left it: it is only ever replaced, but no mode keeps root's notebook from opening it for writing.

Whoever does so holds a lock that keeps readers out, can change the file, and can leave a write-ahead log beside it, which DuckDB would
replay onto the next file of that name. So readers of ours read a private copy wherever the file cannot be attached just as it was
published (locks of other machines and file systems without locks as well), publishing never opens it, and what the last publish was made
of counts only while the file is the one that was put there.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from filelock import FileLock

from tasks.base.errors import InputError
from tasks.base.files import sync, write_text
from tasks.lake.lake import Lake
from tasks.lake.layout import ASIDE, WAREHOUSE

if TYPE_CHECKING:
    import duckdb

STATE = "published.json"
READ_ONLY = 0o444
HELD = ("Could not set lock on file", "Unique file handle conflict")  # by another process, by another connection of this one
HOLDER = re.compile(r"Conflicting lock is held in (.+? \(PID \d+\))")
MOST_COPIES = 5
logger = logging.getLogger(__name__)


def publishing(lake: Lake) -> FileLock:
    """The lock of the one process that may publish."""
    return FileLock(lake.home / ASIDE / f"{WAREHOUSE}.lock")


def is_being_published(lake: Lake) -> bool:
    """Whether a process of this machine is publishing now: asked of its lock, which is not touched for that."""
    try:
        handle = os.open(publishing(lake).lock_file, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach a published file as `warehouse`, read-only: itself, or a private copy where another program holds or writes it.

    Raises InputError, saying who holds it where that is known, when neither can be read.
    """
    import duckdb

    try:
        if not write_ahead_logs(path):
            attach_file(connection, path)
            return
        logger.warning(f"another program has opened {path} for writing; what it wrote is not read. The next publish makes the file anew")
    except duckdb.Error as error:
        if not any(sign in str(error) for sign in HELD):
            raise InputError(f"cannot read {path}: {error}; `difficulty-prior publish --whole` makes it anew from the lake") from error
        logger.info(f"{path} is held by {holder(error)}; a private copy of it is read")
    with private_copy(path) as copy:
        attach_file(connection, copy)


def attach_file(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach a file as `warehouse`, read-only; it must be one that nobody holds."""
    connection.execute("attach $path as warehouse (read_only)", {"path": str(path)})


def holder(error: Exception) -> str:
    """Who keeps others from opening a file, as DuckDB's error tells it."""
    found = HOLDER.search(str(error))
    return found[1] if found else "this very process, or by one of another machine, or its file system has no locks"


@contextmanager
def private_copy(path: Path) -> Iterator[Path]:
    """A copy of a published file that goes when this is left; what has opened it by then may read on."""
    with tempfile.TemporaryDirectory(prefix="difficulty-prior-") as folder:
        copy = Path(folder) / path.name
        try:
            copy_as_it_is(path, copy)
        except OSError as error:
            raise InputError(
                f"{path} is held by another program, and cannot be copied to {folder} to be read there: {error.strerror}; "
                "close that program, or let TMPDIR name a folder with room"
            ) from error
        yield copy


def copy_as_it_is(path: Path, copy: Path) -> None:
    """Copy a file that another program may be writing. Raises InputError when it never holds still for long enough."""
    for _ in range(MOST_COPIES):
        before = size_and_time(path)
        shutil.copyfile(path, copy)
        if size_and_time(path) == before:
            return
    raise InputError(f"{path} is being written by another program all the time; close it, then `difficulty-prior publish --whole`")


def put_in_place(made: Path, lake: Lake) -> list[int]:
    """Put a finished file in the place of the published one, for reading only, and away with what writers of the old one left; gives its
    size and time."""
    told = size_and_time(made)
    made.chmod(READ_ONLY)
    remove_logs(lake.warehouse)
    os.replace(made, lake.warehouse)
    remove_logs(lake.warehouse)
    sync(lake.home)
    return told


def write_ahead_logs(path: Path) -> list[Path]:
    """The files beside a database in which a program that writes it keeps what is not in it yet."""
    return sorted(found for found in path.parent.glob(f"{path.name}.*") if found.is_file() and ".wal" in found.name)


def remove_logs(path: Path) -> None:
    """Remove them: DuckDB would replay them onto whatever database has that name."""
    for found in write_ahead_logs(path):
        logger.warning(f"{found} was left by a program that opened {path} for writing; it is removed, and what it wrote is not kept")
        found.unlink(missing_ok=True)


def size_and_time(path: Path) -> list[int]:
    """What tells whether a file was changed."""
    told = path.stat()
    return [told.st_size, told.st_mtime_ns]


def remember(lake: Lake, state: Mapping[str, Any], facts: Mapping[str, str], told: list[int] | None) -> None:
    """Keep what the published file was made of, and its size and time: None for one that was copied without its time, or changed before,
    so that nothing is built on it."""
    kept = {"state": state, "facts": facts, "file": told}
    write_text(lake.home / ASIDE / STATE, json.dumps(kept))


def forget(home: Path) -> None:
    """Know nothing of the published file: it comes from elsewhere."""
    (home / ASIDE / STATE).unlink(missing_ok=True)


def remembered(lake: Lake) -> dict[str, Any] | None:
    """What `remember` kept of the last publish, whatever became of its file; None where there is nothing."""
    return kept_in(lake.home)


def kept_in(home: Path) -> dict[str, Any] | None:
    """The same of the lake at `home`, which is not opened."""
    path = home / ASIDE / STATE
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return kept if "file" in kept else None  # older versions kept less


def is_as_published(lake: Lake) -> bool:
    """Whether the published file is the one that the last publish put there, and nobody has opened it for writing since."""
    kept = remembered(lake)
    return bool(
        kept and lake.warehouse.is_file() and kept["file"] == size_and_time(lake.warehouse) and not write_ahead_logs(lake.warehouse)
    )


def recalled(lake: Lake) -> dict[str, Any] | None:
    """What the published file was made of: its `state` and `facts`; None where that is not known, or the file is another one by now."""
    return remembered(lake) if is_as_published(lake) else None


def read_meta(warehouse: Path) -> dict[str, str]:
    """The table `meta` of a published file, of whatever version."""
    import duckdb

    with closing(duckdb.connect(config={"threads": 1})) as connection:
        attach(connection, warehouse)
        return dict(connection.execute("select key, value from warehouse.meta").fetchall())


def about(home: Path) -> str:
    """In words: whether a lake's warehouse is published, for which place, and who holds or has changed the file."""
    path, kept = home / WAREHOUSE, kept_in(home)
    if not path.is_file():
        return "without a published warehouse"
    said = ["with a published warehouse"]
    if kept and not is_same_folder(kept["facts"]["home"], home):
        said.append(f"which was published in {kept['facts']['home']}: commands read a private copy until the next publish")
    elif kept and kept["file"] not in (None, size_and_time(path)):
        said.append("which another program has changed since: `difficulty-prior publish` makes it anew")
    if writers := holders(path):
        said.append(f"which {', '.join(writers)} holds for writing: commands read a private copy")
    return ", ".join(said)


def holders(path: Path) -> list[str]:
    """The programs of this machine that hold a lock for writing on a file, as Linux lists them; none elsewhere."""
    locks = Path("/proc/locks")
    held = [line.split() for line in locks.read_text(encoding="utf-8").splitlines()] if locks.exists() else []
    inode = str(path.stat().st_ino)
    found = {int(words[4]) for words in held if words[3] == "WRITE" and words[5].split(":")[-1] == inode and int(words[4]) > 0}
    return [f"{psutil.Process(pid).name()} (PID {pid})" for pid in sorted(found) if psutil.pid_exists(pid)]


def is_same_folder(place: str, folder: Path) -> bool:
    """Whether a path leads to a folder, whatever it is called there: through a link, or another mount."""
    try:
        return Path(place).samefile(folder)
    except OSError:
        return False
