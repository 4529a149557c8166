"""The commands about curated sets: what other thresholds would keep, where a set comes from, and sets for other trainers."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import AsJson, Changes, Home, looked_at, options_checked, recipe_if_any
from flows.commands.printing.console import print_json, printed, progress_of, say

app = typer.Typer()
PANEL = "Sets and where they come from"


class ExportTo(StrEnum):
    """Who trains on what is exported."""

    verl = "verl"
    easyr1 = "easyr1"
    datasets = "datasets"
    openrlhf = "openrlhf"
    lmm_r1 = "lmm-r1"
    ms_swift = "ms-swift"


@app.command(rich_help_panel=PANEL)
def sweep(
    recipe: Annotated[str | None, recipe_if_any("Its policy, rule, sizes and seed; without, the largest profile and the defaults.")] = None,
    stage: Annotated[str | None, typer.Option(help="A stage of the recipe, by name; default its first.")] = None,
    policy: Annotated[str | None, typer.Option(help="Name or id of the policy whose difficulty is swept.")] = None,
    rounds: Annotated[int, typer.Option(help="Rounds of the fresh profile that problems may change side in: 4, 8, 16 or 32.")] = 8,
    size: Annotated[list[int] | None, typer.Option(min=1, help="A set size to try; may be given several times.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw it too: a .svg, .png or .html file.")] = None,
    home: Home = None,
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """What other thresholds, rounds and set sizes would keep and waste, and which to take. Nothing is sampled.

    Example: `difficulty-prior sweep starter --plot sweep.svg`
    """
    import tasks.curation.sweep
    from flows.commands.printing.sweep import print_sweep
    from flows.commands.sweep import chosen_otherwise, sweep_settings
    from flows.recipe import load_recipe
    from tasks.curation.sweep import check_plot, write_plot
    from tasks.lake.lake import Lake

    if plot:
        check_plot(plot)
    with options_checked():
        whose = load_recipe(recipe, changes or ()) if recipe else None
        settings, base = sweep_settings(whose, stage, rounds, tuple(size or ()))
    with progress_of("sets chosen") as on_progress:
        found = tasks.curation.sweep.sweep(Lake(looked_at(home)), settings, policy or base, on_progress)
    if plot:
        write_plot(found, plot)
    if as_json:
        print_json({**asdict(found), "pairs": found.pairs, "sizes": found.sizes})
    else:
        print_sweep(printed(), found)
        if not policy and (note := chosen_otherwise(whose, settings.stage)):
            say(note)


@app.command(rich_help_panel=PANEL)
def trace(
    what: Annotated[
        str,
        typer.Argument(
            metavar="PROBLEM_OR_SET_OR_STAGE",
            help="An id or its start, the id in its own dataset (or dataset/id), a policy's name, a checkpoint's path.",
        ),
    ],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Where it came from and what it went into: settings, queries, policies, rollouts; of a problem its sets, stages and groups.

    Example: `difficulty-prior trace base`
    """
    from tasks.lake.lake import Lake

    lake = Lake(looked_at(home))
    if as_json:
        from tasks.warehouse.lineage import traced_facts

        print_json(traced_facts(lake, what))
    else:
        from flows.commands.printing.lineage import lineage

        printed().print(lineage(lake, what), soft_wrap=True)


@app.command(rich_help_panel=PANEL)
def export(
    what: Annotated[
        str, typer.Argument(metavar="SET_OR_RECIPE", help="A curated set's id or its beginning, or a recipe that has been curated.")
    ],
    to: Annotated[ExportTo, typer.Option(help="Whose row form, and whose form of the weights.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="A new or empty folder, or an earlier export.")],
    home: Home = None,
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """Write curated sets for another trainer: ready prompts (with the stage's hints), and the weights. Nothing is run for it.

    Example: `difficulty-prior export starter --to verl --out exported`
    """
    import flows.export

    files = flows.export.export(what, looked_at(home), to=to.value, out=out, changes=changes or [])
    if as_json:
        print_json({"files": files})
    else:
        say("\n".join(map(str, files)))
