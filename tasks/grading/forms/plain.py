"""Brings the many ways to write one answer to one plain form: LaTeX wrappers, Unicode signs, Markdown, spacing.

Every function is linear in its input and touches no symbolic algebra.
"""

import re
from functools import lru_cache

from tasks.grading.forms.layout import in_one_line
from tasks.grading.forms.signs import latex_signs

_MONEY = re.compile(r"(?:\\textdollar(?![A-Za-z])|\\\$)\s*(?=[\d.])")
_LONE_DOLLAR = re.compile(r"\$\s*(?=[\d.])")
_ESCAPED_TWICE = re.compile(
    r"\\\\(?=(?:left|right|[dtc]?frac|sqrt|[lg]eq?|neq?|text|mathrm|mathbb|pi|cdot|times|infty|cup|in|pm|theta|circ|angle|log|ln|sin|cos|tan)"
    r"(?![A-Za-z]))"
)
_SPACING = re.compile(r"\\(?:[,;:!> ]|quad(?![A-Za-z])|qquad(?![A-Za-z]))|~|\s")
_DROPPED = re.compile(
    r"\\(?:left|right|middle|big[lr]?|Big[lr]?|bigg[lr]?|Bigg[lr]?|displaystyle|textstyle|limits|rm|bf|it|textdollar|boxed|therefore|tiny|small|normalsize|large|Large|LARGE|huge|Huge)"
    r"(?![A-Za-z])|\\[()\[\]$]|\$|__|`|\\(?:(?:text)?color|h?phantom|hspace\*?|tag)\s*\{[^{}]*\}"
)
_WRAPPER = re.compile(
    r"\\(?:text|textbf|textit|textrm|textsf|texttt|textnormal|textup|mathrm|mathbf|mathit|mathsf|mathtt|boldsymbol|bm|pmb|mbox|hbox|"
    r"mathcal|mathscr|ensuremath|operatorname|mathop|unit|si|num|underline|emph|fbox)\s*\{((?:[^{}]|\{[^{}]*\})*)\}"
)
_WITH_UNIT = re.compile(r"\\(?:SI|qty)\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_UPRIGHT_D = re.compile(r"\\(?:mathrm|text|rm)\s*\{d\}\s*(?=[A-Za-z])")
_FRACTION_NAME = re.compile(r"\\(?:[dtcs]|nice|x)frac(?![A-Za-z])")
_BINOMIAL_NAME = re.compile(r"\\[dt]binom(?![A-Za-z])")
_OVER = re.compile(r"\{([^{}]*?)\\(over|choose)(?![A-Za-z])([^{}]*)\}")
_ANNOUNCED = re.compile(
    r"^(?:#{1,6}\s+|(?:the\s+)?(?:final\s+|correct\s+)?(?:answer|ans\.?|result)\s*(?::|=|is(?![A-Za-z]):?)\s*|=\s*(?=[-\d\\]))(?=\S)",
    re.IGNORECASE,
)
_END_MARKS = (r"\checkmark", r"\blacksquare", r"\square", r"\Box", r"\qed")
_LOGIC_OF_RELATIONS = re.compile(
    r"\\(?:(lor|vee)|land|wedge)(?=\s*[A-Za-z](?:_\{?\w\}?)?\s*(?:[=<>]|\\(?:in|le|ge|leq|geq|neq?)(?![A-Za-z])))"
)
_EMPTY_SET = re.compile(r"\\\{\s*\\\}")
_OVER_ALL = re.compile(r"^([^{}]{1,60}?)\\(over|choose)(?![A-Za-z])([^{}]{1,60})$")
_TWO_SIGNS = re.compile(r"\\(frac|binom)\s*(\d|(?<=\s)[A-Za-z]|\\pi)\s*(\d(?!\d)|[A-Za-z](?![A-Za-z]))")
_SIGN_THEN_GROUP = re.compile(r"\\(frac|binom)\s*(\d|(?<=\s)[A-Za-z])\s*\{")
_GROUP_THEN_SIGN = re.compile(r"\\(frac|binom)\s*(\{[^{}]{1,60}\})\s*(\d(?!\d)|[A-Za-z](?![A-Za-z]))")
_ROOT_OF_FRACTION = re.compile(r"\\sqrt\s*(\\frac\{[^{}]{1,40}\}\{[^{}]{1,40}\})")
_ROOT_OF_SIGN = re.compile(r"\\sqrt\s*(\[\s*\w\s*\])?\s*(\d|[A-Za-z]|\\pi(?![A-Za-z]))")
_COMBINATIONS = re.compile(r"(?<![A-Za-z\\])C\s?_(?:\{(\d{1,3})\}|(\d))\s*\^(?:\{(\d{1,3})\}|(\d))")
_ONE_NAME = {
    "varnothing": r"\emptyset", "bigcup": r"\cup", "bigcap": r"\cap", "overrightarrow": r"\vec", "bar": r"\overline", "lg": r"\log",
    "dots": r"\ldots", "cdots": r"\ldots", "dotsc": r"\ldots", "vert": "|", "lvert": "|", "rvert": "|", "langle": "(", "lparen": "(",
    "rangle": ")", "rparen": ")", "lbrack": "[", "rbrack": "]", "colon": ":", "thickapprox": r"\approx", "operatorname": "",
    "R": r"\mathbb{R}", "bmod": r"\mod", "geq": r"\ge", "geqslant": r"\ge", "leq": r"\le", "leqslant": r"\le", "ne": r"\neq",
}  # fmt: skip
_COMMAND = re.compile(r"\\([A-Za-z]+)(\s?)")
_PRIMES = re.compile(r"\^\s*(?:\\prime(?![A-Za-z])|\{\s*\\prime\s*(\\prime)?\s*\})")
_PROBABILITY = re.compile(r"\\mathbb\{([PE])\}\s?(?=[(\[])")
_NUMBERS_NAME = re.compile(r"\\mathbb\s*([A-Z])(?![A-Za-z])")
_JOINED_THOUSANDS = re.compile(r"(?<=\d)(?:\s*\{\s*,\s*\}\s*|\s*,\s*\\!\s*)(?=\d{3}(?!\d))")
_RAISED_O = re.compile(r"(?<=\d)\s*\^\s*(?:\{\s*o\s*\}|o(?![A-Za-z]))")
_RANGE = re.compile(r"(?<=\d)~(?=\d)(?!\d{3}(?!\d))")
_JOINING_BLANK = re.compile(r"(?<!\d)\s|\s(?!\d)")
_EMPTY_BRACES = re.compile(r"(?<=\S)\{\}|\{\}(?=\S)")
_PLAIN_BRACES = re.compile(r"\{([^{}\\,]?)\}")
_LABEL = re.compile(r"^\(?([A-Za-z])\)$")
_NOT_WORDS = re.compile(r"\\(?:begin|end)\s*\{[A-Za-z*]*\}|\\[A-Za-z]+")
_FUNCTIONS = {"sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp", "lim", "max", "min", "mod", "gcd", "lcm", "arcsin", "arctan",
              "arccos", "sqrt", "frac", "and", "or", "pi", "cdot", "times", "deg"}  # fmt: skip
_TRAILING = " .,;:"
_LEADING_COLON = re.compile(r"[:：]=?\s*(?=[^\s:])")
CHINESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
"""Chinese characters, and those of Japanese and Korean."""
_CONNECTORS = (
    (re.compile(r"\s*(?:或者|或是|或|または|又は|또는)\s*"), " or "),
    (re.compile(r"\s*(?:以及|和|与|及|且|と|그리고)\s*"), " and "),
)
_ESCAPED_QUOTE = re.compile(r"(?<=[A-Za-z])\\'(?=[A-Za-z])")
_PLAIN_ALREADY = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?|[A-Za-z]")
"""Most answers: as they are, without the steps."""


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """`text` without delimiters, font commands, spacing commands and final punctuation; runs of blanks become one."""
    if _PLAIN_ALREADY.fullmatch(text):
        return text
    text = text if r"\begin" in text else _ESCAPED_TWICE.sub(r"\\", text)
    text = latex_signs(_JOINED_THOUSANDS.sub(",", text)).replace("{,}", ".").replace(r"\%", "%").replace(r"\&", " and ")
    text = _SPACING.sub(" ", _RANGE.sub(r"\\sim ", _with_money(text).replace("\\\\", r" \cr ")))
    text = _EMPTY_BRACES.sub("", _unwrap(_WITH_UNIT.sub(r"\1 \2", _DROPPED.sub("", _UPRIGHT_D.sub("d", text)))))
    text = _LOGIC_OF_RELATIONS.sub(lambda match: " or " if match[1] else " and ", _RAISED_O.sub(r"^{\\circ}", _spelled(text)))
    return _without_wrapping(_without_end_mark(in_one_line(" ".join(_connected(text).split()))))


def _spelled(text: str) -> str:
    """Commands of one meaning under one name, and the arguments of fractions, binomials and roots in braces."""
    text = _COMMAND.sub(_of_one_name, text)
    text = _PRIMES.sub(lambda match: "''" if match[1] else "'", text)
    text = _BINOMIAL_NAME.sub(r"\\binom", _FRACTION_NAME.sub(r"\\frac", _PROBABILITY.sub(r"\1", _NUMBERS_NAME.sub(r"\\mathbb{\1}", text))))
    text = _TWO_SIGNS.sub(r"\\\1{\2}{\3}", _OVER.sub(_infix, _OVER_ALL.sub(_infix, text)))
    text = _GROUP_THEN_SIGN.sub(r"\\\1\2{\3}", _SIGN_THEN_GROUP.sub(r"\\\1{\2}{", text))
    text = _COMBINATIONS.sub(lambda match: rf"\binom{{{match[1] or match[2]}}}{{{match[3] or match[4]}}}", text)
    text = _EMPTY_SET.sub(r"\\emptyset", text.replace(r"\mid ", "|").replace(r"\mid", "|"))
    text = _ROOT_OF_FRACTION.sub(r"\\sqrt{\1}", text)
    return _ROOT_OF_SIGN.sub(lambda match: rf"\sqrt{match[1] or ''}{{{match[2]}}}", text)


def _of_one_name(command: re.Match[str]) -> str:
    """A command under its one name; a sign that stands for one takes the blank behind it along."""
    sign = _ONE_NAME.get(command[1])
    return command[0] if sign is None else sign + (command[2] if len(sign) != 1 else "")


def _without_end_mark(text: str) -> str:
    """`42 \\checkmark` without the mark that ends a solution; a sign that stands alone is the answer."""
    found = text.rstrip(" .")
    return next((rest for mark in _END_MARKS if (rest := found.removesuffix(mark).rstrip()) and rest != found), text)


def _infix(match: re.Match[str]) -> str:
    """`{2 \\over 3}` and `{5 \\choose 2}` with the command before its arguments."""
    return rf"\{'frac' if match[2] == 'over' else 'binom'}{{{match[1].strip()}}}{{{match[3].strip()}}}"


def _without_wrapping(text: str) -> str:
    """The text without what ends a line or a sentence, quotes around it, and braces around it that hold no list."""
    text = text.rstrip(_TRAILING + "\\").removesuffix(r"\cr").rstrip(_TRAILING).strip()
    text = _ANNOUNCED.sub("", _LEADING_COLON.sub("", text, count=1) if text[:1] in ":：" else text, count=1)
    if len(text) > 2 and text[0] == text[-1] == "*" and "*" not in text[1:-1]:
        text = text[1:-1].strip()
    if text[:1] == "{" and "," not in text and text.find("}") == len(text) - 1 and r"\\" not in text:
        text = text[1:-1].strip()
    return _strip_quotes(text)


def _connected(text: str) -> str:
    """`3或5` as `3 or 5`, where nothing else is Chinese, Japanese or Korean."""
    if not CHINESE.search(text):
        return _ESCAPED_QUOTE.sub("'", text)
    joined = text
    for sign, word in _CONNECTORS:
        joined = sign.sub(word, joined)
    return text if CHINESE.search(joined) else joined


def _with_money(text: str) -> str:
    """Marks the dollars that are money, `\\$5` and a `$5` whose sign has no partner; all other dollars are delimiters of formulas."""
    text = _MONEY.sub("﹩", text)
    return _LONE_DOLLAR.sub("﹩", text) if text.count("$") - text.count(r"\$") == 1 else text


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
    text = plain(text).replace("﹩", "")
    if words_only(text):
        text = text.casefold().rstrip("!?")
    text = text.replace(" : ", "|") if text.startswith(r"\{") else text
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
