"""Tuples, points, sets, plain lists, unions, and several answers where one was asked for."""

import re

from tasks.grading.rules.equations import sides
from tasks.grading.rules.names import NAME
from tasks.grading.rules.plain import split_top_level, text_key
from tasks.grading.rules.rule import Context
from tasks.grading.rules.units import quantity

_MAX_ELEMENTS = 64
_MOST_ALTERNATIVES, _MOST_HEDGE = 4, 200
_OR = re.compile(
    r"(?:(?:^|[\s,(])(?:either|maybe|perhaps|possibly)\s|(?:^|[\s,(])(?:or|\\lor|\\vee)(?:\s+equivalently|\s+simply)?(?=[\s,])|\s*或者?\s*)"
)
_AND = re.compile(r",?\s+(?:and|or)\s+|\s*(?:或者?|和|与|及)\s*")
_POINT_NAME = re.compile(r"[A-Z]'?(?:_\{?\w\}?)?\s*(?=\()")


def same_list(answer: str, gold: str, context: Context) -> bool | None:
    """Tuples, points, intervals (order and brackets count), sets and plain lists (order is free unless the context says otherwise)."""
    (brackets, ones), (gold_brackets, others) = _list_of(answer), _list_of(gold)
    if not (brackets or len(ones) > 1) or not (gold_brackets or len(others) > 1):
        return None
    if brackets and gold_brackets and brackets != gold_brackets:
        return False if "{}" not in (brackets, gold_brackets) else None
    if len(ones) != len(others) or len(ones) > _MAX_ELEMENTS:
        return False
    if "{}" in (brackets, gold_brackets) or not (brackets or gold_brackets or context.ordered):
        return _all_matched(ones, others, context)
    return _all_true([context.equal(one, other) for one, other in zip(ones, others, strict=True)])


def _list_of(text: str) -> tuple[str, list[str]]:
    """Brackets (`()`, `[)`, `{}` for a set, empty for none) and elements. A text that is no list is its only element, without brackets."""
    text = text.replace(r"\{", "{").replace(r"\}", "}").replace(r"\lbrace", "{").replace(r"\rbrace", "}")
    text = text if r"\begin" in text else text.replace(r"\cr", ",")
    name, brackets = _POINT_NAME.match(text), ""
    if name and "," in text and _encloses(text[name.end() :]):
        text = text[name.end() :]
    if len(text) > 1 and text[0] in "([{" and text[-1] in ")]}" and _encloses(text):
        brackets, text = text[0] + text[-1], text[1:-1]
    parts = split_top_level(text)
    if not brackets and len(parts) >= 1:
        parts = [piece.strip() for part in parts for piece in _AND.split(f" {part} ".replace(" and ", " and ")) if piece.strip()]
    if brackets != "{}" and len(parts) < 2:
        brackets = ""
    return brackets, [re.sub(r"^(?:and|or)\s+", "", part) for part in parts if part]


def one_of_several(answer: str, gold: str, context: Context) -> bool | None:
    """`5, 6` against `5`, and `5` against `5, 6`: several different values are not one of them."""
    ones, others = _list_of(answer)[1], _list_of(gold)[1]
    if min(len(ones), len(others)) != 1 or max(len(ones), len(others)) > _MAX_ELEMENTS:
        return None
    values = [quantity(sides(element)[-1]) for element in (*ones, *others)]
    several = ones if len(ones) > 1 else others
    named = [value is not None or NAME.fullmatch(element.strip("()")) for value, element in zip(values, (*ones, *others), strict=True)]
    return False if all(named) and len({text_key(element) for element in several}) > 1 else None


def hedge(answer: str, gold: str, context: Context) -> bool | None:
    """An `or` between different answers where the gold answer has no alternatives: no answer, unless each part is the gold one."""
    if not _OR.search(answer) or _OR.search(gold) or r"\pm" in gold or len(_list_of(gold)[1]) > 1:
        return None
    parts = {text_key(part): part.strip(" ,") for part in _OR.split(answer[:_MOST_HEDGE]) if part.strip(" ,")}
    if len(parts) < 2:
        return None
    return len(parts) <= _MOST_ALTERNATIVES and len(answer) <= _MOST_HEDGE and all(context.equal(part, gold) for part in parts.values())


def union(answer: str, gold: str, context: Context) -> bool | None:
    """Unions of intervals or sets, written in any order."""
    ones, others = answer.split(r"\cup"), answer and gold.split(r"\cup")
    if len(ones) < 2 or len(ones) != len(others) or len(ones) > 8:
        return None
    return True if _all_matched([one.strip() for one in ones], [other.strip() for other in others], context) else None


def _encloses(text: str) -> bool:
    """Whether the first bracket closes only at the end."""
    depth = 0
    for index, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            return index == len(text) - 1
    return False


def _all_matched(ones: list[str], others: list[str], context: Context) -> bool | None:
    """Whether the elements can be paired: each element finds a partner of its own. None where an undecided pair could matter."""
    left, undecided = list(ones), False
    for other in others:
        verdicts = [context.equal(one, other) for one in left]
        if True in verdicts:
            left.pop(verdicts.index(True))
        elif None in verdicts:
            undecided = True
        else:
            return False
    return None if undecided else True


def _all_true(verdicts: list[bool | None]) -> bool | None:
    if False in verdicts:
        return False
    return None if None in verdicts else True
