"""What kills cost: how old the oldest finished completion is that a SIGKILL at a random moment loses, where one takes seconds and a shard
half an hour; and how soon a killed one of three sampling processes draws again.

The slow engine is a server of ours that takes 2 s a completion, behind the `server` engine of a real profile. Half of the kills hit the
worker, which the flow starts again, half the flow. `python -m tests.bench.unlost [KILLS]` runs it.
"""

import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import psutil
import yaml

from tasks.lake.lake import Lake
from tasks.policy.identity import PolicySettings, base_policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.replicas import Replicas
from tasks.sampling.settings import SamplingSettings
from tasks.sampling.task import SampleRequest
from tasks.sampling.worker import missing_shards, problems_of
from tests.bench.row import Row
from tests.flows.runs import command, environment
from tests.patience import until
from tests.prefect_server import prefect_server
from tests.sampling.double import Answer, Call, Double, good
from tests.sql.rows import problems_artifact

KILLS, SLOW_S, AT_ONCE = 20, 2.0, 4
PROBLEMS, ROUNDS = 100, 16
LOST_S, BACK_S, BACKS = 60.0, 30.0, 5
MOST_S = 30.0  # from a worker's first completion to its kill: longer than it takes to write down what is finished


@dataclass
class Slow:
    """The server's script: what it has answered to somebody who was still there, by the response's seed, with the monotonic clock's time;
    `kills` counts those who were not any more."""

    seconds: float = SLOW_S
    answered: dict[int, float] = field(default_factory=dict)
    asked: int = 0
    finished: int = 0
    kills: int = 0

    def __call__(self, call: Call) -> Answer:
        self.asked, asker = self.asked + 1, self.kills
        time.sleep(self.seconds)
        if asker == self.kills:
            self.finished += 1
            self.answered[call.body["seed"]] = time.monotonic()
        return good(call, words=f"\\boxed{{{call.body['seed'] % 7}}}")


