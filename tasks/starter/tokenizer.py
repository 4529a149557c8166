"""The starter policy's processor: a small byte-level BPE with Qwen's special tokens, its chat template and its image rules.

Any text can be encoded, since every byte is a token; frequent words of the starter's own prompts are single tokens; digits stay single.
`<think>`, `</think>` and `\\boxed{` are added tokens but *not* special, so that decoding keeps them and the format can be judged.
"""

import json
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, trainers
from tokenizers.models import BPE
from transformers import AddedToken, Qwen2_5_VLProcessor, Qwen2Tokenizer, Qwen2VLImageProcessor
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX
from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

PATCH = 8
MERGE = 2
MIN_PIXELS = 48 * 48
MAX_PIXELS = 64 * (PATCH * MERGE) ** 2
CONTEXT = 4096

SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
PLAIN = ("<think>", "</think>", "\\boxed{")

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' or 'image' in part or 'image_url' in part %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part['type'] == 'video' or 'video' in part %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% elif 'text' in part %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def _learned_merges(texts: Iterable[str], size: int) -> tuple[dict[str, int], list[tuple[str, str]]]:
    learner = Tokenizer(BPE())
    learner.normalizer = normalizers.NFC()
    learner.decoder = decoders.ByteLevel()
    split = pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated")
    learner.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    learner.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False))
    state = json.loads(learner.to_str())["model"]
    return state["vocab"], [tuple(merge) for merge in state["merges"]]


def build_tokenizer(texts: Iterable[str], *, size: int = 640) -> Qwen2Tokenizer:
    """A tokenizer of `size` byte-level tokens learned from `texts`, plus Qwen's special tokens and the three plain ones."""
    vocab, merges = _learned_merges(texts, size)
    tokenizer = Qwen2Tokenizer(
        vocab=vocab,
        merges=merges,  # type: ignore[arg-type]
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        padding_side="left",
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.add_special_tokens({"additional_special_tokens": list(SPECIAL)})
    tokenizer.add_tokens([AddedToken(text, normalized=False, special=False) for text in PLAIN])
    return tokenizer


def build_processor(texts: Iterable[str]) -> Qwen2_5_VLProcessor:
    """The processor around that tokenizer. 48×48 images keep their size; larger ones are scaled to at most 64 merged tokens."""
    rules = {"patch_size": PATCH, "merge_size": MERGE, "min_pixels": MIN_PIXELS, "max_pixels": MAX_PIXELS}
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(**rules),
        tokenizer=build_tokenizer(texts),
        video_processor=Qwen2VLVideoProcessor(**rules),
        chat_template=CHAT_TEMPLATE,
    )
