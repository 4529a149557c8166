"""Which process somebody is, and whether it has gone for certain.

A pid is no proof: it is used again, means another process in another container, and all of them mean something else after a restart of the
machine. So a process is called by the machine's start, the namespace that its pid is of, the pid, and the moment when it began.
"""

import os
from contextlib import suppress
from pathlib import Path

import psutil

BOOT = Path("/proc/sys/kernel/random/boot_id")
NAMESPACE = Path("/proc/self/ns/pid")
BEGAN = 19  # of what stands in /proc/PID/stat behind the command's name: the clock ticks from the machine's start


def this_process() -> str:
    """What this process is called."""
    return f"{here()}/{os.getpid()}/{began(os.getpid())}"


def is_gone(who: str) -> bool:
    """Whether the process of that name is proved to have gone: it was one of this start of the machine and of our namespace, and its pid is
    nobody's or another's now. Whatever cannot be told from here counts as there."""
    place, _, since = who.rpartition("/")
    place, _, pid = place.rpartition("/")
    return place == here() and pid.isdigit() and began(int(pid)) != since


def here() -> str:
    """The machine's present start, and the namespace of our pids; elsewhere than on Linux the time of the start alone."""
    with suppress(OSError):
        return f"{BOOT.read_text(encoding='ascii').strip()}/{NAMESPACE.readlink()}"
    return f"{psutil.boot_time()}"


def began(pid: int) -> str:
    """When the process began that has this pid now; "" where none has."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[BEGAN]
    with suppress(psutil.Error):
        return f"{psutil.Process(pid).create_time()}"
    return ""
