"""What a step says in its folder of how far it is, and which of those steps were cut off. Nothing here needs Prefect."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from tasks.lake.layout import ASIDE, PROGRESS
from tasks.steps.naming import without_rounds

SILENT_AFTER_S = 600.0


class HowFar(BaseModel):
    """How far a step is, as its folder says while it is being made: `done` of `total` units of `what` (0 of 0 while it loads what it
    needs), of which `before` were done when it began, at the times `began` and `told` (seconds since 1970), in the process `pid` of the
    machine `host`. `step` is what it is whatever its settings are, of `recipe`; files of earlier versions do not say."""

    model_config = ConfigDict(frozen=True)

    title: str
    done: int
    total: int
    what: str
    before: int
    began: float
    told: float
    pid: int
    host: str
    recipe: str = ""
    step: str = ""

    @property
    def is_running(self) -> bool:
        """Whether its process is alive: looked up on its own machine, elsewhere believed until it has been silent for ten minutes."""
        if self.host != socket.gethostname():
            return time.time() - self.told < SILENT_AFTER_S
        try:
            process = psutil.Process(self.pid)
            return process.create_time() <= self.began and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    @property
    def pace(self) -> float | None:
        """Units a second; None before there are any."""
        made, took = self.done - self.before, self.told - self.began
        return made / took if made > 0 and took > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """The time that is left at the pace so far; None before there is one."""
        return (self.total - self.done) / self.pace if self.pace else None


def read_how_far(path: Path) -> HowFar | None:
    """What a step says of itself; None where it has just been renamed into place."""
    try:
        return HowFar.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def cut_off(home: Path) -> Iterator[tuple[Path, HowFar]]:
    """The steps of a lake whose process is gone, each with its file."""
    for path in sorted((home / ASIDE).glob(f"*/{PROGRESS}")):
        if (far := read_how_far(path)) and not far.is_running:
            yield path, far


def forget_attempts(home: Path, step: str) -> None:
    """A step is done: what was cut off of it, maybe with other settings, is no more to be told of. What it has written stays."""
    for path, far in cut_off(home):
        if far.step == without_rounds(step):
            path.unlink(missing_ok=True)


def forget_recipe(home: Path, recipe: str) -> None:
    """A recipe is done, whatever steps it had before: nothing that was cut off of it is to be told of any more."""
    for path, far in cut_off(home):
        if far.recipe == recipe:
            path.unlink(missing_ok=True)
