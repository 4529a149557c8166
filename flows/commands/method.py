"""The commands that run the method on a recipe, whole or as far as one asks."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.options import AsJson, Asked, Changes, DryRun, Home, RecipeName
from flows.commands.printing.console import print_json, printed, say
from flows.commands.running import ready, run_flow

if TYPE_CHECKING:
    import polars as pl

    from tasks.lake.artifacts import Artifact

app = typer.Typer()
PANEL = "Run the method"


@app.command(rich_help_panel=PANEL)
def run(recipe: RecipeName, home: Home = None, changes: Changes = None, plan: DryRun = False, as_json: AsJson = False) -> None:
    """The whole method: profile, curate, train every stage, evaluate, report. What is done is skipped.

    Example: `difficulty-prior run starter`, and before it `difficulty-prior run starter --plan`
    """
    done = run_flow("pipeline", Asked(recipe, home, changes, plan, as_json))
    if as_json:
        report = {"report": done.report.file("report.html"), "warehouse": done.warehouse}
        print_json({**trained_facts(done.evaluated.trained), **evaluated_facts(done.evaluated.evaluation), **report})
        return
    from flows.commands.printing.outcome import print_run

    print_run(printed(), evaluation=done.evaluated.evaluation, report=done.report, warehouse=done.warehouse)


@app.command(rich_help_panel=PANEL)
def profile(recipe: RecipeName, home: Home = None, changes: Changes = None, plan: DryRun = False, as_json: AsJson = False) -> None:
    """Only the first part: sample every problem several rounds, grade, and measure difficulty.

    Example: `difficulty-prior profile starter --set sampling.rounds=16`
    """
    done = run_flow("profile", Asked(recipe, home, changes, plan, as_json))
    from tasks.admission.counted import all_set_aside

    aside = list(all_set_aside((*done.train, *done.heldout, *done.validation)))
    if as_json:
        print_json({**profiled_facts(done.difficulty), "set_aside": aside})
        return
    for line in aside:
        say(line)
    for place, bands in done.difficulty.manifest["counts"].items():
        say(f"{place}: {', '.join(f'{problems} {band}' for band, problems in bands.items())}")
    say(f"difficulty: {done.difficulty.path}")


@app.command(rich_help_panel=PANEL)
def curate(recipe: RecipeName, home: Home = None, changes: Changes = None, plan: DryRun = False, as_json: AsJson = False) -> None:
    """Profile, and choose the problems of every stage that the first difficulty chooses (`reprofile`).

    Example: `difficulty-prior curate starter --set curation.on_shortage=warn`
    """
    done = run_flow("curate", Asked(recipe, home, changes, plan, as_json))
    if as_json:
        print_json({**profiled_facts(done.profiled.difficulty), "sets": sets_facts((done.sets,)), "chosen_later": done.later})
        return
    from tasks.curation.stages import stages_of

    for stage, told in stages_of(done.sets).items():
        say(f"{stage}: {told['problems']} problems")
    for stage in done.later:
        say(f"{stage}: chosen by `difficulty-prior train`, by what the stage before it can solve then (reprofile)")
    say(f"curated sets: {done.sets.path}")


@app.command(rich_help_panel=PANEL)
def train(
    recipe: RecipeName,
    stage: Annotated[str | None, typer.Option(help="The stage to end with; those before it are trained first. Default: the last.")] = None,
    home: Home = None,
    changes: Changes = None,
    plan: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Profile, curate, and train the stages, each from the policy that the one before it left.

    Example: `difficulty-prior train starter`
    """
    done = run_flow("train", Asked(recipe, home, changes, plan, as_json), last_stage=stage)
    if as_json:
        print_json(trained_facts(done))
        return
    for policy in done.policies[1:]:
        say(f"{policy.name}: {policy.model}")


@app.command(rich_help_panel=PANEL)
def evaluate(recipe: RecipeName, home: Home = None, changes: Changes = None, plan: DryRun = False, as_json: AsJson = False) -> None:
    """Profile, curate, train, and compare the base policy and what every stage left on the held-out problems.

    Example: `difficulty-prior evaluate starter --set evaluation.samples=16`
    """
    done = run_flow("evaluate", Asked(recipe, home, changes, plan, as_json))
    if as_json:
        print_json({**trained_facts(done.trained), **evaluated_facts(done.evaluation)})
        return
    from flows.commands.printing.outcome import print_evaluation

    print_evaluation(printed(), done.evaluation)
    say(f"evaluation: {done.evaluation.path}")


