"""A line of the benchmarks' table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What was measured, the figure, the goal ("" where there is none), and whether it is met (None where there is none)."""

    what: str
    measured: str
    goal: str = ""
    ok: bool | None = None


def line_of(row: Row, *more: str) -> str:
    """A row in Markdown: what, measured, goal, whether it is met, and cells of the caller's."""
    met = {True: "met", False: "**missed**", None: ""}[row.ok]
    return f"| {' | '.join([row.what, row.measured, row.goal, met, *more])} |"
