"""Looks at files of weights without loading them: whether they can be read, and are whole."""

import json
import struct
from pathlib import Path
from typing import Any

from tasks.base.errors import InputError

CONFIG = "adapter_config.json"
WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
LENGTH = struct.Struct("<Q")
METADATA = "__metadata__"  # of a safetensors header, beside the tensors' names


def header_of(file: Path) -> dict[str, dict[str, Any]]:
    """What the header of a safetensors file says of each tensor: `dtype`, `shape` and `data_offsets`. Raises ValueError for another file.

    The package's own reader brings NumPy, which plans do without.
    """
    with file.open("rb") as opened:
        start = opened.read(LENGTH.size)
        length = LENGTH.unpack(start)[0] if len(start) == LENGTH.size else 0
        header = json.loads(opened.read(min(length, file.stat().st_size)))
    if not isinstance(header, dict):
        raise ValueError(f"{file} is no safetensors file")
    return header


def check_adapter(folder: Path) -> None:
    """Raise InputError, saying what is wrong and what to do, for a folder that is no LoRA adapter as PEFT saves one, or not a whole one."""
    config, fix = folder / CONFIG, "give the folder that PEFT's save_pretrained wrote"
    if not config.is_file():
        raise InputError(f"policy.adapter: {folder} has no {CONFIG}; {fix}")
    try:
        said = json.loads(config.read_text(encoding="utf-8"))
        kind = said.get("peft_type")
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"policy.adapter: {config} cannot be read ({error}); {fix}") from error
    if kind != "LORA":
        raise InputError(f"policy.adapter: {config} is of no LoRA adapter (peft_type: {kind!r}); {fix}")
    weights = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
    if weights is None:
        raise InputError(f"policy.adapter: {folder} has a {CONFIG} but no weights ({' or '.join(WEIGHTS)}); the copy may be incomplete")
    check_whole(weights, "policy.adapter")


def check_whole(weights: Path, setting: str) -> None:
    """Raise InputError, beginning with the setting, for a file of weights that cannot be read, is empty, or is cut off."""
    try:
        size, fault = weights.stat().st_size, ""
        with weights.open("rb") as file:
            start = file.read(LENGTH.size)
            if weights.suffix == ".safetensors":
                length = LENGTH.unpack(start)[0] if len(start) == LENGTH.size else size
                fault = fault_of(file.read(length) if length < size else b"", size - LENGTH.size - length)
    except OSError as error:
        raise InputError(f"{setting}: {weights} cannot be read ({error.strerror}); mend its permissions, or copy it anew") from error
    if fault or not size:
        raise InputError(f"{setting}: {weights} is no whole file of weights ({fault or 'it is empty'}); copy or save it anew")


def fault_of(header: bytes, following: int) -> str:
    """What is wrong with a safetensors file of this header, which so many bytes follow; "" where nothing is."""
    try:
        places = json.loads(header)
        last = max((place["data_offsets"][1] for name, place in places.items() if name != METADATA), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return "its header is none of safetensors"
    return "" if last == following else f"its tensors take {last:,} bytes, {following:,} are there"
