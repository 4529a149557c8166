"""Decides whether two answers are the same, by cheap exact rules; what they cannot decide is a question for math-verify.

Each rule looks at two plain texts and says True, False or, where it is not its business, None; the first that decides wins.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tasks.grading.latex import nesting, plain, split_top_level, text_key, words, words_only
from tasks.grading.units import quantity, same_quantity

MAX_FORMULA_CHARS = 500
MAX_NESTING = 40
_MAX_ELEMENTS = 64
_NONE_OF_THESE = re.compile(
    r"(?:none|neither)(?: (?:of|of the) ?(?:these|those|them|above|others|options|choices|answers|the above|given))*"
    r"(?: (?:answers|options|choices|above|is correct|are correct|given))*",
    re.IGNORECASE,
)
_OR = re.compile(r"(?:^|\s)(?:or|\\lor|\\vee)(?=\s)")
_AND = re.compile(r",?\s+(?:and|or)\s+")
_RATIO = re.compile(r"([^:]+?)\s*(?::|\\colon|\bto\b)\s*([^:]+)")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?(?:\s*[ap]\.?m\.?)?", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"-?\d+,\d{1,2}|-?\d+,\d{4,}")
_LEFT_SIDE = re.compile(r"[A-Za-z\\][^=]{0,60}")
_EQUALS = re.compile(r"(?<![<>!:\\])=(?!=)")
_RELATION = re.compile(r"[<>]|\\(?:ge|geq|geqslant|le|leq|leqslant|ne|neq|lt|gt)(?![A-Za-z])")
_MEMBER = re.compile(r"^[A-Za-z]\w*\s*\\in(?![A-Za-z])\s*")
_NUMBER_THEN_WORDS = re.compile(r"([-+]?(?:[\d.,/]*\d|\\frac\{\d+\}\{\d+\}))\s+([^\W\d_]{2}[^\d\\^_+*/=<>{}()\[\]|%$]*)")
_NUMBER_IN_PROSE = re.compile(r"(?<![\w.\\])-?\d+(?:,\d{3})*(?:\.\d+)?(?:/\d+)?(?![\w/])")
_NAME = re.compile(r"[A-Za-z]|[A-Z][a-z]{1,2}|[A-Z]{2,3}")
_LETTERS_ONLY = re.compile(r"[^\W\d_][^\d\\^_+*/=<>{}()\[\]|%$,;]*")
_BOUNDS = {"not", "than", "least", "most", "between", "except", "over", "under", "above", "below", "never", "neither"}
_FUNCTIONS = {"sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp", "lim", "max", "min", "mod", "gcd", "lcm", "arcsin", "arctan",
              "arccos", "sqrt", "frac", "and", "or", "pi", "cdot", "times", "deg"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Context:
    """How to compare. precision: decimals of numbers; ordered: whether the order of a list without brackets counts."""

    precision: int | None = None
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say: equal is None where only math-verify can tell."""

    equal: bool | None
    rule: str


Rule = Callable[[str, str, Context], bool | None]


def compare(answer: str, gold: str, context: Context = Context()) -> Decision:
    """Compares two answers as written; never longer than some milliseconds."""
    return compare_plain(plain(answer), plain(gold), context)


def compare_plain(answer: str, gold: str, context: Context) -> Decision:
    """Compares two plain texts by the rules in their order."""
    for rule in RULES:
        if (equal := rule(answer, gold, context)) is not None:
            return Decision(equal, rule.__name__)
    return Decision(None, "undecided")


def same_text(answer: str, gold: str, context: Context) -> bool | None:
    """Equal but for case of words, blanks and wrappers."""
    return True if text_key(answer) == text_key(gold) else None


def too_complex(answer: str, gold: str, context: Context) -> bool | None:
    """An answer far longer or deeper than any gold answer, and not the same text, is no answer."""
    if len(answer) > max(MAX_FORMULA_CHARS, 2 * len(gold)) or nesting(answer) > MAX_NESTING + nesting(gold):
        return False
    return None


def none_of_these(answer: str, gold: str, context: Context) -> bool | None:
    """`None of these`, `none of the above`, `none`: all the same, and different from everything else."""
    one, other = _NONE_OF_THESE.fullmatch(answer), _NONE_OF_THESE.fullmatch(gold)
    return None if not one and not other else bool(one and other)


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
    """`4:6` is `2:3` and also `2/3`; times of the day are left alone."""
    if (":" not in answer + gold and " to " not in gold) or _CLOCK.fullmatch(gold):
        return None
    one, other = _ratio(answer), _ratio(gold)
    if one is None or other is None:
        return None
    return same_number(one, other, context)


def _ratio(text: str) -> str | None:
    """The quotient of a ratio as a formula; a number stands for itself; None otherwise."""
    if quantity(text) is not None:
        return text
    match = _RATIO.fullmatch(text)
    if not match or quantity(match[1]) is None or quantity(match[2]) is None:
        return None
    return f"({match[1]})/({match[2]})"


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
    """The sides of an equation; `x \\in S` has the right side S."""
    text = _MEMBER.sub("x=", text, count=1)
    return [side.strip() for side in _EQUALS.split(text)][:8]


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
    brackets = ""
    if len(text) > 1 and text[0] in "([{" and text[-1] in ")]}" and _encloses(text):
        brackets, text = text[0] + text[-1], text[1:-1]
    parts = split_top_level(text)
    if not brackets and len(parts) >= 1:
        parts = [piece.strip() for part in parts for piece in _AND.split(f" {part} ".replace(" and ", " and ")) if piece.strip()]
    if brackets != "{}" and len(parts) < 2:
        brackets = ""
    return brackets, [re.sub(r"^(?:and|or)\s+", "", part) for part in parts if part]


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
    """`\\ge 5` against `5`: a bound is not the number."""
    return False if _RELATION.search(answer) and quantity(gold) is not None else None


def number_with_words(answer: str, gold: str, context: Context) -> bool | None:
    """`5 pairs of socks` against `5`, either way: the number that opens the phrase, if it is the only one."""
    one, other = _NUMBER_THEN_WORDS.fullmatch(answer), _NUMBER_THEN_WORDS.fullmatch(gold)
    if bool(one) == bool(other):
        return None
    return same_number(one[1] if one else answer, other[1] if other else gold, context)


def number_in_prose(answer: str, gold: str, context: Context) -> bool | None:
    """A sentence against a gold number: the one number in it; none, several different ones or a mere bound are no answer."""
    if not is_prose(answer) or quantity(gold) is None:
        return None
    if _BOUNDS & {word.casefold() for word in words(answer)}:
        return False
    numbers = set(_NUMBER_IN_PROSE.findall(answer))
    return bool(same_number(numbers.pop(), gold, context)) if len(numbers) == 1 else False


def different_words(answer: str, gold: str, context: Context) -> bool | None:
    """Where one side is prose there is nothing to compute: not the same text, so not the same answer."""
    named = all(words_only(text) and any(len(word) > 2 for word in words(text)) for text in (answer, gold))
    return False if named or is_prose(answer) or is_prose(gold) else None


def is_prose(text: str) -> bool:
    """Whether the text has words that belong to no formula."""
    return any(len(word) > 3 and word.casefold() not in _FUNCTIONS for word in words(text))


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
    same_number,
    decimal_comma,
    same_ratio,
    hedge,
    same_list,
    union,
    bound,
    equation,
    number_with_words,
    number_in_prose,
    different_words,
    nothing_in_common,
)
