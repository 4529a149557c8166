"""The program's first lines. Its modules take a moment to load, and a Ctrl-C meanwhile ends it as a later one does: without a traceback.

So nothing else is imported here before that is seen to.
"""

import os
import signal
from types import FrameType

INTERRUPTED = 130


def leave(number: int, frame: FrameType | None) -> None:
    """End at once: nothing has begun that would have to be ended."""
    os._exit(INTERRUPTED)


def main() -> None:
    """Load the commands, and run one."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:  # and is not ignored, as in the background of a script
        signal.signal(signal.SIGINT, leave)
    from flows.commands.cli import main as run

    signal.signal(signal.SIGINT, usual)
    run()
