"""What runs are called, so that a list of them reads as sentences: of which recipe, whose answers, to which problems, over which rounds."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from tasks.base.files import digest
from tasks.lake.artifacts import Artifact
from tasks.steps.planning import Planned

MOST_NAMED = 2
RECIPE: ContextVar[str] = ContextVar("the name of the recipe, or the study, whose flow runs", default="")
ROUNDS = re.compile(r", rounds? [\d–]+$")
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
    if isinstance(source, Planned):
        return source.arguments["source"].name, source.arguments["source"].split
    settings = source.manifest["settings"]
    return settings["name"], settings["split"]


def policy_named(answers: Artifact) -> str:
    """Whose answers a profile holds, or a graded one."""
    if isinstance(answers, Planned):
        given = answers.arguments
        if "profile" in given:
            return policy_named(given["profile"])
        return given["policy"].name if "policy" in given else given["settings"].panel
    return answers.manifest.get("policy_name", "a policy")  # those made before this was written down do not say


def sample_name(parameters: dict[str, Any]) -> str:
    """What a sampling is called: whom it asks what, and which rounds."""
    stops, hints = parameters.get("stops"), " and hints" if parameters.get("hints_from") else ""
    first, last = (stops.manifest["rounds"] if stops else 0), parameters["sampling"].rounds
    rounds = f"round {last}" if last == first + 1 else f"rounds {first + 1}–{last}"
    return f"sample {problems_named(parameters['problems'])} with {parameters['policy'].name}{hints}, {rounds}"


def grade_name(parameters: dict[str, Any]) -> str:
    """What a grading is called."""
    return f"grade the answers of {policy_named(parameters['profile'])} to {problems_named(parameters['problems'])}"


def measure_name(parameters: dict[str, Any]) -> str:
    """What a measuring of difficulty is called."""
    return f"measure the difficulty of {problems_named(parameters['problems'])} for {policy_named(parameters['graded'])}"


def settle_name(parameters: dict[str, Any]) -> str:
    """What a look for settled problems is called."""
    return f"find the problems of {problems_named(parameters['problems'])} that {policy_named(parameters['graded'])} has settled"
