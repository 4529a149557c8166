"""Loads a policy's model and processor, the same way for sampling and for training. Imports torch: for worker processes only."""

import sys
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
from tasks.policy.chat import settle_chat
from tasks.policy.identity import Policy
from tasks.policy.size import weights_in

Processor = ProcessorMixin | PreTrainedTokenizerBase
PADS = (
    "<|finetune_right_pad_id|>",
    "<pad>",
    "<|pad|>",
    "[PAD]",
    "<PAD>",
    "<|padding|>",
    "<|vision_pad|>",
    "<unused0>",
    "<|reserved_special_token_0|>",
)
"""Tokens that vocabularies have for padding, or for nothing, whether their tokenizers say so or not."""


class Showing(Protocol):
    """Says how small and how large an image may be as the policy sees it, in pixels, and by which chat template it is asked; None keeps
    the policy's own."""

    @property
    def min_pixels(self) -> int | None: ...

    @property
    def max_pixels(self) -> int | None: ...

    @property
    def chat_template(self) -> str | None: ...


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


def load_processor(policy: Policy, showing: Showing) -> Processor:
    """The processor (or, for a text model, the tokenizer) as prompts are put to the policy: padded on the left, by the recipe's pixel
    limits and chat template, which writes the whole prompt. Raises InputError where the policy has no use for these."""
    processor = own_processor(policy)
    settle_tokens(tokenizer_of(processor), policy)
    settle_chat(processor, showing.chat_template, policy.model)
    images = getattr(processor, "image_processor", None)
    if images is not None:
        limit_pixels(images, showing, policy.model)
    return processor


def own_processor(policy: Policy) -> Processor:
    """The processor or tokenizer as the policy came with it. Raises InputError when it cannot be loaded."""
    kind = AutoProcessor if sees_images(policy) else AutoTokenizer
    try:
        return kind.from_pretrained(policy.model, **hub_options(policy))
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        raise InputError(
            f"policy.model: cannot load the {kind.__name__.removeprefix('Auto').lower()} of {policy.model}: {error}"
        ) from error


def settle_tokens(tokenizer: PreTrainedTokenizerBase, policy: Policy) -> None:
    """Pad on the left, with a token that the model has; and let the tokenizer name the end token where only the model does.

    What pads is masked wherever it stands, so any token will do, even an end token: masks are made of lengths, never of ids.
    """
    tokenizer.padding_side = "left"
    tokens = len(tokenizer) if (size := vocabulary(policy)) is None else size
    if tokenizer.eos_token_id is None and (ends := named_ends(policy)):
        tokenizer.eos_token = tokenizer.convert_ids_to_tokens(ends[0])
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id >= tokens:
        tokenizer.pad_token = pad_token(tokenizer, tokens)


def pad_token(tokenizer: PreTrainedTokenizerBase, tokens: int) -> str:
    """A token to pad with for a tokenizer that has none, or one beyond the model's `tokens`: made for it, else unknown, else the end's."""
    known = tokenizer.get_vocab()
    named = (*PADS, tokenizer.unk_token, tokenizer.eos_token)
    return next((token for token in named if token and known.get(token, tokens) < tokens), str(tokenizer.convert_ids_to_tokens(0)))


def vocabulary(policy: Policy) -> int | None:
    """How many tokens the model knows; None where its configuration does not say."""
    return getattr(AutoConfig.from_pretrained(policy.model, **hub_options(policy)).get_text_config(), "vocab_size", None)


def named_ends(policy: Policy) -> list[int]:
    """The end tokens that the checkpoint names: in its generation settings, else in its configuration."""
    try:
        named = GenerationConfig.from_pretrained(policy.model, revision=policy.revision or "main").eos_token_id
    except OSError:  # it has no such file
        named = None
    if named is None:
        config = AutoConfig.from_pretrained(policy.model, **hub_options(policy))
        named = getattr(config, "eos_token_id", None) or getattr(config.get_text_config(), "eos_token_id", None)
    return named if isinstance(named, list) else [] if named is None else [named]


def limit_pixels(images: Any, showing: Showing, model: str) -> None:
    """Put the recipe's pixel limits into an image processor. Raises InputError for one that has no notion of them."""
    limits = {"shortest_edge": showing.min_pixels, "longest_edge": showing.max_pixels}
    asked = {edge: limit for edge, limit in limits.items() if limit}
    if asked and not counts_pixels(images):
        name = "min_pixels" if showing.min_pixels else "max_pixels"
        raise InputError(
            f"prompting.{name}: the {type(images).__name__} of {model} has no limits in pixels: it makes images of the size "
            f"{dict(images.size)}; leave min_pixels and max_pixels out"
        )
    if asked:
        images.size = {**dict(images.size), **asked}


def counts_pixels(images: Any) -> bool:
    """Whether an image processor has limits in pixels under `size`, as Qwen-VL's and its kin have; others mean the length of an edge."""
    modules = [sys.modules.get(kind.__module__) for kind in type(images).__mro__]
    return {"shortest_edge", "longest_edge"} <= dict(images.size).keys() and any(hasattr(module, "smart_resize") for module in modules)


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
