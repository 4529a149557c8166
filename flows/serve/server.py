"""The Prefect server: whether its port is free, whether it answers, and whether it is new enough for us."""

import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
from packaging.version import Version

from flows.serve.children import Child
from tasks.errors import InputError, WorkerError

PATIENCE_S = 180.0
SERVER = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",  # leases outlive a killed server
    "PREFECT_SERVER_EVENTS_MAXIMUM_RELATED_RESOURCES": "500",
}


def server_child(host: str, port: int, logs: Path) -> Child:
    """A Prefect server with its UI, on a port that is free. Raises InputError that says who has the port."""
    check_port(host, port)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", host, "--port", str(port)]
    return Child("Prefect server", command, {**os.environ, **SERVER}, logs / "server.log")


def address(host: str, port: int) -> str:
    """Where the UI of a server is, for a browser on the same machine; the API is under /api."""
    local = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{local}:{port}"


def check_port(host: str, port: int) -> None:
    """Raise InputError, saying what has the port and what to do, when it is taken or may not be used."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except socket.gaierror as error:
        raise InputError(f"--host {host!r} is no address of this machine ({error}); give 127.0.0.1, or 0.0.0.0 for all of them") from error
    except PermissionError as error:
        raise InputError(f"port {port} may not be used by this user ({error}); give another one with --port, above 1023") from error
    except OSError as error:
        version = version_at(f"{address(host, port)}/api")
        there = f"; to use the Prefect server {version} that answers there: --server {address(host, port)}/api" if version else ""
        raise InputError(f"port {port} of {host} is in use{owner_of(port)}; end that, or choose another with --port{there}") from error


def owner_of(port: int) -> str:
    """Which process listens on a port, in words; nothing where this user may not know."""
    try:
        found = {c.pid for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port}
        owners = [f"process {pid}, {' '.join(psutil.Process(pid).cmdline())[:100]}" for pid in found if pid]
    except psutil.Error:
        return ""
    return f" (by {owners[0]})" if owners else ""


def version_at(api: str) -> str | None:
    """The version of the Prefect server at an address; None where none answers."""
    try:
        answer = httpx.get(f"{api}/admin/version", timeout=5, headers=authorised())
        return str(answer.json()) if answer.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, ValueError):
        return None


def authorised() -> dict[str, str]:
    """The header that a server with a password wants, from PREFECT_API_AUTH_STRING."""
    text = os.environ.get("PREFECT_API_AUTH_STRING", "")
    return {"Authorization": httpx.BasicAuth(*text.split(":", 1))._auth_header} if ":" in text else {}


def check_version(api: str) -> None:
    """Raise InputError when no server answers at `api`, when it wants a password that it is not given, or when it is too old for us."""
    import prefect

    try:
        answer = httpx.get(f"{api}/admin/version", timeout=10, headers=authorised())
    except httpx.HTTPError as error:
        raise InputError(
            f"no Prefect server answers at {api} ({error}); start one (`difficulty-prior serve`), or correct the address"
        ) from error
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise InputError(f"the Prefect server at {api} wants a password: export PREFECT_API_AUTH_STRING='user:password', its own")
    if answer.status_code != httpx.codes.OK:
        raise InputError(f"what answers at {api} is no Prefect server (HTTP {answer.status_code}); the address ends in /api")
    theirs, ours = Version(str(answer.json())), Version(prefect.__version__)
    if theirs.release[:2] < ours.release[:2]:
        raise InputError(
            f"the Prefect server at {api} has version {theirs}, older than the {ours} here, which asks it for things that it does not "
            f"know; upgrade the server (pip install 'prefect=={ours}' there, or its image prefecthq/prefect:{ours}-python3.11)"
        )


def await_server(child: Child, api: str, say: Callable[[str], None]) -> None:
    """Wait until the server answers. Raises WorkerError, with its last lines, when it ends instead or takes too long."""
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE_S:
        if version_at(api):
            return
        if child.process is not None and child.process.poll() is not None:
            raise WorkerError(f"the Prefect server did not start; its log: {child.log}\n{child.last_lines()}")
        if 9.9 < time.monotonic() - started < 10.1:
            say("the Prefect server is still starting; the first time it makes its database")
        time.sleep(0.2)
    raise WorkerError(f"the Prefect server does not answer at {api} after {PATIENCE_S:.0f} s; its log: {child.log}\n{child.last_lines()}")
