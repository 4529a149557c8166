"""What a step is asked for: one frozen object with all that it may read, which says what the step would make, is called, and will do.

A room has a request for each of its tasks (`tasks.steps.caching.room_task`). Nothing here needs Prefect.
"""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tasks.lake.artifacts import Artifact
from tasks.steps.planning import Work
from tasks.steps.shortfalls import Shortfall


class StepRequest(BaseModel):
    """`home` is the lake; a room's own request adds artifacts and settings, and says what they make (`target`) and how that is `said`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path

    def arguments(self) -> dict[str, Any]:
        """The artifacts and settings that it holds, by name, for a plan to tell which of them are still to be made."""
        return {name: getattr(self, name) for name in type(self).model_fields}

    def target(self) -> Artifact:
        """The artifact that the step makes, named by the content of every input and of every SQL or template file used."""
        raise NotImplementedError

    def is_done(self, target: Artifact) -> bool:
        """Whether nothing is left to be done for its artifact: it is there, and short of nothing that another run may have."""
        return target.is_complete

    def shortfall(self, made: Artifact) -> Shortfall | None:
        """What its artifact is short of; None where nothing is missing."""
        return None

    def said(self) -> str:
        """What the step is called among those of its recipe."""
        raise NotImplementedError

    def work(self) -> Work | None:
        """What the step samples or reads, for `--plan`; None where it does neither."""
        return None

    def foretold(self) -> dict[str, Any]:
        """Those facts of the manifest that the request alone settles, known before the step has run."""
        return {}
