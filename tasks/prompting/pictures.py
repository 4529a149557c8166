"""Opens a problem's image as a policy sees it, the same in sampling, on servers and in training."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

ORIENTATION, UPRIGHT = 0x0112, 1  # of EXIF
VERSION = 2  # other pixels in front of the policy are another distribution of responses


def open_picture(source: Path | BytesIO) -> Image.Image:
    """The image in RGB, turned as its EXIF mark says, what is transparent in it white: as vLLM and `datasets` show it to a policy."""
    with Image.open(source) as image:
        return on_white(ImageOps.exif_transpose(image))


def plain_image(content: bytes) -> bytes:
    """An image file that everyone shows as `open_picture` does: the one given, or a PNG where that is transparent or stored turned."""
    with Image.open(BytesIO(content)) as image:
        if not image.has_transparency_data and image.getexif().get(ORIENTATION, UPRIGHT) == UPRIGHT:
            return content
    plain = BytesIO()
    open_picture(BytesIO(content)).save(plain, "PNG")
    return plain.getvalue()


def on_white(image: Image.Image) -> Image.Image:
    """The image in RGB, what is transparent in it white."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    pixels = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", pixels.size, "white"), pixels).convert("RGB")
