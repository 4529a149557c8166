"""Ingesting at size: a hundred thousand rows of GSM8K's shape, many rows that share one id, and a JSON array of pictures in base64.

`python -m tests.bench.ingesting` runs it. Each figure is of a process of its own, from its start to its end.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

from tasks.base.errors import InputError
from tasks.base.process import PROJECT
from tasks.problems.reading.formats import file_rows
from tasks.problems.settings import SourceSettings
from tasks.problems.task import IngestRequest, ingest_problems
from tests.bench.row import Row

ROWS, SECONDS, MEMORY_GIB = 100_000, 20.0, 1.0
SAME, SAME_SECONDS = 20_000, 5.0
PICTURES, PICTURE_BYTES, PICTURES_GIB = 2_000, 200_000, 0.5
GIB = 2**30
WORDS = (
    "Natalia",
    "sold",
    "48",
    "clips",
    "to",
    "friends",
    "in",
    "April",
    "and",
    "then",
    "half",
    "as",
    "many",
    "each",
    "day",
    "how",
    "much",
)


def worked(numbers: random.Random, row: int) -> dict[str, str]:
    """A row of GSM8K's shape: a question of about 240 characters, and a worked solution of about 290 with the answer after `####`."""
    told = " ".join(numbers.choices(WORDS, k=45))
    steps = "\n".join(f"{' '.join(numbers.choices(WORDS, k=14))} <<{n}+{row}={n + row}>>{n + row}." for n in range(3))
    return {"question": f"{row}: {told}?", "answer": f"{steps}\n#### {row % 1000:,}"}


def lines(rows: Iterator[dict[str, str]], path: Path) -> Path:
    """A file of JSON Lines with the rows."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def ingest(path: str, home: str, problem: str, id: str) -> None:
    """Ingest a file; where that is refused, the error's length is what is printed."""
    columns = {"images": None, "problem": problem, "id": id or None}
    try:
        done = ingest_problems.fn(IngestRequest(home=Path(home), source=SourceSettings(name="rows", path=path, columns=columns)))
        print(done.manifest["counts"]["problems"])
    except InputError as error:
        print(len(str(error)))


def count(path: str) -> None:
    """Read a file's rows and keep none."""
    print(sum(1 for row in file_rows(Path(path)) if not row.fault))


def peak() -> int:
    """The most memory that this program has had, in KiB; getrusage counts what the process that started it had, too."""
    found = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(found.split()[1])


def measured(*arguments: str) -> tuple[float, float, int]:
    """What a process of `ingest` or `count` takes: seconds, GiB, and the number that it prints."""
    code = f"from tests.bench import ingesting; ingesting.{arguments[0]}(*{arguments[1:]!r}); print(ingesting.peak())"
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True)
    found, kilobytes = done.stdout.split()
    return time.perf_counter() - started, int(kilobytes) * 1024 / GIB, int(found)


def worked_row(folder: Path, rows: int = ROWS) -> Row:
    """The line of rows of GSM8K's shape."""
    numbers = random.Random(0)
    path = lines((worked(numbers, row) for row in range(rows)), folder / "worked.jsonl")
    seconds, gib, found = measured("ingest", str(path), str(folder / "worked"), "question", "")
    return Row(
        f"{rows:,} rows of GSM8K's shape ingested",
        f"{seconds:.1f} s, {gib:.2f} GiB, {found:,} problems",
        f"≤ {SECONDS:.0f} s, ≤ {MEMORY_GIB:.0f} GiB",
        seconds <= SECONDS and gib <= MEMORY_GIB and found == rows,
    )


def same_row(folder: Path, rows: int = SAME) -> Row:
    """The line of rows that all have one id."""
    path = lines(({"id": "train", "problem": f"What is {n}+1?", "answer": str(n + 1)} for n in range(rows)), folder / "same.jsonl")
    seconds, gib, length = measured("ingest", str(path), str(folder / "same"), "problem", "id")
    return Row(
        f"{rows:,} rows with one id refused",
        f"{seconds:.1f} s, {gib:.2f} GiB, in {length} characters",
        f"≤ {SAME_SECONDS:.0f} s",
        seconds <= SAME_SECONDS and length < 1000,
    )


def array_row(folder: Path, pictures: int = PICTURES) -> Row:
    """The line of a JSON array of pictures in base64, on one line, which is read without being held."""
    numbers, path = random.Random(0), folder / "pictures.json"
    picture = b64encode(numbers.randbytes(PICTURE_BYTES)).decode()
    with path.open("w") as file:
        for number in range(pictures):
            file.write(f"{',' if number else '['}{json.dumps({'image': picture, 'problem': str(number)})}")
        file.write("]")
    seconds, gib, found = measured("count", str(path))
    return Row(
        f"a JSON array of {path.stat().st_size / GIB:.1f} GiB, {pictures:,} pictures in base64, read",
        f"{seconds:.1f} s, {gib:.2f} GiB",
        f"≤ {PICTURES_GIB} GiB",
        gib <= PICTURES_GIB and found == pictures,
    )


def rows() -> list[Row]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as name:
        return [worked_row(Path(name)), same_row(Path(name)), array_row(Path(name))]


if __name__ == "__main__":
    for line in rows():
        print(line)
