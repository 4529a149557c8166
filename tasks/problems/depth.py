"""Pictures of more than eight bits a pixel, as scanners and medical sets have them: scaled to eight by their depth.

Pillow's own `convert("RGB")` clips what is above 255, which makes most of such a picture white. Where nobody can say how bright the largest
number is (32-bit numbers, floats beyond 0 to 1) the picture is refused at ingest. RGB of 16 bits Pillow reads by its upper bytes, rightly.
"""

from typing import Any

from PIL import Image, ImageChops, ImageOps

BITS, MEANING, WHITE_IS_ZERO = 258, 262, 0  # of TIFF
WHITE = 255


def has_depth(image: Image.Image) -> bool:
    """Whether an opened image has grey levels that do not fit into eight bits."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def depth_fault(image: Image.Image) -> str:
    """Why an image cannot be shown with 256 levels; "" where it can."""
    if not has_depth(image) or image.mode.startswith("I;16"):
        return ""
    levels: Any = image.getextrema()
    low, high = levels
    if image.mode == "F":
        return (
            "" if low >= 0 and high <= 1 else f"holds floating-point levels from {low:g} to {high:g}, and only 0 to 1 says which is white"
        )
    return "" if low >= 0 and WHITE < high < 1 << 16 else f"holds 32-bit levels from {low} to {high}, which do not say which is white"


def eight_bit(image: Image.Image) -> Image.Image:
    """An opened image whose levels fit into eight bits: the image itself, or, of more depth, its levels scaled, "LA" where it has a level
    that is transparent. Raises ValueError with `depth_fault`."""
    if not has_depth(image):
        return image
    if fault := depth_fault(image):
        raise ValueError(fault)
    tags = getattr(image, "tag_v2", {})
    scale = WHITE / (1 if image.mode == "F" else (1 << depth_of(image)) - 1)
    levels = image if image.mode == "F" else image.convert("I")
    grey = levels.point(lambda level: level * scale + 0.5).convert("L")
    shown = ImageOps.invert(grey) if tags.get(MEANING) == WHITE_IS_ZERO else grey
    clear = image.info.get("transparency")
    return Image.merge("LA", (shown, opaque(levels, clear))) if isinstance(clear, int) else shown


def depth_of(image: Image.Image) -> int:
    """The bits of a grey level: 16, or what a TIFF says (12 in some)."""
    said = getattr(image, "tag_v2", {}).get(BITS)
    bits = said[0] if isinstance(said, tuple) and said else said
    return bits if isinstance(bits, int) and 8 < bits < 16 else 16


def opaque(levels: Image.Image, clear: int) -> Image.Image:
    """The alpha of 32-bit levels of which one is transparent."""
    above = levels.point(lambda level: level * 1 - clear).convert("L")
    below = levels.point(lambda level: level * -1 + clear).convert("L")
    return ImageChops.add(above, below).point(lambda difference: WHITE if difference else 0)
