"""A tiny random Qwen2.5-VL whose few tokens are answers, so that it is right now and then, and a stage's file for it to train on."""

import io
from pathlib import Path
from typing import Any

import polars as pl
import torch
from PIL import Image
from tokenizers import Tokenizer, decoders
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import (
    AddedToken,
    GenerationConfig,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

from tasks.grading.settings import GradingSettings
from tasks.policy.identity import Policy, folder_policy_id
from tasks.prompting.settings import PromptingSettings
from tasks.starter.tokenizer import CHAT_TEMPLATE
from tasks.training.settings import StageSettings
from tasks.training.spec import StageSpec

SPECIAL = ["<|im_end|>", "<|endoftext|>", "<|im_start|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
WORDS = ["<think>", "</think>", r"\boxed{1}", r"\boxed{2}", r"\boxed{3}"]
SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 64}
VISION = {
    "depth": 1,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_heads": 2,
    "patch_size": 8,
    "out_hidden_size": 32,
    "window_size": 112,
}
ROPE = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]}
MARKS = {"image_token_id": "<|image_pad|>", "video_token_id": "<|video_pad|>", "vision_start_token_id": "<|vision_start|>"}
OF_A_TINY_ONE = {"learning_rate": 3e-3, "adam_beta2": 0.98, "max_grad_norm": 0.2, "dtype": "float32", "gradient_checkpointing": False}
SETTINGS = StageSettings(
    **OF_A_TINY_ONE, steps=6, group_size=4, batch=16, warmup_steps=1, max_tokens=5, save_every=2, format_reward=0.5, hints=True
)


def tiny_processor() -> Qwen2_5_VLProcessor:
    """Words are tokens, nearly all of them the unknown one: this policy cannot read, and needs not."""
    model = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    model.pre_tokenizer, model.decoder = WhitespaceSplit(), decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=model, unk_token="[UNK]", eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.add_special_tokens({"additional_special_tokens": SPECIAL})
    tokenizer.add_tokens([AddedToken(word, normalized=False, special=False) for word in WORDS])
    rules = {"patch_size": 8, "merge_size": 2, "min_pixels": 256, "max_pixels": 4096}
    images, videos = Qwen2VLImageProcessor(**rules), Qwen2VLVideoProcessor(**rules)
    return Qwen2_5_VLProcessor(image_processor=images, tokenizer=tokenizer, video_processor=videos, chat_template=CHAT_TEMPLATE)


def save_tiny_policy(folder: Path) -> Path:
    """Write the policy to `folder`."""
    torch.manual_seed(0)
    processor = tiny_processor()
    ids = {name: processor.tokenizer.convert_tokens_to_ids(token) for name, token in MARKS.items()}
    text = {**SIZE, "rope_parameters": ROPE, "vocab_size": len(processor.tokenizer), "max_position_embeddings": 512}
    ends = {"eos_token_id": processor.tokenizer.eos_token_id, "pad_token_id": processor.tokenizer.pad_token_id}
    model = Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(text_config={**text, **ends}, vision_config={**VISION, "fullatt_block_indexes": [0]}, **ids)
    )
    model.generation_config = GenerationConfig(**ends, do_sample=True, temperature=0.7)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def policy_in(folder: Path) -> Policy:
    return Policy(policy_id=folder_policy_id(folder), name="base", model=str(folder))


def picture(shade: int) -> dict[str, Any]:
    """An image as curated files hold it."""
    content = io.BytesIO()
    Image.new("RGB", (32, 32), (shade, 255 - shade, 90)).save(content, "PNG")
    return {"bytes": content.getvalue(), "path": None}


def problem(number: int, **changes: Any) -> dict[str, Any]:
    """A problem with one image whose band and accuracy go round with its number."""
    band, accuracy = [("hard", 0.2), ("medium", 0.5), ("easy", 0.8), (None, None)][number % 4]
    row = {"images": [picture(20 * number)], "problem": f"<image>Which number is it, {number}?", "answer": str(1 + number % 3)}
    return {
        **row,
        "choices": [],
        "precision": None,
        "problem_id": f"p{number}",
        "dataset": "tiny",
        "band": band,
        "accuracy": accuracy,
        "rank": number,
        **changes,
    }


def mixed_problems() -> list[dict[str, Any]]:
    """Ten problems: with one image, two, none, and with choices."""
    two = {"images": [picture(7), picture(9)], "problem": "Compare <image> with <image>: how many more?"}
    return [
        *(problem(number) for number in range(6)),
        problem(6, **two),
        problem(7, images=[], problem="Which number follows 1?"),
        problem(8, choices=["7", "2", "3"], answer="B"),
        problem(9, answer=" "),
    ]


def write_stage(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write a stage's file as curation does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = pl.List(pl.Struct({"bytes": pl.Binary, "path": pl.String}))
    kinds = {"images": image, "choices": pl.List(pl.String), "precision": pl.Int64, "band": pl.String, "accuracy": pl.Float64}
    pl.DataFrame(rows, schema_overrides=kinds).write_parquet(path)
    return path


def stage_spec(folder: Path, policy: Policy, problems: Path, settings: StageSettings = SETTINGS) -> StageSpec:
    folder.mkdir(parents=True, exist_ok=True)
    whole = {"settings": settings, "prompting": PromptingSettings(), "grading": GradingSettings(workers=1), "seed": 5}
    return StageSpec(stage_id="stage", folder=folder, policy=policy, problems=problems, **whole)
