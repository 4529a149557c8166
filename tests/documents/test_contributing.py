"""CONTRIBUTING says what is so: the names that it sends a newcomer to are where it says, and its short walks are short.

A walk is tried in a copy of the project's code: only the files that the table names are written, and what was added is there.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from flows.recipe import load_recipe
from tasks.base.process import PROJECT
from tasks.grading.rules import order
from tasks.problems.benchmarks import MAPPINGS
from tasks.problems.columns import ColumnMapping
from tasks.problems.settings import SourceSettings
from tasks.training import weighting
from tasks.training.settings import WeightingSettings
from tasks.warehouse.relations import models, sql_files
from tests.documents.pages import table_under

TEXT = (PROJECT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
NAMES = {
    "MAPPINGS": "tasks/problems/benchmarks.py",
    "FORMATS": "tasks/problems/reading/formats.py",
    "file_rows": "tasks/problems/reading/formats.py",
    "FAMILIES": "tasks/training/weighting.py",
    "RULES": "tasks/grading/rules/order.py",
    "GRADER_VERSION": "tasks/grading/rules/order.py",
    "InputError": "tasks/base/errors.py",
    "candidates": "sql/marts/curation/candidates.sql",
    "draw_order": "sql/macros/draw_order.sql",
}
WALKS = {what: (int(number), re.findall(r"`([^`]+)`", which)) for what, number, which in table_under(TEXT, "| you add | files | which |")}
MEMBERS = {
    "a weight family": ["steep_exponential", "quadratic"],
    "the mapping of a dataset's columns": ["MATHVERSE", "MATHVISTA", "GEOMETRY3K"],
    "a mart": ["adaptive_rounds", "curated_sets", "pass_at_k"],
    "a curation rule": ["newly_solved", "target_pass_rate", "balanced_by_subject"],
    "a grading rule": ["table_or_number", "different_words"],
}
CODE = [path for folder in ("flows", "tasks", "sql") for path in (PROJECT / folder).rglob("*") if path.suffix in (".py", ".sql")]
MART = """-- problems_by_answer: how many problems have the same gold answer
-- grain: answer
-- inputs: problems
-- parameters: none
-- invariants: problems is 1 or more
-- columns:
--   problems: problems with that gold answer [problems]
select answer, count(*) as problems
from problems
group by answer
"""
LOOK = """
from tasks.curation.rules import choose, is_shipped, rule_path
from tasks.estimates.settings import DifficultySettings
from tasks.warehouse.dictionary import outline, relation_named
from tasks.warehouse.building import open_over

assert open_over({}).sql("select count(*) from problems_by_answer").fetchall() == [(0,)]
assert relation_named("problems_by_answer").columns[1].meaning == "problems with that gold answer"
assert "problems_by_answer" in [relation.name for relation in outline()]
assert is_shipped("easiest") and rule_path("easiest").is_file()
"""


@pytest.mark.parametrize("name", NAMES)
def test_names_are_where_they_are_said_to_be(name: str) -> None:
    assert f"`{name}`" in TEXT
    assert re.search(rf"\b{name}\b", (PROJECT / NAMES[name]).read_text(encoding="utf-8"))


@pytest.mark.parametrize("what", WALKS)
def test_a_walk_is_as_long_as_it_is_said_to_be(what: str) -> None:
    number, files = WALKS[what]
    assert len(files) == number
    assert all((PROJECT / file).exists() for file in files if "NAME" not in file)


@pytest.mark.parametrize("what", MEMBERS)
def test_no_other_code_names_what_is_there_already(what: str) -> None:
    """Of what a walk adds some are there: code that is not on the walk would have to name a new one as well, if it named these."""
    walked = [re.compile(re.escape(file).replace("FOLDER", r"\w+").replace("NAME", r"\w+")) for file in WALKS[what][1]]
    for member in MEMBERS[what]:
        named = re.compile(rf"\b{member}\b")
        files = {str(path.relative_to(PROJECT)) for path in CODE if named.search(code_of(path))}
        assert [file for file in files if not any(walk.fullmatch(file) for walk in walked)] == [], member


def code_of(path: Path) -> str:
    """A file's text without its remarks and docstrings."""
    return re.sub(r'"""(?:.|\n)*?"""|#.*|--.*', "", path.read_text(encoding="utf-8"))


def test_a_weight_family_needs_no_more_than_its_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(weighting.FAMILIES, "stepwise", lambda p, high, low: low + (high - low) * (p < 0.5))
    settings = WeightingSettings(family="stepwise")
    assert weighting.weigh([0.25, 0.75], settings.family, high=settings.high, low=settings.low).tolist() == [settings.high, settings.low]


def test_a_mapping_needs_no_more_than_its_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = ColumnMapping(images=None, problem="Body", answer="Answer")
    monkeypatch.setitem(MAPPINGS, "svamp", mapping)
    assert SourceSettings(name="svamp", path="svamp.jsonl", columns="svamp").columns == mapping


def test_a_grading_rule_needs_no_more_than_its_place_and_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def backwards(answer: str, gold: str, context: object) -> bool | None:
        return True if answer == gold[::-1] else None

    monkeypatch.setattr(order, "RULES", (backwards, *order.RULES))
    assert order.compare("abc", "cba").rule == "backwards"


def test_a_stage_needs_the_recipe_alone() -> None:
    more = "stages.last={choose: {rule: learnability, size: 96}, train: {steps: 20, max_tokens: 40}}"
    assert list(load_recipe("starter", [more]).stages) == ["stage1", "stage2", "last"]
    assert list(load_recipe("starter", ["stages.stage2=null"]).stages) == ["stage1"]
    assert [path for path in CODE if re.search(r"\bstage_?[12]\b", code_of(path))] == []


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code that reads `sql/`, with a mart and a curation rule more, each one file beside the others of its kind."""
    project = tmp_path_factory.mktemp("project")
    for folder in ("tasks", "sql"):
        shutil.copytree(PROJECT / folder, project / folder, ignore=shutil.ignore_patterns("policy.*", "*.safetensors", "__pycache__"))
    beside = project / models()["pass_at_k"].relative_to(PROJECT)
    beside.with_stem("problems_by_answer").write_text(MART)
    medium = sql_files("curation")["medium"]
    (project / medium.relative_to(PROJECT)).with_stem("easiest").write_text(medium.read_text().replace("-- medium:", "-- easiest:"))
    return project


def look(project: Path, code: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run code in a process that imports from a copy alone."""
    return subprocess.run([sys.executable, "-P", "-c", *code], env={"PYTHONPATH": str(project)}, capture_output=True, text=True)


@pytest.mark.process
def test_a_mart_and_a_rule_need_no_more_than_their_files(copied: Path) -> None:
    looked = look(copied, [LOOK])
    assert looked.returncode == 0, looked.stderr
