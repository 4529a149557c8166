"""Image marks: `<image1>`, `<image 2>` and `<image>` in a question and its choices become `<image>`, one for each image, in order.

The prompt's template puts the choices after the question, so marks are counted in that order. `<image>` is the only mark that later
rooms know, and each stands for the next image of the problem's list.
"""

import re
from collections.abc import Sequence

IMAGE_MARK = "<image>"

MOST_SHOWN = 12
MARK = re.compile(r"<image[ _]?(\d{0,3})>")


class MarkFault(ValueError):
    """A question's marks do not fit the row's images."""


def place_marks(texts: Sequence[str], images: int, *, numbers: Sequence[int] = (), composite: bool = False) -> tuple[list[str], list[int]]:
    """The texts (question first, then choices) with one `<image>` for each of `images` images, and the order (0-based) they come in.

    `<imageN>` is image N; a second mention of it becomes the words "image N". Images count from 1, or by `numbers` where some are left out.
    Marks that are missing go in front of the question; then each bare `<image>` is the next image that no number names. With `composite`,
    several marks over one image are labels inside that image: they stay, and the image goes in front. Raises MarkFault when a mark has no
    image.
    """
    marks = [number for text in texts for number in MARK.findall(text)]
    if composite and images == 1 and len(set(marks)) > 1 and "" not in marks:
        return [IMAGE_MARK + texts[0], *texts[1:]], [0]
    index_of = {number: index for index, number in enumerate(numbers or range(1, images + 1))}
    asked = {int(number) for number in marks if number}
    if not asked <= index_of.keys() or marks.count("") > images - len(asked):
        shown = ", ".join(f"<image{number}>" for number in marks[:MOST_SHOWN])
        those = f" (image {', '.join(map(str, numbers))})" if numbers else ""
        raise MarkFault(f"more image marks than images: the text has {shown} and the row has {images} image(s){those}")
    named = {index_of[number] for number in asked}
    unnamed = [index for index in range(images) if index not in named]
    missing = len(unnamed) - marks.count("")
    front, waiting = unnamed[:missing], iter(unnamed[missing:])
    order = list(front)

    def placed(match: re.Match[str]) -> str:
        index = index_of[int(match[1])] if match[1] else next(waiting)
        if index in order:
            return f"image {int(match[1])}"
        order.append(index)
        return IMAGE_MARK

    written = [MARK.sub(placed, text) for text in texts]
    return [IMAGE_MARK * len(front) + written[0], *written[1:]], order
