"""What a judge's words mean: yes, no, or neither. In doubt neither, as a yes makes a wrong answer right."""

import re

YES = ("yes", "correct", "right", "true")
NO = ("no", "incorrect", "wrong", "false", "invalid", "incomplete", "repetitive", "refusal", "not")
LETTERS = {"A": True, "B": False, "C": False}
"""Of prompts that ask for grades: C is an answer that is none, which counts as wrong."""
MOST = 20_000
THOUGHT = "</think>"
ANNOUNCED = re.compile(r"(?:judge?ment|verdict)\W{0,8}", re.IGNORECASE)
BOXED = re.compile(r"boxed\{\s*(?:\\text\{)?\s*([A-Za-z]{1,12})\s*\}")
FIRST = re.compile(r"[\s\[\](){}<>*_`'\"“”#:=.\-]{0,40}([A-Za-z]{1,12})(?![A-Za-z])(.?)", re.DOTALL)
ENDS = "\n.,;!:)]}>*_`'\"”-–—"
DENIED = re.compile(rf"\b(?:{'|'.join(NO)}|n't|cannot|but|or|unless|if)\b", re.IGNORECASE)


def accepts(word: str, letters: bool) -> bool | None:
    """Whether a judge says yes (True) or no; None where it says neither. `letters`: A means yes, and B and C no."""
    text = word[-MOST:].rpartition(THOUGHT)[2]
    boxed = BOXED.findall(text)
    if boxed:
        return meaning(boxed[-1], letters)
    announced = list(ANNOUNCED.finditer(text))
    if announced:
        text = text[announced[-1].end() :]
    found = FIRST.match(text)
    if found is None:
        return None
    said, ends = meaning(found[1], letters), found[2] == "" or found[2] in ENDS
    if said:
        return None if not ends or DENIED.search(text, found.end(1)) else True  # "Correct answer: 5", "A correct one", "Yes, but …"
    return None if found[1] in LETTERS and not ends else said


def meaning(word: str, letters: bool) -> bool | None:
    """What one word means by itself."""
    lower = word.lower()
    if lower in YES or lower in NO:
        return lower in YES
    return LETTERS.get(word) if letters else None
