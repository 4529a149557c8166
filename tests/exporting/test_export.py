"""Exports: the rows load and ask what the policy is trained on, and the weights are the trainer's own, in verl's hands and in EasyR1's."""

import base64
import importlib.util
import json
import math
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from math_verify import parse, verify
from PIL import Image

from tasks.base.errors import InputError
from tasks.curation.task import CurationRequest, curate_sets
from tasks.exporting.configs import verl_options
from tasks.exporting.export import Exported, export_set, find_set, measured_prompting
from tasks.exporting.rows import FORMS, RowForm, write_rows
from tasks.exporting.source import easyr1_reward, verl_estimator, verl_reward
from tasks.lake.artifacts import Artifact
from tasks.prompting.settings import HintSettings, PromptingSettings
from tasks.training.problems import ESTIMATED, Problems, load_problems
from tasks.training.settings import RefillSettings, StageSettings, WeightingSettings
from tasks.training.weighting import advantages, shrink, weigh
from tests.curation.sets import SMALL, measured
from tests.training.tiny import tiny_processor

VERL = Path(sys.prefix) / "verl"  # where `make verl` puts it
STEEP = WeightingSettings(family="steep_exponential", high=3.0, low=0.25)
SHRUNK = WeightingSettings(family="linear", mode="multiply", prior_strength=4.0)
STAGES = {"stage1": StageSettings(weighting=STEEP, format_reward=0.1), "stage2": StageSettings(hints=True, weighting=SHRUNK)}
HARD = ("band", "accuracy", *ESTIMATED)
ROW = {"images": [], "problem": "How many?", "choices": [], "precision": None, "band": "medium", "accuracy": 0.5}
GROUPS = {
    "mixed": ([1.1, 0.1, 0.0, 1.0], 0.5),
    "all right": ([1.1, 1.1, 1.1], 0.9),
    "all wrong": ([0.0, 0.1, 0.0, 0.1, 0.0], 0.05),
    "two": ([0.0, 1.1], None),
    "alone": ([1.1], 0.3),
}


