"""What stages optimised, in their formulas, and what was watched of it: whether runs of them can be compared at all."""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from tasks.lake.artifacts import Artifact
from tasks.reporting.inputs import Inputs
from tasks.reporting.table import Table, table
from tasks.reporting.wording import number, percent

MOST_CLIPPED, MOST_CUT, MOST_BOUNDED = 0.5, 0.05, 0.05
"""Shares of steps, of answers and of importance ratios above which a comparison of runs is void; ours."""
FEW = 0.2
NOT_MEASURED = "not measured"


def objective_section(inputs: Inputs, titles: dict[str, str]) -> dict[str, Any]:
    """The formulas of the stages, each told once, a table of what was watched, and what makes a comparison void."""
    rows = {row["stage_id"]: row for row in inputs.stage_summary.iter_rows(named=True)}
    return {
        "objectives": list(objectives(inputs.stages, titles)),
        "watched": watched(inputs.stages, titles, rows),
        "void": [line for stage in inputs.stages if stage.key in rows for line in void(stage, titles[stage.key], rows[stage.key], inputs)],
    }


def objectives(stages: Sequence[Artifact], titles: dict[str, str]) -> Iterator[Table]:
    """A table of each objective, with the stages that had it."""
    told = [(stage.manifest.get("optimised"), titles[stage.key]) for stage in stages]
    for objective in [one for place, (one, _) in enumerate(told) if one and one not in [other for other, _ in told[:place]]]:
        names = " and ".join(title for one, title in told if one == objective)
        yield table(f"What was optimised: {names}", ("part", "what it was"), objective)


def watched(stages: Sequence[Artifact], titles: dict[str, str], rows: dict[str, dict[str, Any]]) -> Table:
    """What was watched of each stage."""
    heads = ("stage", "#gradient clipped", "#ratios bounded", "#cut off", "#tokens, right", "#tokens, wrong", "#entropy", "#KL at the end")
    return table(
        "What was watched (KL per token, from the policy that the stage started from)",
        heads,
        [(titles[stage.key], *cells(rows[stage.key])) for stage in stages if stage.key in rows],
    )


def cells(row: dict[str, Any]) -> Iterator[str]:
    """What was watched of one stage, as it is shown."""
    for name in ("gradient_clipped_share", "ratio_bounded_share", "truncated_share"):
        yield NOT_MEASURED if row[name] is None else percent(row[name])
    for name in ("mean_length_right", "mean_length_wrong"):
        yield NOT_MEASURED if row[name] is None else number(row[name])
    ends = row["first_entropy"], row["last_entropy"]
    yield NOT_MEASURED if ends[0] is None else " → ".join(map(number, ends))
    yield NOT_MEASURED if row["last_kl"] is None else number(row["last_kl"])


def void(stage: Artifact, title: str, row: dict[str, Any], inputs: Inputs) -> Iterator[str]:
    """What makes a comparison with this stage void, each with what to do."""
    settings = stage.manifest.get("settings", {})
    clipped, cut, bounded = row["gradient_clipped_share"], row["truncated_share"], row["ratio_bounded_share"]
    if clipped is not None and clipped > MOST_CLIPPED:
        yield (
            f"{title}: the gradient was clipped at {settings.get('max_grad_norm')} on {percent(clipped)} of the steps. Clipped steps all "
            f"have one size, so runs that differ in weights, or in their scale, cannot be compared.{roomier(stage, inputs)}"
        )
    if cut is not None and cut > MOST_CUT:
        counted = "and left out of the loss" if settings.get("mask_truncated") else "and judged as they stood"
        yield (
            f"{title}: {percent(cut)} of the answers were cut off at {settings.get('max_tokens')} tokens {counted}. Accuracy then measures "
            "length, too, and runs cannot be compared by it: raise max_tokens."
        )
    if bounded is not None and bounded > MOST_BOUNDED:
        yield (
            f"{title}: {percent(bounded)} of the importance ratios were dropped or truncated: vLLM drew from another policy than the one "
            "that was trained, and runs cannot be compared."
        )


def roomier(stage: Artifact, inputs: Inputs) -> str:
    """At which clip few of the steps would have been clipped."""
    norms = inputs.metrics.filter(pl.col("stage_id") == stage.key, pl.col("name") == "grad_norm")["value"]
    if norms.is_empty():
        return ""
    return f" A max_grad_norm of {number(norms.quantile(1 - FEW), 2)} would have clipped a fifth of these steps."
