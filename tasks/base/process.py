"""What all our child processes have in common: how they are started from any folder, and that they end with their parent."""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PARENT = "DIFFICULTY_PRIOR_PARENT"
PR_SET_PDEATHSIG = 1


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours. Python does not look into the folder it is started in (`-P`): that may be one of the
    user's, with a `tasks.py` or a `json.py` of its own."""
    return [sys.executable, "-P", "-m", module, *arguments]


def child_environment() -> dict[str, str]:
    """This process's environment, for a child that finds our modules first and, as its own children, none in the folder it runs in."""
    return {**os.environ, "PYTHONPATH": search_path(), "PYTHONSAFEPATH": "1"}


def search_path() -> str:
    """PYTHONPATH with the project in front; an empty part, which would mean the folder a process runs in, is left out."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join([str(PROJECT), *(part for part in given if part and part != str(PROJECT))])


def die_with(parent: int, signal_number: int = signal.SIGKILL) -> None:
    """Ask Linux for a signal to this process when its parent, the process `parent`, dies; at once, where that has happened already.

    Linux means the thread that started this process: start what is to live long from a thread that does.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal_number)


def be_named(name: str) -> None:
    """Be listed by `ps` and `top` under a name, of which Linux keeps 15 letters, and not as one more Python."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name, encoding="utf-8")


def die_with_parent() -> None:
    """Tie this process to the parent that PARENT names: it may have been killed while this process was still importing."""
    die_with(int(os.environ.pop(PARENT, os.getppid())))
