"""The starter policy's architecture: a Qwen2.5-VL in everything but size (about 1.6 million weights)."""

from typing import Any

import torch
from transformers import GenerationConfig, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLProcessor

from tasks.starter.tokenizer import CONTEXT, MERGE, PATCH

WIDTH = 128
VISION = {
    "depth": 3,
    "hidden_size": WIDTH,
    "intermediate_size": 2 * WIDTH,
    "num_heads": 4,
    "patch_size": PATCH,
    "spatial_merge_size": MERGE,
    "temporal_patch_size": 2,
    "out_hidden_size": WIDTH,
    "window_size": 112,
    "fullatt_block_indexes": [2],
}
TEXT = {
    "hidden_size": WIDTH,
    "intermediate_size": 2 * WIDTH,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": CONTEXT,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 6, 6]},
}


def _ids(processor: Qwen2_5_VLProcessor, **tokens: str) -> dict[str, Any]:
    return {f"{name}_token_id": processor.tokenizer.convert_tokens_to_ids(token) for name, token in tokens.items()}


def build_model(processor: Qwen2_5_VLProcessor, *, seed: int) -> Qwen2_5_VLForConditionalGeneration:
    """An untrained policy in float32 whose vocabulary is the processor's; the weights are drawn from `seed`."""
    torch.manual_seed(seed)
    ends = _ids(processor, eos="<|im_end|>", pad="<|endoftext|>")
    marks = _ids(processor, image="<|image_pad|>", video="<|video_pad|>", vision_start="<|vision_start|>", vision_end="<|vision_end|>")
    text = {**TEXT, **ends, "bos_token_id": None, "vocab_size": len(processor.tokenizer)}
    model = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(text_config=text, vision_config=VISION, **marks))
    model.generation_config = GenerationConfig(**ends, do_sample=True, temperature=1.0)
    return model.float()
