"""How soon a Ctrl-C ends `difficulty-prior sql`, whatever it computes, and whether the published file is as it was after it.

`python -m tests.bench.interrupting` runs it.
"""

import tempfile
from pathlib import Path

from tasks.base.files import file_digest
from tasks.lake.lake import Lake
from tasks.warehouse.querying import query
from tests.bench.row import Row
from tests.bench.sweep import simulated
from tests.flows.interrupting import HEAVY, interrupted

PROBLEMS, GOAL_S = 768, 1.0


def rows() -> list[Row]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        lake: Lake = simulated(Path(folder) / "runs", PROBLEMS)
        before = file_digest(lake.warehouse)
        ends = {name: interrupted(sql, lake.home, Path(folder)) for name, sql in HEAVY.items()}
        whole = file_digest(lake.warehouse) == before and query(lake, "select count(*) from difficulty").item() == PROBLEMS
    slowest = max(ends, key=lambda name: ends[name][1])
    well = [name for name, (code, seconds, _) in ends.items() if code == 130 and seconds <= GOAL_S]
    figure = f"{len(well)} of {len(ends)} end in time with exit code 130, the slowest ({slowest}) after {ends[slowest][1]:.2f} s"
    return [Row("Ctrl-C while `sql` computes, kinds of heavy query", figure, f"all within {GOAL_S:g} s", whole and len(well) == len(ends))]


if __name__ == "__main__":
    for row in rows():
        print(row)
