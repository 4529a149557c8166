"""What commands print with: a console as wide as the terminal, and JSON for programs."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console


def printed() -> Console:
    """Where commands print: the terminal as wide as it is, or 120 columns into a file."""
    return Console(width=None if sys.stdout.isatty() else 120)


def say(line: str) -> None:
    """Print one line, as it is, however long."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()  # for who reads along, as in a log


def remark(line: str) -> None:
    """Print one line beside the result, to the error output."""
    Console(stderr=True).print(line, soft_wrap=True, highlight=False, markup=False, style="dim")


def warn(words: str) -> None:
    """Print what a command is done without, to the error output."""
    Console(stderr=True).print(words, style="yellow", markup=False, soft_wrap=True, highlight=False)


@contextmanager
def progress_of(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal's error output how many of how many are done, as the function that this gives is told."""
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def print_json(value: Any) -> None:
    """Print a value as JSON; tables as lists of rows, what is not a number as null."""
    sys.stdout.write(f"{json.dumps(plain(value), indent=1, ensure_ascii=False)}\n")


def plain(value: Any) -> Any:
    """A value with its tables, settings and paths as JSON has them."""
    if hasattr(value, "write_json"):  # a table of polars, which is not imported for this
        return json.loads(value.write_json())
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(part) for part in value]
    if isinstance(value, float) and value != value:
        return None
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(value)
