"""A study on real parts, small: an arm that trains at a learning rate that a grid chose, one that does not, and one that breaks, two seeds
side by side; a rerun trains nothing."""

import subprocess
from copy import deepcopy
from pathlib import Path

import polars as pl
import pytest
import yaml

from tasks.lake.lake import Lake
from tasks.warehouse.querying import query
from tests.flows.runs import STARTER_STAGE, TINY, artifacts, run

pytestmark = pytest.mark.process

STAGE = {**STARTER_STAGE, "steps": 2, "batch": 8, "group_size": 4, "warmup_steps": 0, "weighting": {"family": "none"}}


def small_study(folder: Path) -> Path:
    """A study over the tiny recipe's problems."""
    recipe = {name: deepcopy(TINY[name]) for name in ("policy", "problems", "sampling")}
    recipe["problems"]["starter"] |= {"n_train": 12, "n_heldout": 4, "n_validation": 2}
    recipe["sampling"] |= {"rounds": 2}
    recipe["curation"] = {"on_shortage": "warn"}
    train = {**STAGE, "validation": {"every": 1, "samples": 1}}
    recipe["stages"] = {"only": {"choose": {"rule": "random", "size": 6}, "train": train}}
    recipe["evaluation"] = {"samples": 2, "hints": False}
    arms = [
        {"name": "base", "train": False},
        {"name": "weights <b>", "adds_to": "base", "changes": {"stages.only.train.weighting.family": "linear"}},
        {"name": "broken", "adds_to": "weights <b>", "changes": {"stages.only.choose": {"rule": "medium", "low": 0.99, "high": 0.999}}},
    ]
    grid = {"learning_rates": [1e-5, 1e-4], "seeds": 1, "first_seed": 7, "tells": 0.9}
    path = folder / "small.yaml"
    fields = {
        "name": "small",
        "seeds": 2,
        "parallel": 2,
        "baseline": "weights <b>",
        "targets": [0.0],
        "recipe": recipe,
        "arms": arms,
        "grid": grid,
    }
    path.write_text(yaml.safe_dump(fields | {"primary": [{"arm": "weights <b>", "against": "base"}]}))
    return path


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory, prefect_home: Path) -> tuple[Path, Path, subprocess.CompletedProcess[str]]:
    """The home, the study, and how its first run ended."""
    folder = tmp_path_factory.mktemp("study")
    plan = small_study(folder)
    return folder / "home", plan, run(folder / "home", plan, prefect_home, flow="study")


def test_every_arm_is_compared_over_its_seeds(studied: tuple[Path, Path, subprocess.CompletedProcess[str]]) -> None:
    home, _, done = studied
    assert done.returncode == 3, done.stdout + done.stderr
    assert "2 of 6 runs: the first, broken with seed 0, broke with: " in done.stderr
    rows = query(Lake(home), "select arm, seeds, problems, steps, completions, profile_completions, difference, p_value from study")
    assert rows["arm"].to_list() == ["base", "weights <b>"]
    assert rows["seeds"].to_list() == [2, 2]
    assert rows["problems"].to_list() == [8, 8]
    assert rows.select("steps", "completions", "profile_completions").rows() == [(0, 0, 0), (2, 16, 48)]
    assert rows["difference"].is_null().to_list() == [False, True]
    assert rows["p_value"].is_null().all()  # of two seeds nothing can be said
    assert "weights <b> against base: 2 seeds, of which nothing can be said." in done.stdout


def test_each_arm_has_the_learning_rate_that_its_grid_chose(studied: tuple[Path, Path, subprocess.CompletedProcess[str]]) -> None:
    home, _, _ = studied
    seen = query(Lake(home), "select arm, learning_rate, seeds, answers, is_chosen from study_grid order by learning_rate")
    assert seen.select("arm", "learning_rate", "seeds", "answers").rows() == [("weights <b>", 1e-5, 1, 4), ("weights <b>", 1e-4, 1, 4)]
    [chosen] = seen.filter("is_chosen")["learning_rate"]
    runs = query(Lake(home), "select learning_rate, tokens > generated_tokens from study_scores where completions > 0")
    assert runs.rows() == [(chosen, True)] * 2


def test_seeds_differ_and_share_their_problems(studied: tuple[Path, Path, subprocess.CompletedProcess[str]]) -> None:
    stages = query(Lake(studied[0]), "select arm, seed, stage_id, set_id from stg_study_stages")
    assert stages["stage_id"].n_unique() == 2
    assert stages["set_id"].n_unique() == 2
    assert len(artifacts(studied[0])["starter-datasets"]) == 1


def test_tokens_are_told_at_every_validation(studied: tuple[Path, Path, subprocess.CompletedProcess[str]]) -> None:
    curve = query(Lake(studied[0]), "select arm, seed, steps, completions, tokens, accuracy from study_curve")
    assert curve.group_by("arm", "seed").agg("steps").sort("arm", "seed")["steps"].to_list() == [[0, 1, 2]] * 2
    assert (curve.filter(pl.col("steps") > 0)["tokens"] > 0).all()
    reached = query(Lake(studied[0]), "select arm, reached, tokens from study_targets where reached > 0")
    assert reached["reached"].to_list() == [2] and reached["tokens"].item() > 0  # what the profile took


def test_its_page_escapes_what_arms_are_called(studied: tuple[Path, Path, subprocess.CompletedProcess[str]]) -> None:
    [page] = studied[0].glob("reports/*/report.html")
    text = page.read_text()
    assert "weights &lt;b&gt;" in text
    assert "weights <b>" not in text


def test_a_rerun_trains_and_samples_nothing(studied: tuple[Path, Path, subprocess.CompletedProcess[str]], prefect_home: Path) -> None:
    home, plan, _ = studied
    before = artifacts(home)
    done = run(home, plan, prefect_home, flow="study")
    assert done.returncode == 3, done.stdout + done.stderr
    assert artifacts(home) == before
