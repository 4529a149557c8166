"""The warehouse at size: `difficulty` against the bare group-by, publishing what is new against publishing all, growth, and what others do.

`python -m tests.bench.warehouse` runs it. Verdicts are simulated: problems with accuracies drawn evenly, a hundred rounds each, written in
shards of a thousand problems. Each figure is of a process of its own, the best of a few where it takes seconds. The side-by-side runs
compute the same counts per problem from the same million verdicts; a Python loop reads them from JSON Lines.
"""

import json
import math
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from tasks.estimates.settings import DifficultySettings
from tasks.lake.database import connect
from tasks.lake.lake import Lake
from tasks.lake.layout import ASIDE
from tasks.warehouse.building import open_over
from tasks.warehouse.publishing import publish
from tests.bench.row import Row
from tests.flows.runs import environment

ROUNDS, PER_SHARD = 100, 1000
AGAINST_BARE, AGAINST_FULL, MEMORY_GIB = 1.5, 0.2, 2.0
GIB = 2**30
KEYS = """md5('p' || p) as problem_id, md5('policy') as policy_id, md5('sampling') as sampling_id, r as round, 0::bigint as sample"""
DRAWN = """(select p, r, hash(p * 1000003 + r) % 1000 / 1000.0 < hash(p) % 997 / 997.0 as ok, hash(p * 7 + r * 13) % 8 as way
    from range({first}, {last}) as a(p), range({rounds}) as b(r))"""
TABLES = {
    "verdicts": f"""select {KEYS}, 'grader-2' as grader_id, md5('gold' || p % 50) as gold_id,
        case when ok then 'correct' when way = 0 then 'unparseable' else 'incorrect' end as verdict,
        (p % 50 + case when ok then 0 else 1 + way end)::varchar as extracted, 'same_number' as rule, true as format_ok from {DRAWN}""",
    "rollouts": f"""select {KEYS}, 'so the answer is ' || (p % 50 + way) as response, 20 + way::bigint as n_tokens, 'stop' as finish_reason,
        7::bigint as seed, '' as hint from {DRAWN}""",
    "problems": """select md5('p' || p) as problem_id, md5('gold' || p % 50) as gold_id,
        ['figures', 'charts', 'maps'][1 + p % 3] as dataset, 'train' as split, p + 1 as row, 'q' || p as source_id,
        '?' as question, []::varchar[] as images, []::varchar[] as choices, (p % 50)::varchar as answer,
        '{{}}' as metadata from range({first}, {last}) as t(p)""",
}
BARE = """
    create table counted as
    select problem_id, gold_id, policy_id, sampling_id, grader_id,
        count(*) filter (where verdict in ('correct', 'incorrect', 'unparseable')) as n,
        count(*) filter (where verdict = 'correct') as k,
        count(*) filter (where verdict = 'unparseable') as unparseable,
        count(*) filter (where verdict = 'timeout') as timeouts,
        count(*) filter (where verdict = 'unscorable') as unscorable
    from read_parquet($files) group by all"""


def simulate(home: Path, verdicts: int, first: int = 0, rounds: int = ROUNDS) -> None:
    """Write so many verdicts, `rounds` a problem, their rollouts and problems into a lake, beginning with problem number `first`."""
    lake, last = Lake(home), first + verdicts // rounds
    with closing(connect(threads=2)) as connection:
        for start in range(first, last, PER_SHARD):
            place = {"first": start, "last": min(last, start + PER_SHARD), "rounds": rounds}
            for relation, ids in (("rollouts", ("policy", "sampling")), ("verdicts", ("grader-2", "policy", "sampling"))):
                with lake.writing(relation, *ids) as folder:
                    copy(connection, TABLES[relation].format(**place), folder / f"{start:09}.parquet")
        folder = home / "problems" / f"{first:09}"
        folder.mkdir(parents=True)
        copy(connection, TABLES["problems"].format(first=first, last=last), folder / "problems.parquet")


def copy(connection: Any, sql: str, path: Path) -> None:
    """Write rows to a Parquet file."""
    connection.execute(f"copy ({sql}) to $path (format parquet, compression zstd)", {"path": str(path)})


def files_of(home: Path) -> dict[str, list[Path]]:
    """The files that `difficulty` is made of."""
    return {relation: Lake(home).files(relation) for relation in ("problems", "verdicts")}


def bare(home: Path) -> int:
    """The counts of `difficulty`, but for its rounds, by nothing but a group-by."""
    with closing(connect()) as connection:
        connection.execute(BARE, {"files": [str(path) for path in files_of(home)["verdicts"]]})
        return int(connection.execute("select count(*) from counted").fetchall()[0][0])


def difficulty(home: Path) -> int:
    """The mart."""
    with closing(open_over(files_of(home), wanted=["difficulty"])) as connection:
        return int(connection.execute("select count(*) from difficulty").fetchall()[0][0])


def publish_all(home: Path) -> int:
    """A publish of everything, as the first one is: nothing is kept of an earlier one."""
    shutil.rmtree(home / ASIDE, ignore_errors=True)
    return publish_new(home)


def publish_new(home: Path) -> int:
    """A publish of what is new since the last one."""
    return publish(Lake(home), DifficultySettings()).stat().st_size


def json_loop(home: Path) -> int:
    """What a script does: a loop over JSON Lines."""
    scored, correct, others = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    with (home / "verdicts.jsonl").open() as file:
        for line in file:
            row = json.loads(line)
            key = row["problem_id"]
            if row["verdict"] in ("correct", "incorrect", "unparseable"):
                scored[key] += 1
                correct[key] += row["verdict"] == "correct"
            others[key, row["verdict"]] += 1
    return len(scored)


