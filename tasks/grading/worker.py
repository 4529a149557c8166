"""The child process of the pool: reads questions as JSON lines, answers with math-verify, and dies with its parent.

It runs math-verify in its main thread without math-verify's own alarms: the parent kills it when its time is up. Its memory is
limited before anything large is imported. Run as `python -m tasks.grading.worker MEMORY_MIB PARENT_PID`.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

_PR_SET_PDEATHSIG = 1
MEMORY = "memory"


def main(memory_mib: int, parent: int) -> None:
    """Serves questions until stdin ends or memory has run short."""
    _die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_mib << 20, memory_mib << 20))
    replies = _private_stdout()
    same = _math_verify()
    ample = (_peak_mib() + memory_mib) / 2
    _reply(replies, {"ready": True})
    for line in sys.stdin:
        question = json.loads(line)
        equal = _guarded(same, question["answer"], question["gold"])
        if equal is None or _peak_mib() > ample:
            _reply(replies, {"id": question["id"], "why": MEMORY})
            return
        _reply(replies, {"id": question["id"], "equal": equal})


def _die_with(parent: int) -> None:
    """Asks Linux to kill this process with the one that started it; leaves at once if that has already gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _private_stdout() -> TextIO:
    """Keeps the pipe for replies and sends whatever libraries print to nowhere."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return replies


def _reply(replies: TextIO, message: dict[str, object]) -> None:
    replies.write(json.dumps(message) + "\n")
    replies.flush()


def _math_verify() -> Callable[[str, str], bool]:
    """Imports math-verify, warms its grammar, and returns the comparison of an answer with a gold answer."""
    import logging

    from math_verify import parse, verify

    logging.disable(logging.CRITICAL)

    def same(answer: str, gold: str) -> bool:
        golds, answers = (parse(_as_formula(text), parsing_timeout=None) for text in (gold, answer))
        return bool(golds and answers and verify(golds, answers, allow_set_relation_comp=True, timeout_seconds=None))

    same("x+1", "1+x")
    return same


def _as_formula(text: str) -> str:
    """One formula between dollar signs, so that the whole of it is read and not, say, its last number."""
    for delimiter in ("\\(", "\\)", "\\[", "\\]", "$"):
        text = text.replace(delimiter, "")
    return f"${text.strip().rstrip('.,;')}$"


def _guarded(same: Callable[[str, str], bool], answer: str, gold: str) -> bool | None:
    """The comparison; None where memory ran out. An error inside the libraries means the two could not be shown equal."""
    try:
        return same(answer, gold)
    except MemoryError:
        return None
    except Exception:  # noqa: BLE001 whatever a parser raises over a model's text is a verdict about that text
        return False


def _peak_mib() -> float:
    """Peak address space in MiB. The libraries swallow MemoryError, but a failed doubling leaves a peak above half of what was free."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii", errors="replace").splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmPeak:")), 0.0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