def recipe(folder: Path, server: Double, **sampling: Any) -> Path:
    """A profile by a server, all of it in one shard or two."""
    rows = [{"problem": f"What is {number} and {number}?", "answer": str(number % 7)} for number in range(PROBLEMS)]
    (folder / "problems.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    served = {"base_urls": [server.url], "model": "m", "concurrency": AT_ONCE, "check_prompts": False, "health_s": 0.5}
    asked = {
        "name": "unlost",
        "policy": {"model": "starter"},
        "problems": {"train": [{"name": "own", "path": str(folder / "problems.jsonl"), "columns": {"images": None}}]},
        "sampling": {"engine": "server", "rounds": ROUNDS, "max_tokens": 16, "server": served, **sampling},
    }
    path = folder / "unlost.yaml"
    path.write_text(yaml.safe_dump(asked))
    return path


def on_disk(home: Path) -> set[int]:
    """The seeds of the completions that are in a file: in the lake's, or in those of shards that are still being drawn."""
    found = [*home.glob("rollouts/[!_]*/*.parquet"), *home.glob("aside/rollouts-*/*.parquet")]
    return {seed for path in found for seed in pl.read_parquet(path, columns=["seed"])["seed"]}


def sampling_worker(flow: subprocess.Popen) -> psutil.Process | None:
    """The worker of a flow."""
    children = psutil.Process(flow.pid).children(recursive=True) if flow.poll() is None else []
    return next((child for child in children if child.name() == "sampling.worker"), None)


def lost_by(home: Path, script: Slow, kill: Callable[[], object]) -> float:
    """Kill, and give the age of the oldest completion that was finished and is not on disk, in seconds; 0 where there is none."""
    script.kills += 1
    killed, answered = time.monotonic(), dict(script.answered)
    kill()
    script.kills += 1  # whoever asked while it died was not there for the answer either
    kept = on_disk(home)
    lost = {seed: killed - when for seed, when in answered.items() if seed not in kept}
    for seed in lost:  # it is lost by this kill, and by no later one
        del script.answered[seed]
    return max(lost.values(), default=0.0)


class Profile:
    """A profile that is killed and goes on."""

    def __init__(self, folder: Path, script: Slow, server: Double, api: str, **sampling: Any) -> None:
        self.home, self.script = folder / "runs", script
        self.arguments = command("profile", str(recipe(folder, server, **sampling)), "--home", str(self.home))
        self.variables = environment(folder / "prefect") | {"PREFECT_API_URL": api}
        self.log = (folder / "flow.log").open("a")
        self.flow = self.start()

    def start(self) -> subprocess.Popen:
        """Start the flow."""
        return subprocess.Popen(self.arguments, env=self.variables, stdout=self.log, stderr=subprocess.STDOUT)

    def kill(self, target: str, after: float) -> float:
        """Kill the flow or its worker so many seconds after its first new completion; gives how old the oldest lost one is."""
        before = self.script.finished
        until(lambda: self.script.finished > before)
        time.sleep(after)
        worker = sampling_worker(self.flow)
        assert worker
        if target == "worker":
            return lost_by(self.home, self.script, worker.kill)
        age = lost_by(self.home, self.script, lambda: (self.flow.kill(), self.flow.wait()))
        self.flow = self.start()
        return age


@contextmanager
def serving(script: Slow) -> Iterator[Double]:
    """The server."""
    server = Double(script)
    try:
        yield server
    finally:
        server.die()


def killed(folder: Path, kills: int, most_s: float, **sampling: Any) -> tuple[list[float], Slow, int]:
    """The ages of what was lost by so many kills of a profile, each up to `most_s` after the last, its server's script, and the rollouts
    that the lake has in the end. Raises AssertionError where one is missing or doubled."""
    numbers, script = random.Random(0), Slow()
    with prefect_server(folder) as prefect, serving(script) as server:
        prefect.up()
        profile = Profile(folder, script, server, prefect.api, **sampling)
        ages = [profile.kill(("worker", "flow")[place % 2], numbers.uniform(0, most_s)) for place in range(kills)]
        script.seconds = 0.0
        assert profile.flow.wait() == 0, (folder / "flow.log").read_text()
    rows = Lake(profile.home).scan("rollouts").collect()
    assert rows.height == rows.select("problem_id", "round").unique().height == PROBLEMS * ROUNDS
    assert all(response == f"\\boxed{{{seed % 7}}}" for response, seed in rows.select("response", "seed").iter_rows())
    return ages, script, rows.height


def back_after(folder: Path) -> list[float]:
    """Seconds from the kill of one of three sampling processes until all three draw again, for so many kills."""
    problems = problems_artifact(folder, [{"problem_id": f"p{n}", "question": f"What is {n} and {n}?", "images": []} for n in range(20)])
    sampling = SamplingSettings(rounds=10_000, shard_size=64, batch_size=8, max_tokens=40, replicas=3)
    policy = base_policy(PolicySettings(model="starter", dtype="float32"))
    request = SampleRequest(home=folder, policy=policy, problems=(problems,), prompting=PromptingSettings(), sampling=sampling, seed=0)
    spec = request.spec().model_copy(update={"folder": folder / "profile"})
    (folder / "profile").mkdir()
    running = Replicas(spec, missing_shards(spec, problems_of(spec)), lambda done: None, lambda level, text: None)
    thread = threading.Thread(target=running.run)
    thread.start()
    numbers, took = random.Random(0), list[float]()
    for _ in range(BACKS):
        before = until(lambda: drawing(running))
        time.sleep(numbers.uniform(0, 3))
        killed = time.monotonic()
        before[numbers.randrange(3)].send_signal(signal.SIGKILL)
        until(lambda before=before: (now := drawing(running)) and set(now) != set(before))  # type: ignore[misc]
        took.append(time.monotonic() - killed)
    for path in running.queue.waiting():
        path.unlink(missing_ok=True)
    thread.join()
    return took


def drawing(running: Replicas) -> list[psutil.Process]:
    """The three processes, where all are there and each has a shard in hand."""
    found = [child for child in psutil.Process().children(recursive=True) if child.name() == "sampling.worker"]
    held = all(list(running.queue.folder.glob(f"*.{number}")) for number in range(3))
    return found if held and len(found) == 3 else []


def rows(kills: int = KILLS) -> list[Row]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        ages, script, drawn = killed(Path(folder), kills, MOST_S)
    with tempfile.TemporaryDirectory() as folder:
        took = back_after(Path(folder))
    again = script.asked - drawn
    figure = (
        f"the oldest finished completion lost by one is {max(ages):.0f} s old; {again} of {script.asked} completions were asked for again, "
        "those in hand included; none missing, none doubled"
    )
    where = "half to the worker, half to the flow"
    what = f"{kills} SIGKILLs at random moments of a profile of {SLOW_S:g} s a completion, shards of 1,024 ({where})"
    back = f"all three draw again after at most {max(took):.1f} s ({BACKS} kills)"
    return [
        Row(what, figure, f"≤ {LOST_S:g} s of finished work lost by each", max(ages) <= LOST_S),
        Row("one of three sampling processes killed", back, f"≤ {BACK_S:g} s", max(took) <= BACK_S),
    ]


if __name__ == "__main__":
    for line in rows(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS):
        print(line)
