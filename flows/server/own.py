"""The Prefect server that we start: where it may listen, whether its port is free, and whether it answers."""

import errno
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from prefect.settings import get_current_settings

from flows.server.addresses import ALLOWED, address, given_names, is_loopback, names_here
from flows.server.children import Child
from flows.server.client import chosen_password
from flows.server.password import own_password, writable_folder
from tasks.base.errors import InputError, WorkerError
from tasks.base.process import child_environment, module_command

PATIENCE_S = 180.0
SERVER = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",  # leases outlive a killed server
    "PREFECT_SERVER_EVENTS_MAXIMUM_RELATED_RESOURCES": "500",
}


@dataclass(frozen=True)
class OwnServer:
    """A Prefect server that we start: where it listens, its password, whether we made that ourselves, and its names besides its own."""

    host: str
    port: int
    password: str = field(repr=False)
    made: bool
    names: tuple[str, ...] = ()

    @property
    def api(self) -> str:
        """The address of its API, for this machine."""
        return f"{address(self.host, self.port)}/api"


def own_server(host: str, port: int, names: Sequence[str]) -> OwnServer:
    """The server to start at an address. Raises InputError for one that others reach without a password of the user's choice, for an
    address or a name that is none, and for a password, or a file of it, that cannot be trusted."""
    names_here(host, [*given_names(), *names])
    other_origins()
    if chosen := chosen_password():
        return OwnServer(host, port, chosen, False, tuple(names))
    if not is_loopback(host):
        raise InputError(
            f"--host {host} is open to other machines, and no password is set: export PREFECT_SERVER_API_AUTH_STRING='admin:…' with one of "
            f"your choice, or leave --host out and come through a tunnel (ssh -L {port}:127.0.0.1:{port} {socket.gethostname()})"
        )
    writable_folder()
    return OwnServer(host, port, own_password(), True, tuple(names))


def other_origins() -> list[str]:
    """The origins besides the server's own whose pages the user lets ask it. Raises InputError where that is every page."""
    api = get_current_settings().server.api
    text = api.cors_allowed_origins if "cors_allowed_origins" in api.model_fields_set else ""
    found = [origin.strip() for origin in text.split(",") if origin.strip()]
    if "*" in found:
        name = "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS"
        raise InputError(f"{name}=* lets every web page ask this server; name the origins, as in https://prior.example.org, or unset it")
    return found


def server_child(server: OwnServer, logs: Path) -> Child:
    """A Prefect server with its UI, on a port that is free. Raises InputError that says who has the port."""
    check_port(server.host, server.port)
    command = module_command("flows.server.prefect_server", "start", "--host", server.host, "--port", str(server.port))
    closed = {"PREFECT_SERVER_API_AUTH_STRING": server.password, ALLOWED: ",".join([*given_names(), *server.names])}
    return Child("Prefect server", command, {**child_environment(), **SERVER, **closed}, logs / "server.log")


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
        if error.errno == errno.EADDRNOTAVAIL:
            raise InputError(f"--host {host!r} is no address of this machine; give 127.0.0.1, or 0.0.0.0 for all of them") from error
        api = f"{address(host, port)}/api"
        there = f"; to use the Prefect server that answers there: --server {api} (its password: PREFECT_API_AUTH_STRING)"
        there = there if prefect_at(api) else ""
        raise InputError(f"port {port} of {host} is in use{owner_of(port)}; end that, or choose another with --port{there}") from error


def owner_of(port: int) -> str:
    """Which process listens on a port, in words; nothing where this user may not know."""
    try:
        found = {c.pid for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port}
        owners = [f"process {pid}, {' '.join(psutil.Process(pid).cmdline())[:100]}" for pid in found if pid]
    except psutil.Error:
        return ""
    return f" (by {owners[0]})" if owners else ""


def prefect_at(api: str) -> bool:
    """Whether a Prefect server answers at an address; asked what it says to anybody, as a stranger that has the port gets no password."""
    try:
        answer = httpx.get(f"{api}/health", timeout=5)
        return answer.status_code == httpx.codes.OK and answer.json() is True
    except (httpx.HTTPError, ValueError):
        return False


def await_server(child: Child, api: str, say: Callable[[str], None]) -> None:
    """Wait until the server answers. Raises WorkerError, with its last lines, when it ends instead or takes too long."""
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE_S:
        if prefect_at(api):
            return
        if child.process is not None and child.process.poll() is not None:
            raise WorkerError(f"the Prefect server did not start; its log: {child.log}\n{child.last_lines()}")
        if 9.9 < time.monotonic() - started < 10.1:
            say("the Prefect server is still starting; the first time it makes its database")
        time.sleep(0.2)
    raise WorkerError(f"the Prefect server does not answer at {api} after {PATIENCE_S:.0f} s; its log: {child.log}\n{child.last_lines()}")
