"""What a study compares: one run of an arm with one seed, and the rows that the lake keeps of it."""

from collections.abc import Sequence

import polars as pl
from pydantic import BaseModel, ConfigDict

from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.study.registration import registered


class ArmRun(BaseModel):
    """One run: the arm's name, its place in the study, the arm that it adds to ("" for none), the seed, and what the run left.

    `policy_id` is the policy to compare, among those of `evaluation`; `stages` trained it, in order, each on the set of the same place in
    `sets` (the last one where there are fewer). `profile_completions` are the responses drawn offline that the arm could not do without.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    arm: str
    about: str
    place: int
    adds_to: str
    is_baseline: bool
    seed: int
    policy_id: str
    evaluation: Artifact
    sets: tuple[Artifact, ...] = ()
    stages: tuple[Artifact, ...] = ()
    profile_completions: int = 0


def profile_completions(sets: Sequence[Artifact]) -> int:
    """How many responses were drawn for the difficulties that these sets were chosen from, each difficulty counted once."""
    keys = {item.manifest["difficulty"]: item.home for item in sets}
    return sum(responses(Artifact(home=home, kind="difficulty", key=key)) for key, home in keys.items())


def responses(difficulty: Artifact) -> int:
    """How many responses were drawn for a difficulty, scored or not; a problem that lies in several places counts once. What training has
    answered by itself is no profile's cost."""
    if sources := difficulty.manifest.get("sources"):
        return int(sources["rollouts"]["answers"])
    rows = read_parquet(difficulty.file("difficulty.parquet"), columns=["problem_id", "n", "timeouts", "unscorable"])
    return int(rows.unique("problem_id").select(pl.sum_horizontal("n", "timeouts", "unscorable").sum()).item())


def run_rows(runs: Sequence[ArmRun], targets: Sequence[float]) -> pl.DataFrame:
    """Rows of the relation `studies`, without the study's id."""
    kept = {"arm", "about", "place", "adds_to", "is_baseline", "seed", "policy_id", "profile_completions"}
    rows = [{**run.model_dump(include=kept), "evaluation_id": run.evaluation.key, "targets": list(targets)} for run in runs]
    return pl.DataFrame(rows)


def primary_rows(registration: Artifact) -> pl.DataFrame:
    """Rows of the relation `study_primaries`, without the study's id; empty where the study names none."""
    named = registered(registration)
    rows = [(place, arm, against, named.at) for place, (arm, against) in enumerate(named.primary)]
    return pl.DataFrame(rows, schema=["place", "arm", "against", "registered_at"], orient="row")


def stage_rows(runs: Sequence[ArmRun]) -> pl.DataFrame:
    """Rows of the relation `study_stages`, without the study's id; empty where no arm trains."""
    return pl.DataFrame(
        [stage_row(run, place) for run in runs for place in range(len(run.stages))],
        schema=dict.fromkeys(("arm", "seed", "place", "stage", "stage_id", "set_id", "steps", "completions")),
    )


def stage_row(run: ArmRun, place: int) -> dict[str, str | int]:
    """The row of one stage of a run: what it was trained on and with how much."""
    stage, chosen = run.stages[place], run.sets[min(place, len(run.sets) - 1)]
    settings = stage.manifest["settings"]
    return {
        "arm": run.arm,
        "seed": run.seed,
        "place": place,
        "stage": stage.manifest["stage"],
        "stage_id": stage.key,
        "set_id": chosen.key,
        "steps": settings["steps"],
        "completions": settings["steps"] * settings["batch"],
    }
