"""Workers forked from a process that has their libraries loaded: such a one starts in a fraction of a second, where a fresh interpreter
imports torch and transformers for five to ten.

The process, a fork server (`tasks.base.fork_server`), is started by the first worker that wants libraries, ends with this process, and is
started again when it was killed. Its workers are what fresh ones would be: they have their own memory, output, folder, variables and exit
code, and end with the server. It is ours, since Python's own (`multiprocessing.forkserver`) cannot give that: its children import this
process's main module again, share one environment and one output, outlive a killed parent, and nobody learns which signal ended them.

What a library reads of the environment when it is imported cannot be changed after the fork. So there is one server for each environment;
only what OF_A_WORKER names may differ among the workers of one.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from threading import Lock, Thread
from typing import Any, Self, TextIO

from tasks.base.process import PARENT, module_command

OF_A_WORKER = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "PYTEST_CURRENT_TEST")  # the first two are applied after the fork
OF_OURS = ("DIFFICULTY_PRIOR_", "PREFECT_")  # which no library reads that a server loads
NVML = {"PYTORCH_NVML_BASED_CUDA_CHECK": "1"}  # whoever asks for a GPU during an import must not start CUDA, which survives no fork
TRIES = 2


class Forked:
    """A forked worker: its output is read, and it is killed and waited for, like a `subprocess.Popen`."""

    def __init__(self, pid: int, handle: int, output: int, server: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdout: TextIO = open(output, encoding="utf-8", errors="replace")  # noqa: SIM115 - closed with this
        self._handle, self._server, self._turn = handle, server, Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self.wait()

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        with self._turn, suppress(ProcessLookupError):
            if self.returncode is None:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(timeout=0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; gives its exit code, or less than 0 for a signal. Raises TimeoutExpired."""
        if self.returncode is not None:
            return self.returncode
        if not select.select([self._handle], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("a forked worker", timeout or 0.0)
        said = self._server.recv(16)
        with self._turn:
            self.returncode = int(said) if said else -signal.SIGKILL  # it went with its server, which was killed
            os.close(self._handle)
            self._server.close()
        return self.returncode


class ForkServer:
    """A fork server of this process, with the variables that its libraries read."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._turn = Lock()
        self._channel, theirs = socket.socketpair()
        Thread(target=keep, args=(theirs, environment), name="keeps the fork server", daemon=True).start()

    def ask(self, request: Mapping[str, Any]) -> Forked | None:
        """The worker that is asked for, as soon as it has been forked; None where the server has gone."""
        ours, theirs = socket.socketpair()
        reader, writer = os.pipe()
        given = [theirs.detach(), writer, os.open(".", os.O_PATH)]
        try:
            with suppress(OSError):  # of a server that has gone, which then says no pid
                self.send(ours, request, given)
            pid, handles, *_ = socket.recv_fds(ours, 16, 1)
        except BaseException:
            ours.close()
            os.close(reader)
            raise
        if pid:
            return Forked(int(pid), handles[0], reader, ours)
        ours.close()
        os.close(reader)
        return None

    def prepare(self, request: Mapping[str, Any]) -> None:
        """Have libraries loaded, without waiting for it; what they print is nobody's."""
        ours, theirs = socket.socketpair()
        given = [theirs.detach(), os.open(os.devnull, os.O_WRONLY), os.open(".", os.O_PATH)]
        with ours, suppress(OSError):  # of a server that has gone: who wants a worker starts another
            self.send(ours, request, given)

    def send(self, ours: socket.socket, request: Mapping[str, Any], given: list[int]) -> None:
        """Hand over a request, and what it is answered by; these are closed here."""
        try:
            with self._turn:
                socket.send_fds(self._channel, [b"."], given)
        finally:
            for handle in given:
                os.close(handle)
        ours.sendall(json.dumps(request).encode())
        ours.shutdown(socket.SHUT_WR)


def keep(channel: socket.socket, environment: Mapping[str, str]) -> None:
    """Start a server that answers on `channel`, and wait for its end, in a thread of its own: Linux ends it with the thread that started
    it, and those that want workers come and go."""
    command = module_command("tasks.base.fork_server", str(channel.fileno()))
    own = {**environment, **NVML, PARENT: str(os.getpid())}
    nothing = subprocess.DEVNULL
    with channel, subprocess.Popen(command, env=own, pass_fds=[channel.fileno()], stdin=nothing, stdout=nothing, stderr=nothing) as server:
        channel.close()
        server.wait()


SERVERS: dict[tuple[tuple[str, str], ...], ForkServer] = {}
UNFIT: set[str] = set()
TURN = Lock()
os.register_at_fork(after_in_child=SERVERS.clear)


def fork_worker(libraries: str, module: str, spec: str, environment: Mapping[str, str]) -> Forked | None:
    """A worker that runs `module` on a spec, forked with `libraries` loaded; None where none can be: not on Linux, and not any more once
    servers have ended before they forked one, as they do when a library starts CUDA while it is imported."""
    if sys.platform != "linux" or libraries in UNFIT:
        return None
    request = {"libraries": libraries, "module": module, "spec": spec, "environment": dict(environment)}
    for _ in range(TRIES):
        key, server = server_for(environment)
        if worker := server.ask(request):
            return worker
        with TURN:
            if SERVERS.get(key) is server:
                del SERVERS[key]
    UNFIT.add(libraries)
    return None


def load_libraries(libraries: str, environment: Mapping[str, str]) -> None:
    """Have the libraries of workers with these variables loaded, so that the first of them need not wait for it either."""
    if sys.platform == "linux":
        _, server = server_for(environment)
        server.prepare({"libraries": libraries, "module": "", "spec": "", "environment": {}})


def server_for(environment: Mapping[str, str]) -> tuple[tuple[tuple[str, str], ...], ForkServer]:
    """The server for workers with these variables, and what it is kept by."""
    key = tuple(sorted((name, value) for name, value in environment.items() if name not in OF_A_WORKER and not name.startswith(OF_OURS)))
    with TURN:
        if key not in SERVERS:
            SERVERS[key] = ForkServer(environment)
        return key, SERVERS[key]
