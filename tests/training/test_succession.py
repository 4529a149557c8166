"""How stages follow on from each other: what is settled when a recipe is read, what is refused, and what is said of it."""

from pathlib import Path
from typing import Any

import pytest

from flows.recipe import Recipe
from tasks.base.errors import InputError
from tasks.training.cautions import check_masters
from tasks.training.settings import StageSettings
from tasks.training.succession import kept_on_disk, settled, succession_of

ADAPTER = {"lora": {"rank": 4}}


def stages(**given: dict[str, Any]) -> dict[str, StageSettings]:
    return {name: StageSettings(**fields) for name, fields in given.items()}


@pytest.mark.parametrize(
    ("first", "second", "optimizer"),
    [
        ({}, {}, "carry"),
        ({}, {"optimizer": "fresh"}, "fresh"),
        (ADAPTER, {"lora": {"rank": 4, "quantize": "4bit"}}, "carry"),
        ({}, {"learning_rate": 1e-5, "steps": 70, "hints": True, "accelerate": "ddp"}, "carry"),
        ({"extra": {"optim": "adamw_torch"}}, {}, "carry"),
        (ADAPTER, {}, "fresh"),
        ({}, ADAPTER, "fresh"),
        ({}, {"freeze_vision": True}, "fresh"),
        ({}, {"adam_beta2": 0.98}, "fresh"),
        ({"extra": {"optim": "adafactor"}}, {"extra": {"optim": "adafactor"}}, "fresh"),
    ],
)
def test_adam_is_carried_where_the_same_parameters_are_trained_alike(first: dict, second: dict, optimizer: str) -> None:
    found = settled(stages(first=first, second=second))
    assert [stage.optimizer for stage in found.values()] == ["fresh", optimizer]
    assert settled(found) == found


@pytest.mark.parametrize(
    ("first", "second", "fault"),
    [
        ({"optimizer": "carry"}, {}, "first.train.optimizer: carry, but no stage comes before this one; leave it out"),
        (
            ADAPTER,
            {},
            "carry, but first trained an adapter of rank 4 on all linear layers, and this stage trains all weights; leave it out",
        ),
        ({}, {"freeze_vision": True}, "first trained all weights, and this stage trains all weights but the vision tower"),
        (ADAPTER, {"lora": {"rank": 4, "targets": ["q_proj"]}}, "and this stage trains an adapter of rank 4 on q_proj"),
        ({"extra": {"adam_beta1": 0.8}}, {}, r"extra\.adam_beta1 is 0\.8 in first and 0\.9 here, so that its means are of another kind"),
        ({"extra": {"optim": "lion_32bit"}}, {"extra": {"optim": "lion_32bit"}}, "lion_32bit is no Adam whose state is known"),
    ],
)
def test_a_stage_that_wants_a_state_that_means_nothing_to_it_is_refused(first: dict, second: dict, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        settled(stages(first=first, second={"optimizer": "carry", **second}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"learning_rate": 1e-5, "steps": 70, "hints": True, "max_tokens": 64}, ""),
        ({"max_grad_norm": 5.0}, "are of gradients with max_grad_norm 1.0 (here 5.0): until they have caught up, over about 1,000 steps,"),
        (
            {"loss": "dr_grpo", "weighting": {"family": "none"}},
            "with loss dapo (here dr_grpo) and weighting.family exponential (here none):",
        ),
        ({"max_grad_norm": None, "optimizer": "fresh"}, ""),
    ],
)
def test_what_gives_the_gradients_another_size_is_said_where_adam_is_carried(changes: dict, said: str) -> None:
    """Adam's squares remember the size for about a thousand steps, the whole of most stages."""
    found = succession_of(settled(stages(first={}, second=changes)), "second", None)
    assert said in found.doubt if said else not found.doubt
    assert found.told == f"{found.said}; {found.doubt}" if said else found.told == found.said


