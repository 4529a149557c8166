"""What the run cost: responses and tokens of every step, the engine's time where the lake knows it, and which problems took them.

Counts are those of the run's own answers, so a step that an earlier run had paid for counts as well. The engine's time is that of all
draws with the same policy and way of sampling, by tokens; it is the one thing on the page that two equal runs differ in.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.reporting.charts import amount_chart, stacked_chart
from tasks.reporting.figure import Figure
from tasks.reporting.inputs import Inputs
from tasks.reporting.sections.training import stage_title
from tasks.reporting.table import Table, table
from tasks.reporting.wording import MISSING, duration, label, number, percent, policy_title
from tasks.sampling.profile import read_profile, rows_of

MOST_BARS = 12
DRAWN = ["policy_id", "sampling_id"]


def cost_section(inputs: Inputs) -> dict[str, Any] | None:
    """The steps in a table and the profile's tokens by band; None where neither answers nor stages say what they took."""
    rows = [*profile_rows(inputs), *stage_rows(inputs), *evaluation_rows(inputs)]
    if not rows:
        return None
    figures = [figure for figure in (tokens_by_band(inputs), tokens_by_step(rows)) if figure]
    return {"figures": figures, "steps": steps_table(rows)}


def profile_rows(inputs: Inputs) -> Iterator[dict[str, Any]]:
    """What measuring difficulty took, once for each policy that it was measured with."""
    for item in inputs.difficulties:
        graded = inputs.found("graded", item.manifest.get("graded"))
        if graded:
            ids = read_parquet(item.file("difficulty.parquet"), columns=["problem_id"])["problem_id"].unique()
            yield {"step": "Profile", "of": policy_of(inputs, graded), **spent(inputs, graded, ids)}


def stage_rows(inputs: Inputs) -> Iterator[dict[str, Any]]:
    """What training drew and read."""
    for stage in inputs.stages:
        groups = inputs.groups.filter(pl.col("stage_id") == stage.key)
        logged = inputs.metrics.filter(pl.col("stage_id") == stage.key)
        refilled = logged.filter(pl.col("name") == "refill/completions")["value"].sum()
        read = logged.filter(pl.col("name") == "num_tokens")["value"].max()
        if groups.is_empty() and read is None:
            continue
        responses, correct = int(groups["group_size"].sum()) + int(refilled), int(groups["correct"].sum())
        tokens = None if read is None else int(read)  # type: ignore[arg-type]
        yield {"step": "Training", "of": stage_title(stage), "responses": responses, "correct": correct, "tokens": tokens}


def evaluation_rows(inputs: Inputs) -> Iterator[dict[str, Any]]:
    """What the evaluation drew of each policy, with hints and without, and to find the bands of these hints."""
    if inputs.evaluation is None or not inputs.asked:
        return
    ids = read_parquet(inputs.evaluation.file("evaluations.parquet"), columns=["problem_id"])["problem_id"].unique()
    parts = [{"of": policy_of(inputs, graded), **spent(inputs, graded, ids)} for graded in inputs.asked]
    for policy in dict.fromkeys(part["of"] for part in parts):
        mine = [part for part in parts if part["of"] == policy]
        keys = ("responses", "correct", "tokens", "cut_off", "seconds")
        yield {"step": "Evaluation", "of": policy, **{key: added(part.get(key) for part in mine) for key in keys}}
    for graded in inputs.for_bands:
        yield {"step": "Evaluation", "of": f"{policy_of(inputs, graded)}, bands of hints", **spent(inputs, graded, ids)}


def added(values: Any) -> float | None:
    """The sum of values; None where one is not known."""
    found = list(values)
    return None if any(value is None for value in found) else sum(found)


def spent(inputs: Inputs, graded: Artifact, problem_ids: pl.Series) -> dict[str, Any]:
    """What the answers of a graded profile to these problems took; None for what is not known, as of answers made elsewhere."""
    rows = inputs.lengths(graded, problem_ids)
    priced = rows.group_by(DRAWN).agg(pl.col("n_tokens").sum()).join(inputs.pace, on=DRAWN, how="left")
    tokens = int(rows["n_tokens"].sum()) if rows["n_tokens"].null_count() == 0 and len(rows) else None
    seconds = priced.select((pl.col("n_tokens") * pl.col("pace")).sum()).item() if priced["pace"].null_count() == 0 else None
    return {
        "responses": len(rows),
        "correct": correct(graded, problem_ids),
        "tokens": tokens,
        "cut_off": int((rows["finish_reason"] == "length").sum()),
        "seconds": seconds if tokens else None,
    }


