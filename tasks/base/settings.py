"""The base of every room's settings: frozen, and an unknown key is an error, so a typing mistake in a recipe is never ignored."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict

DEEPEST = 6


class Settings(BaseModel):
    """Base of all settings. Immutable, compared by value, unknown keys rejected, defaults checked like given values; no number is infinite
    or NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, protected_namespaces=(), allow_inf_nan=False)


def settings_in(annotation: Any) -> Iterator[type[Settings]]:
    """The settings that a value of a type is or holds: of `tuple[Source, ...] | None` it is Source."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation
    for part in get_args(annotation):
        yield from settings_in(part)


def keys_at(kind: type[Settings], place: Sequence[int | str]) -> set[str]:
    """The keys that settings have at a place, given as pydantic gives it: keys, numbers in lists, and names of types."""
    found = [kind]
    for part in place:
        inner = [
            one for settings in found if part in settings.model_fields for one in settings_in(settings.model_fields[str(part)].annotation)
        ]
        found = inner or found  # a number, a key of one's own, or the name of a type leads no deeper
    return {key for settings in found for key in settings.model_fields}


def all_keys(kind: type[Settings], before: str = "", depth: int = 0) -> Iterator[str]:
    """Every key of settings, dotted, the shallow ones first; NAME stands for a name of one's own."""
    yield from (f"{before}{key}" for key in kind.model_fields)
    for key, field in kind.model_fields.items() if depth < DEEPEST else ():
        named = "NAME." if get_origin(field.annotation) is dict else ""
        for inner in settings_in(field.annotation):
            yield from all_keys(inner, f"{before}{key}.{named}", depth + 1)
