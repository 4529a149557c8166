"""Brings the many ways to write one answer to one plain form: LaTeX wrappers, Unicode signs, Markdown, spacing.

Every function is linear in its input and touches no symbolic algebra.
"""

import re
from functools import lru_cache

_UNICODE = str.maketrans({
    "−": "-", "–": "-", "—": "-", "‐": "-", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "÷": r"\div ", "∗": "*",
    "°": r"^{\circ}", "π": r"\pi ", "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\neq ", "±": r"\pm ", "∪": r"\cup ",
    "²": "^2", "³": "^3", "½": r"\frac{1}{2}", "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}", "\u00a0": " ", "\u202f": " ", "\u2009": " ",
    "。": ".", "．": ".", "；": ";", "、": ",", "！": "!", "？": "?", "′": "'", "″": "''", "℃": r"^{\circ}C", "º": r"^{\circ}", "％": "%",
    "＝": "=", "＜": "<", "＞": ">", "－": "-", "＋": "+", "￥": "¥", "∠": r"\angle ", "∈": r"\in ", "Ω": "Ω", "µ": "μ",
    "（": "(", "）": ")", "，": ",", "：": ":", "“": '"', "”": '"', "’": "'", "‘": "'",
})  # fmt: skip
_SPACING = re.compile(r"\\(?:[,;:!> ]|quad(?![A-Za-z])|qquad(?![A-Za-z]))|~|\s")
_DROPPED = re.compile(
    r"\\(?:left|right|big|Big|bigl|bigr|Bigl|Bigr|displaystyle|textstyle|limits|rm|bf|it|textdollar|boxed)(?![A-Za-z])|"
    r"\\[()\[\]$]|\$|\*\*|__|`"
)
_WRAPPER = re.compile(
    r"\\(?:text|textbf|textit|textrm|textsf|texttt|mathrm|mathbf|mathit|mathsf|mathtt|boldsymbol|bm|mbox|hbox|operatorname|"
    r"underline|emph|fbox)\s*\{([^{}]*)\}"
)
_FRACTION_NAME = re.compile(r"\\[dtc]frac(?![A-Za-z])")
_FRACTION_DIGITS = re.compile(r"\\frac\s*(\d)\s*(\d)(?!\d)")
_FRACTION_DIGIT = re.compile(r"\\frac\s*(\d)\s*\{")
_ROOT_DIGIT = re.compile(r"\\sqrt\s*(\d|[A-Za-z])")
_UNICODE_ROOT = re.compile(r"√\s*(\d+(?:\.\d+)?|[A-Za-z])")
_BARE_PI = re.compile(r"(?<![A-Za-z\\])pi(?![A-Za-z])")
_BARE_ROOT = re.compile(r"(?<![A-Za-z\\])sqrt(?=\s*[({])")
_RAISED_O = re.compile(r"(?<=\d)\s*\^\s*(?:\{\s*o\s*\}|o(?![A-Za-z]))")
_RANGE = re.compile(r"(?<=\d)~(?=\d)(?!\d{3}(?!\d))")
_JOINING_BLANK = re.compile(r"(?<!\d)\s|\s(?!\d)")
_EMPTY_BRACES = re.compile(r"(?<=\S)\{\}|\{\}(?=\S)")
_PLAIN_BRACES = re.compile(r"\{([^{}\\,]?)\}")
_LABEL = re.compile(r"^\(([A-Za-z])\)$")
_NOT_WORDS = re.compile(r"\\(?:begin|end)\s*\{[A-Za-z*]*\}|\\[A-Za-z]+")
_FUNCTIONS = {"sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp", "lim", "max", "min", "mod", "gcd", "lcm", "arcsin", "arctan",
              "arccos", "sqrt", "frac", "and", "or", "pi", "cdot", "times", "deg"}  # fmt: skip
_TRAILING = " .,;:"
CHINESE = re.compile("[\u4e00-\u9fff]")


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """`text` without delimiters, font commands, spacing commands and final punctuation; runs of blanks become one."""
    text = text.translate(_UNICODE)
    text = _UNICODE_ROOT.sub(r"\\sqrt{\1}", text).replace("√", r"\sqrt").replace("{,}", ",").replace(r"\%", "%")
    text = text.replace("\\\\", r" \cr ").replace(r"\varnothing", r"\emptyset").replace("∅", r"\emptyset ")
    text = _SPACING.sub(" ", _RANGE.sub(r"\\sim ", text))
    text = _DROPPED.sub("", text)
    text = _EMPTY_BRACES.sub("", _unwrap(text))
    text = _RAISED_O.sub(r"^{\\circ}", _BARE_ROOT.sub(r"\\sqrt", _BARE_PI.sub(r"\\pi ", text)))
    text = _FRACTION_NAME.sub(r"\\frac", text)
    text = _FRACTION_DIGITS.sub(r"\\frac{\1}{\2}", text)
    text = _FRACTION_DIGIT.sub(r"\\frac{\1}{", text)
    text = _ROOT_DIGIT.sub(r"\\sqrt{\1}", text)
    return _strip_quotes(" ".join(text.split()).rstrip(_TRAILING).strip())


def _unwrap(text: str) -> str:
    """Takes the contents out of `\\text{…}` and its kin, innermost first, at most eight deep."""
    for _ in range(8):
        text, count = _WRAPPER.subn(r" \1 ", text)
        if not count:
            break
    return text


def _strip_quotes(text: str) -> str:
    """Removes one pair of quotes around the whole text."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].strip()
    return text


@lru_cache(maxsize=8192)
def text_key(text: str) -> str:
    """A key under which two spellings of one answer are equal. Case counts in formulas (a and A differ), not between words."""
    text = plain(text)
    if words_only(text):
        text = text.casefold().rstrip("!?")
    text = _LABEL.sub(r"\1", _JOINING_BLANK.sub("", text))
    return _PLAIN_BRACES.sub(r"\1", text).rstrip(_TRAILING)


def words_only(text: str) -> bool:
    """Whether the text is prose of at least one word of two letters or more: no digits, no commands, no operators."""
    return any(len(word) > 1 for word in words(text)) and not re.search(r"[\d\\^_+*/=<>{}\[\]|%]", text)


def words(text: str) -> list[str]:
    """The runs of letters in the text, LaTeX commands and names of environments left out."""
    return re.findall(r"[^\W\d_]+", _NOT_WORDS.sub(" ", text))


def is_prose(text: str) -> bool:
    """Whether the text has words that belong to no formula."""
    return bool(CHINESE.search(text)) or any(len(word) > 3 and word.casefold() not in _FUNCTIONS for word in words(text))


def nesting(text: str) -> int:
    """The greatest depth of brackets of any kind."""
    depth = deepest = 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth = max(0, depth - 1)
    return deepest


def split_top_level(text: str, separators: str = ",;") -> list[str]:
    """The parts of `text` between separators that stand outside all brackets."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character in separators and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [part.strip() for part in [*parts, text[start:]]]
