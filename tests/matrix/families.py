"""Tiny random models of the families that people train, built from transformers' own configurations, each with the habits of its tokenizer,
processor and chat template. A family is one entry of FAMILIES.

Their few likely tokens are answers, so that they are right now and then. The chat templates are those that TRL ships.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import WordLevel
from transformers import AddedToken, GenerationConfig, PreTrainedTokenizerFast

ANSWERS = (r"\boxed{1}", r"\boxed{2}", r"\boxed{3}", "<think>", "</think>")
COMMON = 1.0  # what all embeddings have in one place, by which the head tells likely tokens from others
CHARACTERS = [chr(code) for code in range(32, 127)] + ["\n"]
TEXT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 64}
CONTEXT = 1024
PATCH, IMAGE = 8, 32
TOWER = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": IMAGE,
    "patch_size": PATCH,
}


@dataclass(frozen=True)
class Family:
    """A kind of model. `ends`, `first` and `pad` are its tokenizer's tokens (`first` with `adds_first` before every text), `marks` all its
    other special ones; `template` a chat template that TRL ships, or the text of one (None: it has none and is asked in plain text);
    `model` makes the model, `processor` what sees, both told the tokenizer; `more_ends` are end tokens that only its generation settings
    name, `needs` a package that its library asks for."""

    name: str
    model: Callable[[Any], Any]
    ends: str
    template: str | None
    marks: tuple[str, ...] = ()
    first: str | None = None
    adds_first: bool = False
    pad: str | None = None
    unknown: str | None = None
    named: tuple[tuple[str, str], ...] = ()
    processor: Callable[[Any], Any] | None = None
    more_ends: tuple[str, ...] = ()
    needs: str | None = None


def tokenizer_of(family: Family) -> PreTrainedTokenizerFast:
    """A tokenizer of single characters with the family's special tokens."""
    named = [token for token in (family.pad, family.first, family.ends, family.unknown) if token]
    special = list(dict.fromkeys([*named, *family.marks, *family.more_ends, *(token for _, token in family.named)]))
    vocabulary = {token: place for place, token in enumerate([*special, *CHARACTERS, *ANSWERS])}
    model = Tokenizer(WordLevel(vocabulary, unk_token=family.unknown or " "))
    model.pre_tokenizer, model.decoder = pre_tokenizers.Split(Regex(r"[\s\S]"), behavior="isolated"), decoders.Fuse()
    if family.adds_first and family.first:
        begins = [(family.first, vocabulary[family.first])]
        model.post_processor = processors.TemplateProcessing(single=f"{family.first} $A", special_tokens=begins)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=model,
        eos_token=family.ends,
        **{name: token for name, token in (("bos_token", family.first), ("pad_token", family.pad), ("unk_token", family.unknown)) if token},
        extra_special_tokens=dict(family.named),
        model_max_length=CONTEXT,
    )
    tokenizer.add_special_tokens({"additional_special_tokens": list(family.marks)}, replace_extra_special_tokens=False)
    tokenizer.add_tokens([AddedToken(word, normalized=False, special=False) for word in ANSWERS])
    return tokenizer


def chat_template(family: Family) -> str | None:
    """The family's chat template."""
    if family.template is None or "{" in family.template:
        return family.template
    return (files("trl") / "chat_templates" / f"{family.template}.jinja").read_text(encoding="utf-8")


def save(family: Family, folder: Path) -> Path:
    """Write a model of the family to `folder`, as save_pretrained does."""
    torch.manual_seed(0)
    tokenizer = tokenizer_of(family)
    processor = family.processor(tokenizer) if family.processor else tokenizer
    processor.chat_template = chat_template(family)
    model = family.model(tokenizer)
    ends = [tokenizer.eos_token_id, *tokenizer.convert_tokens_to_ids(list(family.more_ends))]
    speak_answers(model, [*tokenizer.convert_tokens_to_ids(list(ANSWERS)), *ends])
    model.generation_config = GenerationConfig(eos_token_id=ends if len(ends) > 1 else ends[0], do_sample=True, top_k=5)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@torch.no_grad()
