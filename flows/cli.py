"""`difficulty-prior …`: thin; every command is a flow or a query.

Exit codes: 0 done, 1 something broke, 2 the input is at fault (the message says where, and what to do).
"""

import json
import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from flows.recipe import Recipe, default_home, load_recipe
from flows.serve import commands as serving
from tasks.errors import InputError, WorkerError
from tasks.home import open_home
from tasks.process import own_children

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, rich_markup_mode="markdown", help=__doc__)

RecipeName = Annotated[str, typer.Argument(metavar="RECIPE", help="A name in deployments/recipes/, or the path of a YAML file.")]
Home = Annotated[
    Path | None, typer.Option("--home", help="The lake: a folder or s3://bucket/prefix; default DIFFICULTY_PRIOR_HOME, or ./runs.")
]
Changes = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, as in `--set sampling.rounds=16`.")
]

DryRun = Annotated[
    bool, typer.Option("--plan", help="Run nothing: show every task, what is cached and why not, what it would sample, what is missing.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")]


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


class ExportTo(StrEnum):
    """Who trains on what is exported."""

    verl = "verl"
    easyr1 = "easyr1"
    datasets = "datasets"


class ImportAs(StrEnum):
    """What the files of an import are."""

    rounds = "rounds"
    policies = "policies"


def opened(home: Path | None) -> Path:
    """The folder of the lake that a command is given, or of the default one."""
    return open_home(home or default_home())


def printed() -> Console:
    """Where commands print: the terminal as wide as it is, or 120 columns into a file."""
    return Console(width=None if sys.stdout.isatty() else 120)


def prefect_defaults() -> None:
    """Prefect's settings where the user has none: no telemetry, and time for the temporary server to start on a busy machine."""
    own_children()
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")


def run_flow(load: Callable[[], Any], name: str, home: Path | None, changes: list[str] | None, plan: bool, as_json: bool) -> Any:
    """Run the flow that `load` imports, on a recipe; or print what that would do, and end."""
    recipe: Recipe = load_recipe(name, changes or ())
    prefect_defaults()
    if plan or as_json:
        os.environ["HF_HUB_OFFLINE"] = "1"  # a plan asks nothing elsewhere; the hub's client reads this when it is imported
        show_plan(load(), recipe, opened(home), as_json)
        raise typer.Exit()
    return load()(recipe=recipe, home=opened(home))


def show_plan(flow: Callable[..., Any], recipe: Recipe, home: Path, as_json: bool) -> None:
    """Print the dry run of a flow."""
    from flows.planning import plan_flow
    from tasks.reporting.terminal import print_plan

    plan = plan_flow(flow, recipe, home)
    if as_json:
        sys.stdout.write(f"{json.dumps(plan.as_json(), indent=1)}\n")
    else:
        print_plan(printed(), plan.steps, plan.missing, plan.completions, plan.most_tokens)


@app.command()
def run(recipe: RecipeName, home: Home = None, changes: Changes = None, plan: DryRun = False, as_json: AsJson = False) -> None:
    """The whole method: profile, curate, train both stages, evaluate, report. What is done is skipped.

    Example: `difficulty-prior run starter`, and before it `difficulty-prior run starter --plan`
    """

    def load() -> Any:
        from flows.pipeline import pipeline

        return pipeline

    done = run_flow(load, recipe, home, changes, plan, as_json)
    from tasks.reporting.terminal import print_run

    print_run(printed(), evaluation=done.evaluated.evaluation, report=done.report, warehouse=done.warehouse)


@app.command()
def profile(recipe: RecipeName, home: Home = None, changes: Changes = None, plan: DryRun = False, as_json: AsJson = False) -> None:
    """Only the first part: sample every problem several rounds, grade, and measure difficulty.

    Example: `difficulty-prior profile starter --set sampling.rounds=16`
    """

    def load() -> Any:
        from flows.profile import profile

        return profile

    run_flow(load, recipe, home, changes, plan, as_json)


@app.command()
def curate(recipe: RecipeName, home: Home = None, changes: Changes = None, plan: DryRun = False, as_json: AsJson = False) -> None:
    """Profile, and choose the problems of both stages.

    Example: `difficulty-prior curate starter --set curation.stage1.size=100`
    """

    def load() -> Any:
        from flows.curate import curate

        return curate

    done = run_flow(load, recipe, home, changes, plan, as_json)
    printed().print(f"curated sets: {done.sets.path}", soft_wrap=True)


