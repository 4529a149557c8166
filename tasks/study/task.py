"""The study task: every arm's runs side by side, seed by seed, as tables.

Cached by the content of every run's evaluation and stages, what the study says of its arms, every list of primary comparisons that it has
had, and every SQL file used.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import Field

from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import conform, write_parquet
from tasks.steps.caching import room_task
from tasks.steps.request import StepRequest
from tasks.steps.shortfalls import Shortfall
from tasks.study.registration import Registered, done_before, other_lists, registered
from tasks.study.runs import ArmRun, BrokenRun, pilot_rows, primary_rows, run_rows, stage_rows
from tasks.warehouse.building import open_over
from tasks.warehouse.order import sql_digests

VERSION = 3
FILES = {
    name: f"{name}.parquet"
    for name in ("study", "study_comparisons", "study_scores", "study_curve", "study_targets", "study_spending", "study_grid")
}
RELATIONS_USED = ("evaluations", "groups", "metrics")


class StudyRequest(StepRequest):
    """The runs of a study, every arm with every seed, and those that broke; what the `grids` chose for each arm; the validation accuracies
    (`targets`) whose cost is told; and the `registration` of its primary comparisons."""

    name: str
    runs: tuple[ArmRun, ...]
    targets: tuple[float, ...]
    registration: Artifact
    broken: tuple[BrokenRun, ...] = ()
    grids: dict[str, Artifact] = Field(default_factory=dict)

    def target(self) -> Artifact:
        inputs = {
            "version": VERSION,
            "name": self.name,
            "targets": self.targets,
            "runs": [run_inputs(run) for run in self.runs],
            "broken": self.broken,
            "grids": {arm: grid.content for arm, grid in self.grids.items()},
            "primary": [list_inputs(one) for one in (registered(self.registration), *other_lists(self.registration))],
            "sql": sql_digests(*FILES),
        }
        return artifact(self.home, "studies", inputs)

    def said(self) -> str:
        return f"compare the arms of {self.name}"

    def shortfall(self, made: Artifact) -> Shortfall | None:
        if not self.broken:
            return None
        first = self.broken[0]
        what = f"{len(self.broken)} of {len(self.broken) + len(self.runs)} runs"
        return Shortfall(what, f"the first, {first.arm} with seed {first.seed}, broke with: {first.why}")


def run_inputs(run: ArmRun) -> list[object]:
    """What of a run can change its rows."""
    measured = [chosen.manifest["difficulty"] for chosen in run.sets]
    own = run.model_dump(exclude={"evaluation", "sets", "stages"})
    return [own, run.evaluation.content, [stage.content for stage in run.stages], measured]


def list_inputs(registered: Registered) -> list[object]:
    """What of a list of primary comparisons is told."""
    return [registered.at.isoformat(), registered.primary]


@room_task(name="study")
def summarise_study(request: StudyRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write `studies`, `study_stages`, `study_primaries` and `study_pilots` (the lake's relations) and the marts in FILES over them."""
    runs, targets = request.runs, request.targets
    files = {relation: relation_files(relation, runs) for relation in RELATIONS_USED}
    own = {
        "studies": run_rows(runs, targets),
        "study_stages": stage_rows(runs),
        "study_primaries": primary_rows(request.registration),
        "study_pilots": pilot_rows(request.grids),
    }
    for relation, rows in own.items():
        files[relation] = [folder / f"{relation}.parquet"]
        write_parquet(conform(rows.with_columns(study_id=pl.lit(target.key)), relation), files[relation][0])
    with closing(open_over(files, wanted=FILES)) as connection:
        for mart, name_of_file in FILES.items():
            write_parquet(connection.table(mart).pl(), folder / name_of_file)
    arms = list(dict.fromkeys(run.arm for run in runs))
    told = {"primary": primary_facts(request), "broken": request.broken, "grids": grid_facts(request.grids)}
    return {"name": request.name, "arms": arms, "targets": targets, **told}


def grid_facts(grids: Mapping[str, Artifact]) -> dict[str, dict[str, Any]]:
    """What was chosen for each arm: the learning rate, whether it is at an edge of the grid, by how much it led, and the error of that."""
    return {arm: {name: grid.manifest[name] for name in ("learning_rate", "edge", "lead", "error")} for arm, grid in grids.items()}


def primary_facts(request: StudyRequest) -> dict[str, Any]:
    """The list of primary comparisons in force, since when, how many of the runs had been evaluated by then, and the other lists."""
    named, evaluations = registered(request.registration), [run.evaluation for run in request.runs]
    return {
        **named.model_dump(mode="json"),
        "runs": len(set(evaluations)),
        "runs_before": done_before(evaluations, named.at),
        "others": [one.model_dump(mode="json") for one in other_lists(request.registration)],
    }


def relation_files(relation: str, runs: Sequence[ArmRun]) -> list[Path]:
    """The Parquet files of the runs' evaluations, or of their stages, each once."""
    if relation == "evaluations":
        return list(dict.fromkeys(run.evaluation.file("evaluations.parquet") for run in runs))
    return list(dict.fromkeys(stage.file(f"{relation}/{relation}.parquet") for run in runs for stage in run.stages))
