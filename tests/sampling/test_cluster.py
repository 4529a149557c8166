"""Sampling on a real Ray cluster of this machine: the rollouts of one process, its resources, its log, and a worker that is killed."""

import importlib.util
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import psutil
import pytest
from polars.testing import assert_frame_equal

from tasks.base.errors import InputError
from tasks.lake.lake import Lake
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines import open_engine
from tasks.sampling.settings import SamplingSettings
from tasks.sampling.shard_queue import Shard
from tasks.sampling.task import SampleRequest
from tasks.sampling.worker import draw, missing_shards, problems_of
from tests.flows.runs import environment
from tests.sampling.serving import free_port
from tests.sql.rows import problems_artifact

if not importlib.util.find_spec("ray"):
    pytest.skip("Ray is not installed: pip install 'difficulty-prior[ray]'", allow_module_level=True)

pytestmark = pytest.mark.process
PROBLEMS = [{"problem_id": f"p{number}", "question": f"What is {number} and {number}?", "images": []} for number in range(12)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of two CPUs that says it has two GPUs; its address."""
    folder, port = tmp_path_factory.mktemp("ray"), free_port()
    ray = [sys.executable, "-m", "ray.scripts.scripts"]
    options = ["--head", "--port", str(port), "--num-cpus", "2", "--num-gpus", "2", "--include-dashboard", "false", "--disable-usage-stats"]
    variables = environment(folder / "prefect") | {"RAY_TMPDIR": "/tmp", "OMP_NUM_THREADS": "1"}
    variables |= {"RAY_memory_monitor_refresh_ms": "0"}  # which kills workers of the cluster for what other tests take
    subprocess.run([*ray, "start", *options], check=True, env=variables, capture_output=True)
    yield f"127.0.0.1:{port}"
    subprocess.run([*ray, "stop", "--force"], check=False, env=variables, capture_output=True)


def asked(home: Path, policy: Policy, **settings: object) -> SampleRequest:
    """Eight rounds of twelve problems, in shards of 24."""
    sampling = SamplingSettings(**{"rounds": 8, "shard_size": 24, "max_tokens": 24, **settings})
    given = {"policy": policy, "problems": (problems_artifact(home, PROBLEMS),), "prompting": PromptingSettings()}
    return SampleRequest(home=home, **given, sampling=sampling, seed=0)


def rollouts(home: Path) -> pl.DataFrame:
    return Lake(home).scan("rollouts").collect().sort("problem_id", "round")


def shards(home: Path) -> set[str]:
    return {path.name for path in home.glob("rollouts/[!_]*/*.parquet")}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Path:
    """The home of a sampling in one process."""
    home = tmp_path_factory.mktemp("alone")
    spec = asked(home, policy).spec().model_copy(update={"folder": home / "aside" / "profile"})
    problems = problems_of(spec)
    engine = open_engine(spec.policy, spec.prompting, spec.sampling)
    draw(spec, problems, [map(Shard, missing_shards(spec, problems))], engine, lambda *_: None)
    return home


def draw_on(cluster: str, request: SampleRequest, **resources: float) -> list[int]:
    """Draw on the cluster; gives what the progress was."""
    from tasks.sampling.cluster import draw_on_ray

    ray = {"address": cluster, **resources}
    sampling = SamplingSettings.model_validate({**request.sampling.model_dump(), "ray": ray})
    folder = request.home / "aside" / "profile"
    spec = request.model_copy(update={"sampling": sampling}).spec().model_copy(update={"folder": folder})
    told: list[int] = []
    folder.mkdir(parents=True)
    draw_on_ray(spec, missing_shards(spec, problems_of(spec)), told.append)
    return told


def called(beginning: str) -> list[psutil.Process]:
    """The Ray processes of such a name: one has a shard in hand where that is `draw shard`. (Without Ray's agents a node ends.)"""
    named = [(process, " ".join(process.info["cmdline"] or ())) for process in psutil.process_iter(["cmdline"])]
    return [process for process, name in named if name.startswith(f"ray::{beginning}")]


@contextmanager
def killing_one(beginning: str) -> Iterator[list[int]]:
    """Within this, the first Ray process of such a name is killed as soon as there is one; gives what was killed."""
    killed, ended = list[int](), threading.Event()

    def kill() -> None:
        while not killed and not ended.wait(0.01):
            for process in called(beginning)[:1]:
                killed.append(process.pid)
                process.kill()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    yield killed
    ended.set()
    killer.join()


def test_a_cluster_draws_what_one_process_draws(
    tmp_path: Path, policy: Policy, cluster: str, alone: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="tasks"):
        told = draw_on(cluster, asked(tmp_path, policy), gpus=1)
    assert told == [24 * done for done in range(1, 5)]
    assert_frame_equal(rollouts(tmp_path), rollouts(alone))
    assert shards(tmp_path) == shards(alone) and len(shards(alone)) == 4
    drew = [record for record in caplog.records if record.getMessage().startswith("drew 24 responses in ")]
    assert len(drew) == 4 and all(record.levelno == logging.INFO for record in drew)


def test_a_killed_worker_s_shard_is_drawn_by_another(
    tmp_path: Path, policy: Policy, cluster: str, alone: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with killing_one("draw shard") as killed:
        told = draw_on(cluster, asked(tmp_path, policy))
    assert killed and told[-1] == 96
    assert_frame_equal(rollouts(tmp_path), rollouts(alone))
    assert any("is drawn again, since its worker failed" in record.getMessage() for record in caplog.records)


def test_a_log_that_is_lost_loses_no_rollout(tmp_path: Path, policy: Policy, cluster: str, alone: Path) -> None:
    with killing_one("_QueueActor") as killed:
        told = draw_on(cluster, asked(tmp_path, policy))
    assert killed and told[-1] == 96
    assert_frame_equal(rollouts(tmp_path), rollouts(alone))


def test_bad_input_is_said_as_it_is_and_not_tried_again(
    tmp_path: Path, policy: Policy, cluster: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = {"engine": "server", "server": {"base_urls": ["http://127.0.0.1:1/v1"], "key_variable": "NO_SUCH_KEY"}}
    with pytest.raises(InputError, match="environment variable NO_SUCH_KEY is not set"):
        draw_on(cluster, asked(tmp_path, policy, **server))
    assert not [record for record in caplog.records if "is drawn again" in record.getMessage()] and not shards(tmp_path)
