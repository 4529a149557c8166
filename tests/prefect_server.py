"""A real Prefect server for tests and benchmarks."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.flows.runs import environment
from tests.patience import PATIENCE_S
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
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.api}/health", timeout=2).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
        raise RuntimeError(f"the Prefect server did not come up: see {self.home.parent / 'server.log'}")

    def be_the_profiles(self) -> None:
        """From now on, every command with its Prefect home uses this server."""
        (self.home / "profiles.toml").write_text(f'active = "tests"\n\n[profiles.tests]\nPREFECT_API_URL = "{self.api}"\n')

    def kill(self) -> None:
        """SIGKILL for it and its children."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def prefect_server(folder: Path) -> Iterator[PrefectServer]:
    """One whose Prefect home is `folder`/prefect, not started yet; killed in the end."""
    server = PrefectServer(folder / "prefect")
    try:
        yield server
    finally:
        server.kill()
