"""CONTRIBUTING says what is so: the paths, names and make targets that it sends a newcomer to are there."""

import re

import pytest

from tasks.base.process import PROJECT

TEXT = (PROJECT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL))
PATHS = sorted({word for word in CODE if "/" in word and " " not in word and "NAME" not in word})
NAMES = {
    "MAPPINGS": "tasks/problems/benchmarks.py",
    "SUFFIXES": "tasks/problems/origin.py",
    "read_rows": "tasks/problems/readers.py",
    "FAMILIES": "tasks/training/weighting.py",
    "Family": "tasks/training/settings.py",
    "RULES": "tasks/grading/equivalence.py",
    "GRADER_VERSION": "tasks/grading/equivalence.py",
    "InputError": "tasks/base/errors.py",
    "candidates": "sql/marts/candidates.sql",
    "draw_order": "sql/macros/draw_order.sql",
}


@pytest.mark.parametrize("path", PATHS)
def test_paths_exist(path: str) -> None:
    assert (PROJECT / path).exists()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([\w-]+)", TEXT)) - {"things"}))
def test_make_targets_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_names_are_where_they_are_said_to_be(name: str) -> None:
    assert f"`{name}`" in TEXT
    assert re.search(rf"\b{name}\b", (PROJECT / NAMES[name]).read_text(encoding="utf-8"))


@pytest.mark.parametrize("benchmark", sorted(set(re.findall(r"tests\.bench (\w+)", TEXT))))
def test_benchmarks_exist(benchmark: str) -> None:
    assert (PROJECT / "tests" / "bench" / f"{benchmark}.py").is_file()
