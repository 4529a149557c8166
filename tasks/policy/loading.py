"""Loads a policy's model and processor, the same way for sampling and for training. Imports torch: for worker processes only."""

from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoProcessor,
    AutoTokenizer,
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    ProcessorMixin,
)
from transformers.integrations import is_deepspeed_zero3_enabled
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

from tasks.base.errors import InputError
from tasks.policy.identity import Policy
from tasks.policy.size import weights_in

Processor = ProcessorMixin | PreTrainedTokenizerBase


class PixelLimits(Protocol):
    """Says how small and how large an image may be as the policy sees it, in pixels; None keeps the processor's own limit."""

    @property
    def min_pixels(self) -> int | None: ...

    @property
    def max_pixels(self) -> int | None: ...


def hub_options(policy: Policy) -> dict[str, Any]:
    """What every `from_pretrained` of this policy is called with."""
    return {"revision": policy.revision or "main", "trust_remote_code": policy.trust_remote_code}


def sees_images(policy: Policy) -> bool:
    """Whether the policy is a vision-language model. Raises InputError, naming the model, when it cannot be loaded."""
    try:
        config = AutoConfig.from_pretrained(policy.model, **hub_options(policy))
    except (OSError, ValueError) as error:
        raise InputError(f"policy.model: cannot load {policy.model}: {error}") from error
    return config.model_type in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES


def context_length(policy: Policy) -> int | None:
    """The longest prompt plus response in tokens that the policy was made for; None where its configuration does not say."""
    text = AutoConfig.from_pretrained(policy.model, **hub_options(policy)).get_text_config()
    return getattr(text, "max_position_embeddings", None)


def load_processor(policy: Policy, pixels: PixelLimits) -> Processor:
    """The processor (or, for a text model, the tokenizer) with left padding and the recipe's pixel limits."""
    kind = AutoProcessor if sees_images(policy) else AutoTokenizer
    processor = kind.from_pretrained(policy.model, **hub_options(policy))
    tokenizer_of(processor).padding_side = "left"
    images = getattr(processor, "image_processor", None)
    if images is not None:
        limits = {"shortest_edge": pixels.min_pixels, "longest_edge": pixels.max_pixels}
        images.size = {**dict(images.size), **{edge: limit for edge, limit in limits.items() if limit}}
    return processor


def tokenizer_of(processor: Processor) -> PreTrainedTokenizerBase:
    """The tokenizer inside a processor, or the tokenizer itself."""
    return processor if isinstance(processor, PreTrainedTokenizerBase) else processor.tokenizer


def load_model(policy: Policy) -> PreTrainedModel:
    """The model as it is sampled: in the policy's dtype, its adapter merged, on the GPU where there is one. Raises as `load_weights`."""
    adapted: Any = with_adapter(load_weights(policy), policy)
    return adapted.to("cuda" if torch.cuda.is_available() else "cpu")


def load_weights(policy: Policy, **options: Any) -> PreTrainedModel:
    """The model in the policy's dtype, without its adapter and wherever it is loaded to; `options` go to `from_pretrained`.

    Of its own generation settings it keeps `bare_generation`. Raises InputError when the files do not hold the weights that the folder's
    config asks for.
    """
    avoid_cudnn_attention()
    kind = AutoModelForImageTextToText if sees_images(policy) else AutoModelForCausalLM
    try:
        check_enough_weights(policy, kind)
        found: Any = kind.from_pretrained(
            policy.model, dtype=load_dtype(policy.dtype), output_loading_info=True, **hub_options(policy), **options
        )
    except InputError:
        raise
    except (OSError, ValueError, TypeError, RuntimeError, KeyError, SafetensorError) as error:
        raise InputError(f"policy.model: cannot load {policy.model}: {error}") from error
    model, loaded = found
    if missing := sorted(loaded["missing_keys"]):  # transformers would fill them with random numbers
        raise InputError(
            f"policy.model: {policy.model} lacks {len(missing)} of the weights that its config.json asks for ({missing[0]}, …): "
            "the files are incomplete or of another architecture; copy them again"
        )
    model.generation_config = bare_generation(model.generation_config)
    return model


def bare_generation(own: GenerationConfig) -> GenerationConfig:
    """What is kept of a checkpoint's generation settings: its end, padding and first tokens.

    `generate` fills every field that a caller leaves open from the model's own settings. The penalties, cuts and forbidden tokens that
    checkpoints ship there would change the distribution that responses are drawn from; vLLM and servers do without them, too.
    """
    return GenerationConfig(eos_token_id=own.eos_token_id, pad_token_id=own.pad_token_id, bos_token_id=own.bos_token_id)


def end_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The tokens that end a response: the tokenizer's and those that the checkpoint names, as vLLM and TRL have it."""
    named = getattr(model.generation_config, "eos_token_id", None)
    ends = [tokenizer.eos_token_id, *(named if isinstance(named, list) else [named])]
    return sorted({token for token in ends if token is not None})


def avoid_cudnn_attention() -> None:
    """Have torch choose among its other attention kernels on a GPU.

    cuDNN's, the default on Hopper from torch 2.11 on, gives gradients that are no numbers for a mask whose rows may be all padding, as
    prompts padded on the left have, where a batch is 64 tokens longer than a multiple of 128 (pytorch issue 196678, trl issue 7181).
    """
    torch.backends.cuda.enable_cudnn_sdp(False)


def check_enough_weights(policy: Policy, kind: Any) -> None:
    """Raise InputError when a local policy's files hold fewer weights than its config asks for, before memory is taken for them.

    Not under DeepSpeed ZeRO-3, which would shard the model that is only counted; weights that lack are found when they are loaded.
    """
    files = sorted(Path(policy.model).glob("*.safetensors")) if is_local(policy) else []
    config = AutoConfig.from_pretrained(policy.model, **hub_options(policy))
    if not files or getattr(config, "quantization_config", None) or is_deepspeed_zero3_enabled():
        return
    with torch.device("meta"):
        model = kind.from_config(config, trust_remote_code=policy.trust_remote_code)
    asked, held = sum(weight.numel() for weight in model.parameters()), sum(map(weights_in, files))
    if asked > held:
        raise InputError(
            f"policy.model: the config.json of {policy.model} is of a {type(model).__name__} with {asked:,} weights, but its files hold "
            f"{held:,}: they are incomplete or of another architecture; copy config.json and weights again from one model"
        )


def with_adapter(model: Any, policy: Policy) -> Any:
    """The model with the policy's LoRA adapter merged into its weights, or as it is. Raises InputError when the two do not fit."""
    if policy.adapter is None:
        return model
    from peft import PeftModel

    try:
        return PeftModel.from_pretrained(model, policy.adapter).merge_and_unload()
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise InputError(f"policy.adapter: cannot put {policy.adapter} onto {policy.model}: {error}") from error


def load_dtype(dtype: str) -> torch.dtype | str:
    """The dtype to load weights in: "auto" means float32 on the CPU (bfloat16 is slow there) and the checkpoint's own on a GPU."""
    if dtype == "auto":
        return "auto" if torch.cuda.is_available() else torch.float32
    return getattr(torch, dtype)


def is_local(policy: Policy) -> bool:
    """Whether the policy is a folder on this machine."""
    return Path(policy.model).is_dir()
