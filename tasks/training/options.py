"""Which options TRL's GRPOConfig has, and which words some of them take, read from the source of the installed libraries: to import these
takes seconds, and a recipe is checked before that."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tasks.base.errors import InputError, did_you_mean

CLASSES = (("trl", "trainer/grpo_config.py"), ("trl", "trainer/base_config.py"), ("transformers", "training_args.py"))
CONFIGS = ("GRPOConfig", "_BaseConfig", "TrainingArguments")
TRAINER = ("trl", "trainer/grpo_trainer.py")
COMPARED = ("loss_type", "importance_sampling_level")
OPTIMIZERS = "OptimizerNames"


def check_options(extra: Mapping[str, Any]) -> None:
    """Raise InputError for an option that GRPOConfig does not have, and for a word that one of them does not take."""
    names = option_names() if extra else frozenset()
    for name, value in extra.items() if names else ():
        if name not in names:
            raise InputError(
                f"extra.{name}: TRL's GRPOConfig has no such option{did_you_mean(name, names)}; correct its spelling or remove it"
            )
        words = option_words(name)
        if isinstance(value, str) and words and value not in words:
            raise InputError(f"extra.{name}: {value!r} is none of {', '.join(sorted(words))}{did_you_mean(value, words)}")


@cache
def option_names() -> frozenset[str]:
    """The names of GRPOConfig's options; none where the libraries are laid out in a way not known here, and then nothing is checked."""
    found = [node for package, file in CLASSES for node in classes(package, file) if node.name in CONFIGS]
    if {node.name for node in found} != set(CONFIGS):
        return frozenset()
    fields = (part.target for node in found for part in node.body if isinstance(part, ast.AnnAssign))
    return frozenset(field.id for field in fields if isinstance(field, ast.Name))


@cache
def option_words(name: str) -> frozenset[str]:
    """The words that an option takes: optimizers by their names, and what the trainer compares some others with; none for all others."""
    if name == "optim":
        enums = (node for node in classes("transformers", "training_args.py") if node.name == OPTIMIZERS)
        return frozenset(str(part.value.value) for node in enums for part in node.body if is_word(part))  # type: ignore[attr-defined]
    return frozenset(compared_with(name)) if name in COMPARED else frozenset()


def is_word(part: ast.stmt) -> bool:
    """Whether a line of an enum gives a text its name."""
    return isinstance(part, ast.Assign) and isinstance(part.value, ast.Constant)


def compared_with(name: str) -> Iterator[str]:
    """The texts that the trainer compares an option of its own with."""
    for node in ast.walk(tree(*TRAINER)):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and node.left.attr == name:
            parts = [part for side in node.comparators for part in ast.walk(side)]
            yield from (part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


def classes(package: str, file: str) -> list[ast.ClassDef]:
    """The classes in a file of a package."""
    return [node for node in tree(package, file).body if isinstance(node, ast.ClassDef)]


@cache
def tree(package: str, file: str) -> ast.Module:
    """A file of a package, parsed; an empty one where there is none."""
    spec = find_spec(package)
    paths = [Path(place) / file for place in (spec.submodule_search_locations or ())] if spec else []
    return ast.parse(next((path.read_text(encoding="utf-8") for path in paths if path.is_file()), ""))
