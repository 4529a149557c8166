"""A busy machine: processes that do nothing but compute, for as long as something else is done."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def beside_busy_processes(count: int) -> Iterator[None]:
    """Runs so many processes that never rest."""
    processes = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
