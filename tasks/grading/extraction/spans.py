"""Cuts the mathematical expressions out of a sentence, each as a whole: `2√3`, `[0, 2]`, `h = 2a + 3`, `$f(x) = x^2 + 1$`, `180 - x - 40`.

One pass over the sentence's tokens; a word ends an expression, and a bracket with words in it belongs to none.
"""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"(?P<math>\\begin\{\w{1,12}\*?\}.{0,400}?\\end\{\w{1,12}\*?\}|\\(?:text|mathrm|mbox|textbf|mathbf|operatorname|"
    r"mathbb)\s?\{[^{}]{0,40}\}|\\[A-Za-z]+|\\[,;:!%$]|\\[(){}\[\]]|"
    r"\d+(?:[.,]\d+)*|\.\d+|(?:sqrt|sin|cos|tan|log|ln|pi)(?![A-Za-z])|\^|_|"
    r"[-+*/=<>≤≥≠≈±×÷·⋅√π%°∞∠∪∩∈!|−–²³⁴½⅓⅔¼¾:'′″$€£¥₹])|"
    r"(?P<open>[(\[{（])|(?P<close>[)\]}）])|"
    r"(?P<word>[^\W\d_]{2,}(?:[-'’/][^\W\d_]+)*)|(?P<letter>[^\W\d_](?:_?\d{1,3})?)|(?P<space>[ \t\u00a0]+)|(?P<comma>[,;，])|"
    r"(?P<other>.)",
    re.DOTALL,
)
MOST_CHARS = 300
"""A longer expression is no answer."""
_LEADING = " \t=*/<>≤≥≠≈×÷·:!|'%°^_²³,;)]}"
_TRAILING = " \t=+-*/<>≤≥≠≈×÷·:|−–^_,;$([{√'"
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_TEENS = "zero|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_SCALES = "hundred|thousand|million|billion|dozen"
_PARTS = "half|halves|thirds?|quarters?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?"
_NUMBER_WORD = re.compile(
    rf"\b(?:{_ONES}|{_TEENS}|{_TENS}|a (?:{_SCALES}|half))"
    rf"(?:(?:[-\s]|(?<=hundred)\sand\s|(?<=thousand)\sand\s)(?:{_ONES}|{_TEENS}|{_TENS}|{_SCALES}))*"
    rf"(?:[-\s](?:{_PARTS})|\sand\sa\s(?:half|quarter))?\b(?!\s(?:by|another|side|hand|way|or more)\b|-)",
    re.IGNORECASE,
)
"""A number in words, whole: `one hundred and five`, `three fifths`, `four and a half`."""
_ONE_THAT_COUNTS = re.compile(r"one\s(?!of\b)[^\W\d_]{3,}\s?(?:left|remain\w*|in|on|that|with|who|which|$|[.,])", re.IGNORECASE)
_CHINESE_NUMBER = re.compile("(?<=[有是为共剩])[一二两三四五六七八九十百千万]{1,12}(?![一二两三四五六七八九十百千万])")


@dataclass(frozen=True, slots=True)
class Span:
    """An expression and where it stands in its sentence."""

    start: int
    end: int
    text: str


def spans(sentence: str) -> list[Span]:
    """The expressions of a sentence in their order; what has neither digit nor constant is none."""
    found: list[Span] = []
    start: int | None = None
    opened: list[int] = []
    for token in _TOKEN.finditer(sentence):
        kind = token.lastgroup
        if kind == "open":
            start = token.start() if start is None else start
            opened.append(token.start())
        elif kind == "close" and opened:
            opened.pop()
        elif kind == "math" or (kind == "letter" and not _is_article(sentence, token)):
            start = token.start() if start is None else start
        elif kind == "space" or (kind == "comma" and opened):
            continue
        else:
            _add(found, sentence, start, opened[0] if opened else token.start())
            start, opened = None, []
    _add(found, sentence, start, opened[0] if opened else len(sentence))
    return found


def _is_article(sentence: str, token: re.Match[str]) -> bool:
    """Whether a letter is a word of prose (`a leaf`, `I see`, the `s` of `it's`) or of a script without blanks."""
    after = sentence[token.end() : token.end() + 3]
    is_word = token[0] in ("a", "A", "I", "y", "e", "o") and re.match(r"\s[^\W\d_]{2}", after) is not None
    return is_word or not token[0].isascii()


def _add(found: list[Span], sentence: str, start: int | None, end: int) -> None:
    """Adds what stands there, without operators that hang over, if it says a value."""
    if start is None or start >= end:
        return
    text = sentence[start:end]
    left = len(text) - len(text.lstrip(_LEADING))
    text = text[left:].rstrip(_TRAILING)
    closing = "$$" if text.startswith("$$") and not text.endswith("$$") else "$" if text.count("$") % 2 else ""
    closing = closing if sentence.startswith(closing, start + left + len(text)) else ""
    if len(text) <= MOST_CHARS and re.search(r"\d|\\pi|π|√|∞|\\infty|½|⅓|¼|¾|⅔", text):
        found.append(Span(start + left, start + left + len(text) + len(closing), text + closing))


def number_words(clause: str) -> list[Span]:
    """The number words of a clause (`three cubes`, `有三个`), but for a `one` that is a pronoun."""
    found = [match for match in _NUMBER_WORD.finditer(clause) if match[0].casefold() != "one" or _counts(clause, match)]
    found += _CHINESE_NUMBER.finditer(clause)
    return [Span(match.start(), match.end(), match[0]) for match in found]


def _counts(clause: str, one: re.Match[str]) -> bool:
    """Whether a `one` is a number: `only one bar`, `one cube left`."""
    lead = clause[max(0, one.start() - 10) : one.start()].casefold()
    return _ONE_THAT_COUNTS.match(clause, one.start()) is not None or lead.endswith(("only ", "exactly ", "just "))
