"""Files that lie beside a recipe: a relative path starts where the command runs, and what is not there is looked for beside the recipe.

So a folder with a recipe and its data can be run from anywhere, and a recipe that is run from where its data lies means what it always did.
"""

from collections.abc import Iterator
from glob import escape
from pathlib import Path
from typing import Any

DATA = frozenset({"files", "images_folder", "path"})
OTHERS = frozenset({"accelerate", "adapter", "chat_template", "model", "prompt", "rule", "template"})
"""The keys whose values may be files or folders, wherever they stand in a recipe: always, or else the name of something."""


def look_beside(fields: Any, recipe: Path) -> None:
    """Give the relative paths in a recipe's fields that are only beside the recipe their whole path, in place."""
    for holder, key in places(fields):
        holder[key] = found_beside(holder[key], recipe.absolute().parent)


def places(fields: Any, under: Any = None) -> Iterator[tuple[Any, Any]]:
    """Where the name of a file may stand: the container and the key or index in it; `under` is the key of a list."""
    entries = fields.items() if isinstance(fields, dict) else enumerate(fields) if isinstance(fields, list) else ()
    for key, value in list(entries):
        name = key if isinstance(fields, dict) else under
        if isinstance(value, str) and (name in DATA or (name in OTHERS and ("/" in value or Path(value).suffix))):
            yield fields, key
        yield from places(value, name)


def found_beside(text: str, folder: Path) -> str:
    """The path as it is, or where it lies under `folder` if it is nothing from here and something there."""
    if not text or text.startswith(("/", "~", "$")) or "://" in text:
        return text
    try:
        if Path(text).exists() or any(Path().glob(text)):
            return text
        if (folder / text).exists():
            return str(folder / text)
        return f"{escape(str(folder))}/{text}" if any(folder.glob(text)) else text
    except (OSError, ValueError, NotImplementedError):  # no name that a file could have
        return text
