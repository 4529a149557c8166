"""The commands about answers and verdicts: bring in answers made elsewhere, grade any file, judge stored ones anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.commands.options import AsJson, Changes, Home, options_checked, recipe_if_any
from flows.commands.printing.console import print_json, printed, warn
from flows.commands.running import ready
from flows.commands.warehouse import bars_and_shapes, draw_histogram
from tasks.base.errors import InputError
from tasks.steps.shortfalls import DONE_BUT

app = typer.Typer()
PANEL = "Answers and verdicts"
OWN_IDS = ("id", "problem_id", "source_id", "question_id", "qid", "pid", "uid", "uuid", "idx", "index", "sample_index")
"""What the ids are called that answers made elsewhere name problems by."""


class ImportAs(StrEnum):
    """What the files of an import are."""

    rounds = "rounds"
    policies = "policies"


@app.command("import-rollouts", rich_help_panel=PANEL)
def import_rollouts(
    files: Annotated[list[str], typer.Argument(help="Files of responses: JSON Lines, JSON, Parquet, CSV, TSV or xlsx.")],
    problems: Annotated[str, typer.Option(help="The problems that they answer: a file of any of these kinds, or a Hugging Face dataset.")],
    panel: Annotated[str, typer.Option(help="Name of the panel whose rounds the files are.")] = "panel",
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|MAPPING", help="The problems' columns: a mapping's name, as mathvision, or your own, as '{problem: question}'."
        ),
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Name of the dataset; default the name of the problems' file.")] = None,
    format: Annotated[
        str, typer.Option(help="What wrote the files, where their fields do not tell: a name that is not there lists those that are.")
    ] = "auto",
    id: Annotated[str | None, typer.Option(help="Field with the problem's id; a dotted path for a nested one.")] = None,
    response: Annotated[str | None, typer.Option(help="Field with the response, or a list of them.")] = None,
    question: Annotated[str | None, typer.Option(help="Field with the question or prompt, to match by where there is no id.")] = None,
    finish_reason: Annotated[str | None, typer.Option(help="Field that says why a response ended: `length` is cut off.")] = None,
    files_are: Annotated[ImportAs, typer.Option("--as", help="Each file a round of one panel, or each its own policy.")] = ImportAs.rounds,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bring in responses made elsewhere, and measure difficulty from them.

    Example: `difficulty-prior import-rollouts 'responses/*.jsonl' --problems testmini.jsonl --columns mathvision --panel recorded`
    """
    from tasks.base.paths import expand_files

    found = [str(path) for path in expand_files(files)]
    place = ready(home)
    import flows.import_rollouts
    from tasks.problems.contents import contents
    from tasks.problems.origin import locate
    from tasks.problems.settings import SourceSettings
    from tasks.sampling.imported.rollouts import check_files
    from tasks.sampling.imported.settings import ImportColumns, ImportSettings, panel_files

    groups = [(panel, tuple(found))] if files_are is ImportAs.rounds else [(Path(name).stem, (name,)) for name in found]
    with options_checked():
        source = SourceSettings(name=dataset or Path(problems).stem, path=problems, split="train", columns=mapping_of(columns))
        fields = ImportColumns(id=id, response=response, question=question, finish_reason=finish_reason)
        panels = tuple(ImportSettings(panel=name, files=members, columns=fields, format=format) for name, members in groups)
    with columns_told():
        contents(source, locate(source))
    for asked in panels:
        check_files(panel_files(asked), asked)
    measured = flows.import_rollouts.import_rollouts(source=source, panels=panels, home=place)
    if as_json:
        bars, shapes = bars_and_shapes(place, dataset=source.name)
        print_json({"difficulty": [made.path for made in measured], "histogram": bars, "u_shape": shapes})
    else:
        draw_histogram(place, dataset=source.name)


def mapping_of(columns: str | None) -> Any:
    """A column mapping as it is given: a name, or the mapping itself in YAML or JSON. Whatever it leaves out is found by its usual name."""
    import yaml

    if columns and not columns.strip().startswith("{"):
        return columns
    try:
        given = yaml.safe_load(columns or "{}")
    except yaml.YAMLError as error:
        raise InputError(f"--columns {columns!r} is not a mapping: write it as '{{problem: question, answer: answer}}'") from error
    return given if "id" in given else {**given, "id": OWN_IDS, "optional": (*given.get("optional", ()), "id")}


