"""Image marks: `<image1>`, `<image 2>` and `<image>` in a question and its choices become `<image>`, one for each image, in order.

The prompt's template puts the choices after the question, so marks are counted in that order. `<image>` is the only mark that later
rooms know, and each stands for the next image of the problem's list.
"""

import re
from collections.abc import Sequence

IMAGE_MARK = "<image>"

MARK = re.compile(r"<image[ _]?(\d{0,3})>")


class MarkFault(ValueError):
    """A question's marks do not fit the row's images."""


def place_marks(texts: Sequence[str], images: int, *, composite: bool = False) -> tuple[list[str], list[int]]:
    """The texts (question first, then choices) with one `<image>` for each of `images` images, and the order (0-based) they come in.

    `<imageN>` is image N; a second mention of it becomes the words "image N". Marks that are missing go in front of the question; then
    each bare `<image>` is the next image that no number names. With `composite`, several marks over one image are labels inside that image:
    they stay, and the image goes in front. Raises MarkFault when a mark has no image.
    """
    numbers = [number for text in texts for number in MARK.findall(text)]
    if composite and images == 1 and len(set(numbers)) > 1 and "" not in numbers:
        return [IMAGE_MARK + texts[0], *texts[1:]], [0]
    named = {int(number) - 1 for number in numbers if number}
    if not named <= set(range(images)) or numbers.count("") > images - len(named):
        marks = ", ".join(f"<image{number}>" for number in numbers)
        raise MarkFault(f"more image marks than images: the text has {marks} and the row has {images} image(s)")
    unnamed = [index for index in range(images) if index not in named]
    missing = len(unnamed) - numbers.count("")
    front, waiting = unnamed[:missing], iter(unnamed[missing:])
    order = list(front)

    def placed(match: re.Match[str]) -> str:
        index = int(match[1]) - 1 if match[1] else next(waiting)
        if index in order:
            return f"image {index + 1}"
        order.append(index)
        return IMAGE_MARK

    written = [MARK.sub(placed, text) for text in texts]
    return [IMAGE_MARK * len(front) + written[0], *written[1:]], order
