"""Kills over one profile: SIGKILL to the worker, the flow or Prefect's server at random moments, then the tables of an undisturbed run.

Half of the moments are points of progress (so many shards written, and a little later), half are times since the start, which also hit
starting and grading. `python -m tests.bench.kills [KILLS]` runs it; the test suite runs a few.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil
import yaml
from polars.testing import assert_frame_equal

from tests.bench.row import Row
from tests.flows.runs import TINY, command, environment, run, tables
from tests.patience import PATIENCE_S
from tests.prefect_server import PrefectServer, prefect_server

KILLS = 30
TARGETS = ("worker", "flow", "server")


def recipe(folder: Path, problems: int, rounds: int, shard: int) -> Path:
    """A profile of so many problems a dataset, in small shards."""
    sampling = {**TINY["sampling"], "rounds": rounds, "shard_size": shard, "batch_size": shard}  # type: ignore[dict-item]
    path = folder / "kills.yaml"
    path.write_text(yaml.safe_dump({**TINY, "problems": {"starter": {"n_train": problems, "n_heldout": 2}}, "sampling": sampling}))
    return path


def shards(home: Path) -> int:
    """How many shards of rollouts are written."""
    return len(list(home.glob("rollouts/[!_]*/*.parquet")))


def await_moment(home: Path, process: subprocess.Popen, moment: tuple[str, float], lag: float) -> None:
    """Wait for so many shards and a little longer, or for so many seconds, or for the end of the process."""
    kind, when = moment
    started = time.monotonic()
    while process.poll() is None:
        reached = shards(home) >= when if kind == "shards" else time.monotonic() - started >= when
        if reached:
            break
        if time.monotonic() - started > PATIENCE_S:
            raise RuntimeError(f"the moment {moment} was never reached in {home}")
        time.sleep(0.02)
    time.sleep(lag if kind == "shards" else 0.0)


def kill(target: str, flow: subprocess.Popen, server: PrefectServer) -> bool:
    """SIGKILL the target; whether there was one."""
    if target == "server":
        server.kill()
        return True
    members = [psutil.Process(flow.pid)] if flow.poll() is None else []
    if target == "worker" and members:
        members = [child for child in members[0].children(recursive=True) if child.name() == "sampling.worker"]
    for member in members:
        member.kill()
    return bool(members)


def disturb(home: Path, plan: Path, server: PrefectServer, moment: tuple[str, float], target: str, lag: float) -> str:
    """Start the flow, kill the target at the moment, and see the flow to its end; what was killed ("nothing" where it was not there)."""
    server.up()
    log = (home.parent / "flow.log").open("a")
    arguments = command("profile", str(plan), "--home", str(home))
    variables = environment(server.home) | {"PREFECT_API_URL": server.api}
    flow = subprocess.Popen(arguments, env=variables, stdout=log, stderr=subprocess.STDOUT)
    try:
        await_moment(home, flow, moment, lag)
        hit = kill(target, flow, server)
        if target == "worker":  # the flow draws the shard again by itself; it is ended before it can finish them all
            time.sleep(lag)
        return target if hit else "nothing"
    finally:
        flow.kill()
        flow.wait()


def moments(total: int, kills: int, clock: bool, numbers: random.Random) -> list[tuple[str, float]]:
    """Random moments: rising numbers of shards, with `clock` every other one a time since the start in seconds."""
    points = sorted(numbers.uniform(0, 0.9 * total) for _ in range(kills))
    return [("seconds", numbers.uniform(0.5, 10.0)) if clock and place % 2 == 0 else ("shards", points[place]) for place in range(kills)]


def killed_profile(folder: Path, *, kills: int, problems: int, rounds: int, shard: int, clock: bool = True) -> Counter[str]:
    """Kill a profile so many times, finish it, and compare. Raises AssertionError when a table differs from the undisturbed run's."""
    numbers, plan = random.Random(0), recipe(folder, problems, rounds, shard)
    undisturbed, killed, hits = folder / "undisturbed", folder / "killed", Counter[str]()
    with prefect_server(folder) as server:
        server.up()
        done = run(undisturbed, plan, server.home, flow="profile", api=server.api)
        assert done.returncode == 0, done.stdout + done.stderr
        planned = iter(moments(shards(undisturbed), kills if not clock else 4 * kills, clock, numbers))
        while hits.total() < kills:
            target = TARGETS[hits.total() % len(TARGETS)]
            hit = disturb(killed, plan, server, next(planned), target, numbers.uniform(0, 0.5))
            hits[hit] += hit != "nothing"
        server.up()
        done = run(killed, plan, server.home, flow="profile", api=server.api)
    assert done.returncode == 0, done.stdout + done.stderr
    expected = tables(undisturbed)
    for relation, rows in tables(killed).items():
        assert_frame_equal(rows, expected[relation], check_exact=True)
    return hits


def rows(kills: int = KILLS) -> list[Row]:
    """The line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        hits = killed_profile(Path(folder), kills=kills, problems=300, rounds=16, shard=64)
    struck = ", ".join(f"{count} to the {target}" for target, count in hits.items() if count)
    what = f"{hits.total()} SIGKILLs at random moments of one profile ({struck})"
    return [Row(what, "every table equal to an undisturbed run's, to the byte", "no rollout lost or doubled", True)]


if __name__ == "__main__":
    for line in rows(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS):
        print(line)
