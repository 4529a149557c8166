"""What runs are called, so that a list of them reads as sentences: of which recipe, whose answers, to which problems, over which rounds."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from tasks.base.files import digest
from tasks.lake.artifacts import Artifact
from tasks.steps.planning import is_known

MOST_NAMED = 2
RECIPE: ContextVar[str] = ContextVar("the name of the recipe, or the study, whose flow runs", default="")
ROUNDS = re.compile(r", rounds? (up to )?[\d–]+$")
NOT_OF_KEYS = re.compile(r"[^a-z0-9]+")


@contextmanager
def of_recipe(name: str) -> Iterator[None]:
    """Within this, what runs is called by this recipe."""
    token = RECIPE.set(name)
    try:
        yield
    finally:
        RECIPE.reset(token)


def recipe_first(said: str) -> str:
    """What a run of the recipe in hand is called, among those of all recipes: "starter: ingest charts train"."""
    return f"{recipe}: {said}" if (recipe := RECIPE.get()) else said


def without_rounds(said: str) -> str:
    """What a sampling's run is called whichever rounds it is of: other rounds are other settings of the same step."""
    return ROUNDS.sub("", said)


def slug(text: str) -> str:
    """A name in lower-case letters, digits and dashes."""
    return NOT_OF_KEYS.sub("-", text.lower()).strip("-") or "unnamed"


def artifact_key(*names: str) -> str:
    """The key of an artifact of Prefect's, of lower-case letters, digits and dashes; names that this would confuse get a digest."""
    parts = [slug(name) if slug(name) == name.lower() else f"{slug(name)[:40].rstrip('-')}-{digest(name)[:6]}" for name in names]
    return "-".join(parts)


def listed(names: Sequence[str]) -> str:
    """Names in a sentence, each once: "a", "a and b", "a, b and 3 more"."""
    unique = list(dict.fromkeys(names))
    if len(unique) > MOST_NAMED:
        return f"{', '.join(unique[:MOST_NAMED])} and {len(unique) - MOST_NAMED} more"
    return " and ".join(unique)


def problems_named(problems: Sequence[Artifact]) -> str:
    """Datasets and splits of ingested sources, as in "geometry3k and ours (train)"."""
    places = [place_of(source) for source in problems]
    return f"{listed([name for name, _ in places])} ({listed([split for _, split in places])})"


def place_of(source: Artifact) -> tuple[str, str]:
    """What a source's dataset and split are called."""
    settings = source.manifest["settings"]
    return str(settings["name"]), str(settings["split"])


def policy_named(answers: Artifact) -> str:
    """Whose answers a profile holds, or a graded one."""
    return str(answers.manifest.get("policy_name", "a policy"))  # those made before this was written down do not say


def rounds_named(before: Any, last: int) -> str:
    """The rounds after so many, up to the last: "round 1", "rounds 5–6", and "rounds up to 6" where nobody knows how many came before."""
    if not is_known(before):
        return f"rounds up to {last}"
    return f"round {last}" if last == before + 1 else f"rounds {before + 1}–{last}"
