"""Says how many problems were set aside because a policy cannot be asked them, and why."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from tasks.lake.artifacts import Artifact

KIND = pl.col("reason").str.split(": ").list.first().alias("kind")
"""What kind of reason one is: its words before the colon."""


def counted(reasons: pl.Series) -> str:
    """Reasons by their kinds: "3 too long, 1 image refused"."""
    kinds = pl.DataFrame({"reason": reasons}).group_by(KIND).len().sort("len", "kind", descending=[True, False])
    return listed(dict(kinds.iter_rows()))


def listed(kinds: Mapping[str, int]) -> str:
    """Kinds of reasons with their counts, in words."""
    return ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())


def set_aside(manifest: Mapping[str, Any]) -> str:
    """What the manifest of a source says of problems that were set aside; "" where none was."""
    told = manifest.get("set_aside")
    if not told:
        return ""
    place, count = "/".join(str(manifest["settings"][name]) for name in ("name", "split")), sum(told["kinds"].values())
    reason = told["reason"].partition(": ")[2]
    return (
        f"{place}: {count:,} of {told['of']:,} problems set aside, which the policy cannot be asked: {listed(told['kinds'])} "
        f"({'' if count == 1 else 'the first: '}row {told['row']}: {reason})"
    )


def all_set_aside(sources: Sequence[Artifact]) -> Iterator[str]:
    """A line for each of these sources of which problems were set aside."""
    yield from filter(None, (set_aside(source.manifest) for source in sources))
