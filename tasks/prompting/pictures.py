"""Opens a problem's image as a policy sees it, the same in sampling, on servers and in training."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from tasks.problems.depth import eight_bit, has_depth

ORIENTATION, UPRIGHT = 0x0112, 1  # of EXIF
COMMON = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP")
TURNED = range(5, 9)  # the orientations that change width and height over
VERSION = 2
"""Other pixels in front of the policy are another distribution of responses. It stayed when pictures of more than eight bits a pixel were
first shown right: all other pictures look as before, and a new version would have every response to them drawn again."""


def open_picture(source: Path | BytesIO) -> Image.Image:
    """The image in RGB, turned as its EXIF mark says, what is transparent in it white: as vLLM and `datasets` show it to a policy, but for
    one of more than eight bits a pixel, which those would clip."""
    with Image.open(source) as image:
        return as_seen(image)


def as_seen(image: Image.Image) -> Image.Image:
    """An opened image as `open_picture` gives it."""
    if not has_depth(image):
        return on_white(ImageOps.exif_transpose(image))
    shown = eight_bit(image)
    shown.getexif()[ORIENTATION] = image.getexif().get(ORIENTATION, UPRIGHT)  # the levels have lost their file's mark
    return on_white(ImageOps.exif_transpose(shown))


def seen_size(source: Path) -> tuple[int, int]:
    """Width and height of an image file as `open_picture` gives it, by its header alone."""
    with Image.open(source) as image:
        width, height = image.size
        return (height, width) if image.getexif().get(ORIENTATION, UPRIGHT) in TURNED else (width, height)


def plain_image(content: bytes) -> bytes:
    """An image file that everyone shows as `open_picture` does: the one given, or a PNG where that is transparent, stored turned, of more
    than eight bits a pixel, or of a format that not everyone reads."""
    with Image.open(BytesIO(content)) as image:
        plain = image.format in COMMON and not (image.has_transparency_data or has_depth(image))
        if plain and image.getexif().get(ORIENTATION, UPRIGHT) == UPRIGHT:
            return content
    png = BytesIO()
    open_picture(BytesIO(content)).save(png, "PNG")
    return png.getvalue()


def on_white(image: Image.Image) -> Image.Image:
    """The image in RGB, what is transparent in it white."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    pixels = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", pixels.size, "white"), pixels).convert("RGB")
