"""Recipes: every shipped one loads; every fault names its file, key and the way out."""

from pathlib import Path

import pytest

from flows.arms import load_study
from flows.recipe import RECIPES, Recipe, load_recipe
from tasks.base.errors import InputError
from tasks.curation.rules import rule_path
from tasks.lake.layout import default_home
from tasks.prompting.prompt import problem_hint
from tasks.training.launch import launch_config
from tasks.warehouse.dictionary import relation_named

STARTER = "name: mine\nproblems: {starter: {}}\n"


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_recipe_loads(path: Path) -> None:
    load = load_study if "arms:" in path.read_text() else load_recipe
    assert load(path.stem).name == path.stem


def test_a_recipe_survives_the_trip_through_prefects_parameters() -> None:
    recipe = load_recipe("starter")
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_changes_are_applied() -> None:
    recipe = load_recipe("starter", ["sampling.rounds=16", "stages.stage2.train.hints=false", "prompting.hints.by_band={hard: hard}"])
    assert recipe.sampling.rounds == 16
    assert not recipe.stages["stage2"].train.hints
    assert recipe.prompting.hints.by_band == {"hard": "hard"}


def test_validation_needs_problems_of_any_kind(tmp_path: Path) -> None:
    text = "name: mine\nproblems: {starter: {n_validation: 8}}\nstages: {one: {train: {validation: {every: 5}}}}\n"
    validation = load_recipe(own(tmp_path, text)).stages["one"].train.validation
    assert validation is not None
    assert (validation.every, validation.problems, validation.keep_best) == (5, None, False)


def own(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            STARTER + "sampling: {round: 4}\n",
            r"mine\.yaml: unknown key `sampling\.round` \(did you mean `sampling\.rounds`\?\); remove it or correct its spelling",
        ),
        (STARTER + "sampling: {rounds: none}\n", r"mine\.yaml: `sampling\.rounds`: .*integer.*\(given: 'none'\)"),
        (
            STARTER + "difficulty: {low: 0.9, high: 0.1}\n",
            r"`difficulty`: the bands' edges must rise.*put low < hard_below < medium_below < high",
        ),
        (STARTER + "stages: {one: {choose: {low: 0.9, high: 0.1}}}\n", r"mine\.yaml: `stages\.one\.choose`.*0\.9.*0\.1"),
        (STARTER + "stages: {one: {train: {group_size: 1}}}\n", r"`stages\.one\.train.*group"),
        (STARTER + "stages: {one: {train: {weighting: {high: 0.1, low: 0.5}}}}\n", r"high 0\.1 is below low 0\.5"),
        (STARTER + "stages: {one: {}}\nreprofile: {}\n", r"reprofile chooses the stages after the first anew, but one is the only one"),
        (
            STARTER + "stages: {one: {train: {validation: {}}}}\n",
            r"stages\.one\.train\.validation has no problems to ask: give problems\.validation",
        ),
        ("name: mine\nproblems: {}\n", r"`problems`: no problems to train on: give `train` sources"),
        ("name: [\n", r"mine\.yaml is not YAML: line 2, column 1: "),
        ("", r"mine\.yaml holds nothing; a recipe is keys with values, such as `name: mine`"),
        ("- name: a\n", r"mine\.yaml holds a list; a recipe is keys with values"),
        (STARTER + "sampling:\n", r"`sampling`: keys with values are needed here; leave it out for the defaults \(given: None\)"),
        (
            STARTER + "sampling: {rounds: 8}\nsampling: {max_tokens: 8}\n",
            r"`sampling` stands twice in one place, first in line 3, again in line 4",
        ),
    ],
)
def test_faults_name_the_key_and_the_way_out(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        load_recipe(own(tmp_path, text))


@pytest.mark.parametrize(
    ("change", "meant"),
    [
        ("sed=1", "unknown key `sed` (did you mean `seed`?)"),
        ("samplng.rounds=3", "unknown key `samplng` (did you mean `sampling`?)"),
        ("sampling.round=3", "unknown key `sampling.round` (did you mean `sampling.rounds`?)"),
        ("sampling.max-tokens=3", "unknown key `sampling.max-tokens` (did you mean `sampling.max_tokens`?)"),
        ("Sampling.rounds=3", "unknown key `Sampling` (did you mean `sampling`?)"),
        ("temperature=1", "unknown key `temperature` (did you mean `sampling.temperature`?)"),
        ("stages.stage1.train.learnin_rate=1", "`stages.stage1.train.learnin_rate` (did you mean `stages.stage1.train.learning_rate`?)"),
        ("stages.stage2.train.weighting.famly=x", "(did you mean `stages.stage2.train.weighting.family`?)"),
        ("stages.stage1.train.lora={rnak: 3}", "(did you mean `stages.stage1.train.lora.rank`?)"),
        ("prompting.hints.by_bnd={}", "`prompting.hints.by_bnd` (did you mean `prompting.hints.by_band`?)"),
        ("problems.train=[{nam: x, path: y}]", "unknown key `problems.train.0.nam` (did you mean `problems.train.0.name`?)"),
        ("zzzz=1", "unknown key `zzzz`; remove it"),
        ("sampling.engine=vlm", "(given: 'vlm') (did you mean `vllm`?)"),
        ("curation.on_shortage=wran", "(did you mean `warn`?)"),
        ("sampling.rounds=[", "--set 'sampling.rounds=[': '[' is not YAML"),
    ],
)
def test_an_unknown_setting_is_told_with_what_may_be_meant(change: str, meant: str) -> None:
    with pytest.raises(InputError) as told:
        load_recipe("starter", [change])
    assert meant in str(told.value)


@pytest.mark.process
def test_other_names_are_told_with_what_may_be_meant() -> None:
    for call, meant in (
        (lambda: load_recipe("startr"), "no recipe 'startr' (did you mean `starter`?): give one of"),
        (lambda: rule_path("meduim"), "no curation rule 'meduim' (did you mean `medium`?)"),
        (lambda: load_study("study", ["baseline=grpo"]), "the baseline 'grpo' is none of the arms (did you mean `GRPO`?)"),
        (lambda: relation_named("dificulty"), "no relation 'dificulty' (did you mean `difficulty`?)"),
        (lambda: load_recipe("starter", ["problems.train=[{name: x, path: y, columns: mathvison}]"]), "(did you mean `mathvision`?)"),
        (lambda: launch_config(Path("fsdp")), "'fsdp' (did you mean `fsdp2`?) is none of the shipped configs"),
        (lambda: load_recipe("starter", ["prompting.hints.by_band={hrad: hard}"]), "no band of difficulty (did you mean `hard`?)"),
        (
            lambda: load_recipe(
                "starter", ["stages.stage1.train.hints=live", "stages.stage1.train.sampler=live", "prompting.hints.by_band={}"]
            ),
            "stages.stage1.train.hints live would never act: prompting.hints.by_band gives no band a hint",
        ),
    ):
        with pytest.raises(InputError) as told:
            call()
        assert meant in str(told.value)


@pytest.mark.process
def test_an_unknown_recipe_lists_the_shipped_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no recipe 'startr' .*: give one of .*starter"):
        load_recipe("startr")
    with pytest.raises(InputError, match="it is a folder"):
        load_recipe(str(tmp_path))
    with pytest.raises(InputError, match="no recipe 'xxx"):
        load_recipe("x" * 5000)


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
    with pytest.raises(
        InputError, match=r"by_band names 'hrad', which is no band of difficulty \(did you mean `hard`\?\); use hopeless, hard"
    ):
        load_recipe(own(tmp_path, STARTER + "prompting: {hints: {by_band: {hrad: hard}}}\n"))
