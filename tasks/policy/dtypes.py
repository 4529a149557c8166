"""The names of dtypes that people write, and what they mean. Imports no torch: a recipe is read with it."""

from typing import Any

from tasks.base.errors import did_you_mean

NAMES = {
    "auto": ("auto",),
    "float32": ("float32", "fp32", "f32", "float", "single"),
    "bfloat16": ("bfloat16", "bf16"),
    "float16": ("float16", "fp16", "f16", "half"),
    "float64": ("float64", "fp64", "f64", "double"),
}
MEANT = {alias: dtype for dtype, aliases in NAMES.items() for alias in aliases}
PREFIX = "torch."


def known_dtype(name: Any) -> str:
    """The dtype that a recipe means by a name such as bf16, half or torch.float32. Raises ValueError that lists those there are."""
    found = MEANT.get(str(name).strip().lower().removeprefix(PREFIX))
    if found is None:
        raise ValueError(f"no dtype is named {name!r}{did_you_mean(str(name), MEANT)}; use one of {', '.join(NAMES)}")
    return found
