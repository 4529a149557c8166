"""Brings a Prefect server to what `deployments/prefect.yaml` says: pools, the limits of cards, deployments, automations."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect.client.orchestration import get_client

from flows.serve.automations import make_automations
from flows.serve.pools import make_limits, make_pools
from tasks.errors import InputError, WorkerError
from tasks.process import PROJECT

DEPLOYMENTS = PROJECT / "deployments" / "prefect.yaml"


@dataclass(frozen=True)
class Deploying:
    """What to deploy: the file, the names of the limits of cards, and the notification block that hears of changed sets, if any."""

    file: Path = DEPLOYMENTS
    cards: Sequence[str] = ()
    notify: str | None = None


def deploy(asked: Deploying) -> None:
    """Bring the server of PREFECT_API_URL to what is asked; what is there already is brought up to date.

    Raises InputError for a file that is not there and a block that is not, WorkerError, with Prefect's words, where it refuses the file.
    """
    if not asked.file.is_file():
        raise InputError(f"--file: there is no {asked.file.absolute()}; the one shipped is {DEPLOYMENTS}")
    with get_client(sync_client=True) as client:
        make_pools(client)
        make_limits(client, asked.cards)
        make_automations(client, asked.notify)
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(asked.file.absolute())]
    search = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PWD": str(Path.cwd()), "PYTHONPATH": search}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        words = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).splitlines() if line.strip())
        raise WorkerError(f"Prefect did not take {asked.file}:\n{words}")
