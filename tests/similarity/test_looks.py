import random
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tasks.similarity.looks import bands_of, difference, look_at
from tasks.similarity.settings import SimilaritySettings

NEAR = SimilaritySettings().image


def drawing(seed: int, side: int = 400) -> Image.Image:
    """A diagram: lines, shapes and numbers on white."""
    chance, image = random.Random(seed), Image.new("RGB", (side, side), "white")
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        points = [(chance.randrange(side), chance.randrange(side)) for _ in range(3)]
        pen.polygon(points, outline="black", fill=chance.choice(["red", "lightblue", "white", None]), width=3)
        pen.text(points[0], str(chance.randrange(1000)), fill="black", font_size=30)
    return image


def saved(folder: Path, image: Image.Image, name: str, **options: object) -> Path:
    image.save(folder / name, **options)
    return folder / name


@pytest.fixture
def original(tmp_path):
    return look_at(saved(tmp_path, drawing(1), "original.png"))


def shares_a_band(one, other) -> bool:
    bands = bands_of([one, other])
    return bool((bands[0] == bands[1]).any())


@pytest.mark.parametrize(
    ("name", "change", "options"),
    [
        ("same.bmp", lambda image: image, {}),
        ("small.png", lambda image: image.resize((200, 200), Image.Resampling.LANCZOS), {}),
        ("large.webp", lambda image: image.resize((600, 600), Image.Resampling.BICUBIC), {}),
        ("rough.jpg", lambda image: image, {"quality": 40}),
        ("clear.png", lambda image: image.convert("RGBA"), {}),
    ],
)
def test_the_same_picture_stored_otherwise_is_near(tmp_path, original, name, change, options):
    other = look_at(saved(tmp_path, change(drawing(1)), name, **options))
    assert difference(original, other) <= NEAR
    assert shares_a_band(original, other)


def test_another_picture_is_not(tmp_path, original):
    assert all(difference(original, look_at(saved(tmp_path, drawing(seed), "other.png"))) > 2 * NEAR for seed in range(2, 12))


def test_one_number_drawn_otherwise_is_another_picture(tmp_path):
    def cells(number: int) -> Image.Image:
        image = Image.new("RGB", (48, 48), "lightblue")
        for place in range(9):
            ImageDraw.Draw(image).text(
                (place % 3 * 16 + 3, place // 3 * 16), str(number if place == 4 else place), fill="black", font_size=14
            )
        return image

    one, other = (look_at(saved(tmp_path, cells(number), f"{number}.png")) for number in (4, 7))
    assert difference(one, other) > NEAR


def test_a_look_is_small_and_the_same_every_time(tmp_path, original):
    assert len(original.hash) == 64 and len(original.levels) == 768
    assert look_at(tmp_path / "original.png") == original
