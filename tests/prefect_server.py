"""A real Prefect server for tests and benchmarks."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.flows.runs import environment
from tests.patience import until
from tests.sampling.serving import free_port


@dataclass
class PrefectServer:
    """A Prefect server as a process that is killed and started again; its history outlives it."""

    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def up(self) -> None:
        """Start it unless it runs, and wait until it answers."""
        if self.process is None or self.process.poll() is not None:
            arguments = [sys.executable, "-m", "flows.server.temporary", "--host", "127.0.0.1", "--port", str(self.port)]
            variables = environment(self.home) | {"PREFECT_UI_ENABLED": "0"}
            log = (self.home.parent / "server.log").open("a")
            self.process = subprocess.Popen(arguments, env=variables, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        with httpx.Client(timeout=2) as client:  # one for all questions: to make it takes 30 ms
            until(lambda: is_up(client, self.api), (self.home.parent / "server.log").read_text)

    def be_the_profiles(self) -> None:
        """From now on, every command with its Prefect home uses this server."""
        (self.home / "profiles.toml").write_text(f'active = "tests"\n\n[profiles.tests]\nPREFECT_API_URL = "{self.api}"\n')

    def kill(self) -> None:
        """SIGKILL for it and its children."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def is_up(client: httpx.Client, api: str) -> bool:
    """Whether a server answers."""
    try:
        return client.get(f"{api}/health").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@contextmanager
def prefect_server(folder: Path, migrated: Path | None = None) -> Iterator[PrefectServer]:
    """One whose Prefect home is `folder`/prefect, not started yet; killed in the end. It begins with what is in a `migrated` home."""
    server = PrefectServer(folder / "prefect")
    if migrated is not None:
        shutil.copytree(migrated, server.home)
    try:
        yield server
    finally:
        server.kill()


def migrate(folder: Path) -> None:
    """Make `folder`/prefect a Prefect home whose database has all its tables."""
    with prefect_server(folder) as server:
        server.up()