@app.command()
def train(recipe: RecipeName, home: Home = None, changes: Changes = None, plan: DryRun = False, as_json: AsJson = False) -> None:
    """Profile, curate, and train both stages.

    Example: `difficulty-prior train starter`
    """

    def load() -> Any:
        from flows.train import train

        return train

    done = run_flow(load, recipe, home, changes, plan, as_json)
    for policy in done.policies[1:]:
        printed().print(f"{policy.name}: {policy.model}", soft_wrap=True)


@app.command()
def evaluate(recipe: RecipeName, home: Home = None, changes: Changes = None, plan: DryRun = False, as_json: AsJson = False) -> None:
    """Profile, curate, train, and compare base, stage 1 and stage 2 on the held-out problems.

    Example: `difficulty-prior evaluate starter --set evaluation.samples=16`
    """

    def load() -> Any:
        from flows.evaluate import evaluate

        return evaluate

    run_flow(load, recipe, home, changes, plan, as_json)


@app.command()
def recurate(recipe: RecipeName, home: Home = None, changes: Changes = None) -> None:
    """Profile what is new, and choose anew when the sets in use have drifted by more than `recuration.bound`.

    Example: `difficulty-prior recurate starter --set recuration.bound=0.05`
    """
    settings = load_recipe(recipe, changes or ())
    prefect_defaults()
    from flows.recurate import recurate as run_recuration

    printed().print(run_recuration(recipe=settings, home=opened(home)).message, soft_wrap=True)


@app.command()
def study(recipe: RecipeName, home: Home = None, changes: Changes = None) -> None:
    """Compare arms over seeds at equal compute: what does each part of the method add? What is done is skipped.

    Example: `difficulty-prior study study --set seeds=8`
    """
    from flows.arms import load_study

    settings = load_study(recipe, changes or ())
    prefect_defaults()
    from flows.study import study as run_study
    from tasks.reporting.terminal import print_study

    done = run_study(study=settings, home=opened(home))
    print_study(printed(), summary=done.summary, report=done.report)


