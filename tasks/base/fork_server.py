"""The fork server: loads the libraries of workers once, and forks every worker from itself. Its client is `tasks.base.forking`.

It stays a process that can be forked: it starts no thread, computes nothing, and loads nothing of ours but base, since polars and DuckDB
have threads of their own from the first use on. It ends with its client, and its workers with it.
"""

import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tasks.base.process import die_with, die_with_parent

CUDA = "/dev/nvidia-uvm"  # what CUDA opens when it starts, and nothing else does
REQUEST_HANDLES = 3


@dataclass(frozen=True)
class Request:
    """A worker that is wanted: the module to run on a spec, with which libraries and variables; where its client hears of it, where its
    output goes, and the folder that it works in. Without a module, only the libraries are."""

    libraries: str
    module: str
    spec: str
    environment: dict[str, str]
    client: socket.socket
    output: int
    folder: int

    def close(self) -> None:
        """The server's own ends of what the worker has."""
        os.close(self.output)
        os.close(self.folder)


@dataclass(frozen=True)
class Child:
    """A forked worker, and who is told of its end."""

    pid: int
    handle: int
    client: socket.socket

    def close(self) -> None:
        """Forget it."""
        os.close(self.handle)
        self.client.close()


def main() -> None:
    """Serve; in a forked worker, be that, to its end."""
    gc.disable()  # imports make no garbage, and looking for it is a fifth of their time
    interruption = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the client's affair
    die_with_parent()
    server = os.getpid()
    request = serve(socket.socket(fileno=int(sys.argv[1])))
    die_with(server)
    signal.signal(signal.SIGINT, interruption)
    gc.enable()
    become(request)


def serve(channel: socket.socket) -> Request:
    """Fork workers until the client goes; comes back in a worker alone."""
    with channel, selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.data:
                    selector.unregister(key.fileobj)
                    tell_end(key.data)
                    continue
                request = receive(channel)
                load(request)
                if not request.module:
                    request.close()
                    request.client.close()
                    continue
                child = fork(request)
                if child is None:
                    forget(selector)
                    return request
                selector.register(child.handle, selectors.EVENT_READ, child)


def receive(channel: socket.socket) -> Request:
    """The next request; ends this process where there is nobody to ask any more."""
    said, handles, *_ = socket.recv_fds(channel, 1, REQUEST_HANDLES)
    if not said:
        os._exit(0)
    client = socket.socket(fileno=handles[0])
    text = b"".join(iter(lambda: client.recv(1 << 16), b""))
    return Request(**json.loads(text), client=client, output=handles[1], folder=handles[2])


def load(request: Request) -> None:
    """Load the libraries, unless they are. What is printed meanwhile belongs to who wants them first; a fault is met, and told, by the
    worker itself."""
    if request.libraries in sys.modules:
        return
    with output_to(request.output), suppress(Exception):
        importlib.import_module(request.libraries)
    gc.freeze()  # no worker looks through them, which would copy their memory
    if CUDA in open_files():
        os._exit(1)


@contextmanager
def output_to(handle: int) -> Iterator[None]:
    """Send what is printed inside there."""
    kept = [os.dup(stream) for stream in (1, 2)]
    for stream in (1, 2):
        os.dup2(handle, stream)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for stream, old in zip((1, 2), kept, strict=True):
            os.dup2(old, stream)
            os.close(old)


def open_files() -> set[str]:
    """What this process has open."""
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.add(str(link.readlink()))
    return found


def fork(request: Request) -> Child | None:
    """Fork a worker and tell the client of it; None in the worker itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: those that there are, OpenBLAS's and jemalloc's, expect a fork
        pid = os.fork()
    if pid == 0:
        return None
    child = Child(pid, os.pidfd_open(pid), request.client)
    request.close()
    try:
        socket.send_fds(child.client, [str(pid).encode()], [child.handle])
    except OSError:
        os.kill(pid, signal.SIGKILL)  # who wanted it has given up meanwhile
    return child


def tell_end(child: Child) -> None:
    """Take up a worker's end, and tell its client."""
    _, status = os.waitpid(child.pid, 0)
    with suppress(OSError):
        child.client.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    child.close()


def forget(selector: selectors.BaseSelector) -> None:
    """In a worker: close what belongs to the others, who would otherwise not hear of the server's end."""
    for key in list(selector.get_map().values()):
        if key.data:
            key.data.close()


def become(request: Request) -> None:
    """Be the worker: its output, folder, variables and random numbers are its own; then run its module as `python -m` does."""
    for stream in (1, 2):
        os.dup2(request.output, stream)
    os.fchdir(request.folder)
    request.close()
    request.client.close()
    threads = os.environ.get("OMP_NUM_THREADS")
    os.environ.clear()
    os.environ.update(request.environment)
    take_threads(threads)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    sys.argv[1:] = [request.spec]
    runpy.run_module(request.module, run_name="__main__", alter_sys=True)


def take_threads(loaded_with: str | None) -> None:
    """Let torch compute on as many threads as OMP_NUM_THREADS says: OpenMP has read it when it was loaded."""
    wanted = os.environ.get("OMP_NUM_THREADS")
    if "torch" in sys.modules and wanted != loaded_with:
        first = (wanted or "").partition(",")[0]
        sys.modules["torch"].set_num_threads(int(first) if first.isdigit() else len(os.sched_getaffinity(0)))


if __name__ == "__main__":
    main()
