"""Files beside a recipe: found from any folder, and never in the place of one that lies where the command runs."""

from pathlib import Path

import pytest

from flows.beside import look_beside
from flows.recipe import load_recipe

RECIPE = """
name: mine
problems: {train: [{name: ours, path: PATH}]}
"""


def data_of(folder: Path, path: str) -> str:
    """Where a recipe of a folder looks for its data."""
    recipe = folder / "mine.yaml"
    recipe.write_text(RECIPE.replace("PATH", path), encoding="utf-8")
    return load_recipe(str(recipe)).problems.train[0].path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with data, beside the one where the command runs."""
    folder = tmp_path / "set [a]"
    (folder / "more").mkdir(parents=True)
    (folder / "data").touch()
    (folder / "more" / "rows.jsonl").touch()
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return folder


@pytest.mark.parametrize("path", ["data", "more", "more/rows.jsonl", "./more/rows.jsonl", "more/../data"])
def test_data_beside_the_recipe_is_found_from_any_folder(folder: Path, path: str) -> None:
    assert data_of(folder, f'"{path}"') == str(folder / path)


def test_a_pattern_is_matched_beside_the_recipe_whatever_its_folder_is_called(folder: Path) -> None:
    found = data_of(folder, "more/*.jsonl")
    assert found.startswith("/") and [path.name for path in Path("/").glob(found[1:])] == ["rows.jsonl"]


@pytest.mark.parametrize("path", ["data", "more/rows.jsonl", "more/*.jsonl"])
def test_what_lies_where_the_command_runs_counts_first(folder: Path, path: str) -> None:
    (Path.cwd() / "more").mkdir()
    (Path.cwd() / "data").touch()
    (Path.cwd() / "more" / "rows.jsonl").touch()
    assert data_of(folder, path) == path


@pytest.mark.parametrize("path", ["nothing.jsonl", "owner/name", "~/data", "${HOME}/data", "/data", "s3://data", "a" * 300, "**bad/[x"])
def test_what_is_nowhere_or_whole_stays(folder: Path, path: str) -> None:
    assert data_of(folder, f'"{path}"') == path


def test_a_name_is_no_file_though_one_is_called_so(folder: Path) -> None:
    for name in ("starter", "medium", "mine"):
        (folder / name).touch()
    (folder / "own.sql").touch()
    fields = {
        "name": "mine",
        "policy": {"model": "starter"},
        "stages": {"a": {"choose": {"rule": "medium"}}, "b": {"choose": {"rule": "own.sql"}}},
    }
    look_beside(fields, folder / "mine.yaml")
    assert fields["policy"] == {"model": "starter"}
    assert fields["stages"] == {"a": {"choose": {"rule": "medium"}}, "b": {"choose": {"rule": str(folder / "own.sql")}}}
