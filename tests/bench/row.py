"""A line of the benchmarks' table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What was measured, the figure, the goal ("" where there is none), and whether it is met (None where there is none)."""

    what: str
    measured: str
    goal: str = ""
    ok: bool | None = None
