"""Prints a status: what is under way, how far a recipe is, and what Prefect's server has running or waiting."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.bar import Bar
from rich.box import SIMPLE
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from flows.commands.status import RecipeStanding, ServerStanding, Status, StepStanding, UnderWay
from tasks.reporting.wording import printable

if TYPE_CHECKING:
    from flows.service.following import UnfinishedRun
    from flows.service.workers import Pool

BAR, ROOM_FOR_BAR = 20, 120
SHORT = {"scheduled": "planned", "cancelling": "stopping", "awaitingretry": "retrying"}
TAG, WIDEST = 9, 10_000
STYLES = {"running": "bold cyan", "cached": "green", "to do": "bold", "waits": "dim", "missing": "red", "unknown": "yellow"}


def print_status(console: Console, status: Status) -> None:
    """Print what is made in a lake, how far its recipe is, and what the server has running, each line with a tag of what it is about."""
    counts = ", ".join(f"{count} {kind}" for kind, count in status.finished.items())
    print_line(console, Text.assemble(("lake     ", "dim"), str(status.home), (f"  {counts or 'nothing is made in it yet'}", "dim")))
    if status.unknown:
        print_line(console, Text.assemble(("storage  ", "yellow"), printable(status.unknown)))
    if not status.under_way:
        print_line(console, Text.assemble(("lake     ", "dim"), "no step is being made"))
    for step in status.under_way:
        print_line(console, under_way_line(step))
    for short in status.short:
        print_line(console, Text.assemble(("missing  ", "yellow"), printable(short)))
    if status.recipe:
        print_recipe(console, status.recipe)
    for line in server_lines(status.server):
        print_line(console, line)


def print_line(console: Console, line: Text) -> None:
    """Print a line that begins with a tag: in a terminal with what is too long for it below its own beginning, elsewhere as one line."""
    if not console.is_terminal:
        console.print(line, soft_wrap=True)
        return
    tag, said = line.divide([TAG])
    grid = Table.grid()
    grid.add_column(width=TAG)
    grid.add_column(overflow="fold")
    grid.add_row(tag, said)
    console.print(grid)


def print_table(console: Console, table: Table) -> None:
    """Print a table as wide as the terminal; elsewhere as wide as it is, a row a line."""
    if not console.is_terminal:
        console.width = max(console.width, Measurement.get(console, console.options.update(max_width=WIDEST), table).maximum)
    console.print(table)


def under_way_line(step: UnderWay) -> Text:
    """A step that is being made, with its amount and estimated time remaining, or one that was cut off, with how long ago."""
    amount = f"{step.done:,}/{step.total:,} {step.what}" if step.total else "loading what it needs"
    if step.running:
        return Text.assemble(
            ("running  ", "bold cyan"), f"{printable(step.title)}: {printable(amount)}", (f", {remaining(step.seconds_left)}", "dim")
        )
    again = f", {span(step.quiet_s)} ago; the next run of its recipe goes on from what is written"
    return Text.assemble(("cut off  ", "yellow"), f"{printable(step.title)}: {printable(amount)}", (again, "dim"))


def print_recipe(console: Console, recipe: RecipeStanding) -> None:
    """Print every step of a recipe, and the sum."""
    table = Table(header_style="bold", box=SIMPLE, pad_edge=False)
    table.add_column(justify="right", no_wrap=True)
    table.add_column("step", overflow="fold")
    table.add_column("state", no_wrap=True)
    has_bar = not console.is_terminal or console.width >= ROOM_FOR_BAR
    if has_bar:
        table.add_column(no_wrap=True)
    table.add_column("done", justify="right", no_wrap=True)
    table.add_column("remaining", justify="right", no_wrap=True)
    for step in recipe.steps:
        cells = amount_cells(step)
        state = Text(step.state, style=STYLES.get(step.state, ""))
        table.add_row(str(step.number), printable(step.name), state, *(cells if has_bar else cells[1:]))
    print_table(console, table)
    rest = len(recipe.steps) - recipe.done
    unknown = f", and {recipe.unknown} steps at a pace not known yet" if recipe.unknown else ""
    at_most = "at most " if any(step.up_to and step.seconds_left for step in recipe.steps) else ""
    time = f"; {at_most + remaining(recipe.seconds_left) if recipe.seconds_left else 'time remaining unknown'}{unknown}" if rest else ""
    console.print(
        f"{recipe.name}: {recipe.done} of {len(recipe.steps)} steps done{time}", highlight=False, soft_wrap=not console.is_terminal
    )


def amount_cells(step: StepStanding) -> tuple[Bar | str, str, str]:
    """Of a step with work to count: a bar, how much is done, and the estimated time remaining."""
    if step.state == "cached" or step.total is None or step.done is None:
        return "", "", ""
    amount = f"{step.done:,}/{'up to ' if step.up_to else ''}{step.total:,}"
    return (
        Bar(size=max(step.total, 1), begin=0, end=step.done, width=BAR),
        amount,
        "" if step.seconds_left is None else f"{'at most ' if step.up_to else ''}{span(step.seconds_left)}",
    )


def server_lines(server: ServerStanding | None) -> Iterator[Text]:
    """Whether the configured server answers, its open runs and its work pools, a line each."""
    if server is None:
        yield Text.assemble(("prefect  ", "dim"), "PREFECT_API_URL is not set, so no server is asked")
    elif server.fault:
        yield Text.assemble(("prefect  ", "red"), server.fault)
    else:
        yield Text.assemble(("prefect  ", "dim"), f"{server.url}, version {server.version}", "" if server.runs else ": no run is open")
        yield from map(run_line, server.runs)
        yield from map(pool_line, server.pools)


def run_line(run: "UnfinishedRun") -> Text:
    """A flow run that has not ended: how late it is, when it is due, or since when it is in its state."""
    now = datetime.now(UTC)
    late = run.state in ("Scheduled", "Late") and run.due and run.due < now
    when = f"late by {span((now - run.due).total_seconds())}" if late and run.due else ""
    if not late and run.due and run.due > now:
        when = f"in {span((run.due - now).total_seconds())}"
    elif not late and run.since:
        when = f"for {span((now - run.since).total_seconds())}"
    state = run.state.lower()
    style = "yellow" if late else STYLES.get(state, "")
    pool = f", pool {run.pool}" if run.pool else ""
    return Text.assemble(
        (f"{SHORT.get(state, state)[: TAG - 1]:<{TAG}}", style), printable(run.name), (f"  {run.flow}{pool}, {when}", "dim")
    )


def pool_line(pool: "Pool") -> Text:
    """A work pool; said plainly where nobody works for it."""
    if pool.idle:
        return Text.assemble(("waits    ", "yellow"), pool.warning)
    return Text.assemble(("pool     ", "dim"), f"{pool.name} ({pool.type}): {pool.workers} workers online")


def remaining(seconds: float | None) -> str:
    """The estimated time remaining in words."""
    return "time remaining unknown" if seconds is None else f"about {span(seconds)} remaining"


def span(seconds: float) -> str:
    """A length of time with the unit that fits it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"
