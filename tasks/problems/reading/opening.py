"""Opens a data file as what its first bytes say it is: decompressed, its text decoded; and names what only passes for data.

A Git LFS pointer, a web page saved under a data file's name or a download that broke off is called that, with the way out.
"""

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO, TextIO

from tasks.base.errors import InputError

HEAD_BYTES = 4096
BUFFER_BYTES = 1 << 20
BYTE_ORDER_MARKS = (  # UTF-32's little-endian mark begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
GIT_LFS = b"version https://git-lfs.github.com/spec/"
IMPOSTORS = (
    (GIT_LFS, "is a Git LFS pointer, not the data: run `git lfs pull` where it was cloned, or download the file itself"),
    (b"/annex/objects/", "is a git-annex pointer, not the data: run `git annex get` or `datalad get` for it"),
    (b"<!doctype html", "is a web page, not data (an error or login page, or the page about the file): download the file itself"),
    (b"<html", "is a web page, not data (an error or login page, or the page about the file): download the file itself"),
    (b"<?xml", "is XML, not data (an object store's error message?): download the file itself"),
)
ZIP = b"PK\x03\x04"
IN_WORKBOOKS = (b"[Content_Types]", b"_rels/", b"xl/", b"docProps/", b"mimetype", b"customXml/")
"""What the first file in a workbook, which is a zip archive, is called. Its name stands 30 bytes into the archive."""


def zstd_open(file: BinaryIO) -> Any:
    """The stream inside a .zst file."""
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd")


COMPRESSIONS: dict[str, tuple[bytes, Callable[[Any], Any]]] = {
    ".gz": (b"\x1f\x8b", gzip.open),
    ".bz2": (b"BZh", bz2.open),
    ".xz": (b"\xfd7zXZ\0", lzma.open),
    ".zst": (b"\x28\xb5\x2f\xfd", zstd_open),
}
"""The suffixes of compressed files, each with the bytes that such a file begins with, and what opens it. The bytes decide."""


def without_compression(name: str) -> str:
    """A file's name without the suffix of its compression."""
    return name[: name.rindex(".")] if Path(name).suffix.lower() in COMPRESSIONS else name


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader]:
    """The file's bytes from the first, decompressed. Raises InputError where it is no data, or cannot be read to its end."""
    with read_errors_named(path), path.open("rb", buffering=0) as file:
        begins = file.read(HEAD_BYTES)
        file.seek(0)
        opener = next((opener for magic, opener in COMPRESSIONS.values() if begins.startswith(magic)), None)
        with io.BufferedReader(opener(file) if opener else file, BUFFER_BYTES) as stream:
            refuse_impostor(path, stream.peek(HEAD_BYTES)[:HEAD_BYTES])
            yield stream


@contextmanager
def opened_text(path: Path, newline: str) -> Iterator[TextIO]:
    """The file's text, in the encoding that its byte order mark says, and else UTF-8. A byte that is none stays in it as a lone surrogate
    (`undecoded` finds it), so that only its row is lost."""
    with opened(path) as stream:
        head = stream.peek(HEAD_BYTES)[:HEAD_BYTES]
        encoding = next((encoding for mark, encoding in BYTE_ORDER_MARKS if head.startswith(mark)), "utf-8")
        if encoding == "utf-8" and b"\0" in head[:2]:
            raise InputError(
                f"{path}: byte {head.index(0) + 1} of line 1 is NUL, so this is no UTF-8 text (UTF-16 without its byte order mark?); "
                "save it as UTF-8"
            )
        with io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline=newline) as text:
            yield text


@contextmanager
def opened_anywhere(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes for those who read here and there in it: a compressed one is unpacked into a temporary file first."""
    with opened(path) as stream:
        if isinstance(stream.raw, io.FileIO):
            yield stream
            return
        with TemporaryFile() as unpacked:
            while block := stream.read(BUFFER_BYTES):
                unpacked.write(block)
            unpacked.seek(0)
            yield unpacked


def head_of(path: Path) -> bytes:
    """The first bytes of a file, decompressed. Raises InputError where it is no data."""
    with opened(path) as stream:
        return stream.peek(HEAD_BYTES)[:HEAD_BYTES]


@contextmanager
def read_errors_named(path: Path) -> Iterator[None]:
    """Turn what opening, reading or unpacking a file can raise into one error that names it."""
    try:
        yield
    except (EOFError, zlib.error, lzma.LZMAError) as error:
        raise InputError(f"{path} breaks off or is damaged: {error}; is the copy complete?") from error
    except UnicodeError as error:
        raise InputError(f"{path} is not the text that its first bytes say it is: {error}; save it as UTF-8") from error
    except OSError as error:
        said = error.strerror or f"{error}; is the copy complete?"
        raise InputError(f"cannot read {path}: {said}") from error


def refuse_impostor(path: Path, head: bytes) -> None:
    """Raise InputError for a file that holds something else in the data's place."""
    begins = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for beginning, said in IMPOSTORS:
        if begins.startswith(beginning):
            raise InputError(f"{path} {said}")
    archive = (
        "tar" if head[257:262] == b"ustar" else "zip" if head.startswith(ZIP) and not any(map(head[30:].startswith, IN_WORKBOOKS)) else ""
    )
    if archive:
        raise InputError(f"{path} is a {archive} archive; unpack it, and give the files inside")


def undecoded(text: str) -> str:
    """Where a text holds a byte that is no UTF-8, and which; empty where it holds none."""
    if text.isascii():
        return ""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        byte, position = ord(text[error.start]) & 0xFF, len(text[: error.start].encode()) + 1
        return f"byte {position} is 0x{byte:02x}, which is not UTF-8; save the file as UTF-8"
    return ""
