"""Multiple choice: an answer may name the letter of a choice or give its text or value; naming two choices names none.

A gold answer is read first: which choices it means, and whether any of them is right (two choices are the same) or only all together.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from tasks.grading.forms.plain import plain, split_top_level, text_key
from tasks.grading.rules.letters import (
    LETTERS,
    is_bare,
    letter_alone,
    letter_and_text,
    names_another,
    several_letters,
    small_label,
    without_denied,
)
from tasks.grading.rules.mentions import affirmed_choices, completed_choice
from tasks.grading.rules.order import by_the_rules
from tasks.grading.rules.rule import Context, Decision

_OWN_LABEL = re.compile(r"\s*(?:\*\*)?(?:[(\[]([A-Za-z])[)\]][.:]?|([A-Za-z])[.:)])(?:\*\*)?\s*(\S.*)", re.DOTALL)
_REMARK = re.compile(r"\b(?:is|are|was|were|has|have)\b|[是为]")
_DENIAL = re.compile(r"(?:not|neither|never|cannot|anything but|any \w+ (?:but|except|other than))\b|不", re.IGNORECASE)
_BETWEEN = re.compile(r",?\s+and\s+|[和与]")


class Right(NamedTuple):
    """The choices that a gold answer means. together: all of them and no other, else any one of them."""

    places: frozenset[int]
    together: bool = False


@lru_cache(maxsize=4096)
def bare_choices(choices: tuple[str, ...]) -> tuple[str, ...]:
    """The choices without the labels that they carry in themselves, `(A) 46` or `B. 47`, where every one carries its own."""
    found = [_OWN_LABEL.fullmatch(choice) for choice in choices]
    labels = "".join((match[1] or match[2]).upper() for match in found if match)
    own = len(choices) > 1 and labels == LETTERS[: len(choices)]
    return tuple(match[3] for match in found if match) if own else choices


@lru_cache(maxsize=4096)
def right_choices(answer: str, choices: tuple[str, ...]) -> Right | None:
    """The choices a gold answer means: by letter, by their own text or value, `(B) 47` by both, `A, C` all of these. None if none."""
    texts, said = [plain(choice) for choice in bare_choices(choices)][: len(LETTERS)], plain(answer)
    keys = [text_key(text) for text in texts]
    letter = letter_alone(said)
    if answer.strip() in choices and not (letter and is_bare(said) and letter.isupper()):
        return _same_as(keys.index(text_key(bare_choices(choices)[choices.index(answer.strip())])), keys)
    if letter and letter.upper() in LETTERS[: len(choices)]:
        return _same_as(LETTERS.index(letter.upper()), keys)
    if text_key(said) in keys:
        return _same_as(keys.index(text_key(said)), keys)
    if (letters := several_letters(said, len(choices))) and not letters.parted:
        return Right(frozenset(map(LETTERS.index, letters.found)), together=True)
    place = _confirmed(said, texts) if choices else None
    return _same_as(place, keys) if place is not None else None


def _same_as(place: int, keys: list[str]) -> Right:
    """A choice with those that have the same text."""
    return Right(frozenset(index for index, key in enumerate(keys) if key == keys[place]))


def _confirmed(said: str, texts: list[str]) -> int | None:
    """The choice that a gold answer means by letter and text, or by a value that is its alone."""
    context, named = by_the_rules(ordered=True), letter_and_text(said)
    if named and named.letter in LETTERS[: len(texts)]:
        place = LETTERS.index(named.letter)
        return place if _is(named.beside, texts[place], context) else None
    same = [index for index, text in enumerate(texts) if _is(said, text, context)]
    return same[0] if len(same) == 1 else None


def compare_choice(answer: str, right: Right, choices: tuple[str, ...], precision: int | None = None) -> Decision:
    """Compares an answer with the right choices. Undecided only where math-verify must compare it with the right choice's text."""
    said, texts = plain(answer), [plain(choice) for choice in bare_choices(choices)][: len(LETTERS)]
    context = by_the_rules(precision, ordered=True)
    if right.together:
        return _compare_several(said, texts, right.places, context)
    keys = [text_key(text) for text in texts]
    if text_key(said) in {keys[place] for place in right.places}:
        return Decision(True, "choice_text")
    said = without_denied(said)
    if (place := confirmed_choice(said, texts)) is not None:
        return Decision(place in right.places, "choice_letter")
    if (letters := several_letters(said, len(texts))) is not None:
        meant = [index for index, text in enumerate(texts) if several_letters(text, len(texts)) == letters]
        return Decision(bool(right.places & {*meant}), "choice_letter" if meant else "choice_hedge")
    alone = letter_alone(said)
    if text_key(said) in keys and not (alone and is_bare(said)):
        return Decision(False, "choice_text")
    if alone and any(keys[place].casefold() == alone.casefold() for place in right.places):
        return Decision(True, "choice_text")
    if (place := named_choice(said, texts, context)) is not None:
        return Decision(place in right.places, "choice_letter")
    return _compare_value(said, texts, right.places, context)


