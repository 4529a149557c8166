"""The pages of the code tell its order and its cache keys as they are: rooms as the linter holds them, folders as they lie, keys as
the steps hold them."""

import re
import tomllib

import pytest

from tasks.base.process import PROJECT
from tests.documents.pages import table_under
from tests.flows.cache_keys import keys_of_steps

ROOMS = (PROJECT / "tasks" / "README.md").read_text(encoding="utf-8")
FLOWS = (PROJECT / "flows" / "README.md").read_text(encoding="utf-8")
SQL = (PROJECT / "sql" / "README.md").read_text(encoding="utf-8")
CONTRACTS = {
    contract["containers"][0]: contract["layers"]
    for contract in tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    if "containers" in contract
}
KEYS = keys_of_steps()
STEPS = table_under(ROOMS, "| artifact | step | its key |")
TOLD = {re.findall(r"`([\w-]+)`", first)[0]: set(re.findall(r"`(\w+)`", last)) for first, _, last in STEPS}


def test_rooms_stand_in_the_order_that_the_linter_holds() -> None:
    assert [re.findall(r"`(\w+)/`", first)[0] for first, _ in table_under(ROOMS, "| room | holds |")] == CONTRACTS["tasks"]


def test_the_folders_of_flows_are_told() -> None:
    told = {name for first, _ in table_under(FLOWS, "| part | holds |") for name in re.findall(r"`(\w+)/`", first)} - {"tasks"}
    assert told == {path.name for path in (PROJECT / "flows").iterdir() if (path / "__init__.py").is_file()}


def test_the_folders_of_sql_are_told() -> None:
    told = [re.findall(r"`(\w+)/`", first)[0] for first, _ in table_under(SQL, "| folder | holds |")]
    assert sorted(told) == sorted(path.name for path in (PROJECT / "sql").iterdir() if path.is_dir())


@pytest.mark.parametrize("kind", sorted(KEYS))
def test_cache_keys_are_those_that_the_plans_hold(kind: str) -> None:
    assert TOLD[kind] == KEYS[kind]


def test_no_cache_key_is_told_of_that_is_gone() -> None:
    assert TOLD.keys() == KEYS.keys()
