"""Decides whether two answers are the same, by cheap exact rules; what they cannot decide is a question for math-verify.

Each rule looks at two plain texts and says True, False or, where it is not its business, None; the first that decides wins.
"""

import re

from tasks.grading.clock import CLOCK, same_time
from tasks.grading.constants import Value, equal
from tasks.grading.formulas import differs_at_a_point
from tasks.grading.latex import nesting, plain, split_top_level, text_key
from tasks.grading.prose import (
    different_words,
    none_of_these,
    number_in_prose,
    number_with_words,
    same_phrase,
    same_text,
    yes_or_no,
)
from tasks.grading.regions import same_region
from tasks.grading.rule import EXACTLY, Context, Decision, Rule
from tasks.grading.statements import same_letters, same_statements
from tasks.grading.units import quantity, same_quantity

GRADER_VERSION = 2
"""Raise it with every change of RULES, or of extraction, that can change a verdict: stored responses are then judged anew."""

MAX_FORMULA_CHARS = 500
MAX_NESTING = 40
_MAX_ELEMENTS = 64
_OR = re.compile(r"(?:^|\s)(?:or|\\lor|\\vee)(?=\s)")
_AND = re.compile(r",?\s+(?:and|or)\s+")
_RATIO_SIGN = re.compile(r"\s*(?::|\\colon(?![A-Za-z])|\bto\b)\s*")
_DECIMAL_COMMA = re.compile(r"-?\d+,\d{1,2}|-?\d+,\d{4,}")
_LEFT_SIDE = re.compile(r"[A-Za-z\\][^=]{0,60}")
_EQUALS = re.compile(r"(?<![<>!:\\])=(?!=)")
_RELATION = re.compile(r"[<>]|\\(?:ge|geq|geqslant|le|leq|leqslant|ne|neq|lt|gt|sim)(?![A-Za-z])")
_MEMBER = re.compile(r"^[A-Za-z]\w*\s*\\in(?![A-Za-z])\s*")
_LABELLED = re.compile(r"(?:\(([A-H])\)|([A-H])[.:)])[.:]?\s+(\S.*)|(\S.*?)\s*\(([A-H])\)")
_POINT_NAME = re.compile(r"[A-Z]'?(?:_\{?\w\}?)?\s*(?=\()")
_NAME = re.compile(r"[A-Za-z]|[A-Z][a-z]{1,2}|[A-Z]{2,3}")
_LETTERS_ONLY = re.compile(r"[^\W\d_][^\d\\^_+*/=<>{}()\[\]|%$,;]*")


def compare(answer: str, gold: str, context: Context = EXACTLY) -> Decision:
    """Compares two answers as written; never longer than some milliseconds."""
    return compare_plain(plain(answer), plain(gold), context)


def compare_plain(answer: str, gold: str, context: Context) -> Decision:
    """Compares two plain texts by the rules in their order."""
    for rule in RULES:
        if (equal := rule(answer, gold, context)) is not None:
            return Decision(equal, rule.__name__)
    return Decision(None, "undecided")


def too_complex(answer: str, gold: str, context: Context) -> bool | None:
    """An answer far longer or deeper than any gold answer, and not the same text, is no answer."""
    if len(answer) > max(MAX_FORMULA_CHARS, 2 * len(gold)) or nesting(answer) > MAX_NESTING + nesting(gold):
        return False
    return None


def same_number(answer: str, gold: str, context: Context) -> bool | None:
    """Constants with or without unit: numbers, fractions, mixed fractions, percent, roots, multiples of pi."""
    one, other = quantity(answer), quantity(gold)
    if one is None or other is None:
        return None
    return same_quantity(one, other, context.precision)


def decimal_comma(answer: str, gold: str, context: Context) -> bool | None:
    """`4,8` against a gold number: the comma is the decimal sign, as much of the world writes it."""
    if _DECIMAL_COMMA.fullmatch(answer) and quantity(gold) is not None:
        return same_number(answer.replace(",", "."), gold, context)
    return None


def same_ratio(answer: str, gold: str, context: Context) -> bool | None:
    """`4:6` is `2:3` and also `2/3`, `1:2:3` is `2:4:6`; times of the day are left alone."""
    if (":" not in answer + gold and " to " not in answer + gold) or CLOCK.fullmatch(gold):
        return None
    one, other = _ratio(answer), _ratio(gold)
    if not one or not other or max(len(one), len(other)) < 2 or 0 in (*one[-2:], *other[-2:]):
        return None
    ones, others = _shares(one), _shares(other)
    if ones is None or others is None or len(ones) != len(others):
        return False
    return all(equal(a, b, context.precision) for a, b in zip(ones, others, strict=True))


def _ratio(text: str) -> list[Value]:
    """The numbers of a ratio; a number by itself is one of one; empty for anything else."""
    found = [quantity(text)] if quantity(text) is not None else [quantity(part) for part in _RATIO_SIGN.split(text, maxsplit=8)]
    return [part.value for part in found if part is not None] if None not in found else []