@app.command()
def export(
    what: Annotated[
        str, typer.Argument(metavar="SET_OR_RECIPE", help="A curated set's id or its beginning, or a recipe that has been curated.")
    ],
    to: Annotated[ExportTo, typer.Option(help="Whose row form, and whose form of the weights.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="A new or empty folder, or an earlier export.")],
    home: Home = None,
    changes: Changes = None,
) -> None:
    """Write curated sets for another trainer: ready prompts (with the stage's hints), and the weights. Nothing is run for it.

    Example: `difficulty-prior export starter --to verl --out exported`
    """
    from flows.export import export as write

    for path in write(what, home or default_home(), to=to.value, out=out, changes=changes or []):
        printed().print(str(path), soft_wrap=True, highlight=False)


@app.command()
def starter(home: Home = None) -> None:
    """Make the shipped starter policy again, from nothing (some minutes on two cores)."""
    prefect_defaults()
    from flows.starter import starter as make
    from tasks.starter.settings import StarterSettings

    made = make(settings=StarterSettings(), home=opened(home))
    printed().print(f"starter policy: {made.path}", soft_wrap=True)


@app.command("import-rollouts")
def import_rollouts(
    files: Annotated[list[str], typer.Argument(help="JSON Lines files of responses.")],
    problems: Annotated[str, typer.Option(help="The problems that they answer: a JSONL or Parquet file, or a Hugging Face dataset.")],
    panel: Annotated[str, typer.Option(help="Name of the panel whose rounds the files are.")] = "panel",
    columns: Annotated[
        str, typer.Option(help="Column mapping of the problems: easyr1, mathvision, mathvista, mathverse or geometry3k.")
    ] = "easyr1",
    dataset: Annotated[str | None, typer.Option(help="Name of the dataset; default the name of the problems' file.")] = None,
    id: Annotated[str, typer.Option(help="Field with the problem's id.")] = "id",
    response: Annotated[str, typer.Option(help="Field with the response.")] = "response",
    files_are: Annotated[ImportAs, typer.Option("--as", help="Each file a round of one panel, or each its own policy.")] = ImportAs.rounds,
    home: Home = None,
) -> None:
    """Bring in responses made elsewhere, and measure difficulty from them.

    Example: `difficulty-prior import-rollouts 'responses/*.jsonl' --problems testmini.jsonl --columns mathvision --panel recorded`
    """
    prefect_defaults()
    from flows.import_rollouts import import_rollouts as bring_in
    from tasks.paths import expand_files
    from tasks.problems.settings import SourceSettings
    from tasks.sampling.imported import ImportColumns, ImportSettings

    source = SourceSettings(name=dataset or Path(problems).stem, path=problems, columns=columns, split="train")
    found, fields = [str(path) for path in expand_files(files)], ImportColumns(id=id, response=response)
    groups = [(panel, tuple(found))] if files_are is ImportAs.rounds else [(Path(name).stem, (name,)) for name in found]
    panels = tuple(ImportSettings(panel=name, files=members, columns=fields) for name, members in groups)
    bring_in(source=source, panels=panels, home=opened(home))
    histogram(dataset=source.name, home=home)


@app.command()
def grade(
    responses: Annotated[
        Path, typer.Argument(metavar="IN.jsonl", help="JSON Lines with `response`, `answer`; optional `options`, `precision`.")
    ],
    out: Annotated[Path, typer.Option(help="Where the graded lines go: all fields, and `verdict`, `extracted`, `rule`.")],
    timeout: Annotated[float, typer.Option(help="Seconds that one comparison may take.")] = 5.0,
    workers: Annotated[int, typer.Option(help="Processes for comparisons that need algebra.")] = 2,
) -> None:
    """Grade any file of responses, without a lake.

    Example: `difficulty-prior grade answers.jsonl --out graded.jsonl`
    """
    from tasks.grading.files import grade_file
    from tasks.grading.settings import GradingSettings
    from tasks.reporting.terminal import verdict_counts

    counts = grade_file(responses, out, GradingSettings(timeout_s=timeout, workers=workers))
    printed().print(verdict_counts(counts), soft_wrap=True)


@app.command()
def regrade(
    recipe: Annotated[
        str | None, typer.Argument(metavar="[RECIPE]", help="Only answers to its problems, with its bands; else all.")
    ] = None,
    home: Home = None,
    changes: Changes = None,
) -> None:
    """Judge stored responses with the present grader, and show which problems changed band. Nothing is sampled.

    Example: `difficulty-prior regrade starter`
    """
    settings = load_recipe(recipe, changes or ()) if recipe else None
    prefect_defaults()
    from flows.regrade import regrade as judge_again
    from tasks.grading.stored import changes as what_changed
    from tasks.reporting.terminal import print_changes

    place = opened(home)
    judge_again(home=place, recipe=settings)
    print_changes(printed(), *what_changed(place))


@app.command()
def sweep(
    recipe: Annotated[
        str | None,
        typer.Argument(metavar="[RECIPE]", help="Its policy, rule, sizes and seed; without, the largest profile and the defaults."),
    ] = None,
    stage: Annotated[str, typer.Option(help="stage1 or stage2.")] = "stage1",
    policy: Annotated[str | None, typer.Option(help="Name or id of the policy whose difficulty is swept.")] = None,
    rounds: Annotated[int, typer.Option(help="Rounds of the fresh profile that problems may change side in: 4, 8, 16 or 32.")] = 8,
    size: Annotated[list[int] | None, typer.Option(help="A set size to try; may be given several times.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw it too: a .svg, .png or .html file.")] = None,
    home: Home = None,
    changes: Changes = None,
) -> None:
    """What other thresholds, rounds and set sizes would keep and waste, and which to take. Nothing is sampled.

    Example: `difficulty-prior sweep starter --plot sweep.svg`
    """
    from flows.sweep import sweep_settings
    from tasks.curation.sweep import sweep as swept
    from tasks.curation.sweep import write_plot
    from tasks.lake import Lake
    from tasks.reporting.terminal import print_sweep

    settings, base = sweep_settings(load_recipe(recipe, changes or ()) if recipe else None, stage, rounds, tuple(size or ()))
    found = swept(Lake(opened(home)), settings, policy or base)
    print_sweep(printed(), found.profile, found.pairs, found.sizes, found.recommended, found.reason)
    if plot:
        write_plot(found, plot)


@app.command()
def trace(
    what: Annotated[
        str,
        typer.Argument(metavar="PROBLEM_OR_SET_OR_STAGE", help="An id or its start, a source id, a policy's name, a checkpoint's path."),
    ],
    home: Home = None,
) -> None:
    """Where it came from and what it went into: settings, queries, policies, rollouts; of a problem its sets, stages and groups.

    Example: `difficulty-prior trace stage2`
    """
    from tasks.curation.trace import trace as traced
    from tasks.lake import Lake

    printed().print(traced(Lake(opened(home)), what), soft_wrap=True)


@app.command()
def publish(
    whole: Annotated[bool, typer.Option("--whole", help="Compute everything anew, not only what is new.")] = False,
    home: Home = None,
) -> None:
    """Publish the warehouse from what the lake holds, with the settings of the last time. Nothing is sampled.

    Example: `difficulty-prior publish --whole`
    """
    from tasks.home import send_warehouse
    from tasks.lake import Lake
    from tasks.warehouse import publish_again

    place = opened(home)
    printed().print(f"warehouse: {publish_again(Lake(place), whole=whole)}", soft_wrap=True)
    send_warehouse(place)


@app.command()
def compact(
    min_shards: Annotated[int, typer.Option(help="Compact what has at least so many small shards.")] = 8,
    keep_hours: Annotated[float, typer.Option(help="Delete small shards so long after they were replaced.")] = 24.0,
    home: Home = None,
) -> None:
    """Put the many small shards of each policy into few large files, and publish. Readers and running flows are not disturbed.

    Example: `difficulty-prior compact`
    """
    from tasks.compaction import CompactionSettings, sweep_retired
    from tasks.compaction import compact as compact_lake
    from tasks.home import send_warehouse
    from tasks.lake import Lake
    from tasks.warehouse import publish_again

    place = opened(home)
    lake, settings = Lake(place), CompactionSettings(min_shards=min_shards, keep_hours=keep_hours)
    made = compact_lake(lake, settings)
    publish_again(lake)
    send_warehouse(place)
    gone = sweep_retired(lake, settings)
    printed().print(f"{len(made)} partitions compacted, {len(gone)} folders of replaced shards deleted", soft_wrap=True)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="A SELECT over the warehouse: difficulty, u_shape, evaluation, rollouts, …")],
    format: Annotated[Format, typer.Option(help="How rows are printed.")] = Format.table,
    rows: Annotated[int, typer.Option(help="The most rows that it may give; more is an error.")] = 100_000,
    seconds: Annotated[float, typer.Option(help="The longest that it may take.")] = 60.0,
    home: Home = None,
) -> None:
    """Ask the published warehouse in SQL, read-only.

    Example: `difficulty-prior sql "select dataset, band, count(*) from difficulty group by all" --format csv`
    """
    from tasks.lake import Lake
    from tasks.reporting.terminal import rows_table
    from tasks.warehouse import QueryLimits
    from tasks.warehouse import query as ask

    found = ask(Lake(opened(home)), query, limits=QueryLimits(rows=rows, seconds=seconds))
    if format is Format.table:
        printed().print(rows_table(found))
    else:
        sys.stdout.write(found.write_csv() if format is Format.csv else f"{found.write_json()}\n")


