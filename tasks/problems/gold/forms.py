"""The rules for forms that may just as well be plain answers, so that one text by itself does not tell: `B. 45`, `12 or 13`, `["a", "b"]`.

Each reads a text beside the problem's choices and gives the answers that are right, or None where the text has not that form.
"""

import ast
import json
import re
import string
from collections.abc import Callable, Sequence
from typing import Any

LETTERS = string.ascii_uppercase
_LABELLED = re.compile(
    r"(?:[(（\[【]\s*([A-Za-z])\s*[)）\]】]\s*[.:：、,]?|([A-Za-z])\s*(?:[)）、．：]|[.:](?=\s|[^\x00-\x7f])|\.(?=[\d\\$(-])))\s*(\S.*)",
    re.DOTALL,
)
_SECOND_LABEL = re.compile(r"[,;，；\n\s](?:[(（][A-Ha-h][)）]|[A-H][.:：、)])")
_NOT_TEXT = re.compile(r"[\s.,;:!?。，；：$`'\"*]+")
_TEXT_MACRO = re.compile(r"\\(?:text|mathrm|textbf|mathbf)\s*\{([^{}]*)\}")
_FIGURE = re.compile(r"[-$\\(]{0,3}\d|\$|\\")
_OR = re.compile(r"\s*[,，]?\s*(?:\\text\s*\{\s*(?:or|或)\s*\}|(?<![\w\\])or(?!\w)|或(?:者)?)\s*", re.IGNORECASE)
_COMMA = re.compile(r"[,，]\s+|、")
_DOLLARS = re.compile(r"\$([^$]+)\$")
_AMOUNT = re.compile(r"[$¥€£]?[-+−]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:\s*/\s*\d+)?\s*(?:%|°|[^\W\d_]{1,15}(?:\s[^\W\d_]{1,15})?)?")
_NUMBER = re.compile(r"[-+−]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:/\d+)?")
_FORMULA = re.compile(r"[\\=^<>{}≤≥±√|]")
_WORDS = re.compile(r"[^\W\d_][^\W\d_'’-]+(?:\s[^\W\d_'’-]+){0,4}")


def listed(text: str, choices: Sequence[str]) -> tuple[str, ...] | None:
    """`["12", "a dozen"]` or `['12', 'a dozen']`: the quoted texts of a list. One of numbers alone, `[1, 2]`, is an interval or a point."""
    if not (text.startswith(("[", "(")) and text.endswith(("]", ")")) and ("'" in text or '"' in text)):
        return None
    found = decoded(text)
    if not isinstance(found, list | tuple) or not any(isinstance(one, str) for one in found):
        return None
    if not all(isinstance(one, str | int | float) for one in found):
        return None
    return tuple(dict.fromkeys(str(one).strip() for one in found if str(one).strip()))


def decoded(text: str) -> Any:
    """What a text of JSON or of Python's literals means; None for any other text."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return None


def labelled(text: str, choices: Sequence[str]) -> tuple[str, ...] | None:
    """`B. 45`, `(B) 45`, `B) 45`, `B: 45`, `B、45`: the letter where there are choices and the text is not another one's; where the
    choices stand in the question, the letter and the text are both right."""
    match = _LABELLED.fullmatch(text)
    if not match or _SECOND_LABEL.search(match[3]):
        return None
    letter, said = (match[1] or match[2]).upper(), match[3].strip()
    if not choices:
        return (letter, said) if letter in LETTERS[:8] else None
    if letter not in LETTERS[: len(choices)]:
        return None
    place, keys = LETTERS.index(letter), [choice_key(choice) for choice in choices]
    is_anothers = choice_key(said) in keys and choice_key(said) != keys[place]
    return None if is_anothers else (letter,)


def is_certain(text: str, choices: Sequence[str]) -> bool:
    """Whether a text that `labelled` reads is no initial and a name: the choice's own text follows the letter, or a number does."""
    match = _LABELLED.fullmatch(text)
    if not match:
        return False
    if not choices or _FIGURE.match(match[3]):
        return bool(_FIGURE.match(match[3]))
    return choice_key(match[3]) == choice_key(choices[LETTERS.index((match[1] or match[2]).upper())])


def choice_key(text: str) -> str:
    """A key under which two spellings of one choice are equal, its own label left out."""
    match = _LABELLED.fullmatch(text)
    return _NOT_TEXT.sub("", _TEXT_MACRO.sub(r"\1", match[3] if match else text)).casefold()


def either(text: str, choices: Sequence[str]) -> tuple[str, ...] | None:
    """`12 or 13`, `12或13`, `3, 4 or 5`, `couch or sofa`: each of them, and the text itself.

    Opposite numbers are the two roots of an equation, and single letters (`x or y`) a formula, unless they are letters of choices."""
    if "or" not in text.casefold() and "或" not in text:
        return None
    first, *others = _OR.split(text.strip().rstrip(".。"))
    parts = [_DOLLARS.sub(r"\1", part.strip()) for part in (*_COMMA.split(first), *others)] if others else []
    if len(parts) < 2 or text in choices or not (are_amounts(parts) or are_words(parts) or set(parts) <= set(LETTERS[: len(choices)])):
        return None
    return tuple(dict.fromkeys((*parts, text, " or ".join(parts)))) if "或" in text else (*parts, text)


def are_amounts(parts: Sequence[str]) -> bool:
    """Whether all are numbers, with a word for their unit or without, that are not each other's opposites."""
    if not all(map(_AMOUNT.fullmatch, parts)):
        return False
    sizes = [match[0].lstrip("-+−") for part in parts if (match := _NUMBER.search(part))]
    return len(set(sizes)) == len(sizes)


def are_words(parts: Sequence[str]) -> bool:
    """Whether all are words of more than a letter, five at most."""
    return all(map(_WORDS.fullmatch, parts))


def is_formula(text: str) -> bool:
    """Whether a text has signs of mathematics, among which `or` joins what is all needed: `x = 1 or x = 2`."""
    return bool(_FORMULA.search(text))


FORMS: dict[str, Callable[[str, Sequence[str]], tuple[str, ...] | None]] = {"list": listed, "labelled": labelled, "either": either}