def speak_answers(model: Any, likely: list[int]) -> None:
    """Make these tokens likely, each as much as the others, and the rest not: answers are quickly judged, and groups differ."""
    model.get_input_embeddings().weight[:, 0] = COMMON
    head = model.get_output_embeddings().weight
    head[:, 0] = -COMMON
    head[likely, 0] = COMMON


def sized(tokenizer: Any, **more: Any) -> dict[str, Any]:
    """The configuration of a small language model over a tokenizer's tokens."""
    ends = {"eos_token_id": tokenizer.eos_token_id, "bos_token_id": tokenizer.bos_token_id, "pad_token_id": tokenizer.pad_token_id}
    return {**TEXT, "vocab_size": len(tokenizer), "max_position_embeddings": CONTEXT, "tie_word_embeddings": False, **ends, **more}


def causal(kind: str, **more: Any) -> Callable[[Any], Any]:
    """Makes a language model of transformers' `kind`."""

    def make(tokenizer: Any) -> Any:
        config = getattr(transformers, f"{kind}Config")(**sized(tokenizer, **more))
        return getattr(transformers, f"{kind}ForCausalLM")(config)

    return make


def seeing(
    kind: str, vision: dict[str, Any], marks: dict[str, str], text: dict[str, Any] | None = None, **more: Any
) -> Callable[[Any], Any]:
    """Makes a vision-language model of transformers' `kind`; `marks` are the tokens whose ids its configuration names."""

    def make(tokenizer: Any) -> Any:
        ids = {name: tokenizer.convert_tokens_to_ids(token) for name, token in marks.items()}
        config = getattr(transformers, f"{kind}Config")(
            text_config=sized(tokenizer, **(text or {})), vision_config=vision, tie_word_embeddings=False, **ids, **more
        )
        return getattr(transformers, f"{kind}ForConditionalGeneration")(config)

    return make


def qwen_processor(kind: str) -> Callable[[Any], Any]:
    """Makes the processor of a Qwen-VL."""

    def make(tokenizer: Any) -> Any:
        rules = {"patch_size": PATCH, "merge_size": 2, "min_pixels": 256, "max_pixels": 4096}
        videos = transformers.Qwen3VLVideoProcessor if kind == "Qwen3VL" else transformers.Qwen2VLVideoProcessor
        return getattr(transformers, f"{kind}Processor")(
            image_processor=transformers.Qwen2VLImageProcessor(**rules), tokenizer=tokenizer, video_processor=videos(**rules)
        )

    return make


def idefics_processor(kind: str) -> Callable[[Any], Any]:
    """Makes the processor of an Idefics3 or SmolVLM, which cuts images into tiles of one size."""

    def make(tokenizer: Any) -> Any:
        rules = {"size": {"longest_edge": 2 * IMAGE}, "max_image_size": {"longest_edge": IMAGE}, "do_image_splitting": True}
        images = getattr(transformers, f"{kind}ImageProcessor")(**rules)
        if kind == "Idefics3":
            return transformers.Idefics3Processor(images, tokenizer, image_seq_len=4)
        videos = transformers.SmolVLMVideoProcessor(size={"longest_edge": IMAGE}, max_image_size={"longest_edge": IMAGE})
        return transformers.SmolVLMProcessor(images, tokenizer, videos, image_seq_len=4)

    return make


def internvl_processor(tokenizer: Any) -> Any:
    """The processor of an InternVL, which cuts images into patches of one size."""
    size = {"height": IMAGE, "width": IMAGE}
    images = transformers.GotOcr2ImageProcessor(size=size, crop_to_patches=True, min_patches=1, max_patches=3)
    videos = transformers.InternVLVideoProcessor(size=size)
    return transformers.InternVLProcessor(images, tokenizer, videos, image_seq_length=4)


