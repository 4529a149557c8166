"""`make study`: runs a shipped study and puts its table into RESULTS.md, whatever it says.

`python -m tests.bench.study HOME [NAME]` runs the recipe of that name (by default `study`) and keeps everything in the lake at HOME, so
that a second run only writes the table.
"""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl

from flows.arms import Study, load_study
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import Lake
from tasks.reporting.compared import NO_OTHER_PROBLEMS, comparison_sentence
from tasks.reporting.sections.conduct import conduct
from tasks.reporting.wording import MISSING, p_value, percent, percent_interval, points, points_interval
from tasks.steps.shortfalls import DONE_BUT
from tasks.warehouse.querying import query
from tests.bench.results import machine, put

NAME = "study"
HEADS = (
    "arm",
    "learning rate",
    "held-out avg@{samples}",
    "95% over seeds",
    "to plain GRPO",
    "its 95%, alone",
    "family-wise p",
    "tokens, of plain GRPO's",
    "steps clipped",
    "zero-signal groups",
    "tokens to {target}",
)


def newest(home: Path, name: str) -> str:
    """The newest study of the lake of that name."""
    named = [path for path in home.glob("studies/*/manifest.json") if json.loads(path.read_text())["name"] == name]
    return max(named, key=lambda path: path.stat().st_mtime).parent.name


def rows_of(home: Path, name: str, sql: str) -> pl.DataFrame:
    """What a query says of the newest study of that name."""
    return query(Lake(home), sql).filter(study_id=newest(home, name))


def found(home: Path, name: str) -> list[str]:
    """What its primary comparisons found, a line each."""
    rows = rows_of(home, name, "select * from study_comparisons where family = 'primary' order by place")
    return [f"- {comparison_sentence(row)}" for row in rows.iter_rows(named=True)]


def told(home: Path, name: str) -> list[str]:
    """How it was run: its seeds, what broke, what makes a comparison void, and which learning rates are at an edge, a line each."""
    said = conduct(Artifact(home=home, kind="studies", key=newest(home, name)), rows_of(home, name, "select * from study"))
    return [f"- {line}" for line in (said["seeds"], *said["broken"], *said["warnings"], *said["edges"])]


def arms(home: Path, study: Study) -> pl.DataFrame:
    """The newest study of the lake with these arms: the mart `study`, and the tokens to the middle target."""
    rows = rows_of(home, study.name, "select * from study order by place")
    targets = rows_of(home, study.name, "select study_id, arm, target, seeds, reached, tokens as tokens_to_target from study_targets")
    wanted = sorted(study.targets)[len(study.targets) // 2]
    return rows.join(targets.filter(target=wanted), on=["study_id", "arm"], how="left", suffix="_target")


def line(row: dict) -> str:
    """An arm in Markdown."""
    reached = f"{row['tokens_to_target']:,.0f} ({row['reached']} of {row['seeds']} seeds)" if row["reached"] else "not reached"
    cells = (
        row["arm"],
        MISSING if row["learning_rate"] is None else f"{row['learning_rate']:g}",
        percent(row["accuracy"]),
        percent_interval(row["accuracy_low"], row["accuracy_high"]),
        points(row["difference"]),
        points_interval(row["difference_low"], row["difference_high"]),
        p_value(row["p_value"]),
        percent(row["tokens_ratio"], 0),
        percent(row["gradient_clipped_share"], 0),
        percent(row["zero_signal_share"]),
        reached if row["completions"] else MISSING,
    )
    return f"| {' | '.join(cells)} |"


def table(home: Path, study: Study) -> str:
    """The study's table: every arm, measured where and on what."""
    rows = arms(home, study)
    baseline = rows.filter("is_baseline").row(0, named=True)
    target = percent(sorted(study.targets)[len(study.targets) // 2], 0)
    heads = [head.format(target=target, samples=study.arm_recipe(study.arms[0], 0).evaluation.samples) for head in HEADS]
    said = (
        f"Measured by `{command(study.name)}` on {machine()}, {date.today().isoformat()}: {study.seeds} seeds, {baseline['problems']} "
        f"held-out problems, {baseline['completions']:,} completions in every arm that trains, those of its profile among them:"
    )
    rates = {arm.name: [*study.arm_recipe(arm, 0).stages.values()][-1].train.learning_rate for arm in study.trained}
    told_rates = ({**row, "learning_rate": row["learning_rate"] or rates.get(row["arm"])} for row in rows.iter_rows(named=True))
    lines = [f"| {' | '.join(heads)} |", f"|---|{'---:|' * (len(heads) - 1)}", *map(line, told_rates)]
    sought = f"What it was there to find out: {NO_OTHER_PROBLEMS}"
    return "\n".join([said, "", *lines, "", sought, "", *found(home, study.name), "", "How it was run:", "", *told(home, study.name)])


def command(name: str) -> str:
    """What runs a study."""
    return "make study" if name == NAME else f"python -m tests.bench.study HOME {name}"


def main(home: Path, name: str = NAME) -> None:
    """Run a study and write its table; where runs broke the table says so, and the command ends as the study did."""
    code = subprocess.run([sys.executable, "-m", "flows.commands.cli", "study", name, "--home", str(home)]).returncode
    if code not in (0, DONE_BUT):
        sys.exit(code)
    put(name, table(home, load_study(name)))
    sys.exit(code)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
