"""Curate: choose the problems of both stages in SQL, from how hard they are."""

from dataclasses import dataclass
from pathlib import Path

from flows.plannable import flow
from flows.profile import Profiled, profile
from flows.recipe import Recipe
from tasks.curation.settings import CurationSettings
from tasks.curation.task import CurationRequest, curate_sets
from tasks.lake.artifacts import Artifact
from tasks.reporting.task import show_new
from tasks.steps.in_use import use
from tasks.warehouse.home import open_home


@dataclass(frozen=True)
class Curated:
    """A profile and the sets chosen from it."""

    profiled: Profiled
    sets: Artifact


@flow(name="curate", flow_run_name="curate {recipe.name}", validate_parameters=True)
def curate(recipe: Recipe, home: Path) -> Curated:
    """Profile what is not profiled yet, and choose the sets."""
    home = open_home(home)
    curated = choose_sets(recipe, home, profile(recipe, home))
    use(home, recipe.name, sets=curated.sets.key)
    show_new(recipe.name, curated.profiled.difficulty, curated.sets)
    return curated


def curated_stages(recipe: Recipe) -> CurationSettings:
    """The stages that are chosen by the first difficulty; where stage 2 is chosen after stage 1 (`reprofile`), stage 1 alone."""
    return recipe.curation.only(*(("stage1",) if recipe.reprofile else recipe.training.stages))


def choose_sets(recipe: Recipe, home: Path, profiled: Profiled) -> Curated:
    """The sets of the recipe's stages."""
    return Curated(profiled, curate_sets(sets_wanted(recipe, home, profiled)))


def sets_wanted(recipe: Recipe, home: Path, profiled: Profiled) -> CurationRequest:
    """The request for the sets of the recipe's stages."""
    difficulty, problems, settings = profiled.difficulty, profiled.train, curated_stages(recipe)
    return CurationRequest(home=home, difficulty=difficulty, problems=problems, settings=settings, seed=recipe.seed)
