"""Exporting what a run has made: found by its recipe or by its id, never run for."""

from pathlib import Path

import polars as pl
import pytest

from flows.export import export
from tasks.base.errors import InputError
from tests.flows.finished.conftest import Finished
from tests.flows.runs import artifacts, tiny_recipe

pytestmark = pytest.mark.process


def test_a_recipes_sets_are_exported_as_it_trains_them(finished: Finished, tmp_path: Path) -> None:
    before = artifacts(finished.home)
    files = export(str(finished.recipe), finished.home, to="verl", out=tmp_path / "out", changes=[])
    assert {path.name for path in files} >= {"stage1.parquet", "stage2.parquet", "stage1.sh", "difficulty_estimator.py", "README.md"}
    first, second = (pl.read_parquet(tmp_path / "out" / f"{stage}.parquet")["extra_info"].struct.unnest() for stage in ("stage1", "stage2"))
    assert set(first["hint"]) == {""} and any(second["hint"])
    assert first.height == 8 and set(first["band"]) <= {"hard", "medium", "easy"}
    assert artifacts(finished.home) == before


def test_a_set_is_found_by_its_id(finished: Finished, tmp_path: Path) -> None:
    curated = next(path.parent.name for path in sorted(finished.home.glob("curated/*/stage1.parquet")))
    files = export(curated[:12], finished.home, to="datasets", out=tmp_path / "out", changes=[])
    assert {path.name for path in files} >= {"README.md", "difficulty_prior.json", "stage1.parquet"}


def test_stages_that_are_not_chosen_yet_are_left_out_with_a_warning(
    finished: Finished, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = export(str(finished.recipe), finished.home, to="datasets", out=tmp_path / "out", changes=["stages.stage1.train.steps=5"])
    assert [path.name for path in files if path.suffix == ".parquet"] == ["stage1.parquet"]
    assert "exported without stage2, chosen by what its policy solves when the stage before is trained" in caplog.text


def test_what_is_not_curated_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="recipe tiny has no set in .* yet: run difficulty-prior curate first"):
        export(str(tiny_recipe(tmp_path)), tmp_path / "runs", to="verl", out=tmp_path / "out", changes=[])
    with pytest.raises(InputError, match=r"no curated set in .* begins with 'nothing', and no recipe 'nothing': give one of"):
        export("nothing", tmp_path / "runs", to="verl", out=tmp_path / "out", changes=[])
    assert not (tmp_path / "out").exists() and not (tmp_path / "runs").exists()
