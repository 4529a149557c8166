"""What more rounds and more held-out problems would tell of a run, and more seeds of a study."""

from typing import Any

import polars as pl

from tasks.estimates.fit import PROFILE
from tasks.estimates.outcomes import priors
from tasks.estimates.settings import DifficultySettings, PowerSettings
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import Lake, read_parquet
from tasks.reporting.inputs import Inputs
from tasks.reporting.power.found import Power, sought, wanted
from tasks.reporting.power.problems import EVALUATED, problems_found
from tasks.reporting.power.rounds import Decided, Range, rounds_found
from tasks.reporting.power.seeds import seeds_found
from tasks.reporting.sections.curation import stage_facts

MOST_PROFILES = 12  # as many datasets as have a histogram
ONE_RUN = "how much seeds differ, which one run cannot show; a study does"


def power_section(inputs: Inputs) -> dict[str, Any]:
    """The parts of which something is told, and what cannot be told."""
    asked, confidence = PowerSettings(), inputs.edges.confidence
    outcomes = measured_outcomes(inputs)
    rounds = rounds_found(outcomes, priors(outcomes, panels_in(inputs)), Decided.by(stage_ranges(inputs), inputs.edges, asked.right))
    problems = problems_found(evaluated_problems(inputs), wanted(asked, confidence))
    found = Power(asked, confidence, rounds[0][:MOST_PROFILES], problems[0], untold=(*rounds[1], *problems[1]))
    return {"parts": found.parts(), "untold": [*found.untold, ONE_RUN]}


def study_power_section(study: Artifact) -> dict[str, Any]:
    """What a study could have found, and what more seeds would find."""
    scores, comparisons = (read_parquet(study.file(f"{name}.parquet")) for name in ("study_scores", "study_comparisons"))
    sizes = dict(comparisons.group_by("family").agg(pl.col("family_size").max()).iter_rows())
    told = {"primary_comparisons": sizes.get("primary"), "all_comparisons": sizes.get("exploratory")}
    runs = scores.with_columns(
        *(pl.lit(size, pl.Int64).alias(name) for name, size in told.items()),
        study=pl.lit(study.manifest["name"]),
        sampling_variance=pl.lit(None, pl.Float64),
    )
    asked, confidence = PowerSettings(), DifficultySettings().confidence
    seeds, untold = seeds_found(runs, sought(asked, confidence))
    return {"parts": Power(asked, confidence, seeds=seeds).parts(), "untold": untold}


def measured_outcomes(inputs: Inputs) -> pl.DataFrame:
    """How many training problems had k of n right, of every dataset, the largest first, with the name of the policy."""
    rows = inputs.by_problem.filter(pl.col("n") > 0)
    counts = rows.group_by(*PROFILE, "k", "n").len("problems").with_columns(size=pl.col("problems").sum().over(PROFILE))
    names = pl.col("policy_id").replace(inputs.policy_names)
    return counts.with_columns(policy=names).sort("size", *PROFILE, "n", "k", descending=[True, *[False] * (len(PROFILE) + 2)])


def panels_in(inputs: Inputs) -> set[str]:
    """The policies of the lake that are panels, whose answers are several models'."""
    return set(Lake(inputs.home).scan("policies").filter(pl.col("kind") == "panel").select("policy_id").collect()["policy_id"])


def stage_ranges(inputs: Inputs) -> list[Range]:
    """The accuracies between which each stage's rule was told to choose."""
    stages = inputs.curated["stage"].unique().sort()
    told = [stage_facts(inputs, stage)["parameters"] for stage in stages]
    return [(facts["low"], facts["high"]) for facts in told if {"low", "high"} <= facts.keys()]


def evaluated_problems(inputs: Inputs) -> pl.DataFrame:
    """How often each held-out problem was solved without hints by each policy, the last one first, and by the base policy; no row without
    an evaluation."""
    if inputs.evaluation is None:
        return pl.DataFrame(schema=dict.fromkeys((*EVALUATED, "policy", "n", "k", "base_n", "base_k"), pl.Int64))
    rows = read_parquet(inputs.evaluation.file("evaluations.parquet")).filter(~pl.col("hints"))
    order = {policy: place for place, policy in enumerate(inputs.policies(rows["policy"]))}
    base = rows.filter(pl.col("policy") == "base").select("dataset", "split", "problem_id", base_n="n", base_k="k")
    compared = rows.join(base, on=["dataset", "split", "problem_id"], how="left").filter(pl.col("n") > 0)
    others = [pl.when(pl.col("policy") != "base").then(name).alias(name) for name in ("base_n", "base_k")]
    place = pl.col("policy").replace_strict(order, return_dtype=pl.Int64)
    return compared.with_columns(*others, recipe=pl.lit(inputs.name)).sort(-place, "dataset", "split", "problem_id")
