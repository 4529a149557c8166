"""The figures of the runs of `gpu.sh`, and the table of those that are kept in `tests/bench/gpu/`: a small Parquet file a card and day.

`rates LAKE FILE` times the bare engine on the prompts of the lake's profile; `figures LAKE OUT` adds what a lake tells to OUT's file of
this card and day, and prints OUT's table; `keep FILE…` adds files that were brought back to those that are kept; `table` writes the table
of these into RESULTS.md. A further seed adds rows, the same seed replaces its own.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import polars as pl

from tasks.base.errors import InputError
from tasks.lake.lake import Lake
from tasks.policy.identity import PolicySettings, base_policy
from tasks.policy.size import parameter_count
from tasks.warehouse.publishing import publish_again
from tasks.warehouse.querying import query
from tests.bench.results import put

KEPT, TABLE = Path(__file__).with_name("gpu"), "cards"
KEY = {"card": pl.String, "setup": pl.String, "seed": pl.Int64, "figure": pl.String, "arm": pl.String}
FIGURES = {"day": pl.Date, **KEY, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64}
RUN, BASE, SHUFFLED, LIVE, DIFFERENCE = ARMS = ("run", "base", "shuffled", "live", "live less shuffled")
ACCURACY, TOKENS = "held-out accuracy", "tokens of training"
NOTHING = "No run of it on a GPU is kept here, so nothing is claimed of how a real model learns."
NO_GPU = "no GPU"
UNEQUAL = 0.02  # of shuffled's tokens: arms further apart are not at equal tokens

ARM = f"coalesce(artifacts.manifest ->> '$.settings.sampler.model', '{BASE}')"
OF_STAGE = "left join artifacts on artifacts.kind = 'stages' and artifacts.artifact_id = "
OF_FORECAST = f"from forecast_scores {OF_STAGE} forecast_scores.stage_id where belief"
OF_SUMMARY = f"from stage_summary {OF_STAGE} stage_summary.stage_id"
OF_PROFILE = "from u_shape where split = 'train' order by problems desc limit 1"
MOST_ROUNDS = 16
QUERIES = {
    ACCURACY: f"""select {ARM}, accuracy, accuracy_low, accuracy_high from evaluation join stg_policies using (policy_id)
        {OF_STAGE} stg_policies.stage_id where dataset = 'all' and not evaluation.hints""",
    f"{ACCURACY}: the difference": f"""with arms as (
            select distinct {ARM} as arm, problem_id, accuracy from stg_evaluations join stg_policies using (policy_id)
            {OF_STAGE} stg_policies.stage_id where not stg_evaluations.hints
        ),
        paired as (
            select live.accuracy - shuffled.accuracy as d from arms as live join arms as shuffled using (problem_id)
            where live.arm = '{LIVE}' and shuffled.arm = '{SHUFFLED}'
        ),
        spread as (select avg(d) as mean, 1.96 * nullif(stddev_samp(d), 0) / sqrt(count(d)) as half from paired)
        select '{DIFFERENCE}', mean, mean - half, mean + half from spread""",  # no interval where every difference is the same
    TOKENS: f"select {ARM}, tokens, null, null {OF_SUMMARY}",
    "steps of training": f"select {ARM}, steps, null, null {OF_SUMMARY}",
    "share without a signal": f"select {ARM}, zero_signal_share, null, null {OF_SUMMARY}",
    "steps clipped, share": f"select {ARM}, gradient_clipped_share, null, null {OF_SUMMARY}",
    "answers cut off, share": f"select {ARM}, truncated_share, null, null {OF_SUMMARY}",
    "Brier of the profile": f"select {ARM}, brier, null, null {OF_FORECAST} = 'static'",
    "Brier of the live estimate": f"select {ARM}, brier, null, null {OF_FORECAST} = 'live'",
    "problems profiled": f"select '{RUN}', problems, null, null {OF_PROFILE}",
    "never solved, share": f"select '{RUN}', never_share, null, null {OF_PROFILE}",
    "always solved, share": f"select '{RUN}', always_share, null, null {OF_PROFILE}",
    "is a U": f"select '{RUN}', is_u::int, null, null {OF_PROFILE}",
    "likelihood ratio for a U": f"select '{RUN}', u_ratio, null, null {OF_PROFILE}",
    "alpha": f"select '{RUN}', alpha, null, null {OF_PROFILE}",
    "beta": f"select '{RUN}', beta, null, null {OF_PROFILE}",
    **{
        f"solved {k} times": f"""select '{RUN}', count(*), null, null from difficulty
            where split = 'train' and k = {k} group by policy_id, sampling_id order by count(*) desc limit 1"""
        for k in range(MOST_ROUNDS + 1)
    },
}
FLOW = "select responses, tokens, seconds from draws order by responses desc limit 1"  # the profile's, by far the largest


def card() -> str:
    """The name of the GPU, or that there is none."""
    try:
        asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        return f"{NO_GPU}, {os.cpu_count()} cores"


def model_name(model: str) -> str:
    """What a model is, by its own files and not by what its folder is called."""
    config = Path(model) / "config.json"
    if not config.is_file():
        return model
    weights = parameter_count(base_policy(PolicySettings(model=model)))
    return f"{json.loads(config.read_text(encoding='utf-8')).get('model_type')} of {(weights or 0) / 1e6:.0f}M weights"


def rates(lake: Path, out: Path) -> None:
    """Time the bare engine on the prompts that the lake's profile was drawn with. Raises InputError with its last words where it fails."""
    specs = sorted(lake.glob("profiles/*/.sampling-0.spec.json"), key=lambda path: path.stat().st_mtime)
    if not specs:
        raise InputError(f"{lake} has no profile whose prompts the bare engine could be given; profile first")
    command = [sys.executable, "-m", "tests.bench.bare", str(specs[0]), "engine"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise InputError(f"the bare engine ended with exit code {done.returncode}; what it said stands above")
    alone, flow = json.loads(done.stdout.splitlines()[-1]), query(Lake(lake), FLOW).row(0, named=True)
    per_second = {f"{unit} a second, {how}": said[key] / said["seconds"]
                  for how, said in (("through the flow", flow), ("bare engine", alone))
                  for unit, key in (("tokens", "tokens"), ("completions", "responses"))}  # fmt: skip
    out.write_text(json.dumps(per_second), encoding="utf-8")


def found(lake: Lake) -> Iterator[tuple]:
    """Figure, arm, value and interval of everything that a lake tells; what cannot be asked is said, and leaves the others."""
    for figure, sql in QUERIES.items():
        try:
            rows = query(lake, sql).rows()
        except InputError as error:
            print(f"{figure}: {error}", file=sys.stderr)
            continue
        yield from ((figure.partition(":")[0], *row) for row in rows if row[1] is not None)


def beside(files: Iterable[Path]) -> Iterator[tuple]:
    """The figures of a run that lie in JSON files, of those that are there."""
    for file in files:
        for figure, value in json.loads(file.read_text(encoding="utf-8")).items() if file.is_file() else ():
            yield figure, RUN, value, None, None


def figures(lake: Lake, setup: str, seed: int, files: Iterable[Path]) -> pl.DataFrame:
    """The figures of a run, a row each."""
    rows = [*(found(lake) if lake.home.is_dir() else ()), *beside(files)]
    said = (datetime.now(UTC).date(), card(), setup, seed)
    return pl.DataFrame([(*said, *row) for row in dict.fromkeys(rows)], schema=FIGURES, orient="row")


def add(rows: pl.DataFrame, folder: Path) -> None:
    """Add rows to the files of their cards and days; rows of the same run take the place of what stood there."""
    folder.mkdir(parents=True, exist_ok=True)
    for (name, day), new in rows.group_by("card", "day", maintain_order=True):
        file = folder / f"{slug(str(name))}-{day}.parquet"
        old = [pl.read_parquet(file).join(new, on=list(KEY), how="anti")] if file.is_file() else []
        aside = file.with_suffix(".part")
        pl.concat([*old, new]).sort(*KEY).write_parquet(aside)
        aside.replace(file)


def slug(name: str) -> str:
    """A card's name as part of a file's."""
    return "-".join("".join(letter if letter.isalnum() else " " for letter in name.lower()).split())


def read(files: Iterable[Path]) -> pl.DataFrame:
    """The rows of files of figures. Raises InputError for a file that holds none."""
    empty = pl.DataFrame(schema=FIGURES)
    for file in files:
        try:
            rows = pl.read_parquet(file)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise InputError(
                f"{file} is no file of figures: {str(error).splitlines()[0]}; give the Parquet file of gpu.sh's OUT"
            ) from error
        if dict(rows.schema) != FIGURES:
            raise InputError(f"{file} has the columns {', '.join(rows.columns)}, and no figures of this version of gpu.sh")
        empty = pl.concat([empty, rows])
    return empty


def table(folder: Path) -> str:
    """All figures of a folder's files in Markdown, a part for each card and setup; plainly, where there are none."""
    rows = read(sorted(folder.glob("*.parquet")))
    if rows.is_empty():
        return f"Measured by `tests/bench/gpu.sh`: nothing yet. {NOTHING}"
    newest = rows.sort("day").unique(list(KEY), keep="last").sort(pl.col("card").str.starts_with(NO_GPU), *KEY)
    parts = ["Measured by `tests/bench/gpu.sh`; 95% intervals are over the seeds, or of a single seed over the held-out problems."]
    if rows["card"].str.starts_with(NO_GPU).all():
        parts.append(NOTHING)
    for (name, setup), of_setup in newest.group_by("card", "setup", maintain_order=True):
        parts.append("\n".join([head(str(name), str(setup), of_setup), "", *lines(of_setup), *unequal(of_setup)]))
    return "\n\n".join(parts)


def head(name: str, setup: str, rows: pl.DataFrame) -> str:
    """The words before a table: where, when, what and how often, and that a CPU shows nothing about learning."""
    days, seeds = (rows[column].unique().sort().to_list() for column in ("day", "seed"))
    said = f"**{name}**, {', '.join(map(str, days))}, seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}: {setup}."
    if not has_arms(rows):
        return f"{said} Nothing was trained."
    return f"{said} It shows that the script works; nothing about learning follows." if name.startswith(NO_GPU) else said


def has_arms(rows: pl.DataFrame) -> bool:
    """Whether a figure is of something that was trained."""
    return rows["arm"].is_in([SHUFFLED, LIVE]).any()


def lines(rows: pl.DataFrame) -> Iterator[str]:
    """A table of the arms, and below it what the run has one value of; figures stand as they do in QUERIES, others behind them."""
    order = {figure: place for place, figure in enumerate(QUERIES)}
    held = sorted(rows.iter_rows(named=True), key=lambda row: (order.get(row["figure"], len(order)), row["figure"]))
    of_run = []
    if has_arms(rows):
        yield f"| | {' | '.join(ARMS[1:])} |"
        yield f"|---|{'---:|' * len(ARMS[1:])}"
    for figure, group in groupby(held, key=lambda row: row["figure"]):
        found_in = list(group)
        by_arm = {arm: [row for row in found_in if row["arm"] == arm] for arm in ARMS}
        if by_arm[RUN]:
            of_run.append(f"{figure} {cell(by_arm[RUN])}")
        elif has_arms(rows):
            yield f"| {figure} | {' | '.join(cell(by_arm[arm]) for arm in ARMS[1:])} |"
    yield f"\n{'; '.join(of_run)}."


def cell(rows: list[dict]) -> str:
    """The mean over seeds with Student's 95% interval; of one seed its value with the interval over problems, where it has one."""
    if not rows:
        return "–"
    values = pl.Series([row["value"] for row in rows])
    ends = [values.mean(), rows[0]["low"], rows[0]["high"]]
    if len(values) > 1:
        from scipy.stats import t

        within = float(t.ppf(0.975, len(values) - 1)) * values.std() / len(values) ** 0.5
        ends[1:] = [ends[0] - within, ends[0] + within]
    mean, low, high = (end if end is None else worded(rows[0], end) for end in ends)
    return mean if low is None else f"{mean} ({low} … {high})"


def worded(row: dict, value: float) -> str:
    """A value in the unit of its row: a difference in points, a share in percent."""
    if row["arm"] == DIFFERENCE:
        return f"{100 * value:+.1f}"
    if "share" in row["figure"] or row["figure"] == ACCURACY:
        return f"{value:.1%}"
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.3g}"


