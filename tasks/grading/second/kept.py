"""What judges have said, kept on disk the moment it is said: whoever asks the same again, after a kill or in another grading, pays nothing.

A folder of JSON Lines, a file of its own for each process that asks, so that none waits for another; a line that a kill cut short is
passed over. A judge's word is found by the digest of all that it was asked.
"""

import json
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from uuid import uuid4

from tasks.base.files import digest
from tasks.lake.storage import send_file


class Kept:
    """The words in `folder` (None: of this process alone); a context manager, which closes its file."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.words: dict[str, str] = {}
        self._file: IO[str] | None = None
        for path in sorted(folder.glob("*.jsonl")) if folder and folder.is_dir() else ():
            self.words.update(read_words(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file:
            self._file.close()
            send_file(Path(self._file.name))
            self._file = None

    def keep(self, asked: str, word: str) -> None:
        """Write a word down."""
        self.words[asked] = word
        if self.folder:
            if self._file is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._file = (self.folder / f"{uuid4().hex}.jsonl").open("a", encoding="utf-8")
            self._file.write(json.dumps([asked, word]) + "\n")
            self._file.flush()


def read_words(path: Path) -> dict[str, str]:
    """The words in one file by what was asked."""
    found = {}
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                asked, word = json.loads(line)
            except (ValueError, TypeError):
                continue
            found[str(asked)] = str(word)
    return found


def asked_id(body: bytes) -> str:
    """The digest of a whole request."""
    return digest(body.decode())
