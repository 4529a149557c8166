"""The commands about the machine and what happens on it: is it fit for runs, and how far are they?"""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from flows.commands.options import AsJson, Changes, Home, recipe_names
from flows.commands.printing import print_json, printed
from tasks.lake.layout import default_home

if TYPE_CHECKING:
    from flows.commands.doctor import Finding

app = typer.Typer()
PANEL = "Operate"
COLOURS = {"ok": "green", "warning": "yellow", "fault": "bold red"}


@app.command(rich_help_panel=PANEL)
def status(
    recipe: Annotated[
        str | None,
        typer.Argument(
            metavar="[RECIPE]", help="How far it is, and how long what is left may take.", autocompletion=lambda: recipe_names()
        ),
    ] = None,
    home: Home = None,
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """What is running, how far it is, how long it will take yet, and what waits for a worker. Works without a server, too.

    Example: `difficulty-prior status`, or for one recipe `difficulty-prior status starter`
    """
    from flows.commands.standing import print_status
    from flows.commands.status import look
    from flows.recipe import load_recipe

    found = look(home or default_home(), load_recipe(recipe, changes or ()) if recipe else None)
    if as_json:
        print_json(found)
    else:
        print_status(printed(), found)


@app.command(rich_help_panel=PANEL)
def doctor(home: Home = None, as_json: AsJson = False) -> None:
    """Is this machine fit for runs? Python, torch, GPU, packages, disk, Prefect: each with the fix. Exit code 1 where there is a fault.

    Example: `difficulty-prior doctor`
    """
    from flows.commands.doctor import Level, examine

    findings = examine(home or default_home())
    if as_json:
        print_json({"ok": all(found.level is not Level.fault for found in findings), "findings": findings})
    else:
        printed().print(findings_table(findings))
    if any(found.level is Level.fault for found in findings):
        raise typer.Exit(1)


def findings_table(findings: "list[Finding]") -> Table:
    """What was found, a line each, with the fix below what needs one."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for style in ("", "bold", ""):
        table.add_column(style=style, overflow="fold")
    for found in findings:
        fix = f"\n→ {found.fix}" if found.fix else ""
        table.add_row(Text(found.level, style=COLOURS[found.level]), found.name, Text.assemble(found.said, (fix, "dim")))
    return table
