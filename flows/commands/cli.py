"""Measure how hard every problem is for a model, curate by that, train by that: from the shell.

A RECIPE says what a run does; what is done already is skipped. Start with `difficulty-prior doctor`, then
`difficulty-prior run starter --plan`, then `difficulty-prior run starter`. Every command has an example in its own `--help` and prints
JSON with `--json`. `difficulty-prior --install-completion` completes commands, options and recipes with the Tab key.

Exit codes: **0** done · **1** something broke, or `doctor` found a fault · **2** the input, a setting, a disk or a server is at fault, and
the message says which and what to do · **3** done, but some completions could not be had: the message says which and why, and the same
command tries them again · **130** interrupted. A run that did not end well goes on from what is written when it is run again.
"""

import gc
import os
import shlex
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from flows.commands import answers, auditing, machine, method, power, service, sets, warehouse
from flows.commands.printing.console import warn
from tasks.base.errors import WorkerError, input_error_in
from tasks.steps.shortfalls import DONE_BUT, SHORTFALLS
from tasks.warehouse.interruption import left_behind

INTERRUPTED = 130
OBJECTS_BETWEEN_COLLECTIONS = 50_000
app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, rich_markup_mode="markdown", help=__doc__)
for group in (method, answers, auditing, sets, warehouse, power, machine, service):
    app.add_typer(group.app)


def print_version(asked: bool) -> None:
    """Print the version of what is installed."""
    if asked:
        try:
            typer.echo(f"difficulty-prior {version('difficulty-prior')}")
        except PackageNotFoundError:
            typer.echo("difficulty-prior of a source tree that is not installed")
        raise typer.Exit()


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version, and end.", callback=print_version, is_eager=True)] = False,
) -> None:
    """What comes before a command: libraries are told to send no word of it to their makers, as Prefect does where it is new."""
    os.environ.setdefault("DO_NOT_TRACK", "1")


def main() -> None:
    """Entry point: run a command, and end with its exit code; at once, where a query that was given up is still being computed, and where
    somebody who has pressed Ctrl-C waits for an interpreter that has nothing of Prefect's to end.

    Imports make some hundred thousand objects, of which none is garbage: looking for it among them, while they are made and at the end,
    took half a second of a short command. (DuckDB's must be found at the end: it prints a page about those that were not.)
    """
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    code = exit_code()
    if "duckdb" not in sys.modules:
        gc.freeze()
    if left_behind() or (code == INTERRUPTED and "prefect" not in sys.modules):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # the interpreter would wait for it; it only reads
    sys.exit(code)


def exit_code() -> int:
    """Run a command: input errors are one message and exit code 2, worker errors one message and exit code 1."""
    SHORTFALLS.clear()
    try:
        app()
    except SystemExit as ended:
        return (ended.code if isinstance(ended.code, int) else int(ended.code is not None)) or done_but()
    except KeyboardInterrupt:
        return INTERRUPTED
    except WorkerError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, soft_wrap=True, highlight=False)
        return 1
    except Exception as error:
        if str(error) == "Query interrupted":  # DuckDB's word for a Ctrl-C
            return INTERRUPTED
        fault = input_error_in(error)
        if fault is None:
            raise
        Console(stderr=True).print(f"[bold red]error[/]: {escape(str(fault))}", soft_wrap=True, highlight=False)
        return 2
    return done_but()


def done_but() -> int:
    """The exit code of a command that is done: 0, or 3, with what is missing and how to try it again, where its steps fell short."""
    if not SHORTFALLS:
        return 0
    again = f"To try them again: {shlex.join(['difficulty-prior', *sys.argv[1:]])}"
    words = "\n".join(["done, but:", *(f"  {step}: {short.what}: {short.why}" for step, short in SHORTFALLS.items()), again])
    warn(words)
    return DONE_BUT


if __name__ == "__main__":
    main()
