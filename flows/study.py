"""Study: arms times seeds as one cached DAG, and what they say about the method.

Seeds run side by side where the study asks for it, the arms of a seed one after the other: arms share a seed's profile, and often a
first stage, and two runs of the same task would only wait for each other. A run that fails is told and leaves the others as they are.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from queue import Queue
from typing import Any, TypeVar

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import wait

from flows.arms import Arm, Study
from flows.curate import choose_sets
from flows.evaluate import check_held_out, compare_policies
from flows.plannable import flow
from flows.profile import Profiled, profile_problems, read_problems
from flows.recipe import Recipe
from flows.spending import check_grid, check_spending, count_problems, validated
from flows.train import Trained, train_stages
from tasks.base.errors import InputError
from tasks.base.files import digest
from tasks.base.workers import STOPPED, worker_variables, workers_ended
from tasks.lake.artifacts import Artifact
from tasks.reporting.task import StudyReportRequest, report_study
from tasks.study.grid import Pilot
from tasks.study.grid_task import GridRequest, choose_learning_rate
from tasks.study.registration_task import RegistrationRequest, register_study
from tasks.study.runs import ArmRun, BrokenRun
from tasks.study.task import StudyRequest, summarise_study
from tasks.warehouse.home import open_home
from tasks.warehouse.task import publish_warehouse

T = TypeVar("T")
Ran = Callable[["Seed"], list[T]]
MEASURED_BY = {"policy", "problems", "prompting", "panel", "sampling", "grading", "difficulty", "seed"}
"""The parts of a recipe that its difficulty rests on."""


@dataclass(frozen=True)
class StudyRun:
    """What a study leaves: its tables, its page, and the published warehouse."""

    summary: Artifact
    report: Artifact
    warehouse: Path


@dataclass(frozen=True)
class Seed:
    """One seed of a study; `profiles` are those that its arms have needed so far, by what they were measured by."""

    study: Study
    home: Path
    number: int
    profiles: dict[str, Profiled]

    def profiled(self, recipe: Recipe) -> Profiled:
        """The profile of a recipe: arms of equal problems, policy and sampling are chosen from one."""
        key = digest(recipe.model_dump(mode="json", include=MEASURED_BY))
        if key not in self.profiles:
            self.profiles[key] = profile_problems(recipe, self.home, trained=True)
        return self.profiles[key]


@flow(name="study", flow_run_name="study {study.name}", validate_parameters=True)
def study(study: Study, home: Path) -> StudyRun:
    """Write down what is to be compared, run every arm with every seed that is not done yet, and compare them. Raises InputError where an
    arm has nothing held out or spends more than the baseline, where the grid could tell nothing apart, and where every run fails."""
    for arm in study.arms:
        check_held_out(study.arm_recipe(arm, study.first_seed))
    home = open_home(home)
    recipe = study.arm_recipe(study.arms[0], study.first_seed)
    parts = read_problems(recipe, home)  # what all seeds share is made before they run side by side
    check_spending(study, count_problems(parts.train))
    watched = count_problems(parts.validation)
    check_grid(study, watched)
    registration = register_study(RegistrationRequest(home=home, name=study.name, primary=study.primary_pairs))
    with workers_ended():
        grids = choose_rates(study, home, watched)
        runs = side_by_side(study, home, study.seeds_of_all, lambda seed: run_arms(seed, grids))
    done, broken = parted(runs)
    told = {arm: grid for arm, grid in grids.items() if isinstance(grid, Artifact)}
    request = StudyRequest(
        home=home, name=study.name, runs=done, broken=broken, grids=told, targets=study.targets, registration=registration
    )
    summary = summarise_study(request)
    page = report_study(StudyReportRequest(home=home, name=study.name, study=summary))
    return StudyRun(summary, page, publish_warehouse(home, recipe.difficulty, recipe.adaptive))


def parted(runs: Iterable[ArmRun | BrokenRun]) -> tuple[tuple[ArmRun, ...], tuple[BrokenRun, ...]]:
    """The runs that came to their end and those that did not, by arm and seed. Raises InputError where none did."""
    ordered = sorted(runs, key=lambda run: (run.place, run.seed))
    done = tuple(run for run in ordered if isinstance(run, ArmRun))
    broken = tuple(run for run in ordered if isinstance(run, BrokenRun))
    if not done:
        raise InputError(f"none of the {len(broken)} runs came to its end; the first broke with: {broken[0].why}")
    return done, broken


def side_by_side(study: Study, home: Path, seeds: Iterable[int], ran: Ran[T]) -> list[T]:
    """What `ran` gives for each of some seeds, as many at once as the study says."""
    places: Queue[int] = Queue()
    for place in range(study.parallel):
        places.put(place)
    futures = [run_seed.submit(Seed(study, home, number, {}), places, ran) for number in seeds]
    wait(futures)
    return [one for future in futures for one in future.result()]


@task(name="run arms", task_run_name="{seed.study.name}: run the arms of seed {seed.number}", cache_policy=NO_CACHE, persist_result=False)
def run_seed(seed: Seed, places: "Queue[int]", ran: Ran[T]) -> list[T]:
    """What is to be run of a seed, once one of the places is free."""
    place = places.get()
    try:
        with worker_variables(share_of(place, seed.study.parallel)):
            return ran(seed)
    finally:
        places.put(place)


def share_of(place: int, places: int) -> dict[str, str]:
    """The variables that give the workers of one of several places their GPU, or their part of the CPU's cores; none for a single one."""
    if places == 1:
        return {}
    cores = max(1, len(os.sched_getaffinity(0)) // places)
    visible = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return {"OMP_NUM_THREADS": str(cores), "CUDA_VISIBLE_DEVICES": visible[place % len(visible)] if visible else str(place)}


def choose_rates(study: Study, home: Path, watched: int) -> dict[str, Artifact | str]:
    """What the grid chose for every arm that trains, by its name, or why it could not; empty without a grid. `watched` are the validation
    problems."""
    grid = study.grid
    if grid is None:
        return {}
    pilots = side_by_side(study, home, grid.pilot_seeds, run_pilots)
    found = {}
    for arm in study.trained:
        own = tuple(pilot for name, pilot in pilots if name == arm.name)
        answers = prod(validated(study, arm, watched)) * grid.seeds
        request = GridRequest(home=home, arm=arm.name, pilots=own, answers=answers)
        found[arm.name] = attempted(f"the learning rate of {arm.name}", partial(choose_learning_rate, request))
    return found


def run_pilots(seed: Seed) -> list[tuple[str, Pilot]]:
    """Every arm that trains with every learning rate on a pilot seed, by the arm's name."""
    study = seed.study
    assert study.grid
    return [(arm.name, run_pilot(seed, arm, rate)) for arm in study.trained for rate in study.grid.learning_rates]


def run_pilot(seed: Seed, arm: Arm, rate: float) -> Pilot:
    """One arm trained with one learning rate."""
    recipe = seed.study.arm_recipe(arm, seed.number, rate)
    tried = attempted(f"{arm.name} with learning rate {rate:g}, pilot seed {seed.number}", partial(train_arm, seed, recipe))
    if isinstance(tried, str):
        return Pilot(learning_rate=rate, seed=seed.number, broke=tried)
    return Pilot(learning_rate=rate, seed=seed.number, stage=tried.stages[-1])


def run_arms(seed: Seed, grids: Mapping[str, Artifact | str]) -> list[ArmRun | BrokenRun]:
    """Every arm that has this seed in turn, at the learning rate that the grid chose for it."""
    study = seed.study
    return [run_or_say(seed, place, grids.get(arm.name)) for place, arm in enumerate(study.arms) if seed.number in study.seeds_of(arm)]


def run_or_say(seed: Seed, place: int, grid: Artifact | str | None) -> ArmRun | BrokenRun:
    """One arm with one seed, or why it failed."""
    arm = seed.study.arms[place]
    done = grid if isinstance(grid, str) else attempted(f"{arm.name}, seed {seed.number}", partial(run_arm, seed, place, grid))
    return BrokenRun(arm=arm.name, place=place, seed=seed.number, why=done) if isinstance(done, str) else done


def attempted(what: str, run: Callable[[], T]) -> T | str:
    """What a run gives, or, where it fails, why: the others go on. Raises what stops the whole study."""
    try:
        return run()
    except Exception as error:
        if STOPPED.is_set():
            raise
        why = (str(error).strip() or type(error).__name__).splitlines()[0]
        get_run_logger().error("%s failed, and the other runs go on: %s", what, why)
        return why


def train_arm(seed: Seed, recipe: Recipe) -> Trained:
    """The stages of an arm, on sets chosen from its seed's profile."""
    return train_stages(recipe, seed.home, choose_sets(recipe, seed.home, seed.profiled(recipe)))


def run_arm(seed: Seed, place: int, grid: Artifact | None) -> ArmRun:
    """One arm with one seed: choose, train, and evaluate what it ends with beside the base policy."""
    study, arm = seed.study, seed.study.arms[place]
    rate = grid.manifest["learning_rate"] if grid else None
    recipe = study.arm_recipe(arm, seed.number, rate)
    profiled = seed.profiled(recipe)
    trained = train_arm(seed, recipe) if arm.train else None
    policies = (profiled.base, trained.policies[-1]) if trained else (profiled.base,)
    evaluation = compare_policies(recipe, seed.home, profiled, policies, trained.sets if trained else ())
    return ArmRun(
        arm=arm.name,
        about=arm.about,
        place=place,
        adds_to=arm.adds_to or "",
        is_baseline=arm.name == study.baseline,
        seed=recipe.seed,
        policy_id=policies[-1].policy_id,
        evaluation=evaluation,
        learning_rate=rate,
        **spent(arm, trained),
    )


def spent(arm: Arm, trained: Trained | None) -> dict[str, Any]:
    """The sets and stages of a run, and the difficulty that is not counted as its cost."""
    if trained is None:
        return {}
    given = "" if arm.profile else trained.curated.profiled.difficulty.content
    return {"sets": trained.sets, "stages": trained.stages, "given": given}