def unequal(rows: pl.DataFrame) -> Iterator[str]:
    """A warning for each seed whose arms did not train on equally many tokens, or of which that is not known."""
    for seed in rows["seed"].unique().sort() if has_arms(rows) else ():
        spent = {row["arm"]: row["value"] for row in rows.filter(seed=seed, figure=TOKENS).iter_rows(named=True)}
        if SHUFFLED not in spent or LIVE not in spent:
            yield f"\n**Not compared**: seed {seed} has not trained both arms."
        elif abs(more := spent[LIVE] / spent[SHUFFLED] - 1) > UNEQUAL:
            said = f"{abs(more):.1%} {'more' if more > 0 else 'fewer'} tokens"
            yield f"\n**Not at equal tokens**: with seed {seed} live trained on {said} than shuffled, where {UNEQUAL:.0%} are let pass."


def parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    asked = argparse.ArgumentParser(prog="python -m tests.bench.gpu")
    ways = asked.add_subparsers(dest="what", required=True)
    for what in ("rates", "figures"):
        way = ways.add_parser(what)
        way.add_argument("lake", type=Path)
        way.add_argument("out", type=Path)
    way.add_argument("files", type=Path, nargs="*", help="JSON files of further figures of the run")
    way.add_argument("--model", required=True)
    way.add_argument("--sizes", required=True)
    way.add_argument("--seed", type=int, required=True)
    ways.add_parser("keep").add_argument("files", type=Path, nargs="+")
    ways.add_parser("table")
    return asked


def main() -> None:
    """Do what the command line asks. Raises InputError."""
    given = parser().parse_args()
    if given.what == "rates":
        rates(given.lake, given.out)
        return
    if given.what == "figures":
        lake = Lake(given.lake)
        if given.lake.is_dir():
            publish_again(lake)
        add(figures(lake, f"{model_name(given.model)}, {given.sizes}", given.seed, given.files), given.out)
        print(table(given.out))
        return
    if given.what == "keep":
        add(read(given.files), KEPT)
    put(TABLE, table(KEPT))
    print(table(KEPT))


if __name__ == "__main__":
    try:
        main()
    except InputError as fault:
        sys.exit(f"error: {fault}")
