"""Reads what a report is made of: the artifacts' tables, and the relations that SQL derives from them.

Whatever a run may do without (hints, groups, metrics, graded answers) is an empty table or None here, never an error.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from tasks.admission.counted import all_set_aside
from tasks.difficulty.measurement import open_graded
from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import RELATIONS, ROLLOUT_KEY, Lake, read_parquet
from tasks.reporting.near import NearTrained, near_trained
from tasks.sampling.holes import reasons_of, shortfall_of
from tasks.sampling.profile import profile_rollouts, shard_paths
from tasks.warehouse.building import open_over
from tasks.warehouse.settings import MartSettings

GROUPS, DRAWS, STAGES = "stg_groups", "stg_group_draws", "stage_summary"
FORECASTS = ("forecast", "forecast_scores")
SLIM = ("n_tokens", "finish_reason", "seed", "hint")  # of a rollout, what costs are counted by


@dataclass(frozen=True)
class Difficulty:
    """How hard the problems of one profile are, and its tables."""

    difficulty: Artifact

    @property
    def edges(self) -> DifficultySettings:
        """The bands' edges that difficulty was measured with."""
        return DifficultySettings.model_validate(self.difficulty.manifest.get("settings", {}))

    @cached_property
    def by_problem(self) -> pl.DataFrame:
        """`difficulty.parquet`: one row per problem."""
        return read_parquet(self.difficulty.file("difficulty.parquet"))

    @cached_property
    def posteriors(self) -> pl.DataFrame | None:
        """`posteriors.parquet`: what each outcome says of the true accuracy; None in artifacts of older versions."""
        path = self.difficulty.file("posteriors.parquet")
        return read_parquet(path) if path.is_file() else None

    @cached_property
    def histogram(self) -> pl.DataFrame:
        """`histogram.parquet`: one row per dataset, split and bin."""
        return read_parquet(self.difficulty.file("histogram.parquet"))

    @cached_property
    def shapes(self) -> pl.DataFrame:
        """`u_shape.parquet`: one row per dataset and split, the largest first."""
        rows = read_parquet(self.difficulty.file("u_shape.parquet"))
        return rows.sort("problems", "dataset", "split", descending=[True, False, False])


