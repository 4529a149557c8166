"""Engines are declared in one place: what they need is known without loading them, and nothing else knows them by name."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from tasks.base.errors import InputError
from tasks.base.extras import EXTRAS
from tasks.base.process import PROJECT
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines import ENGINES, declared, open_engine
from tasks.sampling.replicas import gpus_of
from tasks.sampling.settings import EngineName, SamplingSettings

FOLDER = PROJECT / "tasks" / "sampling" / "engines"
OWN = {FOLDER, *(PROJECT / "tasks" / room / "settings.py" for room in ("sampling", "training"))}  # rollouts in training have engines too
NAMES = get_args(EngineName)
SERVED = {"engine": "server", "server": {"base_urls": ["http://127.0.0.1:1/v1"], "key_variable": "NO_SUCH_KEY"}}


def test_every_engine_is_declared_with_a_class_that_is_there() -> None:
    assert tuple(ENGINES) == NAMES
    for engine in ENGINES.values():
        module, name = engine.place.split(":")
        tree = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
        assert engine.extra is None or engine.extra in EXTRAS


@pytest.mark.process
def test_declaring_loads_no_engine_s_library() -> None:
    code = "import sys, tasks.sampling.engines; print(sorted({'torch', 'vllm', 'transformers', 'httpx', 'ray'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert done.stdout.strip() == "[]"


def test_what_an_engine_needs_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    held, served = SamplingSettings(engine="vllm", vllm={"tensor_parallel": 2, "memory": 0.5}), SamplingSettings(**SERVED)
    assert [declared(own).cards for own in (SamplingSettings(), held, served)] == [True, True, False]
    assert (declared(held).gpus(held), declared(held).memory(held), declared(SamplingSettings()).gpus(SamplingSettings())) == (2, 0.5, 1)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7")
    assert gpus_of(1, held) == {"CUDA_VISIBLE_DEVICES": "6,7"} and gpus_of(1, SamplingSettings()) == {"CUDA_VISIBLE_DEVICES": "5"}
    monkeypatch.setattr("tasks.base.extras.find_spec", lambda module: None)
    assert list(declared(held).missing(held)) == ["the package vllm is not installed: pip install 'difficulty-prior[vllm]'"]
    assert list(declared(SamplingSettings()).missing(SamplingSettings())) == []


def test_an_engine_that_lacks_something_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(InputError, match=r"sampling\.engine server: .* environment variable NO_SUCH_KEY is not set; export it"):
        open_engine(Policy(policy_id="p", name="p", model="m"), PromptingSettings(), SamplingSettings(**SERVED))


def others() -> Iterator[Path]:
    """Every module of flows/ and tasks/ but the engines and their settings."""
    for path in sorted([*PROJECT.glob("flows/**/*.py"), *PROJECT.glob("tasks/**/*.py")]):
        if not OWN & {path, *path.parents}:
            yield path


def chain(node: ast.expr) -> list[str]:
    """The names of an attribute, as in `spec.sampling.engine`."""
    if isinstance(node, ast.Attribute):
        return [*chain(node.value), node.attr]
    return [node.id] if isinstance(node, ast.Name) else []


def engines_named(tree: ast.AST) -> Iterator[str]:
    """Where a module decides by an engine's name, reads an engine's own settings, lists engines, or imports one."""
    for node in ast.walk(tree):
        sides = (node.left, *node.comparators) if isinstance(node, ast.Compare) else ()
        decides = any(chain(side)[-1:] == ["engine"] and "rollouts" not in chain(side) for side in sides)  # training's are its own
        reads = isinstance(node, ast.Attribute) and node.attr in NAMES and chain(node.value)[-1:] == ["sampling"]
        imports = isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tasks.sampling.engines.")
        lists = isinstance(node, ast.Tuple) and {*NAMES} <= {part.value for part in node.elts if isinstance(part, ast.Constant)}
        if decides or reads or imports or lists:
            yield ast.unparse(node)


def test_no_other_module_knows_an_engine_by_name() -> None:
    found = {path.relative_to(PROJECT).as_posix(): list(engines_named(ast.parse(path.read_text()))) for path in others()}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        "if spec.sampling.engine != 'server': pass",
        "each = sampling.vllm.tensor_parallel",
        "if engine == 'vllm': pass",
        "from tasks.sampling.engines.vllm import VllmEngine",
        "Engine = Literal['transformers', 'vllm', 'server']",
        "share = recipe.sampling.vllm.memory",
    ],
)
def test_such_a_line_would_be_found(line: str) -> None:
    assert list(engines_named(ast.parse(line)))
