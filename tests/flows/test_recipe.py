"""Recipes: every shipped one loads; every fault names its file, key and the way out."""

from pathlib import Path

import pytest

from flows.arms import load_study
from flows.recipe import RECIPES, Recipe, default_home, load_recipe
from tasks.errors import InputError
from tasks.prompting.prompt import problem_hint

STARTER = "name: mine\nproblems: {starter: {}}\n"


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_recipe_loads(path: Path) -> None:
    load = load_study if "arms:" in path.read_text() else load_recipe
    assert load(path.stem).name == path.stem


def test_a_recipe_survives_the_trip_through_prefects_parameters() -> None:
    recipe = load_recipe("starter")
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_changes_are_applied() -> None:
    recipe = load_recipe("starter", ["sampling.rounds=16", "training.stage2.hints=false", "prompting.hints.by_band={hard: hard}"])
    assert recipe.sampling.rounds == 16
    assert not recipe.training.stage2.hints
    assert recipe.prompting.hints.by_band == {"hard": "hard"}


def test_validation_needs_problems_of_any_kind(tmp_path: Path) -> None:
    text = "name: mine\nproblems: {starter: {n_validation: 8}}\ntraining: {stage1: {validation: {every: 5}}}\n"
    validation = load_recipe(own(tmp_path, text)).training.stage1.validation
    assert validation is not None
    assert (validation.every, validation.problems, validation.keep_best) == (5, None, False)


def own(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (STARTER + "sampling: {round: 4}\n", r"mine\.yaml: unknown key `sampling\.round`; remove it or correct its spelling"),
        (STARTER + "sampling: {rounds: none}\n", r"mine\.yaml: `sampling\.rounds`: .*integer.*\(given: 'none'\)"),
        (
            STARTER + "difficulty: {low: 0.9, high: 0.1}\n",
            r"`difficulty`: the bands' edges must rise.*put low < hard_below < medium_below < high",
        ),
        (STARTER + "curation: {stage1: {low: 0.9, high: 0.1}}\n", r"mine\.yaml: `curation\.stage1`.*0\.9.*0\.1"),
        (STARTER + "training: {stage1: {group_size: 1}}\n", r"`training\.stage1.*group"),
        (STARTER + "training: {stage1: {weighting: {high: 0.1, low: 0.5}}}\n", r"high 0\.1 is below low 0\.5"),
        (STARTER + "curation: {stage2: null}\n", r"training\.stage2 has no problems, since curation\.stage2 is null"),
        (STARTER + "training: {stage2: null}\nreprofile: {}\n", r"reprofile chooses stage 2 anew, but training\.stage2 is null"),
        (
            STARTER + "training: {stage2: {validation: {}}}\n",
            r"stage2\.validation has no problems to ask: give problems\.validation",
        ),
        ("name: mine\nproblems: {}\n", r"`problems`: no problems to train on: give `train` sources"),
        ("name: [\n", r"mine\.yaml is not YAML"),
    ],
)
def test_faults_name_the_key_and_the_way_out(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        load_recipe(own(tmp_path, text))


def test_an_unknown_recipe_lists_the_shipped_ones() -> None:
    with pytest.raises(InputError, match="no recipe 'startr': give one of .*starter"):
        load_recipe("startr")


@pytest.mark.parametrize("change", ["sampling.rounds", "name.first=x"])
def test_a_change_that_is_none_is_refused(change: str) -> None:
    with pytest.raises(InputError, match="--set"):
        load_recipe("starter", [change])


def test_the_home_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIFFICULTY_PRIOR_HOME", str(tmp_path))
    assert default_home() == tmp_path
    monkeypatch.delenv("DIFFICULTY_PRIOR_HOME")
    assert default_home() == Path("runs")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("the answer is {{ answer }}", r"`prompting`: template .*own\.jinja: 'answer' is undefined; it may use `band` and `accuracy`"),
        ("{% if band %}hard", r"`prompting`: template .*own\.jinja is not a Jinja template: .*; correct the file"),
        (None, r"`prompting`: no template '.*own\.jinja': it is neither one of hard, medium nor a file"),
    ],
)
def test_a_hint_that_cannot_be_written_is_told_before_anything_runs(tmp_path: Path, text: str | None, fault: str) -> None:
    hint = tmp_path / "own.jinja"
    if text is not None:
        hint.write_text(text)
    with pytest.raises(InputError, match=fault):
        load_recipe(own(tmp_path, f"{STARTER}prompting: {{hints: {{by_band: {{hard: {hint}}}}}}}\n"))


def test_own_hints_by_band(tmp_path: Path) -> None:
    (tmp_path / "own.jinja").write_text("Only {{ '%.0f%%' | format(100 * accuracy) }} get this {{ band }} one right.")
    recipe = load_recipe(own(tmp_path, f"{STARTER}prompting: {{hints: {{by_band: {{hard: {tmp_path}/own.jinja}}}}}}\n"))
    hints = recipe.prompting.hints
    assert problem_hint(hints, band="hard", accuracy=0.125) == "Only 12% get this hard one right."
    assert problem_hint(hints, band="medium", accuracy=0.5) == ""


def test_a_hint_for_a_band_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"by_band names 'hrad', which is no band of difficulty; use hopeless, hard"):
        load_recipe(own(tmp_path, STARTER + "prompting: {hints: {by_band: {hrad: hard}}}\n"))
