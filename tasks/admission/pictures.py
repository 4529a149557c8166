"""What a policy's processor makes of images, asked by their sizes alone: whether it takes them, and how many tokens they are.

A processor's answer depends on width and height (an aspect ratio that it refuses, a size below its patch), so it is asked with blank
images, once for each combination of sizes and never for each image. Which sizes it refuses it alone knows: no family's rule stands here.
Where there are very many sizes, those at the extremes are asked, and the rest are counted by the processor's own arithmetic as long as that
agrees.
"""

from collections.abc import Callable, Iterable
from typing import Any

from PIL import Image

from tasks.problems.marks import IMAGE_MARK
from tasks.sampling.reader import Reader

Sizes = tuple[tuple[int, int], ...]
"""Width and height of each image of a problem."""

FEW = 64
CALM = 6  # so many at an end of an order that are taken: what lies behind them is less extreme
ORDERS: tuple[Callable[[Sizes], float], ...] = (
    lambda sizes: -max(max(size) / min(size) for size in sizes),
    lambda sizes: min(map(min, sizes)),
    lambda sizes: -max(width * height for width, height in sizes),
    lambda sizes: -len(sizes),
)
"""The extremes first: the longest strips, the thinnest, the largest, the most."""


class PictureRefused(ValueError):
    """A processor does not take images of some sizes; the message is what it says."""


class Pictures:
    """How many tokens more than a mark each the images of a prompt are, by their sizes; told first of all that it will be asked for."""

    def __init__(self, reader: Reader, sizes: Iterable[Sizes]) -> None:
        self.reader = reader
        self.answers: dict[Sizes, int | str] = {}
        every = list(dict.fromkeys(sizes))
        self.counts = len(every) > FEW and self.agrees(every)

    def tokens(self, sizes: Sizes) -> int:
        """Raises PictureRefused with the processor's words."""
        counted = self.count(sizes) if self.counts and sizes not in self.answers else None
        answer = self.asked(sizes) if counted is None else counted
        if isinstance(answer, str):
            raise PictureRefused(answer)
        return answer

    def asked(self, sizes: Sizes) -> int | str:
        """What the processor says to blank images of these sizes, asked once."""
        if sizes not in self.answers:
            self.answers[sizes] = self.ask(sizes)
        return self.answers[sizes]

    def ask(self, sizes: Sizes) -> int | str:
        """What the processor says to blank images of these sizes: their tokens, or why it refuses them."""
        prompt = IMAGE_MARK * len(sizes) + "?"
        processor: Any = self.reader.processor
        blank = [Image.new("RGB", size) for size in sizes]
        try:
            read = processor(text=[self.reader.chat_text(prompt)], images=[blank], return_tensors="pt")
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a processor that is given what it does not expect may raise anything
            return " ".join(f"{error}".split()) or type(error).__name__
        return int(read["input_ids"].shape[1]) - len(self.reader.chat_tokens(prompt))

    def agrees(self, every: list[Sizes]) -> bool:
        """Whether the processor's arithmetic gives what it answered for the extremes of all these sizes."""
        for order in ORDERS:
            calm = 0
            for sizes in sorted(every, key=order):
                answer = self.asked(sizes)
                if isinstance(answer, int) and answer != self.count(sizes):
                    return False
                calm = calm + 1 if isinstance(answer, int) else 0
                if calm == CALM:
                    break
        return True

    def count(self, sizes: Sizes) -> int | None:
        """What the processor's arithmetic says; None where it has none for them."""
        processor: Any = self.reader.processor
        try:
            counted = processor._get_num_multimodal_tokens(image_sizes=[(height, width) for width, height in sizes])
            return int(sum(counted["num_image_tokens"])) - len(sizes)
        except Exception:  # noqa: BLE001 - whatever it is, the processor itself is asked then
            return None
