"""The child process of the pool: reads questions as JSON lines, answers with math-verify or the user's verifier, and dies with its parent.

It runs math-verify in its main thread without math-verify's own alarms: the kernel ends it by SIGPROF when a question has taken so many
seconds of the processor, however busy the machine is. Its memory is limited before anything large is imported. Run as
`python -m tasks.grading.workers.child MEMORY_MIB TIMEOUT_S PARENT_PID VERIFIER`.
"""

import importlib
import importlib.util
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from tasks.base.process import die_with

MEMORY = "memory"
ASKED_TWICE = 3
SHOWN = 200
VERDICTS = ("correct", "incorrect", "unparseable", "unscorable")
Answer = Callable[[dict[str, Any]], dict[str, object] | None]


def main(memory_mib: int, timeout_s: float, parent: int, verifier: str = "") -> None:
    """Serves questions until stdin ends, one has taken too long, or memory has run short."""
    die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_mib << 20, memory_mib << 20))
    replies = _private_stdout()

    def clocked() -> None:
        signal.setitimer(signal.ITIMER_PROF, timeout_s)  # nothing handles SIGPROF, so that nothing can outlast it

    try:
        answer = _verifier(verifier, clocked) if verifier else _math_verify()
    except Exception as error:  # noqa: BLE001 whatever the user's module raises is told as its fault
        _reply(replies, {"fault": f"it cannot be loaded: {type(error).__name__}: {error}"})
        return
    ample = (_peak_mib() + memory_mib) / 2
    _reply(replies, {"ready": True})
    for line in sys.stdin:
        question = json.loads(line)
        clocked()
        said = answer(question)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if said is None or (not verifier and _peak_mib() > ample):
            _reply(replies, {"id": question["id"], "why": MEMORY})
            return
        _reply(replies, {"id": question["id"], **said})


def _private_stdout() -> TextIO:
    """Keeps the pipe for replies and sends whatever libraries print to nowhere."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return replies


def _reply(replies: TextIO, message: dict[str, object]) -> None:
    replies.write(json.dumps(message) + "\n")
    replies.flush()


def _verifier(target: str, clocked: Callable[[], None]) -> Answer:
    """Imports the user's function and returns what asks it. It is asked the first few questions twice: it must say the same, and has the
    whole time both times."""
    place, _, name = target.rpartition(":")
    if place.endswith(".py"):
        spec = importlib.util.spec_from_file_location("users_verifier", place)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(place)
    function, left = getattr(module, name), ASKED_TWICE

    def answer(question: dict[str, Any]) -> dict[str, object] | None:
        nonlocal left
        asked = question["response"], question["gold"], question["problem"]
        try:
            said = _as_verdict(function(*asked))
            clocked()
            if left > 0 and said != (again := _as_verdict(function(*asked))):
                return {"fault": f"it says {said}, then {again} of one response; a verdict must not depend on anything else{_of(question)}"}
        except MemoryError:
            return None
        except Exception as error:  # noqa: BLE001 the user's code is at fault, whatever it raises
            return {"fault": f"it raised {type(error).__name__}: {error}{_of(question)}"}
        left -= 1
        return {"verdict": said}

    return answer


def _as_verdict(said: object) -> str:
    """The verdict that a verifier gave. Raises TypeError for anything that is none."""
    if isinstance(said, bool):
        return "correct" if said else "incorrect"
    if str(said) in VERDICTS:
        return str(said)
    raise TypeError(f"{said!r} is no verdict; give True, False or one of {', '.join(VERDICTS)}")


def _of(question: dict[str, Any]) -> str:
    """Which response it was, shortened."""
    return f" (gold answer {question['gold']!r}, response {question['response'][-SHOWN:]!r})"


def _math_verify() -> Answer:
    """Imports math-verify, warms its grammar, and returns the comparison of an answer with a gold answer."""
    import logging

    from tasks.grading.workers.algebra import readings, same

    logging.disable(logging.CRITICAL)

    def answer(question: dict[str, Any]) -> dict[str, object] | None:
        equal = _guarded(same, question["answer"], question["gold"])
        if equal is None:
            return None
        return {"equal": equal} | ({"readings": readings(question["answer"], question["gold"])} if question["explain"] else {})

    same("x+1", "1+x")
    return answer


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
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
