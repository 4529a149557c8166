"""Which comparisons a study names as its primary ones, written down before its runs begin.

A list is kept under the study's name with the time at which it was first given. It is never changed: another list is another artifact, and
a study tells of all that there have been.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from tasks.lake.artifacts import Artifact
from tasks.lake.layout import MANIFEST

KIND = "registrations"
Pair = tuple[str, str]
"""An arm, and the arm that it is compared with."""


class Registered(BaseModel):
    """A list of primary comparisons, and when it was first given (UTC)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    primary: tuple[Pair, ...]
    at: datetime


def registered(registration: Artifact) -> Registered:
    """What a registration says."""
    facts = registration.manifest
    return Registered(primary=facts["primary"], at=facts["registered_at"])


def other_lists(registration: Artifact) -> list[Registered]:
    """The other lists that the study of that name has had in this lake, the first first."""
    name = registration.manifest["name"]
    keys = [path.parent.name for path in (registration.home / KIND).glob(f"*/{MANIFEST}")]
    found = [Artifact(home=registration.home, kind=KIND, key=key) for key in keys if key != registration.key]
    return sorted((registered(one) for one in found if one.manifest["name"] == name), key=lambda one: (one.at, one.primary))


def done_before(evaluations: Sequence[Artifact], at: datetime) -> int:
    """How many of these had been made by then, each counting once."""
    written = {item.key: (item.path / MANIFEST).stat().st_mtime for item in evaluations}
    return sum(time < at.replace(tzinfo=UTC).timestamp() for time in written.values())
