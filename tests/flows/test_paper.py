"""The paper's recipe: dry-run without a network, every number of it marked, and its costs those that its page says."""

import re
from pathlib import Path

import pytest
import yaml

from flows.commands.costs import BEGIN, END, completions, gpu_hours, largest_memory, read_assumptions, span, tables
from flows.commands.plan import plan_flow
from flows.pipeline import pipeline
from flows.recipe import RECIPES, load_recipe
from tasks.steps.planning import State

RECIPE = load_recipe("paper")
ASSUMED = read_assumptions("paper")
LINES = (RECIPES / "paper.yaml").read_text().splitlines()


@pytest.mark.process
def test_it_is_dry_run_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    found = plan_flow(pipeline, RECIPE, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    ingests = [step for step in found.steps if step.task == "ingest problems"]
    asked = [step.settings["source"]["name"] for step in ingests]
    assert asked == ["geometry3k", "k12-freeform", "geometry3k", "mathvista", "mathverse", "mathvision"]
    assert {step.state for step in ingests} == {State.unknown}
    assert all(step.why[0].startswith("unknown until ingested") for step in ingests)
    assert {step.state for step in found.steps if step not in ingests} == {State.waits, State.every_run}
    [profile, *_] = [step for step in found.steps if step.task == "sample"]
    assert (profile.name, profile.work.completions) == ("sample geometry3k and k12-freeform (train) with base, rounds 1–8", None)
    trained = {step.name: step.work.completions for step in found.steps if step.task == "train"}
    assert trained == {"train stage1 from base": 48_128, "train stage2 from stage1": 14_336}
    assert found.completions is None
    assert any("sampling about 32.2–38.9 and training about 6.5–7.9" in note for note in found.notes)
    assert any("xyliu6/k12-freeform is not on this machine" in line for line in found.missing)
    assert not any("accelerate" in line for line in found.missing)
    assert any("Qwen/Qwen2.5-VL-7B-Instruct is not in the Hugging Face cache" in line for line in found.missing)


def test_it_is_what_the_paper_says() -> None:
    sets = {name: stage.choose for name, stage in RECIPE.stages.items()}
    stages = {name: stage.train for name, stage in RECIPE.stages.items()}
    assert (RECIPE.policy.model, RECIPE.sampling.adaptive) == ("Qwen/Qwen2.5-VL-7B-Instruct", None)
    assert [(rule.size, rule.low) for rule in sets.values()] == [(2000, 0.084), (600, 0.084)]
    assert (sets["stage1"].high, RECIPE.difficulty.low, RECIPE.difficulty.high) == (0.87, 0.084, 0.87)
    assert [stage.hints for stage in stages.values()] == [False, True]
    assert all(stage.weighting.replaces_std and stage.weighting.prior_strength == 0 for stage in stages.values())


@pytest.mark.parametrize("line", [line for line in LINES if re.search(r":\s*-?\d|: \{[^}]*: \d", line.split("#")[0])])
def test_every_number_says_whose_it_is(line: str) -> None:
    assert re.search(r"#.*\b(paper|ours)\b", line), line


def test_the_page_is_worked_out_from_the_recipe() -> None:
    page = (RECIPES / "paper.md").read_text()
    assert page.split(BEGIN)[1].split(END)[0].strip() == tables("paper"), "run `make costs`"


def test_the_arithmetic() -> None:
    assert [step.tokens for step in ASSUMED.measured] == [725, 750]
    parts = completions(RECIPE, ASSUMED)
    assert parts["profile"] == (2101 + 6457) * 8
    assert parts["evaluation"] == (601 + 1000 + 3940 + 3040) * 4 * 3
    train = "stages.stage1.train"
    more = completions(load_recipe("paper", [f"{train}.refill.tries=2", f"{train}.iterations=2", "reprofile={rounds: 4}"]), ASSUMED)
    assert more == {**parts, "training, stage1": 24_064, "refills, at most": 48_128, "re-profile, at most": (2101 + 6457) * 4}
    assert [gpu_hours(2560, step) for step in ASSUMED.measured] == [pytest.approx(8 * 145 / 3600), pytest.approx(8 * 120 / 3600)]
    assert span([10.04, 8.0]) == "8.0–10.0" and span([1.01, 0.99]) == "1.0"
    memory = largest_memory(RECIPE, ASSUMED)
    assert sum(memory.values()) < 0.8 * ASSUMED.gpu_gib * 2**30
    assert memory["weights, gradients, Adam's moments (float32, sharded)"] == 16 * ASSUMED.model.parameters / 8


def test_the_parameters_are_those_of_the_model() -> None:
    import torch
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    given = yaml.safe_load((RECIPES.parent / "costs" / "paper.yaml").read_text())["model"]
    text = {
        "vocab_size": given["vocabulary"],
        "hidden_size": given["hidden"],
        "intermediate_size": given["intermediate"],
        "num_hidden_layers": given["layers"],
        "num_attention_heads": given["hidden"] // given["head_size"],
        "num_key_value_heads": given["kv_heads"],
        "tie_word_embeddings": False,
    }
    seen = given["vision"]
    vision = {"depth": seen["depth"], "hidden_size": seen["hidden"], "intermediate_size": seen["intermediate"]}
    config = Qwen2_5_VLConfig(text_config=text, vision_config={**vision, "out_hidden_size": given["hidden"]}, tie_word_embeddings=False)
    with torch.device("meta"):
        model = Qwen2_5_VLForConditionalGeneration(config)
    assert sum(parameter.numel() for parameter in model.parameters()) == ASSUMED.model.parameters