def onevision_processor(tokenizer: Any) -> Any:
    """The processor of a LLaVA-OneVision, which shows an image as a whole and in tiles."""
    size = {"height": IMAGE, "width": IMAGE}
    points = [[IMAGE, IMAGE], [IMAGE, 2 * IMAGE], [2 * IMAGE, IMAGE]]
    images = transformers.LlavaOnevisionImageProcessor(size=size, image_grid_pinpoints=points)
    videos = transformers.LlavaOnevisionVideoProcessor(size=size)
    tokens = (IMAGE // PATCH) ** 2
    return transformers.LlavaOnevisionProcessor(images, tokenizer, videos, num_image_tokens=tokens, vision_feature_select_strategy="full")


def gemma_processor(tokenizer: Any) -> Any:
    """The processor of a Gemma 3."""
    images = transformers.Gemma3ImageProcessor(size={"height": IMAGE, "width": IMAGE})
    return transformers.Gemma3Processor(images, tokenizer, image_seq_length=4)


QWEN_MARKS = ("<|im_start|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
QWEN_IDS = {
    "image_token_id": "<|image_pad|>",
    "video_token_id": "<|video_pad|>",
    "vision_start_token_id": "<|vision_start|>",
    "vision_end_token_id": "<|vision_end|>",
}
QWEN: dict[str, Any] = {"ends": "<|im_end|>", "pad": "<|endoftext|>", "marks": QWEN_MARKS}
ROPE = {"rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]}}
QWEN_TOWER = {"depth": 1, "num_heads": 2, "patch_size": PATCH, "spatial_merge_size": 2}
QWEN2_TOWER = {**QWEN_TOWER, "embed_dim": 32, "hidden_size": 32, "mlp_ratio": 2}
QWEN25_TOWER = {
    **QWEN_TOWER,
    "hidden_size": 32,
    "intermediate_size": 64,
    "out_hidden_size": 32,
    "window_size": 112,
    "fullatt_block_indexes": [0],
}
QWEN3_TOWER = {
    **QWEN_TOWER,
    "hidden_size": 32,
    "intermediate_size": 64,
    "out_hidden_size": 32,
    "num_position_embeddings": 16,
    "deepstack_visual_indexes": [0],
}
TILES = ("<fake_token_around_image>", "<global-img>", *(f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)))
IDEFICS_MARKS = (*TILES, "<end_of_utterance>")
INTERN_NAMED = (
    ("start_image_token", "<img>"),
    ("end_image_token", "</img>"),
    ("context_image_token", "<IMG_CONTEXT>"),
    ("video_token", "<video>"),
)
INTERN_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for content in message['content'] %}{% if content['type'] == 'image' %}{{ '<IMG_CONTEXT>\n' }}"
    "{% elif content['type'] == 'text' %}{{ content['text'] }}{% endif %}{% endfor %}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
ONEVISION_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + ' ' }}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>' }}{% endfor %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ '\n' + content['text'] }}{% endfor %}"
    "{{ '<|im_end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
MISTRAL_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
)
GEMMA_NAMED = (("boi_token", "<start_of_image>"), ("eoi_token", "<end_of_image>"), ("image_token", "<image_soft_token>"))
GEMMA: dict[str, Any] = {"ends": "<eos>", "first": "<bos>", "adds_first": True, "pad": "<pad>", "unknown": "<unk>"}
TURNS = ("<start_of_turn>",)

