"""Starts a run's temporary server before this process has loaded Prefect itself: both take seconds, and each has a core to take them on.

Only where no setting of the user's may ask for something else, which Prefect alone can tell.
"""

import os
import random
import secrets
import socket
import subprocess

from flows.server.api_settings import is_left_to_us
from flows.server.password import USER
from tasks.base.process import PARENT, child_environment, module_command

VARIABLES = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}  # as Prefect starts it
PORTS = range(8000, 9000)  # Prefect's for temporary servers
TRIES = 10
EARLY: list[tuple[int, subprocess.Popen]] = []
"""The port and the process of a server that was started and that nobody has asked for yet."""


def start_early() -> None:
    """Start the temporary server that a run of this process will ask for, closed to everybody else."""
    port = free_port() if is_left_to_us() else None
    if port:
        os.environ.update(closed(f"{USER}:{secrets.token_urlsafe(24)}"))
        EARLY.append((port, begin(port, {})))


def free_port() -> int | None:
    """A port that nobody has; None where ten tries have found none."""
    for port in random.sample(PORTS, TRIES):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    return None


def closed(word: str) -> dict[str, str]:
    """The variables that keep others out of a temporary server: it shares its records with that of `serve`.

    Its password is this process's own, and no web page may ask it.
    """
    return {"PREFECT_API_AUTH_STRING": word, "PREFECT_SERVER_API_AUTH_STRING": word, "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": ""}


def begin(port: int, settings: dict[str, str]) -> subprocess.Popen:
    """Start the server, with Prefect's `settings` beside the variables of this process; a Ctrl-C in the terminal does not reach it, so that
    the run can still say how it ended."""
    command = module_command("flows.server.temporary", "--host", "127.0.0.1", "--port", str(port))
    variables = {**child_environment(), **VARIABLES, **settings, PARENT: str(os.getpid())}
    return subprocess.Popen(command, env=variables, start_new_session=True)