def by_pandas(home: Path) -> int:
    """The same in pandas, over the Parquet."""
    import pandas as pd

    keys = ["problem_id", "gold_id", "policy_id", "sampling_id", "grader_id"]
    rows = pd.concat(pd.read_parquet(path, columns=[*keys, "verdict"]) for path in files_of(home)["verdicts"])
    counted = {name: rows["verdict"] == name for name in ("correct", "incorrect", "unparseable", "timeout", "unscorable")}
    return len(rows.assign(**counted).groupby(keys)[list(counted)].sum())


def by_polars(home: Path) -> int:
    """The same in polars, over the Parquet."""
    keys = ["problem_id", "gold_id", "policy_id", "sampling_id", "grader_id"]
    names = ("correct", "incorrect", "unparseable", "timeout", "unscorable")
    counts = [(pl.col("verdict") == name).sum().alias(name) for name in names]
    return len(pl.scan_parquet(files_of(home)["verdicts"], glob=False).group_by(keys).agg(counts).collect(engine="streaming"))


STEPS: dict[str, Callable[[Path], int]] = {
    step.__name__: step for step in (bare, difficulty, publish_all, publish_new, json_loop, by_pandas, by_polars)
}


def timed(name: str, home: Path, times: int = 1) -> tuple[float, float]:
    """Seconds (the best of so many runs) and peak memory in GiB of a step, in a process of its own."""
    [seconds], memory = in_turn([name], home, times)
    return seconds, memory


def in_turn(names: list[str], home: Path, times: int) -> tuple[list[float], float]:
    """Seconds of each step, the best of so many runs in turn, and peak memory in GiB of the process that runs them all."""
    command = [sys.executable, "-m", "tests.bench.warehouse", str(home), str(times), *names]
    done = subprocess.run(command, env=environment(home / ".prefect"), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return found["seconds"], found["memory"] / GIB


def run_steps(home: Path, times: int, names: list[str]) -> None:
    """Run steps and print their figures. Libraries are imported before the clock starts, as they are in a flow that has measured."""
    import duckdb  # noqa: F401

    from tasks.estimates import fit, stopping  # noqa: F401

    best = [math.inf for _ in names]
    for _ in range(times):
        for index, name in enumerate(names):
            started = time.perf_counter()
            STEPS[name](home)
            best[index] = min(best[index], time.perf_counter() - started)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": best, "memory": memory}))


def against_bare(home: Path, verdicts: int) -> Row:
    """The mart against the bare group-by, run in turn."""
    (plain, mart), memory = in_turn(["bare", "difficulty"], home, 7)
    said = f"{mart / plain:.2f}× ({mart:.2f} s against {plain:.2f} s), {memory:.2f} GiB"
    goal = f"≤ {AGAINST_BARE}×, ≤ {MEMORY_GIB:.0f} GiB"
    what = f"`difficulty` of {verdicts:,} verdicts against the bare group-by of the same counts"
    return Row(what, said, goal, mart / plain <= AGAINST_BARE and memory <= MEMORY_GIB)


def against_full(home: Path, verdicts: int) -> Row:
    """A publish of 1% new rows against one of everything, the best of three each."""
    full, memory = timed("publish_all", home, 3)
    new = math.inf
    for more in range(3):
        simulate(home, verdicts // 100, first=verdicts // ROUNDS + more * verdicts // 100 // ROUNDS)
        new = min(new, timed("publish_new", home)[0])
    said = f"{new / full:.2f}× ({new:.2f} s against {full:.2f} s, {memory:.2f} GiB)"
    what = f"publishing 1% new rows of {verdicts:,} against publishing all"
    return Row(what, said, f"≤ {AGAINST_FULL}×", new / full <= AGAINST_FULL)


def growth(figures: dict[int, tuple[float, float]]) -> Row:
    """Seconds of the mart by size."""
    said = ", ".join(f"{verdicts / 1e6:.0f}M {seconds:.2f} s ({memory:.2f} GiB)" for verdicts, (seconds, memory) in figures.items())
    sizes = sorted(figures)
    small, large = figures[sizes[-2]][0] / sizes[-2], figures[sizes[-1]][0] / sizes[-1]
    return Row("`difficulty` by verdicts", said, "linear: a verdict costs ≤ 1.5× at the largest", large <= 1.5 * small)


def side_by_side(home: Path, verdicts: int) -> Row:
    """The same counts as others compute them."""
    rows = pl.scan_parquet(files_of(home)["verdicts"], glob=False).collect()
    rows.write_ndjson(home / "verdicts.jsonl")
    del rows
    names = {
        "bare": "DuckDB group-by",
        "difficulty": "`difficulty`",
        "by_polars": "polars",
        "by_pandas": "pandas",
        "json_loop": "Python over JSON Lines",
    }
    said = ", ".join(f"{title} {timed(name, home, 2)[0]:.2f} s" for name, title in names.items())
    return Row(f"the same counts of {verdicts:,} verdicts", said)


def rows(sizes: tuple[int, int, int] = (1_000_000, 10_000_000, 30_000_000)) -> list[Row]:
    """All of it, a lake a size."""
    small, middle, _ = sizes
    found: list[Row] = []
    figures: dict[int, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            home = Path(folder) / str(size)
            simulate(home, size)
            figures[size] = timed("difficulty", home, 2)
            if size == middle:
                found += [against_bare(home, size), against_full(home, size)]
            if size == small:
                beside = side_by_side(home, size)
    return [*found, growth(figures), beside]


if __name__ == "__main__":
    if len(sys.argv) > 3:
        run_steps(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
    else:
        for line in rows():
            print(line)
