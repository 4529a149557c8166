"""Images as a policy sees them."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tasks.prompting.pictures import open_picture


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
