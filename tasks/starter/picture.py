"""The canvas of the starter's pictures: 48×48 pixels, cut into 3×3 cells of 16×16.

A cell is exactly what the starter policy's vision tower merges into one token, so what a cell shows is seen whole.
Everything is drawn from tables in this file: the same picture has the same bytes everywhere, no font is needed.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Protocol

from PIL import Image, ImageDraw

CELL = 16
CELLS = 3
SIZE = CELL * CELLS

INK = (20, 20, 30)
PAPER = (255, 255, 255)
COLOURS = {
    "red": (220, 50, 50),
    "green": (40, 160, 70),
    "blue": (50, 90, 220),
    "yellow": (240, 200, 40),
    "purple": (150, 60, 170),
    "orange": (240, 140, 40),
    "teal": (30, 160, 170),
}

GLYPHS = {
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00110 01000 10000 11111",
    "3": "11111 00010 00100 00010 00001 10001 01110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "00110 01000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00010 01100",
}


class Picture(Protocol):
    """What a problem shows. `key` says all that is drawn, so two pictures with one key are the same picture."""

    @property
    def key(self) -> str: ...

    def draw(self) -> Image.Image: ...


def blank() -> Image.Image:
    """An empty RGB canvas of 48×48 pixels."""
    return Image.new("RGB", (SIZE, SIZE), PAPER)


def _glyph_dots(digit: str) -> Iterator[tuple[int, int]]:
    for y, row in enumerate(GLYPHS[digit].split()):
        yield from ((x, y) for x, dot in enumerate(row) if dot == "1")


def write_digit(image: Image.Image, digit: int, *, column: int, row: int) -> None:
    """Writes one digit (0 to 9), 10×14 pixels, in the middle of a cell; `column` and `row` count from the top left."""
    pen = ImageDraw.Draw(image)
    left, top = column * CELL + 3, row * CELL + 1
    for x, y in _glyph_dots(str(digit)):
        pen.rectangle((left + 2 * x, top + 2 * y, left + 2 * x + 1, top + 2 * y + 1), fill=INK)


def png_bytes(image: Image.Image) -> bytes:
    """The picture as a PNG file, without time stamps or other metadata."""
    buffer = BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
