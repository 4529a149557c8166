"""The study task: every arm's runs side by side, seed by seed, as tables.

Cached by the content of every run's evaluation and stages, what the study says of its arms, and every SQL file used.
"""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import polars as pl

from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import conform, write_parquet
from tasks.steps.caching import room_task
from tasks.study.runs import ArmRun, run_rows, stage_rows
from tasks.warehouse.building import open_over
from tasks.warehouse.order import sql_digests

VERSION = 1
FILES = {name: f"{name}.parquet" for name in ("study", "study_scores", "study_curve", "study_targets")}
RELATIONS_USED = ("evaluations", "groups", "metrics")


def plan(home: Path, name: str, runs: tuple[ArmRun, ...], targets: tuple[float, ...]) -> Artifact:
    """The study that `summarise` makes of the same arguments."""
    inputs = {
        "version": VERSION,
        "name": name,
        "targets": targets,
        "runs": [run_inputs(run) for run in runs],
        "sql": sql_digests(*FILES),
    }
    return artifact(home, "studies", inputs)


def run_inputs(run: ArmRun) -> list[object]:
    """What of a run can change its rows."""
    return [run.model_dump(exclude={"evaluation", "sets", "stages"}), run.evaluation.content, [stage.content for stage in run.stages]]


@room_task(plan, name="study", task_run_name="compare the arms of {name}")
def summarise(home: Path, name: str, runs: tuple[ArmRun, ...], targets: tuple[float, ...]) -> Artifact:
    """Write `studies.parquet` and `study_stages.parquet` (the lake's relations) and the marts in FILES over them."""
    target = plan(home, name, runs, targets)
    if target.is_complete:
        return target
    with building(target, {"name": name, "arms": list(dict.fromkeys(run.arm for run in runs)), "targets": targets}) as folder:
        files = {relation: relation_files(relation, runs) for relation in RELATIONS_USED}
        for relation, rows in (("studies", run_rows(runs, targets)), ("study_stages", stage_rows(runs))):
            files[relation] = [folder / f"{relation}.parquet"]
            write_parquet(conform(rows.with_columns(study_id=pl.lit(target.key)), relation), files[relation][0])
        with closing(open_over(files, wanted=FILES)) as connection:
            for mart, name_of_file in FILES.items():
                write_parquet(connection.table(mart).pl(), folder / name_of_file)
    return target


def relation_files(relation: str, runs: Sequence[ArmRun]) -> list[Path]:
    """The Parquet files of the runs' evaluations, or of their stages, each once."""
    if relation == "evaluations":
        return list(dict.fromkeys(run.evaluation.file("evaluations.parquet") for run in runs))
    return list(dict.fromkeys(stage.file(f"{relation}/{relation}.parquet") for run in runs for stage in run.stages))
