"""Real vLLM servers on the CPU, started, killed and stopped as processes of their own."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tasks.policy.identity import STARTER
from tests.patience import ASK_S, PATIENCE_S

KEY = "open-sesame-of-the-tests"
NAME = "starter"
VARIABLES = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_NO_USAGE_STATS": "1",
    "OMP_NUM_THREADS": "1",
    "TORCHDYNAMO_DISABLE": "1",  # compiling takes longer than all that the tests ask for
    "HF_HUB_OFFLINE": "1",
}
# what `vllm serve` runs: the command itself looks for a package named vllm, and the CPU build's has another name
COMMAND = (sys.executable, "-m", "vllm.entrypoints.openai.api_server")
# prompts are read whole: after reading a part of one, vLLM 0.31 rewinds a seeded request's generator, which kills it on a CPU
WHOLE_PROMPTS = ("--no-enable-chunked-prefill", "--max-num-batched-tokens", "4096")
OPTIONS = ("--enforce-eager", "--dtype", "float32", "--generation-config", "vllm", "--host", "127.0.0.1", *WHOLE_PROMPTS)


@dataclass
class Serving:
    """A server that is up at `url`; `log` is what it has written."""

    url: str
    process: subprocess.Popen
    log: Path

    def kill(self) -> None:
        """SIGKILL for it and all its children, as when a machine is gone (and its shared memory with it)."""
        shared = shared_memory(self.process.pid)
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for path in shared:
            path.unlink(missing_ok=True)

    def wait_until_up(self) -> None:
        """Wait for it to say that it is healthy. Raises RuntimeError with its last lines when it ends or takes too long."""
        deadline = time.monotonic() + PATIENCE_S
        with httpx.Client(timeout=2) as client:  # one for all questions: to make it takes 30 ms
            while self.process.poll() is None and time.monotonic() < deadline:
                try:
                    if client.get(self.url.replace("/v1", "/health")).status_code == httpx.codes.OK:
                        return
                except httpx.TransportError:
                    time.sleep(ASK_S)
        lines = "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])
        raise RuntimeError(f"the server at {self.url} did not come up (exit code {self.process.poll()}):\n{lines}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def shared_memory(pid: int) -> set[Path]:
    """The shared memory that a process and its children hold, which would outlive their SIGKILL."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return {Path(held.path) for process in family for held in process.memory_maps() if held.path.startswith("/dev/shm/")}


def die_with_parent() -> None:
    """What the child does before it runs: have it ended when the tests are."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def start(folder: Path, port: int, *, model: Path = STARTER, options: Sequence[str] = ()) -> Serving:
    """Start a server of the model under the name `NAME`, with the key `KEY`; its log goes to `folder`. Does not wait for it."""
    log = folder / f"server-{port}.log"
    fixed = ("--model", str(model), "--served-model-name", NAME, "--api-key", KEY, "--port", str(port), "--max-model-len", "512")
    with log.open("w") as file:
        process = subprocess.Popen(
            [*COMMAND, *fixed, *OPTIONS, *options],
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **VARIABLES},
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    return Serving(f"http://127.0.0.1:{port}/v1", process, log)


@contextmanager
def serving(folder: Path, *models: Path, options: Sequence[str] = ()) -> Iterator[list[Serving]]:
    """A server for each of the models, or one of the starter, started side by side (about 30 s for one, 45 s for two on two cores), all
    up; stopped at the end."""
    with ExitStack() as stack:
        servers = [start(folder, free_port(), model=model, options=options) for model in models or (STARTER,)]
        for server in servers:
            stack.callback(stop, server)
        for server in servers:
            server.wait_until_up()
        yield servers


def stop(server: Serving) -> None:
    """Ask it to end, and kill what is left after a while."""
    if server.process.poll() is not None:
        return
    server.process.terminate()
    try:
        server.process.wait(15)
    except subprocess.TimeoutExpired:
        server.kill()
