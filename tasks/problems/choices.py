"""The choices of a problem, in whichever form a table has them, as texts in the order of their letters, without the letters themselves.

The prompt's template writes the letters. So they are taken off choices that carry them, and a list of the same choices is taken out of a
question that has it, too; otherwise a policy would read `(A) (A) 4`, or all choices twice.
"""

import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.problems.decoding import NoValue, decoded, is_written
from tasks.problems.pictured import brief, cut

LETTERS = string.ascii_uppercase
LABEL_KEYS, TEXT_KEYS = ("label", "key", "letter", "id", "option", "name"), ("text", "value", "content", "option", "choice", "answer")
LABELLED = re.compile(r"\s*(?:[(（\[]\s*([A-Z])\s*[)）\]]|([A-Z])\s*[.:)．：、）](?![A-Z]\.)|([A-Z])(?=\s*\Z))[.:．：、]?\s*", re.I)
MARKERS = {
    "brackets": re.compile(r"[(（\[]([A-Za-z])[)）\]][.:]?"),
    "point": re.compile(r"(?<![A-Za-z0-9\\(])([A-Z])[.．、](?!\d*[A-Z]\.)"),
    "colon": re.compile(r"(?<![A-Za-z0-9\\(])([A-Z])[:：]"),
    "bracket": re.compile(r"(?<![A-Za-z0-9\\(（])([A-Za-z])[)）]"),
    "line": re.compile(r"^([A-Z])[ \t]+", re.M),
}
HEADS = re.compile(r"(?:\n|\A|(?<=[.?:\s]))[ \t]*(?:answer )?(?:choices|options|选项)\s*[:：]?\s*\Z", re.I)
FORMS = "a list, a table by letter ({A: …, B: …}), columns joined, or one text with letters (A. 4; B. 5)"


class ChoicesFault(ValueError):
    """Choices that cannot be told apart; the message says why."""


@dataclass(frozen=True)
class Choices:
    """texts: in the order of their letters, empty for a free-form problem. labels: what the table itself calls them, where that is not
    A, B, C: an answer that is one of these labels means that choice."""

    texts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def letter_of(self, answer: Any) -> Any:
        """The answer, or the letter of the choice that it names by its label."""
        label = str(answer) if isinstance(answer, int | str) and not isinstance(answer, bool) else None
        return LETTERS[self.labels.index(label)] if label in self.labels else answer