def correct(graded: Artifact, problem_ids: pl.Series) -> int:
    """How many verdicts of a graded profile on these problems are "correct"."""
    mine = rows_of(graded, "verdicts", problem_ids)
    return int(mine.select((pl.col("verdict") == "correct").sum()).collect().item())


def policy_of(inputs: Inputs, graded: Artifact) -> str:
    """The title of the policy that gave these answers, or the beginning of its identity."""
    policy_id, names = read_profile(graded)["policy_id"], inputs.policy_names
    return policy_title(names[policy_id]) if policy_id in names else label(policy_id, 12)


def steps_table(rows: list[dict[str, Any]]) -> Table:
    """Every step of the run."""
    cells = [
        (
            row["step"],
            row["of"],
            number(row["responses"]),
            number(row["tokens"]),
            each(row["tokens"], row["responses"]),
            each(row["tokens"], row["correct"]),
            percent(row["cut_off"] / row["responses"]) if row.get("cut_off") is not None and row["responses"] else MISSING,
            duration(row.get("seconds")),
        )
        for row in rows
    ]
    heads = ("step", "policy", "#responses", "#tokens", "#per response", "#per correct one", "#cut off", "#engine’s time")
    return table("Responses and tokens; those of training hold the prompts too", heads, cells)


def each(tokens: float | None, count: float | None) -> str:
    """Tokens over a count."""
    return MISSING if tokens is None or not count else f"{tokens / count:,.1f}"


def tokens_by_band(inputs: Inputs) -> Figure | None:
    """The tokens that the profile spent on problems of each band, dataset by dataset; None where they are not known."""
    graded = inputs.graded
    if graded is None:
        return None
    places = inputs.by_problem.filter(pl.col("band").is_not_null()).unique("problem_id", keep="first", maintain_order=True)
    lengths = inputs.lengths(graded, places["problem_id"]).group_by("problem_id").agg(pl.col("n_tokens").sum())
    rows = places.join(lengths, on="problem_id").group_by("dataset", "band").agg(tokens=pl.col("n_tokens").sum()).sort("dataset", "band")
    if not rows["tokens"].sum():
        return None
    order = rows.group_by("dataset").agg(pl.col("tokens").sum()).sort("tokens", "dataset", descending=[True, False]).head(MOST_BARS)
    named = rows.join(order.select("dataset"), on="dataset").with_columns(
        name=pl.col("dataset").map_elements(lambda name: label(name, 24), return_dtype=pl.String)
    )
    ends = float(rows.filter(pl.col("band").is_in(["hopeless", "trivial"]))["tokens"].sum()) / float(rows["tokens"].sum())
    beyond = f"below {inputs.edges.low:g} or above {inputs.edges.high:g}"
    said = f"{percent(ends, 0)} of the profile’s tokens went to hopeless or trivial problems, with an accuracy {beyond}"
    names = [label(name, 24) for name in order["dataset"]]
    chart = stacked_chart(named, names, "tokens", f"Tokens of the profile by dataset and band. {said}.")
    return Figure(title="Tokens of the profile by band", svg=chart, caption=said)


def tokens_by_step(rows: list[dict[str, Any]]) -> Figure | None:
    """The tokens of every step; None where fewer than two steps say."""
    known = [(f"{row['step']} · {row['of']}", row["tokens"]) for row in rows if row["tokens"]]
    if len(known) < 2:
        return None
    total = sum(tokens for _, tokens in known)
    said = f"{total:,} tokens in all"
    chart = amount_chart(pl.DataFrame(known, schema=["name", "tokens"], orient="row"), "tokens", f"Tokens of every step: {said}.")
    return Figure(title="Tokens by step", svg=chart, caption=said)
