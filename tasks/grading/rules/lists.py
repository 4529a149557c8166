"""Tuples, points, sets, plain lists, unions, and several answers where one was asked for."""

import re
from itertools import pairwise

from tasks.grading.forms.plain import split_top_level, text_key
from tasks.grading.forms.units import quantity
from tasks.grading.rules.equations import sides
from tasks.grading.rules.names import NAME
from tasks.grading.rules.rule import Context, Said, claimed

_MAX_ELEMENTS, _MOST_UNITED, _MOST_ASSIGNED = 64, 8, 300
_MOST_ALTERNATIVES, _MOST_HEDGE = 4, 200
_OR = re.compile(
    r"(?:(?:^|[\s,(])(?:either|maybe|perhaps|possibly)\s|(?:^|[\s,(])(?:or|\\lor|\\vee)(?:\s+equivalently|\s+simply)?(?=[\s,])|\s*或者?\s*)"
)
_AND = re.compile(r",?\s+(?:and|or)\s+|\s*(?:或者?|和|与|及)\s*")
_PLUS_MINUS, _MINUS_PLUS = re.compile(r"\\pm(?![A-Za-z])\s*"), re.compile(r"\\mp(?![A-Za-z])\s*")
_WHOLE = re.compile(r"-?\d{1,9}")
_UNKNOWN = re.compile(r"[A-Za-z](?:_\{?\w\}?)?|\\[a-z]+")
_RELATED = re.compile(r"[<>]|\\(?:le|ge|lt|gt)(?![A-Za-z])")
_POINT_NAME = re.compile(r"(?:(?:[Tt]he )?[Pp]oint )?[A-Z]'?(?:_\{?\w\}?)?\s*(?=\()")


def same_list(answer: str, gold: str, context: Context) -> bool | None:
    """Tuples, points, intervals (order and brackets count), sets and plain lists (order is free unless the context says otherwise)."""
    (brackets, ones), (gold_brackets, others) = _list_of(answer), _list_of(gold)
    if r"\emptyset" in (*ones, *others):
        return None
    if _RELATED.search(answer) and (_OR.search(answer) is None) != (_OR.search(gold) is None):
        return None  # conditions that all hold are not those of which one holds
    if brackets == "{}" != gold_brackets and len(ones) == 1:
        return context.equal(ones[0], gold)
    if gold_brackets == "{}" != brackets and len(others) == 1:
        return context.equal(answer, others[0])
    if not (brackets or len(ones) > 1) or not (gold_brackets or len(others) > 1):
        return None
    if not (brackets and gold_brackets) and {brackets, gold_brackets} & {"[)", "(]"}:
        return False  # an interval is no list of two numbers
    if brackets and gold_brackets and brackets != gold_brackets:
        return False if "{}" not in (brackets, gold_brackets) or r"\{" in answer + gold else None
    if "{}" in (brackets, gold_brackets):
        ones, others = _once(ones), _once(others)
        if _sets_in(ones) != _sets_in(others):
            return False
    if len(ones) != len(others):
        ones, others = _filled(ones), _filled(others)
    if len(ones) != len(others) or len(ones) > _MAX_ELEMENTS or (_point(answer) and _point(gold) and _point(answer) != _point(gold)):
        return False
    if "{}" in (brackets, gold_brackets) or not (brackets or gold_brackets or context.ordered):
        return _all_matched(ones, others, context)
    return _all_true([context.equal(one, other) for one, other in zip(ones, others, strict=True)])