@app.command()
def schema(
    relation: Annotated[str | None, typer.Argument(metavar="[RELATION]", help="Only this one, with its columns.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
) -> None:
    """The data dictionary: what every relation of the warehouse holds, its key, and what its columns mean.

    Example: `difficulty-prior schema difficulty`
    """
    from tasks.dictionary import dictionary, relation_named, written
    from tasks.reporting.terminal import print_relation, relations_table

    found = (relation_named(relation),) if relation else dictionary()
    if json:
        sys.stdout.write(f"{written(found)}\n")
    elif relation:
        print_relation(printed(), found[0])
    else:
        printed().print(relations_table(found))


@app.command()
def histogram(
    dataset: Annotated[str | None, typer.Option(help="Only this dataset.")] = None,
    policy: Annotated[str | None, typer.Option(help="Only this policy: base, stage1, stage2, or a panel's name.")] = None,
    home: Home = None,
) -> None:
    """Draw how many problems are solved how often, per dataset and policy, and whether that is a U. Prompts with hints are left out.

    Example: `difficulty-prior histogram --dataset starter-charts --policy base`
    """
    from tasks.difficulty.histogram import draw
    from tasks.lake import Lake
    from tasks.warehouse import query as ask

    lake = Lake(opened(home))
    named = "select h.*, policy from {} h join stg_policies using (policy_id) anti join (from samplings where hints) using (sampling_id)"
    chosen = {name: value for name, value in (("dataset", dataset), ("policy", policy)) if value}
    bars, shapes = (ask(lake, named.format(mart)).filter(**chosen) for mart in ("difficulty_histogram", "u_shape"))
    printed().print(draw(bars, shapes))


serving.register(app)


def main() -> None:
    """Entry point: input errors as one message and exit code 2, worker errors as one message and exit code 1."""
    try:
        app()
    except InputError as error:
        Console(stderr=True).print(f"[bold red]error[/]: {escape(str(error))}", soft_wrap=True, highlight=False)
        sys.exit(2)
    except WorkerError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, soft_wrap=True, highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
