"""The mathvision recipe, whole and on the real data: 304 problems, eight models' answers, two short stages on real images."""

from pathlib import Path

import polars as pl
import pytest

from tasks.base.process import PROJECT
from tasks.lake.lake import Lake
from tasks.warehouse.querying import query
from tests.flows.runs import run

MATHVISION = PROJECT.parent / "shared" / "data" / "mathvision"

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not MATHVISION.is_dir(), reason=f"MathVision's testmini split is not at {MATHVISION}"),
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, prefect_home: Path) -> Lake:
    """A lake in which the shipped recipe has run, with fewer steps."""
    home, patch = tmp_path_factory.mktemp("mathvision"), pytest.MonkeyPatch()
    patch.setenv("MATHVISION_DIR", str(MATHVISION))
    smaller = {"steps": 2, "batch": 8, "group_size": 4}
    few = [f"stages.{stage}.train.{name}={value}" for stage in ("stage1", "stage2") for name, value in smaller.items()]
    few += ["evaluation.samples=1", "evaluation.hints=false"]
    done = run(home, PROJECT / "deployments" / "recipes" / "mathvision.yaml", prefect_home, *few)
    patch.undo()
    assert done.returncode == 0, done.stdout + done.stderr
    return Lake(home)


def test_every_problem_has_eight_verdicts(lake: Lake) -> None:
    counted = "select count(*), min(n), max(n) from difficulty join policies using (policy_id) where name = 'recorded'"
    assert query(lake, counted).rows() == [(304, 8, 8)]


def test_the_panel_finds_most_problems_hard(lake: Lake) -> None:
    shares = query(lake, "select avg((k = 0)::int) as never, avg((k = n)::int) as always from difficulty where n = 8")
    never, always = shares.row(0)
    assert 0.2 < never < 0.7
    assert always < 0.05


def test_real_images_and_choices_are_curated(lake: Lake) -> None:
    [stage1] = lake.home.glob("curated/*/stage1.parquet")
    rows = pl.read_parquet(stage1)
    assert rows.height == 96
    assert rows["problem"].str.contains("<image>").all()
    assert rows["choices"].list.len().max() >= 5
    assert {bytes(image["bytes"][:3]) for images in rows["images"] for image in images} <= {b"\xff\xd8\xff", b"\x89PN"}


def test_both_stages_trained_on_them(lake: Lake) -> None:
    trained = query(lake, "select count(distinct stage_id) from groups semi join problems using (problem_id)")
    assert trained.item() == 2
    evaluated = query(lake, "select distinct policy from evaluation order by 1")["policy"].to_list()
    assert evaluated == ["base", "stage1", "stage2"]  # by name: a step whose groups are all wrong changes no weight