def _shares(numbers: list[Value]) -> list[Value] | None:
    """Every number over the last; a number by itself is the share of a ratio of two."""
    return [number / numbers[-1] for number in numbers[:-1]] if len(numbers) > 1 else numbers


def hedge(answer: str, gold: str, context: Context) -> bool | None:
    """An `or` between different answers where the gold answer has no alternatives: no answer was given."""
    if not _OR.search(answer) or _OR.search(gold) or len(_list_of(gold)[1]) > 1:
        return None
    parts = {text_key(part) for part in _OR.split(answer) if part.strip()}
    return False if len(parts) > 1 else None


def equation(answer: str, gold: str, context: Context) -> bool | None:
    """`x = 5` against `5`: the last right side counts; two equations with the same left side compare their right sides."""
    one, other = _sides(answer), _sides(gold)
    several = "," in answer and "=" in answer.partition("=")[2]
    if several or (len(one) < 2 and len(other) < 2):
        return None
    if len(one) > 1 and len(other) > 1:
        same_left = text_key(one[0]) == text_key(other[0])
        return compare_plain(one[-1], other[-1], context).equal if same_left else None
    if len(other) > 1 and not _LEFT_SIDE.fullmatch(other[0]):
        return None
    return compare_plain(one[-1], other[-1], context).equal


def _sides(text: str) -> list[str]:
    """The sides of an equation, `5 = x` turned round; `x \\in S` has the right side S."""
    text = _MEMBER.sub("x=", text, count=1)
    sides = [side.strip() for side in _EQUALS.split(text)][:8]
    return sides[::-1] if len(sides) == 2 and len(sides[1]) == 1 and sides[1].isalpha() and quantity(sides[0]) is not None else sides


def label_and_text(answer: str, gold: str, context: Context) -> bool | None:
    """`(B) 15 cm` and `15 cm (B)` where the choices stand in the question: against `B` the label counts, else the text."""
    match = _LABELLED.fullmatch(answer)
    if not match or _LABELLED.fullmatch(gold):
        return None
    label, text = match[1] or match[2] or match[5], match[3] or match[4]
    if re.fullmatch(r"\(?[A-H]\)?", gold):
        return label == gold.strip("()")
    return compare_plain(text, gold, context).equal


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
    return _all_true([compare_plain(one, other, context).equal for one, other in zip(ones, others, strict=True)])


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
    values = [quantity(_sides(element)[-1]) for element in (*ones, *others)]
    several = ones if len(ones) > 1 else others
    named = [value is not None or _NAME.fullmatch(element.strip("()")) for value, element in zip(values, (*ones, *others), strict=True)]
    return False if all(named) and len({text_key(element) for element in several}) > 1 else None


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
        verdicts = [compare_plain(one, other, context).equal for one in left]
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


def union(answer: str, gold: str, context: Context) -> bool | None:
    """Unions of intervals or sets, written in any order."""
    ones, others = answer.split(r"\cup"), answer and gold.split(r"\cup")
    if len(ones) < 2 or len(ones) != len(others) or len(ones) > 8:
        return None
    return True if _all_matched([one.strip() for one in ones], [other.strip() for other in others], context) else None


def bound(answer: str, gold: str, context: Context) -> bool | None:
    """`\\ge 5` or `5~6` against `5`: neither a bound nor a range is the number."""
    return False if _RELATION.search(answer) and quantity(gold) is not None else None


def table_or_number(answer: str, gold: str, context: Context) -> bool | None:
    """A table or matrix is no number and no name."""
    if (r"\begin" in answer) == (r"\begin" in gold):
        return None
    other = gold if r"\begin" in answer else answer
    return False if quantity(other) is not None or _NAME.fullmatch(other) else None


def nothing_in_common(answer: str, gold: str, context: Context) -> bool | None:
    """A bare name against a number or another name: different without computing, unless the name is a constant's."""
    one, other = answer.strip("()"), gold.strip("()")
    if {one, other} & {"e", "i"} or not (_NAME.fullmatch(one) or _NAME.fullmatch(other)):
        return None
    rest = other if _NAME.fullmatch(one) else one
    return False if _NAME.fullmatch(rest) or quantity(rest) is not None or _LETTERS_ONLY.fullmatch(rest) else None


RULES: tuple[Rule, ...] = (
    same_text,
    too_complex,
    none_of_these,
    yes_or_no,
    same_number,
    decimal_comma,
    same_time,
    same_ratio,
    same_region,
    same_letters,
    same_statements,
    hedge,
    label_and_text,
    same_list,
    one_of_several,
    union,
    bound,
    equation,
    number_with_words,
    number_in_prose,
    same_phrase,
    different_words,
    table_or_number,
    nothing_in_common,
    differs_at_a_point,
)
