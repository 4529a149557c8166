"""What every step's cache key is made of, read from the source of the requests: tasks/README.md is checked against it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tasks.base.process import PROJECT


def keys_of_steps() -> dict[str, set[str]]:
    """By the kind of artifact that a task makes, the names of all that its key holds, those that it holds only sometimes included."""
    found: dict[str, set[str]] = {}
    for path in sorted((PROJECT / "tasks").rglob("*task.py")):
        for kind, names in keys_in(path):
            found.setdefault(kind, set()).update(names)
    return found


def keys_in(path: Path) -> Iterator[tuple[str, set[str]]]:
    """The kinds and key names of the artifacts that the functions of a module name."""
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef):
            assigned = {part.targets[0].id: part.value for part in ast.walk(function) if is_simple_assignment(part)}
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "artifact":
                    inputs = call.args[2]
                    yield call.args[1].value, set(names_of(assigned[inputs.id] if isinstance(inputs, ast.Name) else inputs))


def is_simple_assignment(node: ast.AST) -> bool:
    """Whether a statement gives one name a value."""
    return isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)


def names_of(inputs: ast.expr) -> Iterator[str]:
    """The keys of a dict as it is written, and of the dicts that are unpacked into it."""
    assert isinstance(inputs, ast.Dict)
    for key, value in zip(inputs.keys, inputs.values, strict=True):
        if isinstance(key, ast.Constant):
            yield key.value
        elif key is None:
            for part in ast.walk(value):
                if isinstance(part, ast.Dict):
                    yield from names_of(part)
