"""The README says what is so: its queries run, its make targets and its files exist, its recipe loads."""

import re
from pathlib import Path

import pytest
import yaml

from flows.recipe import load_recipe
from tasks.base.process import PROJECT
from tasks.estimates.settings import DifficultySettings
from tasks.lake.lake import Lake
from tasks.sampling.settings import SamplingSettings
from tasks.training.settings import StageSettings
from tasks.warehouse.querying import query
from tasks.warehouse.warehouse import publish
from tests.flows.cache_keys import keys_of_steps
from tests.sql.mixed import mixed_lake

KEYS = keys_of_steps()
README = (PROJECT / "README.md").read_text(encoding="utf-8")
QUERIES = re.findall(r'difficulty-prior sql "([^"]+)"', README)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """An empty lake, published."""
    lake = Lake(tmp_path_factory.mktemp("runs"))
    publish(lake, DifficultySettings())
    return lake


@pytest.mark.parametrize("sql", QUERIES)
def test_queries_run(lake: Lake, sql: str) -> None:
    assert query(lake, sql).is_empty()


def test_queries_count_one_recipe_at_a_time(tmp_path: Path) -> None:
    lake = mixed_lake(tmp_path)
    hard, compared = (query(lake, sql) for sql in QUERIES)
    assert hard.rows() == [
        *(("alpha", "sums", "base", band, problems) for band, problems in (("hopeless", 1), ("medium", 1), ("trivial", 2))),
        *(("beta", dataset, "base", band, 1) for dataset, band in (("shapes", "hopeless"), ("shapes", "medium"), ("sums", "hard"))),
        ("beta", "sums", "base", "hopeless", 1),
    ]
    rows = {row[:3]: row[4] for row in compared.filter(dataset="all").iter_rows()}
    alpha = {("base", False): 0.4375, ("stage1", False): 0.625, ("base", True): 0.75, ("stage1", True): 0.75}
    beta = {("base", False): 0.25, ("stage1", False): 0.375}
    assert rows == {("alpha", *key): value for key, value in alpha.items()} | {("beta", *key): value for key, value in beta.items()}


@pytest.mark.parametrize("relation", sorted(set(re.findall(r"`(\w+)`", README.split("| relation | one row per |")[1].split("##")[0]))))
def test_relations_are_in_the_warehouse(lake: Lake, relation: str) -> None:
    query(lake, f"select * from {relation}")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`?make ([\w-]+)", README))))
def test_make_targets_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (PROJECT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)]+)\)", README))))
def test_linked_files_exist(link: str) -> None:
    assert (PROJECT / link).exists()


def test_the_recipe_to_start_from_loads(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text(README.split("```yaml\n")[1].split("```")[0])
    assert load_recipe(str(own)).training.stage2.hints


@pytest.mark.parametrize("snippet", [text.split("```")[0] for text in README.split("```yaml\n")[2:]])
def test_the_other_snippets_are_settings(snippet: str) -> None:
    [(part, fields)] = yaml.safe_load(snippet).items()
    if part == "training":
        assert StageSettings.model_validate(fields["stage1"]) != StageSettings()
    else:
        assert SamplingSettings.model_validate(fields) != SamplingSettings()


def key_rows() -> dict[str, set[str]]:
    """The README's table of cache keys: the names in the last column by the artifact in the first."""
    rows = README.split("| artifact | step | its key |")[1].split("\n\n")[0].splitlines()[2:]
    cells = [row.strip("|").split("|") for row in rows]
    return {re.findall(r"`([\w-]+)`", first)[0]: set(re.findall(r"`(\w+)`", last)) for first, _, last in cells}


def test_the_table_of_cache_keys_is_what_the_plans_hold() -> None:
    assert key_rows() == KEYS
