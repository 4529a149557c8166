"""The figures of one run of `gpu.sh`, and the table of all that are kept in `tests/bench/gpu/`, a small Parquet file a card, day and seed.

`rates LAKE FILE` times the bare engine on the prompts of the lake's first profile; `figures LAKE OUT --seed N [--rates FILE]` writes the
figures and prints the table of OUT's; `table` prints that of what is kept.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from tasks.lake.lake import Lake
from tasks.warehouse.publishing import publish_again
from tasks.warehouse.querying import query

KEPT = Path(__file__).with_name("gpu")
FIGURES = {"card": pl.String, "day": pl.Date, "seed": pl.Int64, "arm": pl.String, "figure": pl.String, "value": pl.Float64}
ARM = "coalesce(artifacts.manifest ->> '$.settings.sampler.model', 'base')"
OF_STAGE = "left join artifacts on artifacts.kind = 'stages' and artifacts.artifact_id = "
QUERIES = {
    "held-out accuracy": f"""select {ARM}, accuracy from evaluation join stg_policies using (policy_id)
        {OF_STAGE} stg_policies.stage_id where dataset = 'all' and not evaluation.hints""",
    "share without a signal": f"select {ARM}, zero_signal_share from stage_summary {OF_STAGE} stage_summary.stage_id",
    "tokens of training": f"select {ARM}, tokens from stage_summary {OF_STAGE} stage_summary.stage_id",
    "Brier of the profile": f"""select {ARM}, brier from forecast_scores {OF_STAGE} forecast_scores.stage_id where belief = 'static'""",
    "Brier of the live estimate": f"""select {ARM}, brier from forecast_scores {OF_STAGE} forecast_scores.stage_id where belief = 'live'""",
    "problems profiled": "select 'base', problems from u_shape where split = 'train' limit 1",
    "ratio of likelihoods for a U": "select 'base', u_ratio from u_shape where split = 'train' limit 1",
    "completions a second, flow": "select 'base', sum(responses) / sum(seconds) from stg_draws",
}


def card() -> str:
    """The name of the GPU, or that there is none."""
    try:
        asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "no GPU"


def rates(lake: Path, out: Path) -> None:
    """Time the bare engine on the prompts that the lake's first profile was drawn with."""
    spec = min(lake.glob("profiles/*/.sampling-0.spec.json"), key=lambda path: path.stat().st_mtime)
    command = [sys.executable, "-m", "tests.bench.bare", str(spec), "engine"]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    out.write_text(json.dumps({"completions a second, bare engine": said["responses"] / said["seconds"]}))


def found(lake: Lake, extra: Path | None) -> Iterator[tuple[str, str, float]]:
    """Arm, figure and value of everything that the lake, and a file of rates, tell."""
    for figure, sql in QUERIES.items():
        yield from ((arm, figure, float(value)) for arm, value in query(lake, sql).rows() if value is not None)
    if extra and extra.is_file():
        yield from (("base", figure, value) for figure, value in json.loads(extra.read_text()).items())


def figures(lake: Lake, seed: int, extra: Path | None) -> pl.DataFrame:
    """The figures of a run, a row each."""
    day = datetime.now(UTC).date()
    rows = [(card(), day, seed, *row) for row in dict.fromkeys(found(lake, extra))]
    return pl.DataFrame(rows, schema=FIGURES, orient="row")


def file_name(rows: pl.DataFrame) -> str:
    """The name of a run's file: its card, day and seed."""
    name, day, seed = rows.select("card", "day", "seed").row(0)
    assert isinstance(day, date)
    return f"{name.lower().replace(' ', '-')}-{day.isoformat()}-{seed}.parquet"


def table(folder: Path) -> str:
    """All figures kept in a folder as a Markdown table: the mean over seeds, with the standard error where there are several."""
    files = sorted(folder.glob("*.parquet"))
    if not files:
        return "no figures yet"
    rows = pl.concat(pl.read_parquet(file) for file in files)
    error = pl.col("value").std() / pl.len().sqrt()
    means = rows.group_by("card", "figure", "arm", maintain_order=True).agg(pl.col("value").mean(), error=error, seeds=pl.len())
    lines = ["| card | figure | arm | mean | seeds |", "| --- | --- | --- | ---: | ---: |"]
    for name, figure, arm, value, spread, seeds in means.iter_rows():
        within = "" if spread is None else f" ± {spread:.3g}"
        lines.append(f"| {name} | {figure} | {arm} | {value:.4g}{within} | {seeds} |")
    return "\n".join(lines)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("what", choices=("rates", "figures", "table"))
    asked.add_argument("lake", nargs="?", type=Path)
    asked.add_argument("out", nargs="?", type=Path, default=KEPT)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--rates", type=Path)
    given = asked.parse_args()
    if given.what == "rates":
        rates(given.lake, given.out)
        return
    if given.what == "figures":
        lake = Lake(given.lake)
        publish_again(lake)
        rows = figures(lake, given.seed, given.rates)
        given.out.mkdir(parents=True, exist_ok=True)
        rows.write_parquet(given.out / file_name(rows))
    print(table(given.out))


if __name__ == "__main__":
    main()
