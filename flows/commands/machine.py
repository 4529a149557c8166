"""The commands about the machine and what happens on it: is it fit for runs, and how far are they?"""

from typing import Annotated

import typer

from flows.commands.options import AsJson, Changes, Home, recipe_if_any
from flows.commands.printing.console import print_json, printed
from tasks.lake.layout import default_home

app = typer.Typer()
PANEL = "Operate"


@app.command(rich_help_panel=PANEL)
def status(
    recipe: Annotated[str | None, recipe_if_any("How far it is, and its estimated time remaining.")] = None,
    home: Home = None,
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """What is running, how far it is, its estimated time remaining, and what waits for a worker. Works without a server, too.

    Example: `difficulty-prior status`, or for one recipe `difficulty-prior status starter`
    """
    from flows.commands.printing.status import print_status
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
    from flows.commands.printing.findings import findings_table

    findings = examine(home or default_home())
    if as_json:
        print_json({"ok": all(found.level is not Level.fault for found in findings), "findings": findings})
    else:
        printed().print(findings_table(findings))
    if any(found.level is Level.fault for found in findings):
        raise typer.Exit(1)
