"""A program that writes a lake without end, as a run does: it samples, grades later, compacts and deletes.

`python -m tests.warehouse.writing HOME` starts it.
"""

import random
import sys
import time
from pathlib import Path

from tasks.lake.compaction import CompactionSettings, compact, sweep_retired
from tasks.lake.lake import Lake
from tests.sql.rows import rollouts_of, table, verdicts

BETWEEN_S = 0.05
SMALL = CompactionSettings(min_shards=4, keep_hours=0)


def write(lake: Lake) -> None:
    """Round after round of a few problems at a time."""
    chance, round_of, waiting, count = random.Random(0), dict.fromkeys(range(40), 0), [], 0
    while True:
        count += 1
        rows = []
        for number in chance.sample(list(round_of), 3):
            rows += [{**row, "round": row["round"] + round_of[number]} for row in verdicts(f"p{number}", chance.choice(["cc", "ci", "ii"]))]
            round_of[number] += 2
        with lake.writing("rollouts", "base", "warm") as folder:
            lake.append(folder, "rollouts", table("rollouts", rollouts_of(rows)), f"shard{count}")
        waiting.append((f"shard{count}", rows))
        if chance.random() < 0.5:
            for name, graded in waiting:
                with lake.writing("verdicts", "strict", "base", "warm") as folder:
                    lake.append(folder, "verdicts", table("verdicts", graded), name)
            waiting.clear()
        if count % 10 == 0:
            compact(lake, SMALL)
            sweep_retired(lake, SMALL)
        time.sleep(BETWEEN_S)


if __name__ == "__main__":
    write(Lake(Path(sys.argv[1])))
