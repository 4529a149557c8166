"""What more rounds, problems and seeds would tell, of lakes whose variances are known; and what cannot be told, with the reason."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from flows.commands.cli import app
from tasks.base.errors import InputError
from tasks.estimates.settings import DifficultySettings, PowerSettings
from tasks.lake.lake import Lake
from tasks.reporting.power.found import Power, Scope, published_power
from tasks.reporting.power.problems import Wanted, problems_found
from tasks.reporting.power.seeds import Sought, seeds_found, seeds_sentence
from tasks.warehouse.publishing import publish
from tests.reporting.power.lakes import DEVIATION, HELD_OUT, SAMPLES, evaluated, powerful_lake, profiled, studied


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return powerful_lake(tmp_path_factory.mktemp("power") / "runs")


@pytest.fixture(scope="module")
def found(whole: Lake) -> Power:
    return published_power(whole, Scope(), PowerSettings())


def test_everything_is_told_of_a_lake_that_has_it(found: Power) -> None:
    assert found.untold == ()
    assert [row.title for row in found.problems] == ["Base", "Stage 1", "Stage 1 less base"]
    [rounds], [seeds] = found.rounds, found.seeds
    assert (rounds.dataset, rounds.problems, rounds.rounds, rounds.between) == ("geometry", 300, 8, (0.084, 0.87))
    assert (seeds.study, seeds.spread.seeds, seeds.spread.arms) == ("trial", 8, 1)  # one arm trains beside the baseline
    assert [effect.comparisons for effect in seeds.effects] == [1, 2]


def test_rounds_that_are_enough_are_told(found: Power) -> None:
    [rounds] = found.rounds
    assert rounds.after[16] < 0.9 < rounds.after[32] and 16 < (rounds.needed or 0) <= 32 < (rounds.needed_for_bands or 0)
    assert rounds.right_by_share <= rounds.right == pytest.approx(rounds.after[8], abs=0.02)
    assert rounds.right_band < rounds.right


def test_variances_are_those_that_the_lake_was_made_with(found: Power) -> None:
    base, stage, difference = found.problems
    assert base.components.between == pytest.approx(0.125, abs=0.02) and base.components.within == pytest.approx(0.125, abs=0.02)
    assert difference.components.between == pytest.approx(0.01, abs=0.006)
    assert (base.problems, base.samples, base.best.problems) == (HELD_OUT, SAMPLES, HELD_OUT)
    assert difference.now < stage.now and difference.needed < stage.needed
    assert base.at_best < base.now < base.now * 2 and base.best_of_any.half_width < base.now


def test_the_spread_over_seeds_holds_luck_of_samples(found: Power) -> None:
    [seeds] = found.seeds
    noise = 2 * 0.24 / SAMPLES / HELD_OUT
    assert seeds.spread.difference == pytest.approx(np.sqrt(2 * DEVIATION**2 + noise), rel=0.4)
    assert seeds.sampling_share == pytest.approx(noise / seeds.spread.difference**2, rel=0.05)
    alone, of_all = seeds.effects
    assert alone.smallest_low < alone.smallest < min(alone.smallest_high, of_all.smallest)
    assert 8 < alone.seeds < of_all.seeds


def test_a_recipe_and_a_study_have_their_own(whole: Lake) -> None:
    mine = published_power(whole, Scope("mine", ((0.1, 0.5), (0.2, 0.6))), PowerSettings())
    assert [row.between for row in mine.rounds] == [(0.1, 0.5), (0.2, 0.6)] and not mine.seeds
    assert any(line.startswith("seeds: no study") for line in mine.untold)
    trial = published_power(whole, Scope("trial"), PowerSettings(runs=40))
    assert (trial.rounds, trial.problems) == ((), ()) and trial.seeds[0].even.arm == 20


def test_wishes_change_what_is_needed(whole: Lake, found: Power) -> None:
    more = published_power(whole, Scope(), PowerSettings(right=0.85, within=0.04, effect=0.08, completions=800))
    assert more.rounds[0].needed < found.rounds[0].needed
    assert more.problems[0].needed == pytest.approx(found.problems[0].needed / 4, abs=1)
    assert more.seeds[0].effects[0].seeds < found.seeds[0].effects[0].seeds
    assert (more.problems[0].best.problems, more.problems[0].best.samples) == (HELD_OUT, 2)


def poor_lake(home: Path) -> Lake:
    """A lake with a part of each that tells nothing: one round, a sample a held-out problem, and one seed."""
    lake, numbers = Lake(home), np.random.default_rng(5)
    profiled(lake, numbers, rounds=1)
    evaluated(lake, numbers, samples=1)
    studied(lake, numbers, seeds=1)
    publish(lake, DifficultySettings())
    return lake


def test_what_cannot_be_told_is_one_error_with_every_reason(tmp_path: Path) -> None:
    lake = poor_lake(tmp_path)
    reasons = (
        "rounds of geometry / train by base: no problem was asked twice",
        "problems of mine by base: fewer than two have two samples",
        "problems of mine by stage1: fewer than two",
        "seeds of trial: it has one seed",
    )
    with pytest.raises(InputError, match=".*; ".join(reasons)):
        published_power(lake, Scope(), PowerSettings())
    with pytest.raises(InputError, match=r"tells nothing of other .*`difficulty-prior profile`.*`difficulty-prior evaluate`.*-prior study"):
        published_power(lake, Scope("other"), PowerSettings())


def runs_of(*arms: tuple[str, list[float]]) -> pl.DataFrame:
    """The runs of a study's arms by their scores, the first the baseline."""
    rows = [
        {"study": "s", "arm": arm, "is_baseline": arm == arms[0][0], "seed": seed, "accuracy": score, "completions": 8}
        | {"sampling_variance": None, "primary_comparisons": 1, "all_comparisons": 2}
        for arm, scores in arms
        for seed, score in enumerate(scores)
    ]
    return pl.DataFrame(rows)


