"""Text that others wrote, made printable.

Text from datasets and models may hold control characters and direction marks that would garble a page or a terminal; escaping for HTML
or markup is done where it is shown.
"""

import unicodedata

HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
JOINERS = "\u200c\u200d"  # needed to write Persian and many emoji


def printable(text: str) -> str:
    """The text with every control or direction character but newline and tab shown as U+FFFD."""
    return "".join(char if keeps(char) else "\ufffd" for char in text.replace("\r\n", "\n"))


def keeps(char: str) -> bool:
    """Whether a character may be shown as it is."""
    return char in "\n\t" or char in JOINERS or unicodedata.category(char) not in HIDDEN
