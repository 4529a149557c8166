"""What is said before a stage starts: settings far from those of large models, and draws that differ from profile and evaluation."""

from typing import Any

import pytest

from tasks.prompting.settings import PromptingSettings
from tasks.sampling.settings import SamplingSettings
from tasks.training.cautions import EVALUATION, LARGE, PROFILE, Caution, asking, cautions, trained_as
from tasks.training.settings import StageSettings

BILLIONS, STARTER = 7_000_000_000, 1_599_232
LIKE_A_REAL_RUN = {"micro_batch": 4}
LIKE_THE_STARTER = {"learning_rate": 1e-4, "adam_beta2": 0.98, "max_grad_norm": 0.2, "dtype": "float32", "gradient_checkpointing": False}


def said(
    stage: dict[str, Any],
    parameters: int | None = BILLIONS,
    sampling: SamplingSettings | None = None,
    prompting: PromptingSettings | None = None,
    hinted: tuple[bool, ...] = (False, True),
) -> list[Caution]:
    """The cautions of a stage whose problems were measured by `sampling` and `prompting`, unhinted, and which are evaluated alike."""
    settings, measured = (
        StageSettings.model_validate(stage),
        asking(prompting or PromptingSettings(), sampling or SamplingSettings(), False),
    )
    others = {PROFILE: measured, EVALUATION: measured.model_copy(update={"hints": hinted})}
    return cautions("stage1", settings, asking(PromptingSettings(), settings, settings.hints), others, parameters)


@pytest.mark.parametrize(
    "stage", [{}, {"lora": {}}, {"lora": {"rank": 8}, "dtype": "bfloat16"}, {"dtype": "float32"}, {"learning_rate": 5e-6}]
)
def test_defaults_and_what_is_near_them_are_in_order_for_large_policies(stage: dict[str, Any]) -> None:
    assert said({**LIKE_A_REAL_RUN, **stage}) == []


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (
            {"learning_rate": 1e-4},
            "stage1 trains a policy of 7 billion weights with learning_rate 0.0001 for all weights: usual is about 1e-06",
        ),
        ({"learning_rate": 2e-5, "freeze_vision": True}, "learning_rate 2e-05 for all weights"),
        ({"learning_rate": 1e-3, "lora": {}}, "learning_rate 0.001 for an adapter: usual is about 1e-05"),
        ({"adam_beta2": 0.98}, "adam_beta2 0.98: Adam then knows only the last 50 gradients"),
        ({"max_grad_norm": 0.2}, "max_grad_norm 0.2: such a clip binds on most steps"),
        ({"autocast": False}, "autocast false: all of it is computed in float32"),
        ({"autocast": False, "dtype": "float32"}, "autocast false: all of it is computed in float32"),
        ({"lora": {}, "dtype": "float32"}, "dtype float32 for weights that lora freezes"),
        ({"gradient_checkpointing": False}, "gradient_checkpointing false: on a GPU every layer's activations are kept"),
        ({"micro_batch": None}, "a process takes 64 completions of up to 1024 tokens through the model at once"),
    ],
)
def test_settings_far_off_are_told_with_why_for_large_policies_alone(stage: dict[str, Any], words: str) -> None:
    [caution] = said({**LIKE_A_REAL_RUN, **stage})
    assert words in caution.text and not caution.expected
    assert said(stage, parameters=LARGE) == said(stage, parameters=STARTER) == said(stage, parameters=None) == []


def test_the_starter_s_settings_would_ruin_a_large_policy() -> None:
    assert len(said(LIKE_THE_STARTER)) == 5
    assert said(LIKE_THE_STARTER, parameters=STARTER) == []


@pytest.mark.parametrize(
    ("stage", "measured", "words"),
    [
        (
            {"temperature": 0.7},
            {},
            "stage1: temperature 0.7 in training, but 1.0 in the profile and the evaluation: a policy is right more",
        ),
        ({}, {"sampling": SamplingSettings(temperature=0)}, "temperature 1.0 in training, but 0.0 in the profile and the evaluation"),
        ({"top_p": 0.9}, {}, "top_p 0.9 in training, but 1.0 in the profile and the evaluation: a policy is right more or less often when"),
        (
            {"max_tokens": 512},
            {},
            "max_tokens 512 in training, but 1024 in the profile and the evaluation: answers that are cut off in one",
        ),
        ({}, {"prompting": PromptingSettings(max_pixels=9216)}, "max_pixels the processor's own in training, but 9216 in the profile and"),
        (
            {},
            {"prompting": PromptingSettings(template="mine")},
            "template think_then_box in training, but mine in the profile and the eval",
        ),
        ({"hints": True}, {"hinted": (False,)}, "hints on in training, but off in the profile and the evaluation: a hint makes a problem"),
        (
            {"hints": True, "weighting": {"prior_strength": 4}},
            {},
            "hints on in training, but off in the profile: a hint makes a problem easi",
        ),
        ({"extra": {"top_k": 20}}, {}, "stage1: extra.top_k 20 shapes what training draws, but not the profile or the evaluation"),
        ({"extra": {"generation_kwargs": {"min_p": 0.1}}}, {}, "extra.generation_kwargs {'min_p': 0.1} shapes what training draws"),
    ],
)
def test_what_differs_is_told_with_both_values(stage: dict[str, Any], measured: dict[str, Any], words: str) -> None:
    [caution] = said(stage, parameters=STARTER, **measured)
    assert words in caution.text and not caution.expected


def test_hints_in_a_stage_alone_are_the_method() -> None:
    [caution] = said({"hints": True}, parameters=STARTER)
    assert caution == Caution("stage1: hints on in training, but off in the profile: a hint makes a problem easier", expected=True)


def test_profile_and_evaluation_may_differ_from_each_other() -> None:
    settings = StageSettings(max_tokens=100)
    others = {PROFILE: asking(PromptingSettings(), SamplingSettings(max_tokens=200), False)}
    others |= {EVALUATION: asking(PromptingSettings(), SamplingSettings(max_tokens=300), False)}
    [caution] = cautions("stage2", settings, asking(PromptingSettings(), settings, False), others, None)
    assert "stage2: max_tokens 100 in training, but 200 in the profile, 300 in the evaluation" in caution.text


@pytest.mark.parametrize(
    ("stage", "rate"),
    [
        ({}, 1e-6),
        ({"lora": {}}, 1e-5),
        ({"lora": {}, "learning_rate": 3e-5}, 3e-5),
        ({"learning_rate": None}, 1e-6),
        ({"lora": None}, 1e-6),
    ],
)
def test_the_learning_rate_in_use_is_the_one_that_is_shown(stage: dict[str, Any], rate: float) -> None:
    settings = StageSettings.model_validate(stage)
    assert settings.learning_rate == rate
    assert f"learning_rate {rate:g}," in trained_as("stage1", settings, BILLIONS)
    assert StageSettings.model_validate_json(settings.model_dump_json()) == settings


def test_the_distribution_has_one_source_of_defaults() -> None:
    drawn = {"temperature", "top_p", "max_tokens"}
    assert StageSettings().model_dump(include=drawn) == SamplingSettings().model_dump(include=drawn)
