"""What the pages ask of the warehouse can be asked: their queries run, and the relations that they name are there."""

import re

import pytest

from tasks.base.process import PROJECT
from tasks.estimates.settings import DifficultySettings
from tasks.lake.lake import Lake
from tasks.warehouse.publishing import publish
from tasks.warehouse.querying import query
from tests.bench.gpu import found
from tests.documents.pages import blocks, pages, table_under
from tests.sql.mixed import the_mixed_lake

TEXTS = {str(page.relative_to(PROJECT)): page.read_text(encoding="utf-8") for page in pages(PROJECT)}
SQL = re.compile(r"difficulty-prior sql (\"[^\"]+\"|'[^']+')")
QUERIES = {page: [found[1:-1] for block in blocks(text, "sh") for found in SQL.findall(block)] for page, text in TEXTS.items()}
ASKED = sorted({one for queries in QUERIES.values() for one in queries})
GROUPS = table_under(TEXTS["sql/README.md"], "| relation | one row per |")
RELATIONS = sorted({name for first, _ in GROUPS for name in re.findall(r"`(\w+)`", first)})


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """An empty lake, published."""
    lake = Lake(tmp_path_factory.mktemp("runs"))
    publish(lake, DifficultySettings())
    return lake


def test_the_pages_ask_something() -> None:
    assert len(ASKED) >= 3
    assert len(RELATIONS) > 50


@pytest.mark.parametrize("sql", ASKED)
def test_queries_run(lake: Lake, sql: str) -> None:
    assert query(lake, sql).is_empty()


def test_the_figures_of_a_card_can_be_asked(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert (list(found(lake)), capsys.readouterr().err) == ([], "")


def test_relations_are_in_the_warehouse(lake: Lake) -> None:
    assert query(lake, " union all ".join(f"select count(*) from {relation}" for relation in RELATIONS)).height == len(RELATIONS)


def test_queries_count_one_recipe_at_a_time(tmp_path_factory: pytest.TempPathFactory) -> None:
    lake = the_mixed_lake(tmp_path_factory)
    hard, compared = (query(lake, sql) for sql in QUERIES["flows/README.md"])
    assert hard.rows() == [
        *(("alpha", "sums", "base", band, problems) for band, problems in (("hopeless", 1), ("medium", 1), ("trivial", 2))),
        *(("beta", dataset, "base", band, 1) for dataset, band in (("shapes", "hopeless"), ("shapes", "medium"), ("sums", "hard"))),
        ("beta", "sums", "base", "hopeless", 1),
    ]
    rows = {row[:3]: row[4] for row in compared.filter(dataset="all").iter_rows()}
    alpha = {("base", False): 0.4375, ("stage1", False): 0.625, ("base", True): 0.75, ("stage1", True): 0.75}
    beta = {("base", False): 0.25, ("stage1", False): 0.375}
    assert rows == {("alpha", *key): value for key, value in alpha.items()} | {("beta", *key): value for key, value in beta.items()}
