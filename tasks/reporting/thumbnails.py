"""Small pictures of problems as data URIs, so that a page needs no other file.

The same image gives the same bytes. Tiny images stay exact (they may be made of single pixels); larger ones are shrunk and compressed.
"""

import base64
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from tasks.prompting.pictures import as_seen

LONGEST_SIDE = 360
EXACT_SIDE = 160
QUALITIES = (80, 55, 30)
MOST_BYTES = 48 * 1024


@dataclass(frozen=True)
class Thumbnail:
    """An image as a page shows it: `width` and `height` in CSS pixels; `is_exact` where each pixel should stay a square."""

    uri: str
    width: int
    height: int
    is_exact: bool


def thumbnail(path: Path) -> Thumbnail | None:
    """The image at `path`, made small; None where it is gone or no longer an image."""
    try:
        with Image.open(path) as image:
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            small = as_seen(image)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    is_exact = max(small.size) <= EXACT_SIDE
    scale = max(1, EXACT_SIDE // max(small.size))
    content = encoded(small, is_exact)
    uri = f"data:image/webp;base64,{base64.b64encode(content).decode()}"
    return Thumbnail(uri=uri, width=small.width * scale, height=small.height * scale, is_exact=is_exact)


def encoded(image: Image.Image, is_exact: bool) -> bytes:
    """WebP bytes: lossless for an exact image, else at the first quality that stays below MOST_BYTES, or the last one."""
    for options in [{"lossless": True}] if is_exact else [{"quality": quality} for quality in QUALITIES]:
        content = BytesIO()
        image.save(content, "WEBP", method=4, **options)
        if content.tell() <= MOST_BYTES:
            break
    return content.getvalue()
