"""What this process's steps could not have, though they are done: a run with a shortfall is "done, but …", and its command ends with exit
code 3. Nothing here needs Prefect."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shortfall:
    """What a step is short of, and why, with where to read on."""

    what: str
    why: str


DONE_BUT = 3
"""The exit code of a command that is done, but …"""
SHORTFALLS: dict[str, Shortfall] = {}
"""By the step that fell short."""
