"""Files that are whole or not there, and digests of what things hold."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from typing import Any

from pydantic_core import to_jsonable_python

from tasks.base.errors import DISK_FAULTS, WAY_OUT, InputError

DIGEST_BYTES = 16


def digest(value: Any) -> str:
    """Hex digest of any JSON-able value or pydantic model; equal values give equal digests, whatever the order of their keys."""
    canonical = json.dumps(to_jsonable_python(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.blake2b(canonical.encode(), digest_size=DIGEST_BYTES).hexdigest()


def file_digest(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=DIGEST_BYTES)).hexdigest()


def bytes_digest(content: bytes) -> str:
    """Hex digest of bytes: the `file_digest` of a file that holds them."""
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a file so that it is either absent, the old one, or wholly the new one."""
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")


@contextmanager
def written_aside(path: Path, durable: bool = True) -> Iterator[Path]:
    """A file to write beside `path`, whose place it takes, whole, when this is left; where that fails, it goes and the old one stays.

    It is on the disk first; one that is not `durable` may be lost with the machine's power. Raises InputError for a disk that is full or
    read-only.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}")
    with disk_errors_named(path):
        try:
            yield aside
            if durable:
                sync(aside)
            os.replace(aside, path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise


def sync(path: Path) -> None:
    """Have a file's bytes, or the names in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def disk_errors_named(path: Path) -> Iterator[None]:
    """Turn a full or read-only disk met inside into one error that names the place and says that nothing written is lost."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FAULTS:
            raise
        raise InputError(f"cannot write {path}: {DISK_FAULTS[error.errno]}. {WAY_OUT}") from error
