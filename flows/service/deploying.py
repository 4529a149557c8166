"""Brings a Prefect server to what `deployments/prefect.yaml` says: pools, the limits of cards, deployments, automations."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect.client.orchestration import get_client

from flows.service.automations import make_automations
from flows.service.pools import make_limits, make_pools
from tasks.base.errors import InputError, WorkerError
from tasks.base.process import child_environment, module_command
from tasks.base.yaml_text import read_yaml_file


@dataclass(frozen=True)
class Deploying:
    """What to deploy: the file, the names of the limits of cards, and the notification block that hears of changed sets, if any."""

    file: Path
    cards: Sequence[str] = ()
    notify: str | None = None


def deploy(asked: Deploying, say: Callable[[str], None]) -> None:
    """Bring the server of PREFECT_API_URL to what is asked; what is there already is brought up to date.

    Raises what its two parts raise.
    """
    make_ready(asked, say)
    put_deployments(asked.file)


def make_ready(asked: Deploying, say: Callable[[str], None]) -> None:
    """What workers and deployments stand on: pools, limits, automations. Raises InputError for a file or a block that is not there."""
    if not asked.file.is_file():
        raise InputError(f"--file: there is no {asked.file.absolute()}; leave it out for the shipped deployments")
    read_yaml_file(asked.file, f"deployments {asked.file}")
    with get_client(sync_client=True) as client:
        make_pools(client, say)
        make_limits(client, asked.cards)
        make_automations(client, asked.notify)


def put_deployments(file: Path) -> None:
    """Put the deployments of a file on the server. Raises WorkerError, with Prefect's words, where it refuses them."""
    command = module_command("prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file.absolute()))
    environment = {**child_environment(), "PWD": str(Path.cwd())}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        words = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).splitlines() if line.strip())
        raise WorkerError(f"Prefect did not take {file}:\n{words}")