@app.command(rich_help_panel=PANEL)
def recurate(recipe: RecipeName, home: Home = None, changes: Changes = None, as_json: AsJson = False) -> None:
    """Profile what is new, and choose anew when the sets in use have drifted by more than `recuration.bound` beyond chance.

    Example: `difficulty-prior recurate starter --set recuration.bound=0.05`
    """
    from flows.recipe import load_recipe

    settings = load_recipe(recipe, changes or ())
    place = ready(home)
    import flows.recurate

    done = flows.recurate.recurate(recipe=settings, home=place)
    if as_json:
        sets = {name: found and found.path for name, found in (("before", done.before), ("after", done.after))}
        print_json({"message": done.message, **sets, "stages": done.stages})
    else:
        say(done.message)


@app.command(rich_help_panel=PANEL)
def study(recipe: RecipeName, home: Home = None, changes: Changes = None, as_json: AsJson = False) -> None:
    """Compare arms over seeds at equal compute: what does each part of the method add? What is done is skipped.

    Example: `difficulty-prior study study --set seeds=8`
    """
    from flows.arms import load_study

    settings = load_study(recipe, changes or ())
    place = ready(home)
    import flows.study
    from flows.commands.printing.outcome import print_study

    done = flows.study.study(study=settings, home=place)
    if as_json:
        from tasks.lake.lake import read_parquet

        arms = read_parquet(done.summary.file("study.parquet"))
        print_json({"study": done.summary.path, "arms": arms, "report": done.report.file("report.html"), "warehouse": done.warehouse})
    else:
        print_study(printed(), summary=done.summary, report=done.report)


@app.command(rich_help_panel=PANEL)
def starter(home: Home = None, as_json: AsJson = False) -> None:
    """Make the shipped starter policy again, from nothing (some minutes on two cores).

    Example: `difficulty-prior starter --home /tmp/starter`
    """
    place = ready(home)
    import flows.starter
    from tasks.starter.settings import StarterSettings

    made = flows.starter.starter(settings=StarterSettings(), home=place)
    if as_json:
        print_json({"policy": made.path})
    else:
        say(f"starter policy: {made.path}")


def profiled_facts(difficulty: "Artifact") -> dict[str, Any]:
    """What a profile found: how many problems of each dataset are in which band."""
    return {"difficulty": difficulty.path, "problems_by_band": difficulty.manifest["counts"]}


def sets_facts(sets: "tuple[Artifact, ...]") -> list[dict[str, Any]]:
    """Where curated sets lie, how many problems their stages have, and what was warned of."""
    from tasks.curation.stages import stages_of

    stages = [{stage: told["problems"] for stage, told in stages_of(curated).items()} for curated in sets]
    return [
        {"path": curated.path, "problems": counts, "warnings": curated.manifest["warnings"]}
        for curated, counts in zip(sets, stages, strict=True)
    ]


def trained_facts(done: Any) -> dict[str, Any]:
    """What training left: the sets, and every policy, the base first."""
    policies = [policy.model_dump(include={"name", "policy_id", "model"}, mode="json") for policy in done.policies]
    return {**profiled_facts(done.curated.profiled.difficulty), "sets": sets_facts(done.sets), "policies": policies}


def summary_of(evaluation: "Artifact") -> "pl.DataFrame":
    """How the policies compare: a row a policy, hint setting and dataset."""
    from tasks.reporting.summary import read_scores

    return read_scores(evaluation)


def evaluated_facts(evaluation: "Artifact | None") -> dict[str, Any]:
    """How the policies compare, and the same without what is nearly the same as something that was trained on (null: nobody has looked);
    all of it null where no problems are held out."""
    if evaluation is None:
        return dict.fromkeys(("evaluation", "summary", "near_duplicates", "summary_without_near_duplicates"))
    from tasks.reporting.near import near_trained

    near = near_trained(evaluation)
    without = {"near_duplicates": evaluation.manifest.get("near_duplicates"), "summary_without_near_duplicates": near and near.without}
    return {"evaluation": evaluation.path, "summary": summary_of(evaluation), **without}