@contextmanager
def columns_told() -> Iterator[None]:
    """Tell of a fault of the columns what this command calls them."""
    try:
        yield
    except InputError as error:
        way = " (here: --columns '{problem: NAME, answer: NAME}', or the name of a mapping)" if "columns." in str(error) else ""
        raise InputError(f"{error}{way}") from error


@app.command(rich_help_panel=PANEL)
def grade(
    responses: Annotated[
        Path, typer.Argument(metavar="IN.jsonl", help="JSON Lines (or a table) of `response`, `answer`; optional `choices`, `precision`.")
    ],
    out: Annotated[Path | None, typer.Option(help="Where the graded lines go: all fields, and `verdict`, `extracted`, `rule`.")] = None,
    explain: Annotated[
        list[int] | None,
        typer.Option(metavar="LINE", help="Grade only this line (1 first; may be given again) and say why it is judged as it is."),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="Judge as this recipe does: by its limits, verifiers by dataset, and second opinion.")
    ] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds of the processor that one comparison may take; default 5.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes for comparisons that need algebra; default 2.")] = None,
    verifier: Annotated[
        str | None, typer.Option(metavar="FILE.py:FUNCTION", help="A function of your own that judges instead; see deployments/README.md.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Grade any file of responses, without a lake. A line that cannot be graded is `unscorable`, says why, and makes the exit code 3.

    Example: `difficulty-prior grade answers.jsonl --out graded.jsonl`, or `difficulty-prior grade answers.jsonl --explain 3`
    """
    from flows.commands.printing.verdicts import accuracy_of, faulty_lines, verdict_counts
    from tasks.grading.files.graded import grade_file

    settings = judged_as(recipe, {"timeout_s": timeout, "workers": workers, "verifier": verifier})
    if explain:
        tell_why(responses, explain, settings, as_json)
        return
    if out is None:
        raise InputError("--out is missing: say where the graded lines go, or ask for one with --explain LINE")
    found = grade_file(responses, out, settings)
    if as_json:
        accuracy = accuracy_of(found.verdicts)
        print_json(
            {"out": out.absolute(), "verdicts": found.verdicts, "accuracy": accuracy, "faulty": found.faulty, "faults": found.faults}
        )
    else:
        printed().print(verdict_counts(found.verdicts), soft_wrap=True)
    if found.faulty:
        warn(faulty_lines(found, responses, out))
        raise typer.Exit(DONE_BUT)


def tell_why(responses: Path, lines: list[int], settings: Any, as_json: bool) -> None:
    """Print why lines are judged as they are."""
    from flows.commands.printing.explanations import explanation
    from tasks.grading.files.explained import explained

    found = explained(responses, lines, settings)
    if as_json:
        print_json({"explained": [one.as_json() for one in found]})
        return
    for one in found:
        printed().print(explanation(one), soft_wrap=True)


def judged_as(recipe: str | None, given: dict[str, Any]) -> Any:
    """How a recipe's answers are judged, or usually, with what options give in the place of its own."""
    from flows.recipe import load_recipe
    from tasks.grading.settings import GradingSettings

    usual = load_recipe(recipe).grading.model_dump() if recipe else {}
    with options_checked():
        return GradingSettings(**usual | {name: value for name, value in given.items() if value is not None})


@app.command(rich_help_panel=PANEL)
def regrade(
    recipe: Annotated[str | None, recipe_if_any("Only answers to its problems, with its bands; else all.")] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="GRADER", help="Compare with this one: its name or the start of it; default the one that first judged before it."
        ),
    ] = None,
    home: Home = None,
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """Judge stored responses with the present grader, and show which problems changed band. Nothing is sampled.

    Example: `difficulty-prior regrade starter`, or `difficulty-prior regrade starter --against grader-2`
    """
    from flows.recipe import load_recipe

    settings = load_recipe(recipe, changes or ()) if recipe else None
    place = ready(home)
    import flows.regrade
    from flows.commands.printing.verdicts import print_changes
    from tasks.grading import stored
    from tasks.grading.graders import check_grader
    from tasks.lake.lake import Lake

    check_grader(Lake(place), against)
    flows.regrade.regrade(home=place, recipe=settings)
    changed, judged = stored.changes(place, settings.grading if settings else None, against)
    if as_json:
        print_json({"changed_band": changed, "judged_anew": judged})
    else:
        print_changes(printed(), changed, judged)
