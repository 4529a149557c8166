"""The command about how wrong the grader is: draws verdicts for people to label, reads their labels, and shows what they say."""

from dataclasses import asdict
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.answers import PANEL
from flows.commands.options import AsJson, Changes, Home, looked_at, opened, options_checked, recipe_if_any
from flows.commands.printing.console import print_json, printed, say, warn
from tasks.base.errors import InputError
from tasks.steps.shortfalls import DONE_BUT

if TYPE_CHECKING:
    from tasks.auditing.labels import Sheet

MOST_FAULTS = 20  # that are told with a line each
app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def audit(
    recipe: Annotated[str | None, recipe_if_any("Audit the verdicts that count for it; without, those of all that the lake holds.")] = None,
    n: Annotated[int, typer.Option("--n", metavar="N", help="Verdicts to draw; more of them later hold those that were labelled.")] = 200,
    out: Annotated[Path | None, typer.Option(help="The sheet to label: .csv or .jsonl; default audit.csv.")] = None,
    seed: Annotated[int, typer.Option(help="Of the draw: the same gives the same sheet.")] = 0,
    every: Annotated[bool, typer.Option("--every", help="Put rows that have a label into the sheet too, for a second person.")] = False,
    read: Annotated[Path | None, typer.Option(metavar="SHEET", help="Read the labels of a sheet (also xlsx) instead of drawing.")] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="With --read: who labelled it; default your user name.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Draw nothing: show what the labels say so far.")] = False,
    home: Home = None,
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """How wrong is the grader on your data? Draw verdicts, label them, read the labels: precision, recall, corrected difficulty.

    Example: `difficulty-prior audit starter --n 200 --out audit.csv`, then `difficulty-prior audit --read audit.csv --by ada`
    """
    if sum((read is not None, show, out is not None)) > 1:
        raise InputError("--read, --show and --out exclude each other: draw a sheet, read it, or show what was found")
    if read is not None:
        read_labels(opened(home), read, by or getuser(), as_json)
    elif show:
        show_result(looked_at(home), as_json)
    else:
        from flows.recipe import load_recipe

        name = load_recipe(recipe, changes or ()).name if recipe else ""
        draw_sheet(opened(home), {"recipe": name, "n": n, "seed": seed}, out or Path("audit.csv"), every, as_json)


def draw_sheet(home: Path, asked: dict[str, object], out: Path, every: bool, as_json: bool) -> None:
    """Draw an audit, and write the sheet of what nobody has labelled yet."""
    from tasks.auditing.draw import draw_audit
    from tasks.auditing.labels import labelled
    from tasks.auditing.settings import AuditSettings
    from tasks.auditing.sheet import check_out, write_sheet
    from tasks.lake.lake import Lake

    lake = Lake(home)
    with options_checked():
        settings = AuditSettings.model_validate(asked)
    check_out(out)
    found = draw_audit(lake, settings)
    known = set() if every else labelled(lake)
    left = found.drawn.filter(~found.drawn["response_id"].is_in(list(known)))
    if not left.is_empty():
        write_sheet(left, out, lake.images)
    told = {"audit": found.id, "drawn": len(found.drawn), "to_label": len(left), "out": out.absolute() if len(left) else None}
    if as_json:
        print_json(told)
    else:
        say(drawn_words(told, found.verdicts, out))


def drawn_words(told: dict[str, object], verdicts: int, out: Path) -> str:
    """What was drawn, and what to do with it."""
    drawn, left = int(str(told["drawn"])), int(str(told["to_label"]))
    known = f", {drawn - left:,} of which have labels" if drawn > left else ""
    first = f"audit {str(told['audit'])[:12]}: {drawn:,} of {verdicts:,} verdicts{known}"
    if not left:
        return f"{first}: nothing is left to label; draw more with --n, or let a second person label them too with --every"
    return (
        f"{first}; {out} has {left:,} to label.\nWrite right, wrong or unsure into the column `label` of each, by question, gold answer "
        f"and the end of the response (the first rows are a smaller audit: stop where you like). Then:\n"
        f"difficulty-prior audit --read {out} --by NAME"
    )


def read_labels(home: Path, sheet: Path, by: str, as_json: bool) -> None:
    """Keep the labels of a sheet, publish what they say, show it; rows at fault are told, and make the exit code 3."""
    from tasks.auditing.labels import keep_labels
    from tasks.lake.lake import Lake
    from tasks.warehouse.home import send_warehouse
    from tasks.warehouse.publishing import publish_again

    read = keep_labels(Lake(home), sheet, by)
    publish_again(Lake(home))
    send_warehouse(home)
    if not as_json:
        say(f"{sheet}: {len(read.sheet.labels):,} labels by {by}, {read.new:,} of them new; rows without one: {read.sheet.empty:,}.")
    show_result(home, as_json)
    if read.sheet.faults:
        warn(faulty_rows(sheet, read.sheet))
        raise typer.Exit(DONE_BUT)


def faulty_rows(path: Path, sheet: "Sheet") -> str:
    """What is wrong with rows of a sheet, the first of them with a line each."""
    lines = [f"  {path}, {fault}" for fault in sheet.faults[:MOST_FAULTS]]
    more = len(sheet.faults) - len(lines)
    kept = f"done, but: {len(sheet.labels):,} labels are kept, and {len(sheet.faults):,} rows are not; mend them and read the file again:"
    return "\n".join([kept, *lines, *([f"  … and {more:,} more"] if more else [])])


def show_result(home: Path, as_json: bool) -> None:
    """Show what the audits of a lake have found."""
    from flows.commands.printing.audit import print_result
    from tasks.auditing.result import result
    from tasks.lake.lake import Lake

    found = result(Lake(home))
    if as_json:
        print_json(asdict(found))
    else:
        print_result(printed(), found)
