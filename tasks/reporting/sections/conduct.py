"""How a study was run: which seeds, how learning rates were chosen, which runs broke, and what makes a comparison void or one of unlike
arms."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.reporting.table import Table, table
from tasks.reporting.wording import MISSING, label, number, percent, points

MOST_CLIPPED = 0.2  # of the steps: above, a clip decides how large they are
ALIKE = 0.05  # of the baseline's tokens
STALE, MOST_WITHOUT_SIGNAL = 0.1, 0.2
"""How far a later stage may be from its prior when it begins, and the share of its groups without a signal; all of this is ours."""
SHOWN = 6  # broken runs


def conduct(study: Artifact, arms: pl.DataFrame) -> dict[str, Any]:
    """What the page says of how a study was run; `arms` is the mart `study`."""
    pilots, grid, scores = (read_parquet(study.file(f"{name}.parquet")) for name in ("study_pilots", "study_grid", "study_scores"))
    rows = list(arms.iter_rows(named=True))
    return {
        "seeds": seeds_sentence(scores, pilots),
        "broken": broken(study.manifest["broken"]),
        "warnings": [line for row in rows for line in (*void(row), *unlike(row), *stale(row))],
        "grid": grid_table(grid) if len(grid) else None,
        "edges": edges(study.manifest["grids"]),
        "watched": watched_table(rows),
    }


def seeds_sentence(scores: pl.DataFrame, pilots: pl.DataFrame) -> str:
    """Which seeds were run, and which were used before."""
    seeds = scores["seed"].sort()
    said = f"Its seeds are {seeds[0]} to {seeds[-1]}."
    if pilots.is_empty():
        return said
    before = ", ".join(map(str, pilots["seed"].unique().sort()))
    return f"{said} Learning rates were chosen on other ones ({before}), by the validation problems, which are none of those held out."


def broken(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The runs that did not come to their end, in words."""
    said = [f"{label(run['arm'])} with seed {run['seed']} broke, and is not among its arm’s runs: {label(run['why'], 200)}" for run in runs]
    more = f"{len(runs) - SHOWN:,} more runs broke."
    return [*said[:SHOWN], *([more] if len(runs) > SHOWN else [])]


def void(row: Mapping[str, Any]) -> Iterator[str]:
    """What makes comparisons with an arm void."""
    clipped = row["gradient_clipped_share"]
    if clipped is not None and clipped > MOST_CLIPPED:
        yield (
            f"{label(row['arm'])}: the gradient was clipped on {percent(clipped)} of the steps. Clipped steps all have one size, so what "
            "it is compared with differs by the clip, too: its comparisons are void. Raise max_grad_norm."
        )


def unlike(row: Mapping[str, Any]) -> Iterator[str]:
    """Where an arm has spent more or less than the baseline."""
    for name, what in (("tokens_ratio", "read and wrote"), ("generated_ratio", "generated")):
        ratio = row[name]
        if ratio is not None and abs(ratio - 1) > ALIKE:
            more = "more" if ratio > 1 else "fewer"
            yield f"{label(row['arm'])} {what} {percent(abs(ratio - 1))} {more} tokens than the baseline, offline and in training together."


def stale(row: Mapping[str, Any]) -> Iterator[str]:
    """Where the later stages of an arm were given problems that are not as hard for their policy as was expected, or that teach little."""
    off, idle = row["later_difference"], row["later_zero_signal_share"]
    if off is not None and abs(off) > STALE:
        yield (
            f"{label(row['arm'])}: its later stages begin {points(off)} points from the accuracy that their problems were chosen by. "
            "What that stage was to train on, it does not train on."
        )
    if idle is not None and idle > MOST_WITHOUT_SIGNAL:
        yield f"{label(row['arm'])}: {percent(idle)} of the problems drawn in its later stages taught nothing, all right or all wrong."


def grid_table(grid: pl.DataFrame) -> Table:
    """What every arm's grid saw at each learning rate, the one that it took marked."""
    rates = grid["learning_rate"].unique().sort()
    arms = grid.sort("place", "learning_rate").partition_by("arm", maintain_order=True)
    rows = [
        (label(arm["arm"][0]), *(cell(arm.filter(learning_rate=rate)) for rate in rates), f"± {100 * 2 * arm['error'][0]:.1f}")
        for arm in arms
    ]
    heads = ("arm", *(f"#at {rate:g}" for rate in rates), "#two standard errors")
    return table("Accuracy on the validation problems by learning rate, mean over pilot seeds; * is what the arm took", heads, rows)


def cell(tried: pl.DataFrame) -> str:
    """How an arm did at one learning rate."""
    if tried.is_empty():
        return MISSING
    row = tried.row(0, named=True)
    return f"{percent(row['accuracy']) if row['accuracy'] is not None else 'broke'}{' *' if row['is_chosen'] else ''}"


def edges(grids: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Which arms took a learning rate at an edge of the grid, and how many of the choices are no more than luck."""
    said = []
    for edge, beyond in (("lowest", "lower"), ("highest", "higher")):
        arms = ", ".join(label(arm) for arm, found in grids.items() if found["edge"] == edge)
        if arms:
            said.append(f"These arms took the {edge} learning rate of the grid, so a {beyond} one might have done better for them: {arms}.")
    close = [arm for arm, found in grids.items() if found["lead"] is not None and found["lead"] < 2 * found["error"]]
    if close:
        said.append(
            f"Of {len(grids)} arms {len(close)} have a next best learning rate that is less than two standard errors away: there the grid "
            "does not tell the two apart, and either may be the better one."
        )
    return said


def watched_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """What was watched of every arm that trains."""
    heads = (
        "arm",
        "#learning rate",
        "#gradient clipped",
        "#taught nothing",
        "#later stages: from their prior",
        "#taught nothing there",
    )
    cells = [
        (
            label(row["arm"]),
            MISSING if row["learning_rate"] is None else f"{row['learning_rate']:g}",
            percent(row["gradient_clipped_share"]),
            percent(row["zero_signal_share"]),
            points(row["later_difference"]),
            percent(row["later_zero_signal_share"]),
        )
        for row in rows
        if row["completions"]
    ]
    caption = (
        "What was watched, mean over seeds; the difference is accuracy less its prior in the first tenth of the later stages, in points"
    )
    return table(caption, heads, cells)


def spending_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What an arm spends in tokens, each beside the baseline's."""
    parts = (("tokens", "tokens_ratio"), ("generated_tokens", "generated_ratio"))
    return tuple(text for name, ratio in parts for text in (number(row[name] and int(row[name])), percent(row[ratio], 0)))