def read_choices(value: Any, text_of: Callable[[Any], str | None]) -> Choices:
    """The choices in a value; `text_of` makes a text of a plain value, or None. Raises ChoicesFault."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, str):
        value = opened_text(value)
    if value is None or value in ([], {}):
        return Choices()
    labelled = pairs(value)
    if not labelled:
        return Choices()
    texts = [text_of(text) for _, text in labelled]
    if not all(texts):
        raise ChoicesFault(f"the choices are not a list of texts: {brief(value)}")
    known = [text for text in texts if text]
    if len(texts) > len(LETTERS):
        raise ChoicesFault(f"there are {len(texts)} choices, and letters for {len(LETTERS)}")
    labels = tuple(str(label) for label, _ in labelled if label is not None)
    return Choices(tuple(without_letters(known)), () if labels == tuple(LETTERS[: len(labels)]) else labels)


def opened_text(text: str) -> Any:
    """The list or table that a text stands for, in JSON, as a Python literal, or with letters."""
    if not text.strip():
        return None
    try:
        if is_written(text):
            return decoded(text)
        fault = "it has no letters A, B, C, …, each once and in order"
    except NoValue as error:
        fault = str(error)
    if texts := split_by_letters(text):
        return texts
    raise ChoicesFault(f"the choices {brief(text)} are a text that cannot be taken apart: {fault}. Give {FORMS}")


def pairs(value: Any) -> list[tuple[Any, Any]]:
    """The label (None where there is none) and the text of each choice, in order. Raises ChoicesFault."""
    if isinstance(value, dict):
        labels, texts = value.get("label"), value.get("text")
        if isinstance(labels, list) and isinstance(texts, list) and len(labels) == len(texts):
            return list(zip(labels, texts, strict=True))
        return filled([(label, value[label]) for label in ordered_labels(value)])
    if not isinstance(value, list | tuple):
        raise ChoicesFault(f"the choices {brief(value)} are not {FORMS}")
    if not all(isinstance(choice, dict) for choice in value):
        return [(None, choice) for choice in value]
    found = [labelled_choice(choice) for choice in value]
    named = all(label is not None and is_label(label) for label, _ in found)
    return filled(sorted(found, key=lambda pair: order_of(pair[0]))) if named else found


def labelled_choice(choice: dict[str, Any]) -> tuple[Any, Any]:
    """The label and the text of a choice that is a table. Raises ChoicesFault for one that has no text."""
    given = {key: value for key, value in choice.items() if value is not None}
    if len(given) == 1:
        [(key, text)] = given.items()
        return (key if is_label(key) else None), text
    label_key = next((key for key in LABEL_KEYS if key in given), None)
    text_key = next((key for key in TEXT_KEYS if key in given and key != label_key), None)
    if text_key is None:
        raise ChoicesFault(f"a choice is a table of {cut(', '.join(choice))}, and none of these is its text")
    return (given[label_key] if label_key else None), given[text_key]


def is_label(label: Any) -> bool:
    """Whether a label is a letter or a small number."""
    return re.fullmatch(r"[A-Za-z]|\d{1,2}", str(label).strip("() .")) is not None


def ordered_labels(value: dict[str, Any]) -> list[str]:
    """The keys of a table of choices, in order. Raises ChoicesFault where they are neither letters nor numbers without a gap."""
    labels = sorted(value, key=order_of)
    given = [str(label).strip("() .").upper() for label in labels]
    runs = [list(LETTERS[: len(given)]), *(list(map(str, range(first, first + len(given)))) for first in (0, 1))]
    if given in runs:
        return labels
    known = cut(", ".join(map(str, value)))
    raise ChoicesFault(f"the choices are a table of {known}, whose keys are neither A, B, C, … nor numbers from 0 or 1")


def order_of(label: Any) -> tuple[int, str]:
    """Letters in their order, numbers in theirs."""
    text = str(label).strip("() .").upper()
    return (int(text), "") if text.isdecimal() else (0, text)


def filled(found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """The choices without the empty ones after the last. Raises ChoicesFault for an empty one before it, which would shift the letters."""
    kept = list(found)
    while kept and kept[-1][1] in (None, ""):
        kept.pop()
    for label, text in kept:
        if text in (None, ""):
            raise ChoicesFault(f"the choice {label} is empty, and {kept[-1][0]} is not")
    return kept


def without_letters(texts: Sequence[str]) -> list[str]:
    """The choices without letters of their own, where each has its own; what is nothing but its letter is that letter."""
    matches = [LABELLED.match(text) for text in texts]
    letters = [(match[1] or match[2] or match[3] or "").upper() if match else "" for match in matches]
    if letters != list(LETTERS[: len(texts)]):
        return list(texts)
    return [
        text[match.end() :].strip() or (text if match[3] else letter)
        for text, match, letter in zip(texts, matches, letters, strict=True)
        if match
    ]


def split_by_letters(text: str) -> list[str] | None:
    """The choices of one text: `A. 4; B. 5; C. 6`, `(A) 4 (B) 5`, `A: 4, B: 5`. None where they are not each there once, in order."""
    for marker in MARKERS.values():
        found = list(marker.finditer(text))
        letters = "".join(match[1] for match in found)
        in_order = letters in (LETTERS[: len(found)], LETTERS[: len(found)].lower())
        if len(found) > 1 and in_order and not text[: found[0].start()].strip():
            ends = [*[match.start() for match in found[1:]], len(text)]
            return without_separators([text[match.end() : end].strip() for match, end in zip(found, ends, strict=True)])
    return None


def without_separators(texts: list[str]) -> list[str]:
    """The texts without the mark that stands between them, where it stands behind all but the last."""
    for mark in (";", "；", ",", "，", "|", "、"):
        if all(text.endswith(mark) for text in texts[:-1]):
            return [text.removesuffix(mark).strip() for text in texts]
    return texts


def without_listing(question: str, texts: Sequence[str]) -> str:
    """The question without the list of these very choices, where it has one: all of them, with their letters and in order."""
    if not texts or not all(text in question for text in texts) or list(texts) == list(LETTERS[: len(texts)]):
        return question
    gap = r"[\s;,；，|]*"
    listing = gap.join(rf"[(（\[]?{letter}[.:)\]．：、）]+\s*{re.escape(text)}" for letter, text in zip(LETTERS, texts, strict=False))
    match = re.search(rf"(?<![A-Za-z0-9(]){listing}(?!\w)[.;]?", question)
    if not match:
        return question
    before, after = HEADS.sub("", question[: match.start()]).rstrip(), question[match.end() :].strip()
    return f"{before}\n{after}".strip() if before else question
