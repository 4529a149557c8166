"""Curate: choose the problems of the stages in SQL, from how hard they are."""

from dataclasses import dataclass
from pathlib import Path

from flows.plannable import flow
from flows.profile import Profiled, profile, with_admissible
from flows.recipe import Recipe
from tasks.curation.settings import SetSettings
from tasks.curation.task import CurationRequest, curate_sets
from tasks.lake.artifacts import Artifact
from tasks.reporting.task import show_new
from tasks.steps.in_use import use
from tasks.warehouse.home import open_home


@dataclass(frozen=True)
class Curated:
    """A profile, the sets chosen from it, and the stages that are chosen `later`, when the one before them is trained."""

    profiled: Profiled
    sets: Artifact
    later: tuple[str, ...]


@flow(name="curate", flow_run_name="curate {recipe.name}", validate_parameters=True)
def curate(recipe: Recipe, home: Path) -> Curated:
    """Profile what is not profiled yet, and choose the sets."""
    home = open_home(home)
    curated = choose_sets(recipe, home, profile(recipe, home, trained=True))
    use(home, recipe.name, sets=curated.sets.key)
    show_new(recipe.name, curated.profiled.difficulty, curated.sets)
    return curated


def set_for(recipe: Recipe, *stages: str) -> SetSettings:
    """What a set for these of a recipe's stages is chosen by."""
    rules = {name: stage.choose if name in stages else None for name, stage in recipe.stages.items()}
    return SetSettings(**recipe.curation.model_dump(), rules=rules)


def first_set(recipe: Recipe) -> SetSettings:
    """The set that is chosen by the first difficulty: for all stages, or for the first where later ones are chosen anew (`reprofile`)."""
    return set_for(recipe, *recipe.chosen_first)


def choose_sets(recipe: Recipe, home: Path, profiled: Profiled) -> Curated:
    """The sets of the recipe's stages."""
    asked = with_admissible(recipe, home, profiled)
    later = tuple(name for name in recipe.stages if name not in recipe.chosen_first)
    return Curated(asked, curate_sets(sets_wanted(recipe, home, asked)), later)


def sets_wanted(recipe: Recipe, home: Path, profiled: Profiled) -> CurationRequest:
    """The request for the sets of the recipe's stages."""
    difficulty, problems, settings = profiled.difficulty, profiled.train, first_set(recipe)
    return CurationRequest(home=home, difficulty=difficulty, problems=problems, settings=settings, seed=recipe.seed)
