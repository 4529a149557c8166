"""The task that chooses the learning rate of a study's arm from its pilot runs.

Cached by the content of what the pilot runs left, whatever the arm is called: arms that are the same share it.
"""

from pathlib import Path
from typing import Any

from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import write_parquet
from tasks.steps.caching import room_task
from tasks.steps.request import StepRequest
from tasks.study.grid import Pilot, choose, error_of_difference, pilot_rows

VERSION = 1
FILE = "grid.parquet"


class GridRequest(StepRequest):
    """An arm, its pilot runs, and of how many answers the accuracy at each learning rate is, over all pilot seeds."""

    arm: str
    pilots: tuple[Pilot, ...]
    answers: int

    def target(self) -> Artifact:
        seen = [[pilot.learning_rate, pilot.seed, pilot.stage and pilot.stage.content, pilot.broke] for pilot in self.pilots]
        return artifact(self.home, "grids", {"version": VERSION, "pilots": seen, "answers": self.answers})

    def said(self) -> str:
        return f"choose the learning rate of {self.arm}"


@room_task(name="choose learning rate")
def choose_learning_rate(request: GridRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write `grid.parquet`, what the grid saw; the manifest says what was chosen, and the error of a difference that it saw. Raises
    InputError where the arm broke with every learning rate."""
    rows = pilot_rows(request.pilots)
    chosen = choose(rows, request.arm)
    write_parquet(rows, folder / FILE)
    return {**chosen.model_dump(), "answers": request.answers, "error": error_of_difference(request.answers)}