@pytest.mark.parametrize("second", [{}, {"optimizer": "carry"}], ids=["left open", "asked for"])
@pytest.mark.parametrize(("how", "named"), [("deepspeed_zero3", "DeepSpeed"), ("fsdp1.yaml", "FSDP 1")])
def test_what_holds_adam_in_a_form_of_its_own_is_named_where_it_would_be_carried(
    tmp_path: Path, how: str, named: str, second: dict
) -> None:
    own = tmp_path / "fsdp1.yaml"
    own.write_text("distributed_type: FSDP\nfsdp_config: {fsdp_sharding_strategy: FULL_SHARD}\n")
    given = own if how == own.name else how
    with pytest.raises(ValueError) as refused:
        settled(stages(first={"accelerate": given}, second=second))
    said = f"Adam's state would be carried over from first, but {named} holds it in a form of its own; give optimizer: fresh, or train"
    assert str(refused.value) == f"second.train.optimizer: {said} both stages with ddp or fsdp2"


def test_neither_adam_nor_masters_are_taken_from_deepspeed_where_it_begins_anew() -> None:
    given = stages(first={"accelerate": "deepspeed_zero3"}, second={"optimizer": "fresh"})
    assert succession_of(settled(given), "second", None).takes == "policy"  # nor can its float32 weights be had


def test_an_adapter_that_does_not_fit_the_one_before_is_refused_when_a_recipe_is_read() -> None:
    given = {"name": "part", "problems": {"starter": {}}, "stages": {"a": {"train": ADAPTER}, "b": {"train": {"lora": {"rank": 8}}}}}
    with pytest.raises(ValueError, match=r"b\.train\.lora\.rank: 8, but the stage goes on with the adapter of a, whose rank is 4"):
        Recipe.model_validate(given)


@pytest.mark.parametrize("lora", [None, {"rank": 4}])
def test_whole_weights_in_bfloat16_are_refused_and_frozen_ones_are_not(lora: dict | None) -> None:
    given = {"name": "part", "problems": {"starter": {}}, "stages": {"a": {"train": {"dtype": "bfloat16", "lora": lora}}}}
    if lora:
        assert Recipe.model_validate(given).stages["a"].train.dtype == "bfloat16"
        return
    with pytest.raises(InputError, match=r"dtype bfloat16 .* learning_rate 1e-06 .* leave dtype out \(float32 .*\), or train with lora"):
        check_masters(StageSettings(dtype="bfloat16"))
    with pytest.raises(ValueError, match="dtype bfloat16 has no room"):
        Recipe.model_validate(given)


def test_each_stage_hands_over_what_the_next_takes_up() -> None:
    given = settled(stages(a={}, b={}, c={"optimizer": "fresh"}, d=ADAPTER, e=ADAPTER, f={}))
    found = {name: succession_of(given, name, None) for name in given}
    assert [part.takes for part in found.values()] == ["policy", "optimizer", "masters", "policy", "optimizer", "policy"]
    assert [part.hands_over for part in found.values()] == ["optimizer", "masters", "policy", "optimizer", "policy", "policy"]
    assert [part.said for part in found.values()] == [
        "Adam begins anew, with the first stage",
        "Adam goes on from a, its means and its count of steps carried over; the weights are those of a in float32",
        "Adam begins anew: optimizer is fresh; the weights are those of b in float32",
        "Adam begins anew: c trained all weights, and this stage trains an adapter of rank 4 on all linear layers",
        "Adam goes on from d, its means and its count of steps carried over",
        "Adam begins anew: e trained an adapter of rank 4 on all linear layers, and this stage trains all weights",
    ]
    kept = [kept_on_disk(given[name], part.hands_over, 7_000_000_000) for name, part in found.items()]
    assert (
        kept[0] == "it keeps Adam's state (56 GB), and float32 weights (28 GB) where its policy is saved in fewer bits, for the next stage"
    )
    assert kept[1] == "it keeps float32 weights (28 GB) where its policy is saved in fewer bits, for the next stage"
    assert kept[3] == "it keeps Adam's state for the next stage, two numbers for each of the adapter's"
    assert kept[2] == kept[4] == kept[5] == ""
