"""What extraction hands on: the text of an answer, how it was found, and the sentence in which it stood."""

import re
from typing import NamedTuple

from tasks.grading.forms.plain import plain

MAX_ANSWER_CHARS = 2000
"""A longer answer is none."""
_SURELY_CONTENT = re.compile(r"(?<![-.\\A-Za-z0-9{])[A-Za-z0-9]")
"""A letter or digit of no command and of no command's argument, which may be a width."""
_NO_CONTENT = " \t\n.,;:!?$*_-'\"`~(){}[]"


class Extracted(NamedTuple):
    """An answer as it stands in the response; the way in which it was found (`box`, `announced`, `letter`…); its sentence, for a reader."""

    text: str
    found: str
    sentence: str = ""


def has_content(text: str) -> bool:
    """Whether anything but brackets and punctuation is written there."""
    text = text[:MAX_ANSWER_CHARS]
    return _SURELY_CONTENT.search(text) is not None or bool(plain(text).strip(_NO_CONTENT))
