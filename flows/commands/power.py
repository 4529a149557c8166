"""The command about what it would take to know more: rounds of a profile, held-out problems and samples, seeds of a study."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.options import AsJson, Changes, Home, looked_at, options_checked, recipe_if_any
from flows.commands.printing.console import print_json, printed
from flows.commands.warehouse import PANEL

if TYPE_CHECKING:
    from flows.recipe import Recipe
    from tasks.reporting.power.found import Scope

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def power(
    recipe: Annotated[
        str | None, recipe_if_any("A recipe or a study: what it has, by its stages' thresholds. Without, all there is.")
    ] = None,
    right: Annotated[float, typer.Option(help="Share of keep-or-drop decisions that the rounds are to make rightly.")] = 0.9,
    within: Annotated[
        float, typer.Option(help="Half the width of the interval that the held-out problems are to give, as a share.")
    ] = 0.02,
    effect: Annotated[float, typer.Option(help="Difference over seeds that a study is to find, as a share: 0.02 is 2 points.")] = 0.02,
    chance: Annotated[float, typer.Option(help="With what chance it is to find it.")] = 0.8,
    completions: Annotated[int | None, typer.Option(help="Completions to split among held-out problems; default as many as now.")] = None,
    runs: Annotated[int | None, typer.Option(help="Runs to split between a study's baseline and its arms; default as many as now.")] = None,
    home: Home = None,
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """How many rounds, held-out problems and seeds do your questions take? From the variances that are stored; nothing is sampled.

    Example: `difficulty-prior power starter --right 0.9 --within 0.02`, or `difficulty-prior power study --effect 0.02`
    """
    from tasks.estimates.settings import PowerSettings
    from tasks.lake.lake import Lake
    from tasks.reporting.power.found import published_power

    with options_checked():
        asked = PowerSettings(right=right, within=within, effect=effect, chance=chance, completions=completions, runs=runs)
    scope = scope_of(recipe, changes or ())
    found = published_power(Lake(looked_at(home)), scope, asked)
    if as_json:
        print_json(asdict(found))
    else:
        print_power(found)


def scope_of(name: str | None, changes: Sequence[str]) -> "Scope":
    """The scope of a recipe or a study, by its name or path; without one that of all that is published."""
    from flows.recipe import load_recipe
    from tasks.reporting.power.found import Scope

    if name is None:
        return Scope()
    recipe = study_recipe(name, changes) if is_study(name) else load_recipe(name, changes)
    ranges = tuple((stage.choose.low, stage.choose.high) for stage in recipe.stages.values())
    return Scope(recipe.name, ranges, recipe.difficulty)


def is_study(name: str) -> bool:
    """Whether a file is a study's. Raises InputError where there is no such file."""
    from flows.recipe import recipe_path
    from tasks.base.yaml_text import read_yaml_file

    fields = read_yaml_file(recipe_path(name), f"recipe {name}")
    return isinstance(fields, dict) and "arms" in fields


def study_recipe(name: str, changes: Sequence[str]) -> "Recipe":
    """The recipe of a study's baseline."""
    from flows.arms import load_study

    study = load_study(name, changes)
    [baseline] = [arm for arm in study.arms if arm.name == study.baseline]
    return study.arm_recipe(baseline, 0)


def print_power(found: Any) -> None:
    """Print each part's sentences and table, and what cannot be told."""
    from rich.text import Text

    from flows.commands.printing.tables import printed_table

    console = printed()
    for part in found.parts():
        for sentence in part.sentences:
            console.print(Text(sentence), soft_wrap=True)
        console.print(printed_table(part.table))
        console.print()
    for line in found.untold:
        console.print(Text(f"Not told: {line}."), soft_wrap=True, style="dim")