def _filled(elements: list[str]) -> list[str]:
    """The elements of `1, 2, \\ldots, 9` with those that the dots stand for: whole numbers in equal steps, one of them where only one
    number stands before the dots. As they are where they are anything else."""
    if (
        not 3 <= len(elements) <= _MAX_ELEMENTS
        or elements[-2] != r"\ldots"
        or not all(_WHOLE.fullmatch(element) for element in (*elements[:-2], elements[-1]))
    ):
        return elements
    *shown, last = [int(element) for element in (*elements[:-2], elements[-1])]
    step = shown[1] - shown[0] if len(shown) > 1 else 1
    if step == 0 or any(b - a != step for a, b in pairwise(shown)) or (last - shown[0]) % step or not (last - shown[-1]) // step > 0:
        return elements
    count = (last - shown[0]) // step + 1
    return [str(shown[0] + step * at) for at in range(count)] if count <= _MAX_ELEMENTS else elements


def _sets_in(elements: list[str]) -> int:
    """How many of the elements are sets themselves."""
    return sum(element.lstrip("\\").startswith("{") for element in elements)


def _once(elements: list[str]) -> list[str]:
    """The elements of a set, each once."""
    return list({text_key(element): element for element in elements}.values())


def _point(text: str) -> str:
    """The name of a point: `A` of `A(1, 2)`; nothing where it has none."""
    name = _POINT_NAME.match(text)
    return name[0].split()[-1] if name and _encloses(text[name.end() :]) else ""


def same_assignments(answer: str, gold: str, context: Context) -> bool | None:
    """`x = 1, y = 2` against `(x, y) = (1, 2)`, and against `(1, 2)` where the names stand in the order of the alphabet."""
    one, other = assigned(answer), assigned(gold)
    if one and other:
        return _all_true([context.equal(one[name], other[name]) for name in other]) if one.keys() == other.keys() else None
    named, (brackets, elements) = one or other, _list_of(gold if one else answer)
    if not named or brackets != "()" or len(elements) != len(named) or list(named) != sorted(named):
        return None
    pairs = zip(named.values(), elements, strict=True)
    return _all_true([context.equal(*(pair if one else pair[::-1])) for pair in pairs])


def assigned(text: str) -> dict[str, str]:
    """The values of two or more names, `x = 1, y = 2` or `(x, y) = (1, 2)`; empty for anything else."""
    if not text.count("=") or len(text) > _MOST_ASSIGNED:
        return {}
    parts = sides(text)
    if len(parts) > 2 and _names(parts[:-1]) and not _UNKNOWN.fullmatch(parts[-1]):
        return dict.fromkeys(parts[:-1], parts[-1])  # a = b = c = 1
    if len(parts) == 2 and parts[0].startswith("("):
        (brackets, names), (other_brackets, values) = _list_of(parts[0]), _list_of(parts[1])
        return (
            dict(zip(names, values, strict=True))
            if brackets == other_brackets == "()" and _names(names) and len(names) == len(values)
            else {}
        )
    pairs = [sides(element) for element in _list_of(text)[1]]
    if len(pairs) < 2 or any(len(pair) != 2 for pair in pairs) or not _names([name for name, _ in pairs]):
        return {}
    return {pair[0]: pair[1] for pair in pairs}


def _names(texts: list[str]) -> bool:
    """Whether these are different names of unknowns."""
    return all(_UNKNOWN.fullmatch(text) for text in texts) and len(set(texts)) == len(texts)


def _list_of(text: str) -> tuple[str, list[str]]:
    """Brackets (`()`, `[)`, `{}` for a set, empty for none) and elements. A text that is no list is its only element, without brackets."""
    text = text.replace(r"\{", "{").replace(r"\}", "}").replace(r"\lbrace", "{").replace(r"\rbrace", "}")
    text = text if r"\begin" in text else text.replace(r"\cr", ",")
    name, brackets = _POINT_NAME.match(text), ""
    if name and "," in text and _encloses(text[name.end() :]):
        text = text[name.end() :]
    if len(text) > 1 and text[0] in "([{" and text[-1] in ")]}" and _encloses(text):
        brackets, text = text[0] + text[-1], text[1:-1]
    parts = split_top_level(text, ";" if ";" in text and len(split_top_level(text, ";")) > 1 else ",")
    if not brackets and len(parts) >= 1:
        parts = [piece.strip() for part in parts for piece in _AND.split(f" {part} ".replace(" and ", " and ")) if piece.strip()]
    if brackets != "{}" and len(parts) < 2:
        brackets = ""
    return brackets, [re.sub(r"^(?:and|or)\s+", "", part) for part in parts if part]


