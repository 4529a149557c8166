"""A verifier of the user's own: a function that judges responses in the place of our grader, as `path/to/file.py:function` or
`package.module:function`.

It is called as `function(response, gold, problem)`: the whole response, the gold answer, and a dict with `question`, `choices` and
`precision`. It gives True or False, or one of the verdicts `correct`, `incorrect`, `unparseable` (no answer found) and `unscorable` (the
gold answer cannot be compared with). It runs in the pool's children: an endless loop is a time-out, and no crash is ours.

Its identity is the digest of its file, so a changed file judges stored responses anew. What the file imports is not seen by that.
"""

import ast
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tasks.base.errors import InputError
from tasks.base.files import file_digest

NEEDED = ("response", "gold", "problem")
DIGITS = 16
SETTING = "grading.verifier"


@dataclass(frozen=True, slots=True)
class Verifier:
    """Where a verifier lies: its file, the function in it, and the module's name where it is imported by that."""

    path: Path
    function: str
    module: str | None

    @property
    def id(self) -> str:
        """Its name among the graders: the function and the digest of its file."""
        return f"verifier-{self.function}-{file_digest(self.path)[:DIGITS]}"

    @property
    def target(self) -> str:
        """What a child imports it by."""
        return f"{self.module or self.path}:{self.function}"


def find_verifier(name: str, place: str = SETTING) -> Verifier:
    """The verifier of that name, checked without running any of it. Raises InputError, naming the `place` of the setting, where it is not
    one."""
    where, colon, function = name.rpartition(":")
    if not colon or not where or not function.isidentifier():
        raise InputError(f"{place} {name!r} is not of the form path/to/file.py:function or package.module:function")
    verifier = located(where, function, f"{place} {name!r}")
    check_function(verifier, f"{place} {name!r}")
    return verifier


def located(where: str, function: str, said: str) -> Verifier:
    """The file of a verifier."""
    if where.endswith(".py"):
        path = Path(where).expanduser().absolute()
        if not path.is_file():
            raise InputError(f"{said}: there is no file {path}")
        return Verifier(path, function, None)
    try:
        spec = find_spec(where) if re.fullmatch(r"[\w.]+", where) else None
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise InputError(f"{said}: there is no module {where} of Python source; install it, or give the path of a .py file")
    return Verifier(Path(spec.origin), function, where)


def check_function(verifier: Verifier, said: str) -> None:
    """Raise InputError unless the file defines a plain function of a response, a gold answer and a problem."""
    try:
        tree = ast.parse(verifier.path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError) as error:
        raise InputError(f"{said}: {verifier.path} is not Python: {error}") from error
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    node = defined.get(verifier.function)
    if node is None:
        has = ", ".join(defined) or "none"
        raise InputError(f"{said}: {verifier.path} defines no function {verifier.function} (it has {has})")
    if fault := signature_fault(node):
        raise InputError(f"{said}: {verifier.path}, line {node.lineno}: {fault}; write def {verifier.function}({', '.join(NEEDED)})")


def signature_fault(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """What keeps a function from being called as `function(response, gold, problem)` for one verdict; "" where nothing does."""
    given, required = node.args, len(node.args.posonlyargs) + len(node.args.args) - len(node.args.defaults)
    if isinstance(node, ast.AsyncFunctionDef) or any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(node)):
        return "it is a coroutine or a generator, and gives no verdict when it is called"
    if required > len(NEEDED) or any(default is None for default in given.kw_defaults):
        return f"it asks for more than {', '.join(NEEDED)}"
    if len(given.posonlyargs) + len(given.args) < len(NEEDED) and given.vararg is None:
        return f"it does not take {', '.join(NEEDED)}"
    return ""