SOUGHT = Sought(effect=0.02, chance=0.8, level=0.05, runs=None)


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        ([("plain", [0.5, 0.6])], "it has no arm that trains beside a baseline"),
        ([("plain", [0.5, None]), ("more", [0.5, 0.6])], "no arm has two seeds that the baseline has, too"),
        ([("plain", [0.5, 0.6]), ("more", [0.6, 0.7])], "every seed gives the same difference"),
    ],
)
def test_a_study_whose_seeds_tell_nothing_says_why(arms: list[tuple[str, list[float]]], said: str) -> None:
    rows, [untold] = seeds_found(runs_of(*arms), SOUGHT)
    assert not rows and said in untold


def test_five_seeds_find_nothing_and_say_so() -> None:
    arms = runs_of(("plain", [0.50, 0.52, 0.54, 0.5, 0.53]), ("more", [0.6, 0.63, 0.6, 0.64, 0.61]), ("most", [0.7, 0.72, 0.7, 0.75, 0.7]))
    [found], untold = seeds_found(arms, SOUGHT)
    assert untold == () and [(effect.comparisons, effect.smallest) for effect in found.effects] == [(1, None), (2, None)]
    assert "sign-flips cannot tell any difference, however large" in seeds_sentence(found, SOUGHT)
    assert found.effects[0].seeds <= found.effects[1].seeds


def test_the_command_prints_tables_sentences_and_json(whole: Lake) -> None:
    ask = ["power", "--home", str(whole.home), "--effect", "0.04"]
    told = CliRunner().invoke(app, ask, env={"COLUMNS": "200"})
    assert told.exit_code == 0, told.output
    for said in (
        "Right decisions by rounds",
        "Held-out problems and samples",
        "Differences to the baseline over seeds",
        "To find 4.0 points",
    ):
        assert said in told.output
    facts = json.loads(CliRunner().invoke(app, [*ask, "--json"]).output)
    assert facts["asked"]["effect"] == 0.04 and facts["seeds"][0]["effects"][0]["comparisons"] == 1


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--right=1", "--right: Input should be less than 1 (given: 1.0)"),
        ("--right=nan", "--right: "),
        ("--within=0", "--within: Input should be greater than 0"),
        ("--effect=-0.1", "--effect: Input should be greater than 0"),
        ("--chance=0.01", "--chance: Input should be greater than or equal to 0.5"),
        ("--completions=0", "--completions: Input should be greater than or equal to 1"),
        ("--runs=1", "--runs: Input should be greater than or equal to 4"),
    ],
)
def test_absurd_wishes_are_named(whole: Lake, option: str, said: str) -> None:
    done = CliRunner().invoke(app, ["power", "--home", str(whole.home), option])
    assert isinstance(done.exception, InputError) and said in str(done.exception)


def test_a_recipe_s_stages_and_a_study_s_say_what_is_kept(whole: Lake) -> None:
    done = CliRunner().invoke(app, ["power", "study", "--home", str(whole.home)])
    assert isinstance(done.exception, InputError) and "tells nothing of study that power" in str(done.exception)
    missing = CliRunner().invoke(app, ["power", "no-such-recipe", "--home", str(whole.home)])
    assert isinstance(missing.exception, InputError) and "no recipe 'no-such-recipe'" in str(missing.exception)


def test_versions_of_one_problem_are_no_further_problems() -> None:
    row = {"recipe": "mine", "evaluation_id": "e", "policy_id": "b", "policy": "base", "dataset": "d", "split": "heldout"}
    clusters = ["a", "a", None, "", "b", "b", "b"]
    rows = [row | {"cluster": cluster, "n": 4, "k": 2, "base_n": None, "base_k": None} for cluster in clusters]
    found, [untold] = problems_found(pl.DataFrame(rows), Wanted(0.02, None, 0.95))
    assert found == () and "3 of 7 are further versions of others" in untold
    alone = pl.DataFrame([row | {"cluster": None} for row in rows], schema_overrides={"cluster": pl.String})
    assert len(problems_found(alone, Wanted(0.02, None, 0.95))[0]) == 1
