"""Answers that pick several of numbered or lettered statements: `BD` is `B, D`, and `①③` is `(1)(3)`. Order does not count."""

import re

from tasks.grading.rules.rule import Context

_LETTERS = re.compile(r"[A-H](?:[\s,;&]*(?:and\s+|[和与及])?\s*[A-H])*")
_AROUND = re.compile(r"^(?:both|(?:options|choices|statements)(?![a-z])|选项?)\s*|\s+only$|[(){}\\]", re.IGNORECASE)
_CIRCLED = {chr(ord("①") + place): place + 1 for place in range(20)}
_NUMBERS = re.compile(r"(?:[\s,;和与及]|\band\b)*(?:(?:[①-⑳]|\(\d{1,2}\)|\b\d{1,2}\b)(?:[\s,;和与及]|\band\b)*)+")
_NUMBER = re.compile(r"[①-⑳]|\d{1,2}")


def same_letters(answer: str, gold: str, context: Context) -> bool | None:
    """`BD`, `B, D`, `(B) and (D)`: the same letters, where one side has several."""
    one, other = _letters(answer), _letters(gold)
    return None if not one or not other or len(one | other) < 2 or max(len(one), len(other)) < 2 else one == other


def _letters(text: str) -> set[str]:
    """The letters that a text consists of; empty where it has anything else, or one twice."""
    text = _AROUND.sub(" ", text).strip() if len(text) <= 100 else ""
    if len(text) > 60 or not _LETTERS.fullmatch(text):
        return set()
    letters = re.findall(r"[A-H]", text)
    return set(letters) if len(set(letters)) == len(letters) else set()


def same_statements(answer: str, gold: str, context: Context) -> bool | None:
    """`①③`, `(1)(3)`, `1, 3`: the same numbers, where one side has circled ones."""
    if not any(character in _CIRCLED for character in (answer + gold)[:200]):
        return None
    one, other = _numbers(answer), _numbers(gold)
    return None if not one or not other else one == other


def _numbers(text: str) -> set[int]:
    """The numbers that a text consists of; empty where it has anything else."""
    if len(text) > 100 or not _NUMBERS.fullmatch(text):
        return set()
    return {_CIRCLED[number] if number in _CIRCLED else int(number) for number in _NUMBER.findall(text)}
