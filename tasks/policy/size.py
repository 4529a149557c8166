"""How many weights a policy has, by what is at hand and without loading any: file headers, the configuration, or at last its name.

Imports no torch, asks no network, and is for warnings: what is quantized, or in a format without headers, is only estimated.
"""

import json
import math
import re
from pathlib import Path
from typing import Any

from tasks.policy.identity import Policy
from tasks.policy.weights import METADATA, header_of

INDEX, SINGLE, CONFIG = "model.safetensors.index.json", "model.safetensors", "config.json"
SAID_SIZE = re.compile(r"(?:(\d+)x)?(\d+(?:\.\d+)?)([bm])(?![a-z0-9])", re.IGNORECASE)  # 7B, 135M, 8x22B, 0.5b
LETTERS = {"b": 1e9, "m": 1e6}


def weights_in(file: Path) -> int:
    """How many numbers the tensors of a safetensors file have, by its header alone."""
    return sum(math.prod(place["shape"]) for name, place in header_of(file).items() if name != METADATA)


def parameter_count(policy: Policy) -> int | None:
    """How many weights a policy has, its adapter's aside; None where nothing at hand tells."""
    return counted(policy) or estimated(read_json(file_at_hand(policy, CONFIG))) or said(policy.model)


def file_at_hand(policy: Policy, name: str) -> Path | None:
    """A file of the policy, in its folder or in this machine's cache of the hub; None where it is not there."""
    if Path(policy.model).is_dir():
        found = Path(policy.model, name)
        return found if found.is_file() else None
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(policy.model, name, revision=policy.revision)
    return Path(cached) if isinstance(cached, str) else None


def counted(policy: Policy) -> int | None:
    """The weights in the policy's safetensors files; None where not all of them are at hand and whole."""
    index = read_json(file_at_hand(policy, INDEX))
    names = sorted(set(index.get("weight_map", {}).values())) or [SINGLE]
    files = [file_at_hand(policy, name) for name in names]
    try:
        return sum(weights_in(file) for file in files if file) if all(files) else index.get("metadata", {}).get("total_parameters")
    except (ValueError, OSError, KeyError, TypeError):
        return None


def read_json(file: Path | None) -> dict[str, Any]:
    """A JSON object; empty where there is no file, or no object in it."""
    try:
        found = json.loads(file.read_text(encoding="utf-8")) if file else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def estimated(config: dict[str, Any]) -> int | None:
    """About how many weights the language model of a configuration has, by its sizes; None where it does not say them."""
    text = config.get("text_config") or config
    try:
        width, layers = (text.get(name) or text[older] for name, older in (("hidden_size", "n_embd"), ("num_hidden_layers", "n_layer")))
        inner = text.get("intermediate_size") or 4 * width
        shared = text["num_key_value_heads"] / text["num_attention_heads"] if text.get("num_key_value_heads") else 1
        experts = text.get("num_experts") or text.get("num_local_experts") or 1
        ends = 1 if text.get("tie_word_embeddings", config.get("tie_word_embeddings", True)) else 2
        return round(ends * text["vocab_size"] * width + layers * (2 * (1 + shared) * width**2 + 3 * experts * width * inner))
    except (KeyError, TypeError, ZeroDivisionError):
        return None


def said(model: str) -> int | None:
    """The size in a hub id, as in Qwen2.5-VL-7B-Instruct; None where its name has none, and for folders, which people call anything."""
    found = [] if Path(model).is_dir() else SAID_SIZE.findall(model.rpartition("/")[2])
    return max((round(int(times or 1) * float(number) * LETTERS[letter.lower()]) for times, number, letter in found), default=None)
