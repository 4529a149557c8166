"""`starter-figures`: a figure with the lengths of its sides written beside it; sides are read, compared and put together.

The figures can exist (no side is as long as all the others together); lengths are from 1 to 9, and the drawing is not to scale.
"""

from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

from tasks.starter.picture import COLOURS, INK, blank, write_digit
from tasks.starter.problem import Draft, Kind

CELL_OF_SIDE = {"top": (1, 0), "left": (0, 1), "right": (2, 1), "bottom": (1, 2)}
CORNERS = {
    "triangle": ((23, 15), (33, 32), (14, 32)),
    "right triangle": ((15, 15), (33, 32), (15, 32)),
    "rectangle": ((14, 17), (33, 17), (33, 30), (14, 30)),
    "quadrilateral": ((16, 16), (31, 15), (34, 32), (14, 31)),
}


@dataclass(frozen=True)
class Figure:
    """A shape in a colour; `sides` pairs the place of each labelled side with its length."""

    shape: str
    colour: str
    sides: tuple[tuple[str, int], ...]

    @property
    def key(self) -> str:
        return f"figure {self.colour} {self.shape} " + " ".join(f"{place}={length}" for place, length in self.sides)

    def draw(self) -> Image.Image:
        image = blank()
        ImageDraw.Draw(image).polygon(CORNERS[self.shape], fill=COLOURS[self.colour], outline=INK)
        for place, length in self.sides:
            column, row = CELL_OF_SIDE[place]
            write_digit(image, length, column=column, row=row)
        return image


def _figure(rng: Random, shape: str, places: tuple[str, ...]) -> Figure:
    lengths = [rng.randint(1, 9) for _ in places]
    return Figure(shape, rng.choice(list(COLOURS)), tuple(zip(places, lengths, strict=True)))


def _closed(rng: Random, shape: str, places: tuple[str, ...]) -> Figure:
    while True:
        figure = _figure(rng, shape, places)
        lengths = [length for _, length in figure.sides]
        if 2 * max(lengths) < sum(lengths):
            return figure


def _triangle(rng: Random) -> Figure:
    return _closed(rng, "triangle", ("left", "right", "bottom"))


def _quadrilateral(rng: Random) -> Figure:
    return _closed(rng, "quadrilateral", ("top", "left", "right", "bottom"))


def _rectangle(rng: Random) -> Figure:
    return _figure(rng, "rectangle", ("top", "left"))


def _right_triangle(rng: Random) -> Figure:
    return _figure(rng, "right triangle", ("left", "bottom"))


def _many_sided(rng: Random) -> Figure:
    return rng.choice((_triangle, _quadrilateral))(rng)


def _side(rng: Random) -> Draft:
    figure = rng.choice((_triangle, _quadrilateral, _rectangle, _right_triangle))(rng)
    place, length = rng.choice(figure.sides)
    return Draft(figure, f"How long is the {place} side?", f"{place}=", str(length))


def _extreme(rng: Random, word: str, pick: str) -> Draft:
    figure = _many_sided(rng)
    lengths = [length for _, length in figure.sides]
    result = max(lengths) if pick == "max" else min(lengths)
    return Draft(figure, f"How long is the {word} side?", f"{pick}({','.join(map(str, lengths))})=", str(result))


def _longest(rng: Random) -> Draft:
    return _extreme(rng, "longest", "max")


def _shortest(rng: Random) -> Draft:
    return _extreme(rng, "shortest", "min")


def _which_longest(rng: Random) -> Draft:
    while True:
        figure = _triangle(rng)
        places, lengths = zip(*figure.sides, strict=True)
        if lengths.count(max(lengths)) == 1:
            break
    working = f"max({','.join(map(str, lengths))})={max(lengths)}, "
    choices = tuple(rng.sample(places, len(places)))
    return Draft(figure, "Which side is the longest?", working, places[lengths.index(max(lengths))], choices)


def _pair(rng: Random) -> Draft:
    figure = _many_sided(rng)
    (one, a), (two, b) = rng.sample(figure.sides, 2)
    return Draft(figure, f"How long are the {one} and the {two} side together?", f"{a}+{b}=", str(a + b))


def _perimeter(figure: Figure, lengths: list[int]) -> Draft:
    question = f"What is the perimeter of the {figure.shape}?"
    return Draft(figure, question, "+".join(map(str, lengths)) + "=", str(sum(lengths)))


def _perimeter_rectangle(rng: Random) -> Draft:
    figure = _rectangle(rng)
    return _perimeter(figure, [length for _, length in figure.sides] * 2)


def _perimeter_triangle(rng: Random) -> Draft:
    figure = _triangle(rng)
    return _perimeter(figure, [length for _, length in figure.sides])


def _perimeter_quadrilateral(rng: Random) -> Draft:
    figure = _quadrilateral(rng)
    return _perimeter(figure, [length for _, length in figure.sides])


def _area_rectangle(rng: Random) -> Draft:
    figure = _rectangle(rng)
    (_, a), (_, b) = figure.sides
    return Draft(figure, "What is the area of the rectangle?", f"{a}*{b}=", str(a * b))


def _area_triangle(rng: Random) -> Draft:
    while True:
        figure = _right_triangle(rng)
        (_, a), (_, b) = figure.sides
        if a * b % 2 == 0:
            return Draft(figure, "What is the area of the right triangle?", f"{a}*{b}/2=", str(a * b // 2))


KINDS = {
    "side": Kind(0, 0.26, _side),
    "longest side": Kind(1, 0.07, _longest),
    "shortest side": Kind(1, 0.06, _shortest),
    "which side is longest": Kind(1, 0.07, _which_longest),
    "two sides": Kind(2, 0.10, _pair),
    "perimeter of a triangle": Kind(2, 0.09, _perimeter_triangle),
    "perimeter of a rectangle": Kind(3, 0.08, _perimeter_rectangle),
    "area of a rectangle": Kind(3, 0.08, _area_rectangle),
    "perimeter of a quadrilateral": Kind(4, 0.09, _perimeter_quadrilateral),
    "area of a right triangle": Kind(4, 0.10, _area_triangle),
}
