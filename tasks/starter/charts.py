"""`starter-charts`: a chart of three bars, left, middle and right; heights are read, compared and put together.

No number is written in the picture: a bar of height h is 5h pixels tall, h from 1 to 9. Colours tell nothing.
"""

from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

from tasks.starter.picture import CELL, COLOURS, INK, SIZE, blank
from tasks.starter.problem import Draft, Kind

UNIT = 5
PLACES = ("left", "middle", "right")


@dataclass(frozen=True)
class Chart:
    """`bars` pairs each bar's colour, from left to right, with its height in units."""

    bars: tuple[tuple[str, int], ...]

    @property
    def key(self) -> str:
        return "chart " + " ".join(f"{colour}={height}" for colour, height in self.bars)

    @property
    def heights(self) -> list[int]:
        """The heights from left to right."""
        return [height for _, height in self.bars]

    @property
    def places(self) -> list[tuple[str, int]]:
        """Each bar's place with its height."""
        return list(zip(PLACES, self.heights, strict=True))

    def draw(self) -> Image.Image:
        image = blank()
        pen = ImageDraw.Draw(image)
        for column, (colour, height) in enumerate(self.bars):
            left, top = column * CELL + 2, SIZE - UNIT * height
            pen.rectangle((left, top, left + 11, SIZE - 1), fill=COLOURS[colour])
        pen.line((0, SIZE - 1, SIZE - 1, SIZE - 1), fill=INK)
        return image


def _chart(rng: Random) -> Chart:
    return Chart(tuple((colour, rng.randint(1, 9)) for colour in rng.sample(list(COLOURS), len(PLACES))))


def _listed(chart: Chart) -> str:
    return ",".join(map(str, chart.heights))


def _bar(rng: Random) -> Draft:
    chart = _chart(rng)
    place, height = rng.choice(chart.places)
    return Draft(chart, f"How tall is the {place} bar?", f"{place}=", str(height))


def _tallest(rng: Random) -> Draft:
    chart = _chart(rng)
    return Draft(chart, "How tall is the tallest bar?", f"max({_listed(chart)})=", str(max(chart.heights)))


def _shortest(rng: Random) -> Draft:
    chart = _chart(rng)
    return Draft(chart, "How tall is the shortest bar?", f"min({_listed(chart)})=", str(min(chart.heights)))


def _which_tallest(rng: Random) -> Draft:
    while True:
        chart = _chart(rng)
        tallest = max(chart.heights)
        if chart.heights.count(tallest) == 1:
            break
    working, right = f"max({_listed(chart)})={tallest}, ", PLACES[chart.heights.index(tallest)]
    return Draft(chart, "Which bar is the tallest?", working, right, tuple(rng.sample(PLACES, len(PLACES))))


def _pair(rng: Random) -> Draft:
    chart = _chart(rng)
    (one, a), (two, b) = rng.sample(chart.places, 2)
    return Draft(chart, f"How tall are the {one} and the {two} bar together?", f"{a}+{b}=", str(a + b))


def _all(rng: Random) -> Draft:
    chart = _chart(rng)
    return Draft(chart, "How tall are all the bars together?", "+".join(map(str, chart.heights)) + "=", str(sum(chart.heights)))


def _difference(rng: Random) -> Draft:
    while True:
        chart = _chart(rng)
        (one, a), (two, b) = rng.sample(chart.places, 2)
        if a > b:
            return Draft(chart, f"How much taller is the {one} bar than the {two} bar?", f"{a}-{b}=", str(a - b))


def _spread(rng: Random) -> Draft:
    chart = _chart(rng)
    high, low = max(chart.heights), min(chart.heights)
    return Draft(chart, "How much taller is the tallest bar than the shortest?", f"{high}-{low}=", str(high - low))


def _product(rng: Random) -> Draft:
    chart = _chart(rng)
    (one, a), (two, b) = rng.sample(chart.places, 2)
    return Draft(chart, f"What is the {one} bar times the {two} bar?", f"{a}*{b}=", str(a * b))


def _tallest_twice(rng: Random) -> Draft:
    chart = _chart(rng)
    high, low = max(chart.heights), min(chart.heights)
    return Draft(chart, "What is twice the tallest bar plus the shortest?", f"2*{high}+{low}=", str(2 * high + low))


KINDS = {
    "one bar": Kind(0, 0.26, _bar),
    "tallest bar": Kind(1, 0.07, _tallest),
    "shortest bar": Kind(1, 0.06, _shortest),
    "which bar is tallest": Kind(1, 0.07, _which_tallest),
    "two bars": Kind(2, 0.10, _pair),
    "difference of two bars": Kind(2, 0.09, _difference),
    "all bars": Kind(3, 0.08, _all),
    "tallest less shortest": Kind(3, 0.08, _spread),
    "product of two bars": Kind(4, 0.09, _product),
    "tallest twice plus shortest": Kind(4, 0.10, _tallest_twice),
}