def plus_or_minus(answer: str, gold: str, context: Context) -> Said:
    """`\\pm 3` against `3, -3`, `1 \\pm \\sqrt 2` against its two values, `P(x) = \\pm x` against `P(x) = x or P(x) = -x`."""
    if r"\neq" in answer + gold or not (_PLUS_MINUS.search(answer) or _PLUS_MINUS.search(gold)):
        return None
    ones, others = _signed(answer), _signed(gold)
    if not ones or not others:
        return None
    return claimed(len(ones) == len(others) and _all_matched(ones, others, context))


def _signed(text: str) -> list[str]:
    """The elements of a list with every `\\pm` as plus and as minus; `\\mp` is the other sign. Empty where one element has several."""
    found: list[str] = []
    brackets, elements = _list_of(text)
    for element in elements if brackets in ("", "{}") else [text]:
        if len(_PLUS_MINUS.findall(element)) > 1:
            return []
        signs = (("", "-"), ("-", "")) if _PLUS_MINUS.search(element) else (("", ""),)
        found += [_signs(_PLUS_MINUS, one, _signs(_MINUS_PLUS, other, element)) for one, other in signs]
    return found if len(found) <= _MAX_ELEMENTS else []


def _signs(pattern: re.Pattern[str], sign: str, text: str) -> str:
    """The text with one sign in the place of a double one; a plus that nothing comes before is left out."""
    return pattern.sub(
        lambda match: sign or ("+" if re.search(r"[\w)\]}]\s*$", text[max(0, match.start() - 3) : match.start()]) else ""), text
    )


def one_of_several(answer: str, gold: str, context: Context) -> bool | None:
    """`5, 6` against `5`, and `5` against `5, 6`: several different values are not one of them."""
    ones, others = _list_of(answer)[1], _list_of(gold)[1]
    if min(len(ones), len(others)) != 1 or max(len(ones), len(others)) > _MAX_ELEMENTS:
        return None
    values = [quantity(sides(element)[-1]) for element in (*ones, *others)]
    several = ones if len(ones) > 1 else others
    if len(others) > 1 and None not in values and _OR.search(gold) and all(context.equal(other, others[0]) for other in others[1:]):
        return context.equal(ones[0], others[0])  # `0.75 or 3/4`: two ways to write one
    named = [value is not None or NAME.fullmatch(element.strip("()")) for value, element in zip(values, (*ones, *others), strict=True)]
    return False if all(named) and len({text_key(element) for element in several}) > 1 else None


def hedge(answer: str, gold: str, context: Context) -> bool | None:
    """An `or` between different answers where the gold answer has no alternatives: no answer, unless each part is the gold one."""
    if not _OR.search(answer) or _OR.search(gold) or r"\pm" in gold or len(_list_of(gold)[1]) > 1:
        return None
    parts = {text_key(part): part.strip(" ,") for part in _OR.split(answer[:_MOST_HEDGE]) if part.strip(" ,")}
    if len(parts) < 2:
        return True if any(context.equal(part, gold) for part in parts.values()) else None
    return len(parts) <= _MOST_ALTERNATIVES and len(answer) <= _MOST_HEDGE and all(context.equal(part, gold) for part in parts.values())


def union(answer: str, gold: str, context: Context) -> bool | None:
    """Unions of intervals or sets, written in any order, and intersections."""
    for sign, other_sign in ((r"\cup", r"\cap"), (r"\cap", r"\cup")):
        ones, others = answer.split(sign), gold.split(sign)
        if 1 < len(ones) == len(others) <= _MOST_UNITED and other_sign not in answer + gold:
            return True if _all_matched([one.strip() for one in ones], [other.strip() for other in others], context) else None
    return None


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
