"""Prints a dry run: every step, what is cached and why not, what is to be sampled, and what is missing."""

from collections import Counter
from collections.abc import Sequence

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.reporting.wording import printable
from tasks.steps.planning import State, Step

UNKNOWN = "unknown until ingested"
PLANNED = {
    State.cached: "green",
    State.to_do: "bold",
    State.waits: "dim",
    State.unknown: "yellow",
    State.missing: "red",
    State.every_run: "dim",
}


def print_plan(console: Console, steps: Sequence[Step], missing: Sequence[str], completions: int | None, tokens: int | None) -> None:
    """Print a dry run: every task in order, what is cached and why not, the completions and tokens still to expect, and what is missing."""
    table = Table(header_style="bold", box=SIMPLE, pad_edge=False)
    for head, justify in (("", "right"), ("step", "left"), ("state", "left"), ("completions", "right"), ("tokens at most", "right")):
        table.add_column(head, justify=justify)  # type: ignore[arg-type]
    table.add_column("why", overflow="fold")
    for step in steps:
        left, most = (step.work.left, step.work.most_tokens) if step.work else (None, None)
        samples = step.work is not None and step.work.completions != 0
        at_most = step.work is not None and step.work.up_to
        counts = [Text(said) if samples else Text("") for said in (count(left, up_to=at_most), count(most))]
        why = Text("see below" if step.state is State.missing else "\n".join(map(printable, step.why)))
        table.add_row(Text(str(step.number)), Text(printable(step.name)), Text(step.state, style=PLANNED[step.state]), *counts, why)
    console.print(table)
    states = Counter(step.state for step in steps)
    console.print(", ".join(f"{number} {state}" for state, number in states.items()), highlight=False)
    up_to = any(step.work.up_to for step in steps if step.work and step.work.left)
    known = f"{count(completions, up_to=up_to)} completions, at most {count(tokens)} tokens"
    console.print(f"to be sampled: {known if completions is not None else UNKNOWN}", highlight=False)
    for line in missing:
        console.print(Text.assemble(("missing  ", "bold red"), printable(line)), soft_wrap=True)


def print_remarks(console: Console, warnings: Sequence[str], notes: Sequence[str]) -> None:
    """Print what a plan warns of, and what it notes."""
    for lines, head in ((warnings, ("warning  ", "bold yellow")), (notes, ("note     ", "dim"))):
        for line in lines:
            console.print(Text.assemble(head, printable(line)), soft_wrap=True)


def count(number: int | None, *, up_to: bool = False) -> str:
    """A number of a plan (`up_to`: it may be less), or that nobody knows it."""
    return "unknown" if number is None else f"{'up to ' if up_to else ''}{number:,}"
