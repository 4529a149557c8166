"""Curate: choose the problems of both stages in SQL, from how hard they are."""

from dataclasses import dataclass
from pathlib import Path

from flows.plannable import flow
from flows.profile import Profiled, profile
from flows.recipe import Recipe
from tasks.curation.task import curate as choose
from tasks.home import open_home
from tasks.reporting.task import show_new
from tasks.store import Artifact


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
    show_new(recipe.name, curated.profiled.difficulty, curated.sets)
    return curated


def choose_sets(recipe: Recipe, home: Path, profiled: Profiled) -> Curated:
    """The sets of the recipe's stages; where stage 2 is chosen after stage 1 (`reprofile`), stage 1's alone."""
    stages = ("stage1",) if recipe.reprofile else tuple(recipe.training.stages)
    return Curated(profiled, choose(home, profiled.difficulty, profiled.train, recipe.curation.only(*stages), recipe.seed))