@pytest.fixture(scope="module")
def curated(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """A set of problems of which every other has an image."""
    home = tmp_path_factory.mktemp("lake")
    difficulty, problems = measured(home)
    return curate_sets.fn(CurationRequest(home=home, difficulty=difficulty, problems=problems, settings=SMALL, seed=0))


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """A set of problems without any image."""
    home = tmp_path_factory.mktemp("texts")
    difficulty, problems = measured(home, pictures=False)
    return curate_sets.fn(CurationRequest(home=home, difficulty=difficulty, problems=problems, settings=SMALL, seed=0))


def exported(curated: Artifact, to: str, out: Path, stages: dict[str, StageSettings] = STAGES) -> list[Path]:
    return export_set(Exported(dict.fromkeys(stages, curated), stages, PromptingSettings(), "org/model"), to=to, out=out)


def expected(rewards: list[float], prior: float | None, weighting: WeightingSettings) -> list[float]:
    """The trainer's advantages of one group."""
    right, known = [float(reward >= 1) for reward in rewards], math.nan if prior is None else prior
    accuracy = shrink([sum(right)], [len(rewards)], [known], weighting.prior_strength)
    weights = weigh(accuracy, weighting.family, high=weighting.high, low=weighting.low)
    return advantages([rewards], [right], weights, mode=weighting.mode)[0][0].tolist()


def shuffled() -> tuple[list[float], list[str], list[float | None]]:
    """All groups' rewards, groups and priors, the rows of the groups taken in turn."""
    rows = [(place, name, reward, prior) for name, (rewards, prior) in GROUPS.items() for place, reward in enumerate(rewards)]
    rows.sort(key=lambda row: row[0])
    return [row[2] for row in rows], [row[1] for row in rows], [row[3] for row in rows]


def in_order(values: list[Any], names: list[str]) -> dict[str, list[Any]]:
    """Values of shuffled rows by their group, in its order."""
    return {group: [value for value, name in zip(values, names, strict=True) if name == group] for group in GROUPS}


def module_at(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def prompt_text(to: str, row: dict[str, Any]) -> str:
    """The user's turn of an exported row."""
    if to == "easyr1":
        return row["problem"]
    turns = json.loads(row["message"]) if to == "lmm-r1" else row["messages" if to == "ms-swift" else "prompt"]
    content = turns[0]["content"]
    return content if isinstance(content, str) else "".join(part.get("text") or "<image>" for part in content)


def shown_images(to: str, row: dict[str, Any]) -> list[Image.Image]:
    """The images of an exported row, as its trainer opens them."""
    if to == "ms-swift":
        return [Image.open(BytesIO(image["bytes"])) for image in row["images"]]
    if to != "lmm-r1":
        return row["images"]
    links = [part["image"] for part in json.loads(row["message"])[0]["content"] if part["type"] == "image"]
    return [Image.open(BytesIO(base64.b64decode(link.removeprefix("data:image/png;base64,")))) for link in links]


@pytest.mark.parametrize("to", list(FORMS))
def test_the_rows_load_and_ask_what_the_policy_is_trained_on(curated: Artifact, tmp_path: Path, to: str) -> None:
    from datasets import load_dataset

    files = exported(curated, to, tmp_path / "out")
    assert all(path.is_file() for path in files)
    loaded = load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {"stage1": 6, "stage2": 3}
    for stage, rows in loaded.items():
        asked = load_problems(curated.file(f"{stage}.parquet"), PromptingSettings(), hints=STAGES[stage].hints, sees_images=True)
        for row, source in zip(rows, asked.rows, strict=True):
            text, kept = prompt_text(to, row), row.get("extra_info", row)
            assert text == asked.prompt(source)
            shown = shown_images(to, row)
            assert text.count("<image>") == len(shown)
            assert "(A) 1\n(B) 2" in text
            assert ("This problem is" in text) == (stage == "stage2") == bool(kept["hint"])
            assert (kept["problem_id"], kept["stage"]) == (source["problem_id"], stage)
            assert {name: kept[name] for name in HARD} == {name: source[name] for name in HARD}
            number = int(source["problem_id"][1:])
            assert [image.getpixel((0, 0)) for image in shown] == ([(number, 0, 0)] if number % 2 else [])


@pytest.mark.parametrize("to", list(FORMS))
def test_a_set_without_images_has_no_column_of_them_and_asks_in_plain_text(texts: Artifact, tmp_path: Path, to: str) -> None:
    from datasets import load_dataset

    exported(texts, to, tmp_path / "out")
    loaded = load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    [asked] = [load_problems(texts.file("stage2.parquet"), PromptingSettings(), hints=True, sees_images=False)]
    assert "images" not in loaded["stage2"].column_names
    for row, source in zip(loaded["stage2"], asked.rows, strict=True):
        turns = json.loads(row["message"]) if to == "lmm-r1" else row.get("prompt") or row.get("messages")
        said = row["problem"] if to == "easyr1" else turns[0]["content"]
        assert said == asked.prompt(source)


def test_the_answers_stand_where_each_trainer_looks(curated: Artifact, tmp_path: Path) -> None:
    for to in FORMS:
        exported(curated, to, tmp_path / to)
    first = {to: pl.read_parquet(tmp_path / to / "stage2.parquet").row(0, named=True) for to in FORMS}
    assert (first["openrlhf"]["label"], first["openrlhf"]["datasource"], first["lmm-r1"]["answer"]) == ("A", "geometry", "A")
    solution = first["ms-swift"]["solution"]
    assert verify(parse(solution, extraction_mode="first_match"), parse(r"so \boxed{A}"))  # as its `accuracy` reward does
    assert "--data.max_images_per_prompt 1" in (tmp_path / "openrlhf" / "README.md").read_text()


def test_verl_rows_and_easyr1_rows_have_what_their_rewards_need(curated: Artifact, tmp_path: Path) -> None:
    exported(curated, "verl", tmp_path / "verl")
    exported(curated, "easyr1", tmp_path / "easyr1")
    verl = pl.read_parquet(tmp_path / "verl" / "stage2.parquet").drop("images").row(0, named=True)
    easyr1 = pl.read_parquet(tmp_path / "easyr1" / "stage2.parquet").drop("images").row(0, named=True)
    assert verl["reward_model"] == {"style": "rule", "ground_truth": "A"}
    assert (verl["data_source"], verl["ability"], verl["extra_info"]["choices"]) == ("geometry", "math", ["1", "2"])
    truth = json.loads(easyr1["ground_truth"])
    assert {**verl["extra_info"], **truth} == verl["extra_info"]
    assert (tmp_path / "easyr1" / "prompt.jinja").read_text().strip() == "{{ content }}"


@pytest.fixture(scope="module")
def answers(curated: Artifact, texts: Artifact, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What verl makes of the exports, in a process that has verl and not this project."""
    if not (VERL / "verl").is_dir():
        pytest.skip(f"verl is not at {VERL}; `make verl` puts it there")
    folder = tmp_path_factory.mktemp("verl")
    exported(curated, "verl", folder / "out")
    exported(texts, "verl", folder / "texts")
    tiny_processor().save_pretrained(folder / "processor")
    scores, uids, known = shuffled()
    rewards = module_at(folder / "out" / "difficulty_reward.py")
    rloo = rewards.to_rloo(np.array(scores), np.array(scores) >= 1, uids, np.full(len(scores), np.nan), rewards.STAGES["stage1"])
    ask = {
        "advantages": ["difficulty_stage1", scores, uids],
        "with_priors": ["difficulty_stage2", scores, uids, known],
        "rloo": [rloo.tolist(), uids],
        "rows": [str(folder / "out" / "stage2.parquet"), str(folder / "processor")],
        "texts": [str(folder / "texts" / "stage2.parquet"), str(folder / "processor")],
    }
    (folder / "ask.json").write_text(json.dumps(ask))
    paths = {"PYTHONPATH": f"{folder / 'out'}{os.pathsep}{VERL}", "VERL_USE_EXTERNAL_MODULES": "difficulty_estimator"}
    command = [sys.executable, str(Path(__file__).with_name("in_verl.py")), str(folder / "ask.json")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env={**os.environ, **paths}, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.process
def test_verl_computes_our_advantages_without_our_package(answers: dict[str, Any]) -> None:
    assert answers["installed"] == []
    by_group = in_order(answers["advantages"], shuffled()[1])
    for name, (rewards, _) in GROUPS.items():
        rows = by_group[name]
        assert [max(row, key=abs) for row in rows] == pytest.approx(expected(rewards, None, STEEP), abs=1e-6), name
        assert all(set(row) <= {max(row, key=abs), 0.0} for row in rows)


@pytest.mark.process
def test_verl_shrinks_towards_the_prior_where_it_hands_over_the_rows(answers: dict[str, Any]) -> None:
    by_group = in_order(answers["with_priors"], shuffled()[1])
    for name, (rewards, prior) in GROUPS.items():
        assert by_group[name] == pytest.approx(expected(rewards, prior, SHRUNK), abs=1e-6), name
    assert "prior_strength is 4.0, but this trainer gives its advantage estimators no `non_tensor_batch`" in answers["without_rows"]


@pytest.mark.process
def test_rloo_turns_the_rewards_for_easyr1_into_our_advantages(answers: dict[str, Any]) -> None:
    by_group = in_order([max(row, key=abs) for row in answers["rloo"]], shuffled()[1])
    for name, (rewards, _) in GROUPS.items():
        if name != "alone":
            assert by_group[name] == pytest.approx(expected(rewards, None, STEEP), abs=1e-6), name


@pytest.mark.process
def test_verl_reads_our_rows_as_messages_with_images(curated: Artifact, answers: dict[str, Any]) -> None:
    asked = load_problems(curated.file("stage2.parquet"), PromptingSettings(), hints=True, sees_images=True)
    for row, source in zip(answers["rows"], asked.rows, strict=True):
        shown = "".join(part if isinstance(part, str) else "<image>" for part in row["parts"])
        assert shown == asked.prompt(source)
        number = int(source["problem_id"][1:])
        assert [part for part in row["parts"] if not isinstance(part, str)] == ([[number, 0, 0]] if number % 2 else [])
        assert (row["reward_model"]["ground_truth"], row["source"]) == ("A", "geometry")
        assert {name: row["extra_info"][name] for name in HARD} == {name: source[name] for name in HARD}


@pytest.mark.process
def test_verl_reads_a_set_without_images_with_a_tokenizer_alone(texts: Artifact, answers: dict[str, Any]) -> None:
    asked = load_problems(texts.file("stage2.parquet"), PromptingSettings(), hints=True, sees_images=False)
    assert [row["parts"] for row in answers["texts"]] == [[asked.prompt(row)] for row in asked.rows]


def test_verl_knows_every_option_of_the_scripts() -> None:
    if not (VERL / "verl").is_dir():
        pytest.skip(f"verl is not at {VERL}; `make verl` puts it there")
    known = yaml.safe_load((VERL / "verl/trainer/config/_generated_ppo_trainer.yaml").read_text())
    for option in verl_options("stage1", StageSettings(), PromptingSettings(max_pixels=10_000), "m"):
        place: Any = known
        for key in option.lstrip("+").split(".")[: -1 if option.startswith("+") else None]:
            assert key in place, option
            place = place[key]


@pytest.mark.process
def test_the_scripts_start_verl_with_the_stage_they_are_of(curated: Artifact, tmp_path: Path) -> None:
    exported(curated, "verl", tmp_path / "out put")
    (tmp_path / "python3").write_text("#!/bin/sh\nprintenv VERL_USE_EXTERNAL_MODULES\nprintf '%s\\n' \"$@\"\n")
    (tmp_path / "python3").chmod(0o755)
    path = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    said = subprocess.run(
        ["bash", str(tmp_path / "out put" / "stage1.sh"), "trainer.nnodes=2"], capture_output=True, text=True, env=path, check=True
    )
    words = said.stdout.splitlines()
    assert words[:3] == ["difficulty_estimator", "-m", "verl.trainer.main_ppo"]
    wanted = {"algorithm.adv_estimator=difficulty_stage1", "actor_rollout_ref.model.path=org/model", "algorithm.use_kl_in_reward=false"}
    assert wanted | {f"data.train_files={tmp_path}/out put/stage1.parquet", "trainer.nnodes=2"} <= set(words)
    later = subprocess.run(["bash", str(tmp_path / "out put" / "stage2.sh")], capture_output=True, text=True, env=path, check=False)
    assert later.returncode and "MODEL: set it to the policy that the stage before left" in later.stderr


def test_the_config_for_easyr1_names_what_is_exported(curated: Artifact, tmp_path: Path) -> None:
    exported(curated, "easyr1", tmp_path / "out")
    first, second = (yaml.safe_load((tmp_path / "out" / f"{stage}.yaml").read_text()) for stage in STAGES)
    columns = pl.read_parquet_schema(tmp_path / "out" / "stage1.parquet")
    assert {first["data"][key] for key in ("prompt_key", "answer_key", "image_key")} <= set(columns)
    assert first["algorithm"]["adv_estimator"] == "rloo"
    assert module_at(tmp_path / "out" / "difficulty_reward.py").REWARD_TYPE == "batch"
    assert (tmp_path / "out" / first["worker"]["reward"]["reward_function"].split(":")[0]).is_file()
    assert (tmp_path / "out" / first["data"]["format_prompt"]).is_file()
    models = [config["worker"]["actor"]["model"]["model_path"] for config in (first, second)]
    assert models == ["org/model", "${oc.env:MODEL}"]


def test_rewards_are_the_graders(tmp_path: Path) -> None:
    for name, text in {"verl": verl_reward(STAGES), "easyr1": easyr1_reward(STAGES)}.items():
        (tmp_path / f"{name}.py").write_text(text)
    verl, easyr1 = module_at(tmp_path / "verl.py"), module_at(tmp_path / "easyr1.py")
    right, wrong, bare = r"<think>so</think> \boxed{B}", r"<think>so</think> \boxed{1}", r"\boxed{2}"
    info = {"choices": ["1", "2"], "precision": None, "stage": "stage1"}
    scores = [verl.compute_score("geometry", response, "B", extra_info=info) for response in (right, wrong, bare)]
    assert [score["score"] for score in scores] == pytest.approx([1.1, 0.1, 1.0])
    assert [(score["acc"], score["format"]) for score in scores] == [(1, 1), (0, 1), (1, 0)]
    truth = json.dumps({**info, "answer": "B", "problem_id": "p", "prior": 0.5})
    batch = [{"response": response, "ground_truth": truth} for response in (right, wrong, bare)]
    values = [score["overall"] for score in easyr1.compute_score(batch)]
    assert values == pytest.approx([value * 2 / 3 for value in expected([1.1, 0.1, 1.0], None, STEEP)])
    [alone] = easyr1.compute_score(batch[:1])
    assert (alone["overall"], alone["accuracy"], alone["format"]) == (pytest.approx(1.1), 1, 1)


def test_of_several_right_answers_the_first_is_told_and_all_are_kept(tmp_path: Path) -> None:
    rows = [{**ROW, "problem_id": name, "answer": answer} for name, answer in {"one": "12", "two": '["12", "13"]'}.items()]
    problems = Problems(rows, PromptingSettings(), hints=False, sees_images=False)
    for to, column in {"datasets": "answer", "openrlhf": "label", "lmm-r1": "answer", "easyr1": "answer"}.items():
        write_rows(problems, ["d", "d"], "stage1", RowForm(to, pictured=False), tmp_path / f"{to}.parquet")
        assert pl.read_parquet(tmp_path / f"{to}.parquet")[column].to_list() == ["12", "12"]
    assert pl.read_parquet(tmp_path / "datasets.parquet")["answers"].to_list() == [["12"], ["12", "13"]]
    (tmp_path / "reward.py").write_text(easyr1_reward(STAGES))
    truths = pl.read_parquet(tmp_path / "easyr1.parquet")["ground_truth"]
    batch = [{"response": r"\boxed{13}", "ground_truth": truth} for truth in truths]
    assert [score["accuracy"] for score in module_at(tmp_path / "reward.py").compute_score(batch)] == [0, 1]


def test_stock_grpo_and_normalised_weights_are_exported_as_such() -> None:
    stock = {"stage1": StageSettings(weighting=WeightingSettings(family="none"))}
    level = {"stage1": StageSettings(weighting=WeightingSettings(normalise=True))}
    assert "'advantages': {'mode': 'stock'}" in verl_estimator(stock)
    assert "'advantages': {'mode': 'replace_std', 'normalise': True}" in verl_estimator(level)


def test_a_batch_is_normalised_as_the_trainer_does(tmp_path: Path) -> None:
    weighting = WeightingSettings(family="exponential", normalise=True)
    (tmp_path / "reward.py").write_text(easyr1_reward({"stage1": StageSettings(weighting=weighting)}))
    module = module_at(tmp_path / "reward.py")
    groups = np.array([[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    weights = weigh(groups.mean(axis=1), "exponential", high=weighting.high, low=weighting.low)
    ours, _ = advantages(groups, groups, weights, mode="replace_std", normalise=True)
    rows, index = groups.T.flatten(), list("abc") * 4
    theirs = module.weighted(rows, rows == 1, index, np.full(12, np.nan), module.STAGES["stage1"])
    assert theirs == pytest.approx(ours.T.flatten())
    assert np.abs(theirs).sum() == pytest.approx(np.abs(advantages(groups, groups, np.ones(3), mode="stock")[0]).sum())


def test_a_format_worth_a_right_answer_is_refused_for_verl() -> None:
    with pytest.raises(InputError, match=r"stages\.stage1\.train\.format_reward is 1\.0: verl's estimator sees one score"):
        verl_reward({"stage1": StageSettings(format_reward=1.0)})


@pytest.mark.parametrize("module", [verl_estimator, easyr1_reward])
def test_weights_by_an_estimate_that_no_other_trainer_keeps_are_refused(module: Any) -> None:
    live = StageSettings(sampler="live", weighting=WeightingSettings(family="linear", prior_strength=4.0, prior="live"))
    with pytest.raises(InputError, match=r"stages.stage1.train.weighting.prior is live: .* stages.stage1.train.weighting.prior=stored"):
        module({"stage1": live})


@pytest.mark.parametrize("to", ["easyr1", "datasets"])
def test_hints_by_an_estimate_that_no_other_trainer_keeps_are_refused(curated: Artifact, tmp_path: Path, to: str) -> None:
    with pytest.raises(InputError, match=r"stages.stage2.train.hints is live: .* export with --set stages.stage2.train.hints=true"):
        exported(curated, to, tmp_path / "out", {"stage1": StageSettings(), "stage2": StageSettings(sampler="live", hints="live")})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("to", ["verl", "datasets"])
def test_how_a_stage_draws_is_said_to_be_left_out(curated: Artifact, tmp_path: Path, caplog: pytest.LogCaptureFixture, to: str) -> None:
    stages = {"stage1": StageSettings(sampler="live", refill=RefillSettings(tries=2)), "stage2": StageSettings(hints=True)}
    exported(curated, to, tmp_path / "out", stages)
    said = "No export carries how stage1 draws (sampler live, refill.tries 2)"
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"{said}: the trainer draws its problems and prompts in a way of its own."
    ]
    card = (tmp_path / "out" / "README.md").read_text()
    assert said in card and "how stage2" not in card


def test_nothing_of_anyones_is_overwritten(curated: Artifact, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(InputError, match="holds something that is no export"):
        exported(curated, "datasets", tmp_path)
    first = exported(curated, "datasets", tmp_path / "out")
    assert exported(curated, "datasets", tmp_path / "out") == first


def test_sets_are_found_by_the_beginning_of_their_id(curated: Artifact) -> None:
    assert find_set(curated.home, curated.key[:6]) == curated
    assert find_set(curated.home, "no-such-set") is None
    assert measured_prompting(curated.home, curated) == PromptingSettings()


def test_a_stage_without_hints_ignores_them(curated: Artifact, tmp_path: Path) -> None:
    silent = PromptingSettings(hints=HintSettings(by_band={}))
    export_set(Exported({"stage2": curated}, {"stage2": STAGES["stage2"]}, silent, "m"), to="datasets", out=tmp_path / "out")
    assert set(pl.read_parquet(tmp_path / "out" / "stage2.parquet")["hint"]) == {""}
