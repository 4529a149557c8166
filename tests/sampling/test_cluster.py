"""Sampling on a real Ray cluster of this machine: the tables of a run without it, its resources, and a worker that is killed."""

import importlib.util
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from polars.testing import assert_frame_equal

from tests.flows.runs import environment, run, tables, tiny_recipe
from tests.sampling.serving import free_port

pytestmark = pytest.mark.process

if not importlib.util.find_spec("prefect_ray"):
    pytest.skip("Ray is not installed: pip install 'difficulty-prior[ray]'", allow_module_level=True)

SMALL = "sampling.shard_size=40"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of two CPUs that says it has two GPUs; its address."""
    folder, port = tmp_path_factory.mktemp("ray"), free_port()
    ray = [sys.executable, "-m", "ray.scripts.scripts"]
    options = ["--head", "--port", str(port), "--num-cpus", "2", "--num-gpus", "2", "--include-dashboard", "false", "--disable-usage-stats"]
    variables = environment(folder / "prefect") | {"RAY_TMPDIR": "/tmp", "OMP_NUM_THREADS": "1"}
    subprocess.run([*ray, "start", *options], check=True, env=variables, capture_output=True)
    yield f"127.0.0.1:{port}"
    subprocess.run([*ray, "stop", "--force"], check=False, env=variables, capture_output=True)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, prefect_home: Path) -> Path:
    """The home of a profile without Ray."""
    folder = tmp_path_factory.mktemp("alone")
    done = run(folder / "home", tiny_recipe(folder), prefect_home, SMALL, flow="profile")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "home"


def profile(folder: Path, prefect_home: Path, cluster: str, **resources: float) -> subprocess.CompletedProcess[str]:
    """A profile on the cluster."""
    settings = ", ".join(f"{name}: {value}" for name, value in {"address": cluster, **resources}.items())
    return run(folder / "home", tiny_recipe(folder), prefect_home, SMALL, f"sampling.ray={{{settings}}}", flow="profile")


def workers() -> list[psutil.Process]:
    """The Ray processes that have a shard in hand. (Ray's agents have names of the same kind; without them a node ends.)"""
    named = [(process, " ".join(process.info["cmdline"] or ())) for process in psutil.process_iter(["cmdline"])]
    return [process for process, name in named if name.startswith("ray::draw shard")]


def test_a_cluster_draws_what_one_process_draws(tmp_path: Path, prefect_home: Path, cluster: str, alone: Path) -> None:
    done = profile(tmp_path, prefect_home, cluster, gpus=1)
    assert done.returncode == 0, done.stdout + done.stderr
    found, expected = tables(tmp_path / "home"), tables(alone)
    assert_frame_equal(found["rollouts"], expected["rollouts"])
    assert_frame_equal(found["verdicts"], expected["verdicts"])
    names = {path.name for path in alone.glob("rollouts/[!_]*/*.parquet")}
    assert {path.name for path in (tmp_path / "home").glob("rollouts/[!_]*/*.parquet")} == names
    assert len(names) > 2


def test_a_killed_worker_s_shard_is_drawn_by_another(tmp_path: Path, prefect_home: Path, cluster: str, alone: Path) -> None:
    killed, ended = list[int](), threading.Event()

    def kill() -> None:
        while not (killed or ended.is_set()):
            if any((tmp_path / "home").glob("rollouts/[!_]*/*.parquet")):
                for process in workers()[:1]:
                    killed.append(process.pid)
                    process.kill()
            time.sleep(0.01)

    killer = threading.Thread(target=kill)
    killer.start()
    done = profile(tmp_path, prefect_home, cluster)
    ended.set()
    killer.join()
    assert killed
    assert done.returncode == 0, done.stdout + done.stderr
    assert_frame_equal(tables(tmp_path / "home")["rollouts"], tables(alone)["rollouts"])
