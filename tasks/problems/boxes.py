"""Finds what a text puts in a box, `\\boxed{…}` or `\\fbox{…}`: in gold answers and, by the same code, in responses."""

import re
from collections.abc import Callable

MAX_BOX_CHARS = 2000
"""A longer content is no answer."""
_TAIL_CHARS = 200_000
_BOX = re.compile(r"(?:\\|\x08)?(?:boxed|oxed|fbox)\s*\{")
_BETWEEN_BOXES = re.compile(
    r"[\s$.,;]*(?:\\[()\[\]])?[\s$]*(?:or|and|,|;|\\text\{\s*(?:or|and)\s*\}|\([b-e]\))[\s$]*(?:\\[()\[\]])?[\s$]*(?:[A-Za-z]\w?\s*=\s*)?\\?"
)
"""What joins two boxes to one answer; the second may be named (`x = \boxed{1} and y = \boxed{2}`, `(a) \boxed{1} (b) \boxed{2}`)."""


def last_box(text: str, is_filled: Callable[[str], bool]) -> str | None:
    """The last box that is closed and filled; boxes joined by `or`, `and` or a comma are one answer."""
    text = text[-_TAIL_CHARS:]
    boxes = closed_boxes(text, is_filled)
    if not boxes:
        return None
    (start, end), *earlier = reversed(boxes)
    content = box_content(text, (start, end))
    for previous in earlier:
        gap = text[previous[1] : start]
        if previous[1] > start or not _BETWEEN_BOXES.fullmatch(gap[:80]) or len(gap) > 80:
            break
        joint = " or " if "or" in gap else ", "
        content = box_content(text, previous) + joint + content
        start = previous[0]
    return content if len(content) <= MAX_BOX_CHARS else None


def closed_boxes(text: str, is_filled: Callable[[str], bool]) -> list[tuple[int, int]]:
    """Start and end of the last 16 closed, filled boxes, in order of their starts; of nested boxes the innermost."""
    found: list[tuple[int, int]] = []
    for match in list(_BOX.finditer(text))[-64:]:
        end = closing_brace(text, match.end())
        if end is None or not is_filled(text[match.end() : end]):
            continue
        if found and found[-1][1] > match.start():
            found.pop()
        found.append((match.start(), end + 1))
    return found[-16:]


def box_content(text: str, box: tuple[int, int]) -> str:
    """What stands in a box."""
    return text[text.index("{", box[0]) + 1 : box[1] - 1].strip()


def closing_brace(text: str, start: int) -> int | None:
    """Index of the brace that closes the one before `start`, looking no further than an answer may be long."""
    depth, index = 1, start
    end = min(len(text), start + 2 * MAX_BOX_CHARS)
    while index < end:
        character = text[index]
        if character == "\\":
            index += 1
        elif character in "{}":
            depth += 1 if character == "{" else -1
            if depth == 0:
                return index
        index += 1
    return None
