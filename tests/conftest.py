"""What many tests stand on: the working tree on the path of child processes, a small disk, and a Prefect of their own."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.once import made_once
from tests.prefect_server import PrefectServer, migrate, prefect_server
from tests.processes import is_marked, no_process_without_the_mark, pytest_runtest_protocol

__all__ = ["no_process_without_the_mark", "pytest_runtest_protocol"]  # pytest finds them here

os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "180"
os.environ["HF_HUB_OFFLINE"] = "1"
settings.register_profile("everywhere", deadline=None, derandomize=True)  # the same examples each time, however busy the machine
settings.load_profile("everywhere")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # test processes share the cores


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what cannot run here, and put the tests into the order in which test processes take their files."""
    skip_without_gpu([item for item in items if item.get_closest_marker("gpu")])
    slow = {item.path for item in items if is_marked(item)}
    items.sort(key=lambda item: place(item.path, item.path in slow))


def place(path: Path, is_slow: bool) -> int:
    """First what makes what others wait for (tests/once.py), then what starts processes, then those others, then the rooms whose tests
    publish, render and train; quick ones fill up the end, where a file that takes long would have the others wait."""
    if path.parent.name == "finished":
        return 0 if path.name == "test_kill.py" else 2
    return 1 if is_slow else 3 if path.parent.name in ("reporting", "training", "warehouse") else 4


def skip_without_gpu(items: list[pytest.Item]) -> None:
    """Skip the tests marked `gpu` on a machine that has none."""
    if not items:
        return
    import torch

    if not torch.cuda.is_available():
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs a GPU, and torch sees none here"))


@pytest.fixture(scope="session", autouse=True)
def own_prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Prefect home for this test run, so that no test touches the user's server or history."""
    home = tmp_path_factory.mktemp("prefect")
    os.environ["PREFECT_HOME"] = str(home)
    os.environ.pop("PREFECT_API_URL", None)
    return home


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Prefect home to begin a server with, the same for all test processes: to make its tables takes longer than all else in a start."""
    return made_once(tmp_path_factory, "prefect-home", migrate) / "prefect"


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[PrefectServer]:
    """A running server that the profile of its Prefect home names."""
    with prefect_server(tmp_path_factory.mktemp("server"), migrated) as server:
        server.up()
        server.be_the_profiles()
        yield server


@pytest.fixture(scope="module")
def in_prefect(shared_server: PrefectServer) -> Iterator[None]:
    """Flows and tasks that this process runs itself tell the running server of themselves, all of it before the server ends: a process
    that ends later would wait a minute and more for it."""
    from prefect.events.worker import EventsWorker
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: shared_server.api}):
        yield
        EventsWorker.drain_all(at_exit=False)


@pytest.fixture(scope="session")
def prefect_home(shared_server: PrefectServer) -> Path:
    """A Prefect home with a running server, which spares every command that is given it a temporary one."""
    return shared_server.home


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk that cannot be written. Skips where this user may not mount one."""
    disk = tmp_path / "read-only"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a read-only disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB. Skips where this user may not mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