def confirmed_choice(said: str, texts: list[str]) -> int | None:
    """Index of the choice whose letter is followed by its whole text, such as `(E) C or D`."""
    named = letter_and_text(said)
    place = _index(named.letter, texts) if named else None
    return place if named and place is not None and text_key(named.beside) == text_key(texts[place]) else None


def named_choice(said: str, texts: list[str], context: Context) -> int | None:
    """Index of the choice an answer names by letter, -1 where what stands beside contradicts it, None where none is named."""
    if letter := letter_alone(said):
        variable = letter.islower() and is_bare(said) and any(re.search(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z])", text) for text in texts)
        return _index(letter.upper(), texts) if not variable else None
    named = letter_and_text(said) or small_label(said)
    place = _index(named.letter, texts) if named else None
    if named is None or place is None:
        return None
    if _is(named.beside, texts[place], context):
        return place
    if named.joined:
        small = small_label(said) is not None
        return -1 if small and _is_another(named.beside, texts, place, context) else None
    contradicted = _is_another(named.beside, texts, place, context) or names_another(named.beside, named.letter, len(texts))
    return -1 if contradicted else place


def _is_another(beside: str, texts: list[str], place: int, context: Context) -> bool:
    """Whether what stands beside a letter is another choice's text or value; a remark (`Choice C is 7`) is not taken for a value."""
    others = [text for text in texts if text != texts[place]]
    remark = _REMARK.search(beside)
    return any(text_key(beside) == text_key(text) if remark else _is(beside, text, context) for text in others)


def _index(letter: str, texts: list[str]) -> int | None:
    return LETTERS.index(letter) if letter in LETTERS[: len(texts)] else None


def _is(text: str, choice: str, context: Context) -> bool:
    """Whether a text is a choice's, or has its value."""
    return text_key(text) == text_key(choice) or bool(context.equal(text, choice))


def _compare_several(said: str, texts: list[str], right: frozenset[int], context: Context) -> Decision:
    """An answer against several choices that are right together: the same letters or the same texts, in any order."""
    if letters := several_letters(said, len(texts)):
        return Decision(not letters.parted and {*map(LETTERS.index, letters.found)} == right, "choice_letters")
    parts = [piece.strip() for part in split_top_level(said) for piece in _BETWEEN.split(part) if piece.strip()][: len(LETTERS)]
    places = [_place(part, texts, context) for part in parts]
    if None not in places and len(places) > 1:
        return Decision({*places} == right, "choice_texts")
    return Decision(len(parts) > 1 and affirmed_choices(said, texts) == right, "choice_in_sentence")


def _place(part: str, texts: list[str], context: Context) -> int | None:
    """The choice that a part of an answer means."""
    named = named_choice(part, texts, context)
    return named if named is not None else next((index for index, text in enumerate(texts) if _is(part, text, context)), None)


def _compare_value(said: str, texts: list[str], right: frozenset[int], context: Context) -> Decision:
    """The answer as a value: that of the right choice and of no other, or one that stands in a sentence."""
    text = texts[min(right)]
    decision = context.decide(said, text) if not _DENIAL.match(said) or _DENIAL.match(text) else Decision(False, "denied")
    others = [other for index, other in enumerate(texts) if index not in right]
    same = [other for other in others if context.equal(said, other)]
    if decision.equal:
        ambiguous = any(context.equal(other, text) is False for other in same)
        return Decision(not ambiguous, f"choice_{decision.rule}")
    if same:
        return Decision(False, "choice_value")
    if (place := completed_choice(said, texts)) is not None:
        return Decision(place in right, "choice_part")
    if mentioned := affirmed_choices(said, texts):
        return Decision(mentioned <= right, "choice_in_sentence")
    return Decision(decision.equal, f"choice_{decision.rule}")