FAMILIES = (
    Family("Llama", causal("Llama"), "<|eot_id|>", "llama3", ("<|start_header_id|>", "<|end_header_id|>"), "<|begin_of_text|>", True),
    Family("Mistral", causal("Mistral"), "</s>", MISTRAL_TEMPLATE, ("[INST]", "[/INST]"), "<s>", True, unknown="<unk>"),
    Family("Qwen3", causal("Qwen3", head_dim=8), "<|im_end|>", "qwen3", QWEN_MARKS, pad="<|endoftext|>"),
    Family("Gemma", causal("Gemma", head_dim=8), template="gemma", marks=TURNS, more_ends=("<end_of_turn>",), **GEMMA),
    Family("Phi", causal("Phi"), "<|endoftext|>", None),
    Family("Phi-3", causal("Phi3"), "<|endoftext|>", "phi3", ("<|user|>", "<|assistant|>", "<|system|>"), "<s>", more_ends=("<|end|>",)),
    Family("GPT-NeoX", causal("GPTNeoX"), "<|endoftext|>", None, first="<|endoftext|>"),
    Family("Qwen2-VL", seeing("Qwen2VL", QWEN2_TOWER, QWEN_IDS, ROPE), template="qwen2_5_vl", processor=qwen_processor("Qwen2VL"), **QWEN),
    Family(
        "Qwen2.5-VL",
        seeing("Qwen2_5_VL", QWEN25_TOWER, QWEN_IDS, ROPE),
        template="qwen2_5_vl",
        processor=qwen_processor("Qwen2_5_VL"),
        **QWEN,
    ),
    Family(
        "Qwen3-VL",
        seeing("Qwen3VL", QWEN3_TOWER, QWEN_IDS, {**ROPE, "head_dim": 8}),
        template="qwen3_vl",
        processor=qwen_processor("Qwen3VL"),
        **QWEN,
    ),
    Family(
        "Idefics3",
        seeing("Idefics3", TOWER, {"image_token_id": "<image>", "pad_token_id": "<pad>"}, {"model_type": "llama"}, scale_factor=2),
        "<end_of_utterance>",
        "idefics3",
        TILES,
        "<|begin_of_text|>",
        adds_first=True,
        pad="<pad>",
        named=(("image_token", "<image>"),),
        processor=idefics_processor("Idefics3"),
    ),
    Family(
        "SmolVLM",
        seeing("SmolVLM", TOWER, {"image_token_id": "<image>", "pad_token_id": "<pad>"}, {"model_type": "llama"}, scale_factor=2),
        "<end_of_utterance>",
        "smolvlm",
        TILES,
        "<|im_start|>",
        pad="<pad>",
        named=(("image_token", "<image>"), ("fake_image_token", "<fake_token_around_image>"), ("global_image_token", "<global-img>")),
        processor=idefics_processor("SmolVLM"),
        needs="num2words",
    ),
    Family(
        "InternVL",
        seeing(
            "InternVL",
            {**TOWER, "image_size": [IMAGE, IMAGE], "patch_size": [PATCH, PATCH]},
            {"image_token_id": "<IMG_CONTEXT>"},
            {"model_type": "qwen2"},
        ),
        "<|im_end|>",
        INTERN_TEMPLATE,
        ("<|im_start|>",),
        pad="<|endoftext|>",
        named=INTERN_NAMED,
        processor=internvl_processor,
    ),
    Family(
        "LLaVA-OneVision",
        seeing(
            "LlavaOnevision",
            {**TOWER, "model_type": "siglip_vision_model", "vision_use_head": False},
            {"image_token_id": "<image>", "video_token_id": "<video>"},
            {"model_type": "qwen2"},
            image_grid_pinpoints=[[IMAGE, IMAGE], [IMAGE, 2 * IMAGE], [2 * IMAGE, IMAGE]],
            vision_feature_layer=-1,
        ),
        "<|im_end|>",
        ONEVISION_TEMPLATE,
        ("<|im_start|>",),
        pad="<|endoftext|>",
        named=(("image_token", "<image>"), ("video_token", "<video>")),
        processor=onevision_processor,
    ),
    Family(
        "Gemma 3",
        seeing(
            "Gemma3",
            TOWER,
            {"image_token_id": "<image_soft_token>", "boi_token_index": "<start_of_image>", "eoi_token_index": "<end_of_image>"},
            {"head_dim": 8, "sliding_window": 64},
            mm_tokens_per_image=4,
        ),
        template="gemma3",
        marks=TURNS,
        named=GEMMA_NAMED,
        more_ends=("<end_of_turn>",),
        processor=gemma_processor,
        **GEMMA,
    ),
)
