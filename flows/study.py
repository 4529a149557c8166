"""Study: arms times seeds as one cached DAG, and what they say about the method.

Seeds run side by side where the study asks for it, the arms of a seed one after the other: arms share a seed's profile, and often a
first stage, and two runs of the same task would only wait for each other.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.futures import wait

from flows.arms import Arm, Study
from flows.curate import choose_sets
from flows.evaluate import check_held_out, compare_policies
from flows.plannable import flow
from flows.profile import Profiled, profile_problems, read_problems
from flows.recipe import Recipe
from flows.train import Trained, train_stages
from tasks.base.files import digest
from tasks.base.workers import worker_variables, workers_ended
from tasks.lake.artifacts import Artifact
from tasks.reporting.task import StudyReportRequest, report_study
from tasks.study.registration_task import RegistrationRequest, register_study
from tasks.study.runs import ArmRun, profile_completions
from tasks.study.task import StudyRequest, summarise_study
from tasks.warehouse.home import open_home
from tasks.warehouse.task import publish_warehouse

MEASURED_BY = {"policy", "problems", "prompting", "panel", "sampling", "grading", "difficulty", "seed"}
"""The parts of a recipe that its difficulty rests on."""


@dataclass(frozen=True)
class StudyRun:
    """What a study leaves: its tables, its page, and the published warehouse."""

    summary: Artifact
    report: Artifact
    warehouse: Path


@flow(name="study", flow_run_name="study {study.name}", validate_parameters=True)
def study(study: Study, home: Path) -> StudyRun:
    """Write down what is to be compared, run every arm with every seed that is not done yet, and compare them. Raises InputError where an
    arm has nothing held out."""
    for arm in study.arms:
        check_held_out(study.arm_recipe(arm, 0))
    home = open_home(home)
    registration = register_study(RegistrationRequest(home=home, name=study.name, primary=study.primary_pairs))
    recipe = study.arm_recipe(study.arms[0], 0)
    read_problems(recipe, home)  # what all seeds share is made before they run side by side
    places: Queue[int] = Queue()
    for place in range(study.parallel):
        places.put(place)
    with workers_ended():
        futures = [run_seed.submit(study, home, seed, places) for seed in range(study.most_seeds)]
        wait(futures)
    runs = [run for future in futures for run in future.result()]
    compared = tuple(sorted(runs, key=lambda run: (run.place, run.seed)))
    request = StudyRequest(home=home, name=study.name, runs=compared, targets=study.targets, registration=registration)
    summary = summarise_study(request)
    page = report_study(StudyReportRequest(home=home, name=study.name, study=summary))
    return StudyRun(summary, page, publish_warehouse(home, recipe.difficulty, recipe.adaptive))


@task(name="run arms", task_run_name="{study.name}: run the arms of seed {seed}", cache_policy=NO_CACHE, persist_result=False)
def run_seed(study: Study, home: Path, seed: int, places: "Queue[int]") -> list[ArmRun]:
    """Every arm that has this seed, once one of the places is free."""
    place = places.get()
    try:
        with worker_variables(share_of(place, study.parallel)):
            return run_arms(study, home, seed)
    finally:
        places.put(place)


def share_of(place: int, places: int) -> dict[str, str]:
    """The variables that give the workers of one of several places their GPU, or their part of the CPU's cores; none for a single one."""
    if places == 1:
        return {}
    cores = max(1, len(os.sched_getaffinity(0)) // places)
    visible = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return {"OMP_NUM_THREADS": str(cores), "CUDA_VISIBLE_DEVICES": visible[place % len(visible)] if visible else str(place)}


def run_arms(study: Study, home: Path, seed: int) -> list[ArmRun]:
    """Every arm that has this seed in turn; arms of equal problems, policy and sampling are chosen from one profile."""
    profiles: dict[str, Profiled] = {}
    runs = []
    for place, arm in enumerate(study.arms):
        if seed >= study.seeds_of(arm):
            continue
        recipe = study.arm_recipe(arm, seed)
        key = digest(recipe.model_dump(mode="json", include=MEASURED_BY))
        profiles[key] = profiles.get(key) or profile_problems(recipe, home, trained=True)
        runs.append(run_arm(study, place, recipe, home, profiles[key]))
    return runs


def run_arm(study: Study, place: int, recipe: Recipe, home: Path, profiled: Profiled) -> ArmRun:
    """One arm with one seed: choose, train, and evaluate what it ends with beside the base policy."""
    arm = study.arms[place]
    trained = train_stages(recipe, home, choose_sets(recipe, home, profiled)) if arm.train else None
    policies = (profiled.base, trained.policies[-1]) if trained else (profiled.base,)
    evaluation = compare_policies(recipe, home, profiled, policies, trained.sets if trained else ())
    return ArmRun(
        arm=arm.name,
        about=arm.about,
        place=place,
        adds_to=arm.adds_to or "",
        is_baseline=arm.name == study.baseline,
        seed=recipe.seed,
        policy_id=policies[-1].policy_id,
        evaluation=evaluation,
        **spent(arm, trained),
    )


def spent(arm: Arm, trained: Trained | None) -> dict[str, tuple[Artifact, ...] | int]:
    """The sets and stages of a run, and what profiling cost it."""
    if trained is None:
        return {}
    cost = profile_completions(trained.sets) if arm.profile else 0
    return {"sets": trained.sets, "stages": trained.stages, "profile_completions": cost}
