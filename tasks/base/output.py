"""A process's standard output and error outlive whoever reads them.

A run writes to a pipe that its worker reads, or to one that `tee` or a terminal does. When that reader is killed, the next line that is
printed or logged would break the run ("Execution was aborted by Python system exit call", which is what rich makes of a broken pipe),
however many hours of work it ends. Here the line goes to a file instead, or nowhere.
"""

import os
import select
from contextlib import suppress
from pathlib import Path
from threading import Thread

STREAMS = (1, 2)
LOG = "DIFFICULTY_PRIOR_LOG"
GONE = select.POLLERR | select.POLLHUP


def outlive_readers() -> None:
    """From now on, when nobody reads this process's output or errors any more, they go to the file that LOG names, or nowhere."""
    poller = select.poll()
    for stream in STREAMS:
        poller.register(stream, 0)  # what is always told, and nothing else: that the other end has gone
    Thread(target=keep_streams, args=(poller,), name="keeps output", daemon=True).start()


def keep_streams(poller: select.poll) -> None:
    """Put a stream's stand-in in its place as soon as its reader has gone."""
    left = set(STREAMS)
    while left:
        for stream, what in poller.poll():
            poller.unregister(stream)
            left.discard(stream)
            if what & GONE:
                stand_in(stream)


def stand_in(stream: int) -> None:
    """Let a stream write to the log, or nowhere where there is none that can be written."""
    for path in filter(None, (os.environ.get(LOG), os.devnull)):
        with suppress(OSError):
            handle = os.open(Path(path), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            os.dup2(handle, stream)
            os.close(handle)
            return
