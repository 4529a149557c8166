"""What `--set` and the arms of a study change in a recipe's fields before they are checked: dotted keys and their values.

A part of a key that enters a list is the place of an item, from 0, or the `name` that one item alone has: `problems.train.0.limit`,
`problems.train.geometry3k.limit`.
"""

from collections.abc import Sequence
from typing import Any

from flows.stages import KEY, entered, key_now, leave_out
from tasks.base.errors import InputError, did_you_mean
from tasks.base.yaml_text import read_yaml


def apply_changes(fields: Any, changes: Sequence[str]) -> None:
    """Apply changes such as "sampling.rounds=16", in place. Raises InputError also where two of them give one key different values."""
    given: dict[str, str] = {}
    for change in changes:
        key, separator, value = change.partition("=")
        if not separator:
            raise InputError(f"--set {change!r} has no '='; write it as key.of.the.recipe=value")
        if given.setdefault(key, value) != value:
            raise InputError(f"--set {key} is given twice, as {given[key]!r} and as {value!r}; give it once")
        set_key(fields, key, read_yaml(value, f"--set {change!r}: {value!r}"), f"--set {change!r}")


def set_key(fields: Any, key: str, value: Any, said: str) -> None:
    """Set a dotted key of a recipe's fields, in place; a stage that is set to null is left out.

    Raises InputError, beginning with what was `said`, where there is no such place.
    """
    if now := key_now(key):
        raise InputError(f"{said}: stages are a list now, and the key is {now}")
    *parents, last = keys = key.split(".")
    if not all(keys):
        raise InputError(f"{said}: {key!r} is not a key; write it as key.of.the.recipe=value")
    place = fields
    for depth in range(1, len(keys)):
        place = inside(place, keys[:depth], keys[depth:], said)
    if isinstance(place, list):
        place[index_in(place, keys, said)] = value
    elif not isinstance(place, dict):
        raise InputError(f"{said}: {key!r} is not a key of the recipe: {'.'.join(parents)} is {place!r}, which has no keys in it")
    elif value is None and parents[-1:] == [KEY]:
        leave_out(place, last, said)
    else:
        place[last] = value


def inside(place: Any, keys: list[str], inner: list[str], said: str) -> Any:
    """What lies at the last of these keys in a place, made where it is not there; `inner` are the keys to follow."""
    last = keys[-1]
    if isinstance(place, list):
        return place[index_in(place, keys, said)]
    if not isinstance(place, dict):
        return place
    if last == KEY:
        return entered(place, inner, said)
    if place.get(last) is None:  # not there, or null, or nothing is written behind it
        if inner[0].isdecimal():
            own = (
                "; its problems are the starter's, of which problems.starter.n_train is the number"
                if place.get("starter") is not None
                else ""
            )
            raise InputError(f"{said}: the recipe has no list at {'.'.join(keys)}, so there is no item {inner[0]} of it{own}")
        place[last] = {}
    return place[last]


def index_in(items: list[Any], keys: list[str], said: str) -> int:
    """The place in a list that the last of these keys stands for. Raises InputError, telling what the list has, for none or several."""
    last, where = keys[-1], ".".join(keys[:-1])
    names = [str(item["name"]) if isinstance(item, dict) and "name" in item else None for item in items]
    has = ", ".join(f"{place}{f' ({name})' if name else ''}" for place, name in enumerate(names)) or "none"
    found = [place for place, name in enumerate(names) if last in (str(place), name)]
    if len(found) > 1:
        raise InputError(f"{said}: {last!r} stands for {len(found)} items of {where}; give the place of one: {has}")
    if not found:
        meant = did_you_mean(last, [name for name in names if name])
        raise InputError(f"{said}: {where} has no item {last!r}{meant}; it has {has} (places count from 0)")
    return found[0]
