"""What a study compares: one run of an arm with one seed, and the rows that the lake keeps of it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import polars as pl
from pydantic import BaseModel, ConfigDict

from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.sampling.profile import profile_rollouts
from tasks.study.grid_task import FILE as GRID
from tasks.study.registration import registered

STAGE_COLUMNS = (
    "arm",
    "seed",
    "place",
    "stage",
    "stage_id",
    "set_id",
    "steps",
    "completions",
    "profile_completions",
    "profile_tokens",
)
PILOT_SCHEMA: dict[str, Any] = {
    "arm": pl.String,
    "learning_rate": pl.Float64,
    "seed": pl.Int64,
    "accuracy": pl.Float64,
    "broke": pl.String,
    "is_chosen": pl.Boolean,
    "answers": pl.Int64,
}


class ArmRun(BaseModel):
    """One run: the arm's name, its place in the study, the arm that it adds to ("" for none), the seed, and what the run left.

    `policy_id` is the policy to compare, among those of `evaluation`; `stages` trained it, in order, each on the set of the same place in
    `sets` (the last one where there are fewer), all at the `learning_rate` (None: each at its own). `given` is the content of a difficulty
    that the arm is not charged for, "" where it pays for all that it was chosen by.
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
    learning_rate: float | None = None
    given: str = ""

    def set_of(self, place: int) -> Artifact:
        """The set that the stage of that place was trained on."""
        return self.sets[min(place, len(self.sets) - 1)]


class BrokenRun(BaseModel):
    """A run that did not come to its end, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arm: str
    place: int
    seed: int
    why: str


class Offline(NamedTuple):
    """Responses drawn offline, and their tokens; None where nobody has counted these (a panel's)."""

    completions: int
    tokens: int | None


def offline(run: ArmRun) -> list[Offline]:
    """For each stage of a run what was drawn to measure the difficulty that its set was chosen by, each difficulty being paid for once. One
    of the same content is the same: a set names the difficulty that it was first made of."""
    paid, costs = {run.given}, []
    for place in range(len(run.stages)):
        chosen = run.set_of(place)
        difficulty = Artifact(home=chosen.home, kind="difficulty", key=chosen.manifest["difficulty"])
        costs.append(Offline(0, 0) if difficulty.content in paid else drawn(difficulty))
        paid.add(difficulty.content)
    return costs


@lru_cache(maxsize=256)
def drawn(difficulty: Artifact) -> Offline:
    """The responses that were drawn for a difficulty, whatever was made of them; those of training's own groups were drawn already."""
    graded = difficulty.manifest["graded"]
    if graded is None:
        return Offline(0, 0)
    problems = read_parquet(difficulty.file("difficulty.parquet"), columns=["problem_id"])["problem_id"].unique()
    columns = ("problem_id", "round", "sample", "n_tokens")
    rows = profile_rollouts(Artifact(home=difficulty.home, kind="graded", key=graded), problems, columns)
    return Offline(len(rows), None if rows["n_tokens"].has_nulls() else int(rows["n_tokens"].sum()))


def run_rows(runs: Sequence[ArmRun], targets: Sequence[float]) -> pl.DataFrame:
    """Rows of the relation `studies`, without the study's id."""
    kept = {"arm", "about", "place", "adds_to", "is_baseline", "seed", "policy_id", "learning_rate"}
    costs = [sum(cost.completions for cost in offline(run)) for run in runs]
    told = [
        {"evaluation_id": run.evaluation.key, "targets": list(targets), "profile_completions": cost}
        for run, cost in zip(runs, costs, strict=True)
    ]
    return pl.DataFrame([{**run.model_dump(include=kept), **more} for run, more in zip(runs, told, strict=True)], infer_schema_length=None)


def primary_rows(registration: Artifact) -> pl.DataFrame:
    """Rows of the relation `study_primaries`, without the study's id; empty where the study names none."""
    named = registered(registration)
    rows = [(place, arm, against, named.at) for place, (arm, against) in enumerate(named.primary)]
    return pl.DataFrame(rows, schema=["place", "arm", "against", "registered_at"], orient="row")


def stage_rows(runs: Sequence[ArmRun]) -> pl.DataFrame:
    """Rows of the relation `study_stages`, without the study's id; empty where no arm trains."""
    return pl.DataFrame(
        [stage_row(run, place, cost) for run in runs for place, cost in enumerate(offline(run))],
        schema=dict.fromkeys(STAGE_COLUMNS),
        infer_schema_length=None,
    )


def stage_row(run: ArmRun, place: int, cost: Offline) -> dict[str, str | int | None]:
    """The row of one stage of a run: what it was trained on and with how much, and what was drawn offline for it."""
    stage, chosen = run.stages[place], run.set_of(place)
    settings = stage.manifest["settings"]
    return {
        "arm": run.arm,
        "seed": run.seed,
        "place": place,
        "stage": stage.manifest["stage"],
        "stage_id": stage.key,
        "set_id": chosen.key,
        "steps": settings["steps"],
        "completions": settings["steps"] * settings["batch"] // settings.get("iterations", 1),
        "profile_completions": cost.completions,
        "profile_tokens": cost.tokens,
    }


def pilot_rows(grids: Mapping[str, Artifact]) -> pl.DataFrame:
    """Rows of the relation `study_pilots`, without the study's id: what each arm's grid saw; empty without grids."""
    parts = [
        read_parquet(grid.file(GRID)).with_columns(
            arm=pl.lit(arm),
            is_chosen=pl.col("learning_rate") == grid.manifest["learning_rate"],
            answers=pl.lit(grid.manifest["answers"], pl.Int64),
        )
        for arm, grid in grids.items()
    ]
    return pl.concat([pl.DataFrame(schema=PILOT_SCHEMA), *(part.select(*PILOT_SCHEMA) for part in parts)])
