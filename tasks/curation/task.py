"""The curation task: the problems of a recipe's stages, chosen in SQL from how hard they are, with the lineage that says why.

Cached by the content of the difficulty and of the problems, the settings, and every SQL file used, the rules' own included.
"""

import logging
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from tasks.base.errors import InputError
from tasks.base.files import file_digest
from tasks.curation.candidates import Candidates, read_candidates
from tasks.curation.rules import choose, rule_parameters, rule_path, rule_text, shortage
from tasks.curation.settings import SetSettings, StageRule
from tasks.curation.trained import read_trained, told_by
from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import Lake, conform, write_parquet
from tasks.problems.precision import stated_precision
from tasks.steps.caching import room_task
from tasks.steps.naming import listed
from tasks.steps.request import StepRequest
from tasks.warehouse.building import open_over
from tasks.warehouse.order import sql_digests

VERSION = 4
PLACE = ["problem_id", "gold_id", "dataset", "split"]
logger = logging.getLogger(__name__)


class CurationRequest(StepRequest):
    """How hard problems are, and by which rules those of each stage are chosen from them.

    `earlier` is the difficulty of the same problems for the policy before, which rules read as the relation of that name; `trained` the
    stage before, whose `groups` and `forecast` they read.
    """

    difficulty: Artifact
    problems: tuple[Artifact, ...]
    settings: SetSettings
    seed: int
    earlier: Artifact | None = None
    trained: Artifact | None = None

    def target(self) -> Artifact:
        names = list(self.settings.stages)
        inputs = {
            **({"order": names} if names != sorted(names) else {}),  # a digest knows no order of keys
            **({"earlier": self.earlier.content} if self.earlier else {}),
            **({"groups": told_by(self.trained)} if self.trained else {}),
            "version": VERSION,
            "difficulty": self.difficulty.content,
            "problems": [source.content for source in self.problems],
            "settings": self.settings,
            "seed": self.seed,
            "rules": {stage: file_digest(rule_path(rule.rule)) for stage, rule in self.settings.stages.items()},
            "sql": sql_digests("candidates", given=["problem_counts", "posteriors"]),
        }
        return artifact(self.home, "curated", inputs)

    def said(self) -> str:
        return f"choose the problems of {listed(list(self.settings.stages))}"


@room_task(name="curate")
def curate_sets(request: CurationRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write `curated.parquet` (the lake's relation) and one `<stage>.parquet` a stage. Raises InputError when problems are too few."""
    problems, earlier, settings = request.problems, request.earlier, request.settings
    candidates = read_candidates(request.difficulty, problems)
    sources, conflicts = read_problems(problems)
    warnings = [f"{conflicts} problems have more than one gold answer and are left out; see gold_conflicts"] if conflicts else []
    before, trained = read_candidates(earlier, problems) if earlier else None, read_trained(request.trained)
    stages = {}
    for stage, rule in settings.stages.items():
        chosen = choose(candidates, rule, request.seed, before, trained)
        short = shortage(stage, rule, chosen, candidates, has_earlier=earlier is not None)
        warnings += judge_size(short, chosen, is_error=request.trained is None and settings.on_shortage == "error")
        stages[stage] = with_estimates(chosen, candidates, rule).join(sources, on=PLACE).sort("rank")
    for warning in warnings:
        logger.warning(warning)
    write_stages(stages, target.key, Lake(request.home).images, folder)
    return lineage(request, stages, warnings)


def read_problems(problems: Sequence[Artifact]) -> tuple[pl.DataFrame, int]:
    """The problems as they are asked, and how many have several gold answers."""
    files = {"problems": [source.file("problems.parquet") for source in problems]}
    with closing(open_over(files, wanted=["stg_problems", "gold_conflicts"])) as connection:
        rows = connection.table("stg_problems").pl()
        decimals = [stated_precision(*row) for row in rows.select("question", "metadata").iter_rows()]
        rows = rows.with_columns(pl.Series("precision", decimals, dtype=pl.Int64))
        sources = rows.select(*PLACE, pl.col("question").alias("problem"), "images", "answer", "choices", "precision")
        return sources, connection.table("gold_conflicts").pl().height


def with_estimates(chosen: pl.DataFrame, candidates: Candidates, rule: StageRule) -> pl.DataFrame:
    """The chosen problems with their counts and estimates, and as `prior` the one that the rule decides by: p0 of the weights."""
    known = candidates.measured().with_columns(prior=pl.col("accuracy" if rule.estimate == "share" else "p_mean"))
    return chosen.join(known, on="problem_id")


def judge_size(short: str, chosen: pl.DataFrame, *, is_error: bool) -> list[str]:
    """The warning about a stage that is too small, if any. Raises InputError where that is an error, and for an empty stage."""
    if short and (is_error or chosen.is_empty()):
        raise InputError(short)
    return [short] if short else []


def write_stages(stages: dict[str, pl.DataFrame], set_id: str, images: Path, folder: Path) -> None:
    """Write the set's rows for the lake and each stage's problems for training."""
    from tasks.curation.export import COLUMNS, WEIGHT, write_stage  # brings pyarrow and NumPy, which plans and reruns do without

    named = [rows.with_columns(pl.lit(set_id).alias("set_id"), pl.lit(stage).alias("stage")) for stage, rows in stages.items()]
    write_parquet(pl.concat(conform(rows, "curated") for rows in named), folder / "curated.parquet")
    for stage, rows in stages.items():
        weighed = WEIGHT if rows["weight"].null_count() < len(rows) else {}
        write_stage(rows.select(*COLUMNS, *weighed), images, folder / f"{stage}.parquet")


def lineage(request: CurationRequest, stages: dict[str, pl.DataFrame], warnings: list[str]) -> dict[str, Any]:
    """What the manifest says of a set: whose difficulty, by which grader and sampling, which query, and what came out."""
    difficulty, earlier, settings = request.difficulty, request.earlier, request.settings
    measured = {name: difficulty.manifest[name] for name in ("policy_id", "sampling_id", "grader_id", "rounds")}
    measured["sources"] = difficulty.manifest.get("sources")  # of one that training's own groups are part of
    described = {stage: stage_lineage(rule, request.seed, stages[stage]) for stage, rule in settings.stages.items()}
    made_from = {"difficulty": difficulty.key, "earlier": earlier and earlier.key, "problems": [source.key for source in request.problems]}
    made_from["trained"] = request.trained and request.trained.key
    return {**measured, **made_from, "settings": settings, "warnings": warnings, "stages": described}


def stage_lineage(rule: StageRule, seed: int, rows: pl.DataFrame) -> dict[str, Any]:
    """The query of one stage as it was run, and counts of what it chose."""
    path = rule_path(rule.rule)
    counts = {column: dict(rows.group_by(column).len().sort(column).rows()) for column in ("band", "dataset")}
    query: dict[str, Any] = {"rule": rule.rule, "query": rule_text(path), "query_digest": file_digest(path)}
    query["parameters"] = rule_parameters(rule, seed)
    return {**query, "problems": len(rows), "by_band": counts["band"], "by_dataset": counts["dataset"]}
