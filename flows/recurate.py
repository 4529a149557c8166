"""Re-curate: measure the current policy where something is new, and change the sets in use only when they have drifted far enough.

What is measured already is cached, so that a run which finds nothing new ends in seconds. Sets within the recipe's bound stay, since new
sets mean training anew; what was compared once is not compared again. The sets in use are those that the recipe chose last.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.curate import sets_wanted
from flows.events import SETS_CHANGED, tell
from flows.plannable import flow
from flows.profile import Profiled, profile_problems, with_admissible
from flows.recipe import Recipe
from flows.train import policies_in_use, profiled_with
from tasks.curation.drift import StageDrift, drift_of, drift_said
from tasks.curation.drift_task import compare_sets
from tasks.curation.task import curate_sets
from tasks.lake.artifacts import Artifact
from tasks.steps.in_use import in_use, sets_in_use, use
from tasks.warehouse.home import open_home
from tasks.warehouse.task import publish_warehouse


@dataclass(frozen=True)
class Recurated:
    """What a re-curation found (`message`), the sets in use before and after, and the drift between them by stage."""

    message: str
    before: Artifact | None = None
    after: Artifact | None = None
    stages: list[StageDrift] = field(default_factory=list)


@flow(name="recurate", flow_run_name="recurate {recipe.name}", validate_parameters=True)
def recurate(recipe: Recipe, home: Path) -> Recurated:
    """Profile what is new, and choose anew when the sets in use have drifted by more than `recuration.bound` beyond chance."""
    home = open_home(home)
    used = in_use(home, recipe.name)
    if used is None:
        return Recurated(f"{recipe.name} has no sets in use yet; `difficulty-prior curate {recipe.name}` chooses the first")
    before, profiled = sets_in_use(home, used), profile_now(recipe, home)
    wanted = sets_wanted(recipe, home, with_admissible(recipe, home, profiled))
    key = wanted.target().key
    if key == used.sets:
        return Recurated("nothing new: the sets in use are those that would be chosen now", before, before)
    compared = f"{key} {recipe.recuration.model_dump_json()}"
    if compared == used.declined:
        return Recurated("nothing new since the sets in use were last compared, and kept", before, before)
    stages = compare_sets(before, wanted)
    measure, bound = recipe.recuration.measure, recipe.recuration.bound
    drift, said = drift_of(stages, measure), drift_said(stages, measure)
    if drift <= bound:
        use(home, recipe.name, declined=compared)
        done = Recurated(f"{said}, within the bound of {bound:.1%}: sets kept", before, before, stages)
    else:
        after = curate_sets(wanted)
        use(home, recipe.name, sets=after.key, declined=None)
        done = Recurated(f"{said}, above the bound of {bound:.1%}: new sets", before, after, stages)
    publish_warehouse(home, recipe.difficulty, recipe.adaptive)
    show(recipe, done)
    return done


def profile_now(recipe: Recipe, home: Path) -> Profiled:
    """How hard the problems are now: for the recipe's base policy, or for the one that its stages have left."""
    profiled = profile_problems(recipe, home, trained=True)
    if recipe.recuration.policy == "base":
        return profiled
    return profiled_with(recipe, home, profiled, policies_in_use(recipe, home, profiled.base)[-1])


def show(recipe: Recipe, done: Recurated) -> None:
    """Show the comparison in the Prefect UI, and tell of new sets."""
    assert done.before and done.after
    from prefect.artifacts import create_table_artifact

    from tasks.reporting.notices import markdown
    from tasks.steps.naming import artifact_key

    rows = [row(stage, done, recipe) for stage in done.stages]
    create_table_artifact(table=rows, key=artifact_key(recipe.name, "recuration"), description=f"{markdown(recipe.name)}: {done.message}")
    if done.after != done.before:
        facts = {"before": done.before.key, "after": done.after.key, "stages": rows}
        tell(SETS_CHANGED, recipe.name, message=f"{recipe.name}: {done.message} ({done.before.key[:8]} → {done.after.key[:8]})", **facts)


def row(stage: StageDrift, done: Recurated, recipe: Recipe) -> dict[str, Any]:
    """A stage in the table."""
    assert done.before and done.after
    measure = recipe.recuration.measure
    return {
        "stage": stage.stage,
        "sets before": done.before.key[:8],
        "sets after": done.after.key[:8],
        "problems in use": stage.used,
        "would be": stage.now,
        "leave": stage.left,
        "join": stage.entered,
        "outside the thresholds": stage.outside,
        "found": f"{stage.share(measure):.1%}",
        "by chance alone": f"{stage.chance(measure):.1%}",
        "drift beyond chance": f"{stage.excess(measure):.1%}",
        "bound": f"{recipe.recuration.bound:.1%}",
    }
