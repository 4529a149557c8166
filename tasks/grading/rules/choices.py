"""Multiple choice: an answer may name the letter of a choice or give its text or value; naming two choices names none."""

import re

from tasks.grading.rules.order import by_the_rules
from tasks.grading.rules.plain import plain, text_key, words, words_only
from tasks.grading.rules.rule import Context, Decision

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CALLED = (
    r"(?i:(?:the\s+)?(?:correct\s+|right\s+|final\s+)?"
    r"(?:answer|option|choice|picture|figure|image|diagram|case|letter)\s*(?:is\b)?\s*:?\s*)?"
)
_ALONE = re.compile(rf"{_CALLED}[(\[{{]?\s*([A-Za-z])\s*[)\]}}]?[.):]*", re.IGNORECASE)
_THEN_TEXT = re.compile(rf"{_CALLED}(?:[(\[]\s*([A-Z])\s*[)\]][.:,]*|([A-Z])\s*[).:,=]|([B-HJ-Z])(?=\s))\s*(.+)")
_TEXT_THEN = re.compile(r"(.+?)\s*[(\[]\s*([A-Z])\s*[)\]]")
_CONNECTORS = {"and", "or", "either", "both", "option", "options", "choice", "choices", "the", "answer", "is", "are"}


def compare_choice(answer: str, gold_letter: str, choices: tuple[str, ...], precision: int | None = None) -> Decision:
    """Compares an answer with the choice behind `gold_letter`. Undecided only where math-verify must compare it with that choice's text."""
    answer, texts = plain(answer), [plain(choice) for choice in choices]
    right = LETTERS.index(gold_letter)
    keys = [text_key(text) for text in texts]
    if text_key(answer) == keys[right]:
        return Decision(True, "choice_text")
    if is_hedge(answer, len(choices)) and not confirmed_choice(answer, keys):
        return Decision(False, "choice_hedge")
    if (match := _ALONE.fullmatch(answer)) and keys[right].casefold() == match[1].casefold():
        return Decision(True, "choice_text")
    if (named := named_choice(answer, keys)) is not None:
        return Decision(named == right, "choice_letter")
    if text_key(answer) in keys:
        return Decision(False, "choice_text")
    return _compare_value(answer, texts, right, by_the_rules(precision, ordered=True))


def gold_choice(answer: str, choices: tuple[str, ...]) -> str | None:
    """The letter a gold answer means: a letter in range, or the letter of the choice with that text. None if it means no choice."""
    match = _ALONE.fullmatch(plain(answer))
    if match and match[1].upper() in LETTERS[: len(choices)]:
        return match[1].upper()
    keys = [text_key(choice) for choice in choices]
    key = text_key(answer)
    return LETTERS[keys.index(key)] if key in keys[: len(LETTERS)] else None


def named_choice(answer: str, keys: list[str]) -> int | None:
    """Index of the choice an answer names by letter, -1 where the text that follows is another choice's, None where none is named."""
    if match := _ALONE.fullmatch(answer):
        return _index(match[1].upper(), len(keys))
    if match := _THEN_TEXT.fullmatch(answer):
        index = _index(match[1] or match[2] or match[3], len(keys))
        return _unless_contradicted(index, match[4], keys)
    if match := _TEXT_THEN.fullmatch(answer):
        return _unless_contradicted(_index(match[2], len(keys)), match[1], keys)
    return None


def confirmed_choice(answer: str, keys: list[str]) -> bool:
    """Whether the answer is a choice's letter followed by that choice's whole text, such as `(E) C or D`."""
    match = _THEN_TEXT.fullmatch(answer)
    index = _index(match[1] or match[2] or match[3], len(keys)) if match else None
    return match is not None and index is not None and text_key(match[4]) == keys[index]


def _index(letter: str, count: int) -> int | None:
    return LETTERS.index(letter) if letter in LETTERS[:count] else None


def _unless_contradicted(index: int | None, text: str, keys: list[str]) -> int | None:
    if index is None:
        return None
    key = text_key(text)
    return -1 if key in keys and keys[index] != key else index


def is_hedge(answer: str, count: int) -> bool:
    """Whether the answer is made of nothing but two or more different letters of choices and words that join them."""
    tokens = words(answer)
    letters = {token for token in tokens if token in LETTERS[:count] and len(token) == 1}
    others = {token for token in tokens if token not in letters}
    return len(letters) > 1 and not re.search(r"[\d\\^_+*=]", answer) and all(token.casefold() in _CONNECTORS for token in others)


def _compare_value(answer: str, texts: list[str], right: int, context: Context) -> Decision:
    """The answer as a value: that of the right choice, of another one, or one that stands in a sentence."""
    decision = context.decide(answer, texts[right])
    if decision.equal:
        return Decision(True, f"choice_{decision.rule}")
    others = [index for index in range(len(texts)) if index != right]
    if any(context.equal(answer, texts[index]) for index in others):
        return Decision(False, "choice_value")
    contained = contained_choices(answer, texts)
    if contained:
        return Decision(contained == {right}, "choice_in_sentence")
    return Decision(decision.equal, f"choice_{decision.rule}")


def contained_choices(answer: str, texts: list[str]) -> set[int]:
    """Indices of the wordy choices whose text stands in the answer, those inside a longer one that also stands there left out."""
    sentence = _words_key(answer)
    keys = {index: _words_key(text) for index, text in enumerate(texts) if words_only(text) and len(text) > 3}
    found = {index: key for index, key in keys.items() if key in sentence}
    return {index for index, key in found.items() if not any(key != other and key in other for other in found.values())}


def _words_key(text: str) -> str:
    return f" {' '.join(words(text)).casefold()} "