@dataclass(frozen=True)
class Inputs(Difficulty):
    """The artifacts of one run, and their tables; `evaluation` is None where no problem is held out."""

    home: Path
    name: str
    sets: tuple[Artifact, ...]
    stages: tuple[Artifact, ...]
    evaluation: Artifact | None
    problems: tuple[Artifact, ...]
    others: tuple[Artifact, ...] = ()

    @property
    def set_aside(self) -> list[str]:
        """What was set aside of the problems, those to train on and the `others`, since the policy cannot be asked it."""
        return list(all_set_aside((*self.problems, *self.others)))

    @property
    def missing(self) -> list[str]:
        """What could not be drawn of the answers that difficulty, sets and evaluation rest on, hints included, by policy, and why."""
        measured = (self.found("graded", item.manifest.get("graded")) for item in self.difficulties)
        graded = dict.fromkeys([*filter(None, measured), *self.asked, *self.for_bands])
        profiles = filter(None, (self.found("profiles", item.manifest.get("profile")) for item in graded))
        return [f"{item.manifest['policy_name']}: {short.what}: {reasons_of(item)}" for item in profiles if (short := shortfall_of(item))]

    @property
    def graded(self) -> Artifact | None:
        """The graded answers that difficulty rests on, where they are known and still there."""
        return self.found("graded", self.difficulty.manifest.get("graded"))

    @property
    def asked(self) -> list[Artifact]:
        """The graded answers that the evaluation rests on, each once, as far as they are still there."""
        keys = dict.fromkeys(self.evaluation.manifest.get("graded", []) if self.evaluation else [])
        return [item for item in (self.found("graded", key) for key in keys) if item]

    @property
    def for_bands(self) -> list[Artifact]:
        """The graded answers that the bands of held-out hints rest on and that no arm is counted by; none of an evaluation without hints or
        of an older version, whose bands are of the very answers that it compares."""
        profiles = (self.found("profiles", item.manifest.get("profile")) for item in self.asked)
        hinted = (self.found("difficulty", item.manifest.get("hints_from")) for item in profiles if item)
        rest_on = (self.found("graded", item.manifest.get("graded")) for item in hinted if item)
        return list(dict.fromkeys(item for item in rest_on if item and item not in self.asked))

    @property
    def difficulties(self) -> list[Artifact]:
        """Every difficulty of the training problems that a set was chosen by: with `reprofile` more than one, the first first. One that was
        measured twice alike (by a query that says the same in other words) is one: a set names the difficulty that it was first made of."""
        later = (self.found("difficulty", item.manifest.get("difficulty")) for item in self.sets)
        unlike: dict[str, Artifact] = {}
        for item in (self.difficulty, *filter(None, later)):
            unlike.setdefault(item.content, item)
        return list(unlike.values())

    def chosen_by(self, stage: str) -> Artifact:
        """The difficulty that a stage's set was chosen by."""
        keys = [item.manifest.get("difficulty") for item in self.sets if stage in item.manifest.get("stages", {})]
        return next((item for key in keys if (item := self.found("difficulty", key))), self.difficulty)

    def found(self, kind: str, key: str | None) -> Artifact | None:
        """An artifact of the lake, where it is known and complete."""
        item = Artifact(home=self.difficulty.home, kind=kind, key=key) if key else None
        return item if item and item.is_complete else None

    @cached_property
    def curated(self) -> pl.DataFrame:
        """`curated.parquet`: one row per problem of a stage."""
        return curated_problems(self.sets)

    @cached_property
    def summary(self) -> pl.DataFrame:
        """`summary.parquet`: one row per policy, hint setting, dataset and split ("all" over all problems), policies in their order."""
        rows = self.scores("evaluation", "summary.parquet")
        order = {policy: place for place, policy in enumerate(self.policies(rows["policy"]))}
        place = pl.col("policy").replace_strict(order, return_dtype=pl.Int64)
        is_part = (pl.col("dataset") == "all") & (pl.col("split") == "all")
        return rows.sort(is_part, "dataset", "split", place, "hints", descending=[True, False, False, False, False])

    @cached_property
    def near(self) -> NearTrained | None:
        """The held-out problems that are nearly the same as one that was trained on; None where nobody has looked."""
        return near_trained(self.evaluation) if self.evaluation else None

    def policies(self, names: Sequence[str] | pl.Series) -> list[str]:
        """Policies in the order of training: base, then each stage's, then any others by name."""
        trained = [str(stage.manifest.get("stage", "")) for stage in self.stages]
        known = [name for name in ("base", *trained) if name in set(names)]
        return list(dict.fromkeys([*known, *sorted(set(names))]))

    @cached_property
    def questions(self) -> pl.DataFrame:
        """The training problems as they were read."""
        files = [source.file("problems.parquet") for source in self.problems]
        return pl.concat([pl.DataFrame(schema=RELATIONS["problems"]), *(read_parquet(file) for file in files)]).unique(
            ["problem_id", "dataset", "split"], keep="first", maintain_order=True
        )

    @cached_property
    def metrics(self) -> pl.DataFrame:
        """What training logged, of all stages."""
        return pl.concat([pl.DataFrame(schema=RELATIONS["metrics"]), *(read_parquet(file) for file in self.stage_files("metrics"))])

    @cached_property
    def groups(self) -> pl.DataFrame:
        """`stg_groups` over the stages' groups."""
        with closing(open_over({"groups": self.stage_files("groups")}, MartSettings(difficulty=self.edges), wanted=[GROUPS])) as connection:
            return connection.table(GROUPS).pl()

    @cached_property
    def group_draws(self) -> pl.DataFrame:
        """`stg_group_draws` over the stages' groups."""
        with closing(open_over({"groups": self.stage_files("groups")}, MartSettings(difficulty=self.edges), wanted=[DRAWS])) as connection:
            return connection.table(DRAWS).pl()

    @cached_property
    def ageing(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The marts `calibration` and `prior_staleness` over the stages' groups."""
        marts = ("calibration", "prior_staleness")
        with closing(open_over({"groups": self.stage_files("groups")}, MartSettings(difficulty=self.edges), wanted=marts)) as connection:
            calibration, staleness = (connection.table(name).pl() for name in marts)
        return calibration, staleness

    @cached_property
    def forecasts(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The relations `forecast` and `forecast_scores` over the stages' groups, each stage replayed."""
        files = {relation: self.stage_files(relation) for relation in ("groups", "metrics")}
        with closing(open_over(files, MartSettings(difficulty=self.edges), wanted=FORECASTS)) as connection:
            forecast, scores = (connection.table(name).pl() for name in FORECASTS)
        return forecast, scores

    @cached_property
    def stage_summary(self) -> pl.DataFrame:
        """The mart `stage_summary` over what the stages left."""
        files = {relation: self.stage_files(relation) for relation in ("groups", "metrics")}
        with closing(open_over(files, MartSettings(difficulty=self.edges), wanted=[STAGES])) as connection:
            return connection.table(STAGES).pl()

    @cached_property
    def hint_effect(self) -> pl.DataFrame:
        """`hint_effect.parquet`: no row without a hinted arm."""
        return self.scores("hint_effect", "hint_effect.parquet")

    def scores(self, mart: str, name: str) -> pl.DataFrame:
        """The rows of a mart that the evaluation wrote to the file of that name; no row where nothing was evaluated."""
        if self.evaluation:
            return read_parquet(self.evaluation.file(name))
        with closing(open_over({}, wanted=[mart])) as connection:
            return connection.table(mart).pl()

    @cached_property
    def policy_names(self) -> dict[str, str]:
        """The policies that were asked, id -> name, in the order of training: those that were evaluated without hints, or where nothing was
        evaluated those that difficulty was measured with."""
        if self.evaluation:
            found = self.summary.filter(~pl.col("hints")).select("policy_id", "policy").unique(maintain_order=True).rows()
        else:
            ids = [id for item in self.difficulties for id in read_parquet(item.file("difficulty.parquet"))["policy_id"].unique()]
            known = dict(Lake(self.home).scan("policies").select("policy_id", "name").collect().iter_rows())
            found = [(id, known[id]) for id in dict.fromkeys(ids) if id in known]
        order = self.policies([name for _, name in found])
        return dict(sorted(found, key=lambda row: order.index(row[1])))

    @cached_property
    def suspects(self) -> pl.DataFrame | None:
        """The mart `suspect_labels` over the training problems; None where their graded answers are not there."""
        if self.graded is None:
            return None
        with closing(open_graded(self.graded, self.problems, MartSettings(difficulty=self.edges), ["suspect_labels"])) as connection:
            return connection.table("suspect_labels").pl()

    def lengths(self, graded: Artifact, problem_ids: pl.Series) -> pl.DataFrame:
        """The responses of a graded profile to these problems without their text: how long each is and how it ended."""
        return profile_rollouts(graded, problem_ids, columns=[*ROLLOUT_KEY, *SLIM])

    @cached_property
    def pace(self) -> pl.DataFrame:
        """The engine's seconds per token for each policy and way of sampling, as far as the lake knows."""
        drawn = Lake(self.home).scan("draws").group_by("policy_id", "sampling_id").agg(pl.col("seconds", "tokens").sum())
        return drawn.filter(pl.col("tokens") > 0).select("policy_id", "sampling_id", pace=pl.col("seconds") / pl.col("tokens")).collect()

    def stage_files(self, relation: str) -> list[Path]:
        """The stages' files of `groups` or `metrics`."""
        return [path for stage in self.stages for path in sorted((stage.path / relation).glob("*.parquet"))]

    def answers(self, problem_ids: pl.Series) -> pl.DataFrame:
        """The graded responses to these problems: `response`, `verdict`, `extracted`, `n_tokens`; no row where they are not there."""
        graded = self.graded
        if graded is None:
            return pl.DataFrame(schema={**RELATIONS["rollouts"], **RELATIONS["verdicts"]})
        rollouts = profile_rollouts(graded, problem_ids)
        verdicts = pl.scan_parquet(shard_paths(graded, "verdicts"), glob=False).filter(pl.col("problem_id").is_in(problem_ids.implode()))
        return rollouts.join(verdicts.collect(), on=list(ROLLOUT_KEY), how="inner").sort("problem_id", "round", "sample", "gold_id")

    def sampling(self) -> dict[str, Any]:
        """How the responses were drawn, as the lake's `samplings` tells it; empty where it does not."""
        ids = self.by_problem["sampling_id"].unique()
        rows = Lake(self.home).scan("samplings").filter(pl.col("sampling_id").is_in(ids.implode())).collect()
        return rows.row(0, named=True) if len(rows) else {}


def curated_problems(sets: Sequence[Artifact]) -> pl.DataFrame:
    """`curated.parquet` of all these sets, whose stages sort as they stand there: in the order of training. Estimates that sets of older
    versions lack are null."""
    every_column = pl.DataFrame(schema=RELATIONS["curated"])
    rows = pl.concat([every_column, *(read_parquet(item.file("curated.parquet")) for item in sets)], how="diagonal")
    return rows.with_columns(pl.col("stage").cast(pl.Enum(rows["stage"].unique(maintain_order=True))))
