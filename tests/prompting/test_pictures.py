"""Images as a policy sees them."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tasks.prompting.pictures import open_picture, plain_image, seen_size


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "clear.png"
    drawn = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    drawn.putpixel((1, 2), (0, 0, 0, 255))
    drawn.convert(mode).save(path)
    seen = open_picture(path)
    assert seen.mode == "RGB"
    assert seen.getpixel((0, 0)) == (255, 255, 255) and seen.getpixel((1, 2)) == (0, 0, 0)


def test_a_photo_stands_as_its_mark_says() -> None:
    exif, stored = Image.Exif(), BytesIO()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40), "blue").save(stored, "JPEG", exif=exif)
    assert open_picture(stored).size == (40, 60)


@pytest.mark.parametrize("mode", ["RGB", "L", "1"])
def test_other_pixels_are_as_stored(mode: str) -> None:
    stored = BytesIO()
    picture = Image.linear_gradient("L").convert(mode)
    picture.save(stored, "PNG")
    assert open_picture(stored).tobytes() == picture.convert("RGB").tobytes()


def deep(kind: str, levels: list[int | float], folder: Path, **options: Any) -> Path:
    """A file with one row of grey levels: "png" or "tiff" of 16 bits, or "float", a TIFF."""
    array = np.array([levels], dtype=np.float32 if kind == "float" else np.uint16)
    path = folder / f"deep.{'png' if kind == 'png' else 'tiff'}"
    Image.fromarray(array).save(path, **options)
    return path


@pytest.mark.parametrize(
    ("kind", "levels", "shown", "options"),
    [
        ("png", [0, 257, 32896, 65535], [0, 1, 128, 255], {}),
        ("png", [5, 5, 65535, 300], [255, 255, 255, 1], {"transparency": 5}),
        ("png", [65535, 40000, 0, 65535], [255, 156, 0, 255], {"transparency": 65535}),
        ("tiff", [0, 257, 32896, 65535], [0, 1, 128, 255], {}),
        ("tiff", [0, 257, 32896, 65535], [255, 254, 127, 0], {"tiffinfo": {262: 0}}),
        ("float", [0.0, 0.5, 1.0], [0, 128, 255], {}),
    ],
    ids=["16 bits", "a clear level", "white is clear", "TIFF", "TIFF from white", "floats"],
)
def test_levels_of_more_bits_are_scaled_and_not_clipped(tmp_path: Path, kind: str, levels: list, shown: list[int], options: dict) -> None:
    path = deep(kind, levels, tmp_path, **options)
    seen = open_picture(path)
    assert seen.mode == "RGB" and list(seen.tobytes()[::3]) == shown
    assert open_picture(BytesIO(plain_image(path.read_bytes()))).tobytes() == seen.tobytes()
    assert Image.open(BytesIO(plain_image(path.read_bytes()))).convert("RGB").tobytes() == seen.tobytes()  # as those do who clip
    assert seen_size(path) == seen.size


def test_a_deep_picture_is_turned_as_its_mark_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = deep("png", [0, 32896, 65535], tmp_path, exif=exif)
    seen = open_picture(path)
    assert seen.size == seen_size(path) == (1, 3) and list(seen.tobytes()[::3]) == [0, 128, 255]


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "RGB"])
def test_a_photo_of_other_colours_keeps_its_file(mode: str) -> None:
    stored = BytesIO()
    Image.new("RGB", (16, 16), (200, 30, 60)).convert(mode).save(stored, "JPEG", quality=95)
    red, green, blue = open_picture(stored).getpixel((4, 4))
    assert abs(red - 200) < 6 and abs(green - 30) < 6 and abs(blue - 60) < 6
    assert plain_image(stored.getvalue()) == stored.getvalue()


@pytest.mark.parametrize("kind", ["TIFF", "JPEG2000", "AVIF"])
def test_a_picture_of_a_format_that_not_everyone_reads_is_exported_as_png(kind: str) -> None:
    stored = BytesIO()
    Image.new("RGB", (16, 16), (200, 30, 60)).save(stored, kind)
    with Image.open(BytesIO(plain_image(stored.getvalue()))) as image:
        assert image.format == "PNG" and image.tobytes() == open_picture(stored).tobytes()
