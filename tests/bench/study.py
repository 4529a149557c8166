"""`make study`: runs the shipped study and puts its table into RESULTS.md, whatever it says.

`python -m tests.bench.study HOME` keeps everything in the lake at HOME, so that a second run only writes the table.
"""

import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl

from flows.arms import Study, load_study
from tasks.lake.lake import Lake
from tasks.reporting.compared import NO_OTHER_PROBLEMS, comparison_sentence
from tasks.reporting.wording import MISSING, p_value, percent, percent_interval, points, points_interval
from tasks.warehouse.querying import query
from tests.bench.results import machine, put

NAME = "study"
HEADS = (
    "arm",
    "held-out avg@{samples}",
    "95% over seeds",
    "to plain GRPO",
    "its 95%, alone",
    "family-wise p",
    "zero-signal groups",
    "tokens to {target}",
)


def newest(home: Path) -> str:
    """The newest study of the lake."""
    return max(home.glob("studies/*/manifest.json"), key=lambda path: path.stat().st_mtime).parent.name


def found(home: Path) -> list[str]:
    """What its primary comparisons found, a line each."""
    rows = query(Lake(home), "select * from study_comparisons where family = 'primary' order by place").filter(study_id=newest(home))
    return [f"- {comparison_sentence(row)}" for row in rows.iter_rows(named=True)]


def arms(home: Path, study: Study) -> pl.DataFrame:
    """The newest study of the lake with these arms: the mart `study`, and the tokens to the middle target."""
    rows = query(Lake(home), "select * from study order by place")
    targets = query(Lake(home), "select study_id, arm, target, seeds, reached, tokens as tokens_to_target from study_targets")
    wanted = sorted(study.targets)[len(study.targets) // 2]
    return rows.filter(study_id=newest(home)).join(targets.filter(target=wanted), on=["study_id", "arm"], how="left", suffix="_target")


def line(row: dict) -> str:
    """An arm in Markdown."""
    reached = f"{row['tokens_to_target']:,.0f} ({row['reached']} of {row['seeds']} seeds)" if row["reached"] else "not reached"
    cells = (
        row["arm"],
        percent(row["accuracy"]),
        percent_interval(row["accuracy_low"], row["accuracy_high"]),
        points(row["difference"]),
        points_interval(row["difference_low"], row["difference_high"]),
        p_value(row["p_value"]),
        percent(row["zero_signal_share"]),
        reached if row["completions"] else MISSING,
    )
    return f"| {' | '.join(cells)} |"


def table(home: Path, study: Study) -> str:
    """The study's table: every arm, measured where and on what."""
    rows = arms(home, study)
    trained = rows.filter(pl.col("completions") > 0).row(0, named=True)
    target = percent(sorted(study.targets)[len(study.targets) // 2], 0)
    heads = [head.format(target=target, samples=study.arm_recipe(study.arms[0], 0).evaluation.samples) for head in HEADS]
    said = (
        f"Measured by `make study` on {machine()}, {date.today().isoformat()}: {trained['seeds']} seeds, {trained['problems']} held-out "
        f"problems, {trained['steps']} steps and {trained['completions']:,} completions in every arm that trains:"
    )
    lines = [f"| {' | '.join(heads)} |", f"|---|{'---:|' * (len(heads) - 1)}", *map(line, rows.iter_rows(named=True))]
    return "\n".join([said, "", *lines, "", f"What it was there to find out: {NO_OTHER_PROBLEMS}", "", *found(home)])


def main(home: Path) -> None:
    """Run the study and write its table."""
    subprocess.run([sys.executable, "-m", "flows.commands.cli", "study", NAME, "--home", str(home)], check=True)
    put(NAME, table(home, load_study(NAME)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
