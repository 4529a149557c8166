"""A process has gone only where that is certain from here."""

import os
import subprocess
import sys

import pytest

from tasks.base.living import here, is_gone, this_process


def ended() -> int:
    """The pid of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_gone_is_what_is_proved_to_be() -> None:
    place, pid, since = this_process().rsplit("/", 2)
    boot, namespace = here().split("/")
    assert (place, pid) == (here(), str(os.getpid()))
    gone = {"ended": f"{place}/{ended()}/{since}", "its pid is another's": f"{place}/{pid}/1"}
    there = {
        "ourselves": this_process(),
        "of another container": f"{boot}/pid:[4026531999]/{ended()}/1",
        "of another container, with our pid": f"{boot}/pid:[4026531999]/{pid}/1",
        "from before the machine was started anew": f"00000000-0000-4000-8000-000000000000/{namespace}/{ended()}/1",
        "of an earlier version": f"{ended()}:1700000000.5",
        "a pid alone": str(ended()),
        "no pid": f"{place}/x/1",
        "a negative pid": f"{place}/-1/1",
        "nothing": "",
    }
    assert {name for name, who in (gone | there).items() if is_gone(who)} == gone.keys()
