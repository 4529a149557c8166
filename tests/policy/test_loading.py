"""What is settled when a policy is loaded: its dtype's name, the token that pads, the end tokens, and limits in pixels."""

from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError
from transformers import GenerationConfig, LlamaConfig

from tasks.base.errors import InputError
from tasks.policy.identity import STARTER, Policy, PolicySettings
from tasks.policy.loading import limit_pixels, load_processor, named_ends, settle_tokens
from tasks.prompting.settings import PromptingSettings
from tasks.training.settings import StageSettings
from tests.policy.test_chat import tokenizer


@pytest.mark.parametrize(
    ("names", "dtype"),
    [
        (["bf16", "bfloat16", "torch.bfloat16", "BF16", " bf16 "], "bfloat16"),
        (["fp16", "half", "float16", "torch.half"], "float16"),
        (["fp32", "float", "float32", "torch.float", "single"], "float32"),
        (["auto", "AUTO"], "auto"),
    ],
)
def test_dtypes_by_the_names_that_people_write(names: list[str], dtype: str) -> None:
    assert {PolicySettings(dtype=name).dtype for name in names} == {dtype}
    if dtype != "float16":
        assert {StageSettings(dtype=name).dtype for name in names} == {dtype}  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["bf61", "int8", "", "nn", "float8", 16, None, "cuda"])
def test_a_wrong_dtype_is_found_when_the_recipe_is_read(dtype: Any) -> None:
    for settings in (PolicySettings, StageSettings):
        with pytest.raises(ValidationError, match="no dtype is named .*use one of auto, float32, bfloat16"):
            settings(dtype=dtype)


def model(folder: Path, tokens: int, **config: Any) -> Policy:
    """A model's folder, as far as its tokens are concerned."""
    LlamaConfig(vocab_size=tokens, **config).save_pretrained(folder)
    return Policy(policy_id="p", name="base", model=str(folder))


@pytest.mark.parametrize(
    ("added", "options", "tokens", "pad"),
    [
        ([], {}, 97, "</s>"),
        (["<unk>"], {"unk_token": "<unk>"}, 98, "<unk>"),
        (["<pad>"], {}, 98, "<pad>"),  # it is there, and the tokenizer does not say so
        (["<|finetune_right_pad_id|>"], {}, 98, "<|finetune_right_pad_id|>"),
        (["<mine>"], {"pad_token": "<mine>"}, 98, "<mine>"),
        (["<mine>"], {"pad_token": "<mine>"}, 97, "</s>"),  # a token that was added, and that the model does not know
    ],
)
def test_the_token_that_pads(tmp_path: Path, added: list[str], options: dict[str, str], tokens: int, pad: str) -> None:
    made = tokenizer()
    made.add_special_tokens({"additional_special_tokens": added})
    for name, token in options.items():
        setattr(made, name, token)
    settle_tokens(made, model(tmp_path, tokens))
    assert (made.pad_token, made.padding_side) == (pad, "left")
    assert made.pad_token_id < tokens


def test_end_tokens_that_only_the_model_names(tmp_path: Path) -> None:
    policy, made = model(tmp_path, 97, eos_token_id=[5, 6]), tokenizer()
    assert named_ends(policy) == [5, 6]
    GenerationConfig(eos_token_id=7).save_pretrained(tmp_path)
    assert named_ends(policy) == [7]
    made.eos_token = None
    settle_tokens(made, policy)
    assert made.eos_token_id == 7


class Edges:
    """An image processor whose size is an edge, as most have it."""

    size: ClassVar = {"longest_edge": 1456}


@pytest.mark.parametrize(("limits", "named"), [({"min_pixels": 64}, "min_pixels"), ({"max_pixels": 640}, "max_pixels")])
def test_pixel_limits_are_never_taken_for_edges(limits: dict[str, int], named: str) -> None:
    with pytest.raises(
        InputError, match=rf"prompting.{named}: the Edges of m has no limits in pixels.*leave min_pixels and max_pixels out"
    ):
        limit_pixels(Edges(), PromptingSettings(**limits), "m")
    limit_pixels(Edges(), PromptingSettings(), "m")


def test_pixel_limits_where_there_are_any() -> None:
    processor: Any = load_processor(Policy(policy_id="p", name="base", model=str(STARTER)), PromptingSettings(max_pixels=1024))
    assert processor.image_processor.size["longest_edge"] == 1024
