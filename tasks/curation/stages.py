"""The stages of a curated set, in the order of training, with what the set's lineage tells of each."""

from typing import Any

from tasks.lake.artifacts import Artifact


def stages_of(curated: Artifact) -> dict[str, dict[str, Any]]:
    """What a set tells of each of its stages by name. A manifest's keys are sorted; its key was made of the order where that is another."""
    told = curated.manifest["stages"]
    return {name: told[name] for name in curated.manifest.get("made_from", {}).get("order", sorted(told))}
