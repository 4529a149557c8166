"""Curate: choose the problems of both stages in SQL, from how hard they are."""

from dataclasses import dataclass
from pathlib import Path

from prefect import flow

from flows.profile import Profiled, profile
from flows.recipe import Recipe
from tasks.curation.task import curate as choose
from tasks.home import open_home
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
    profiled = profile(recipe, home)
    return Curated(profiled, choose(home, profiled.difficulty, profiled.train, recipe.curation, recipe.seed))
