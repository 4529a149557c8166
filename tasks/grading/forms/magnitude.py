"""How large a constant is, without computing it: a float, or the logarithm of what no float holds, and of that again where need be.

`9^{9^{9}}` is a number of 369,693,100 digits, and `300000!` one of 1,512,852: what can be told of them costs microseconds.
"""

import math
import re
from dataclasses import dataclass

MAX_CHARS = 500
_MAX_DEPTH = 30
_FLOATS = 300.0
"""Decimal logarithms up to here, and down to its negative, are those of floats."""
_SAME = 1e-9
_TOKEN = re.compile(r"\s*(?:(\d{1,300}(?:\.\d{0,300})?|\.\d{1,300})|(\\[A-Za-z]+)|([-+*/^(){}\[\]!e]))")
_TIMES, _OVER = {"*", r"\times", r"\cdot"}, {"/", r"\div"}
_CONSTANTS = {r"\pi": math.pi, "e": math.e}
_BEGINS_A_FACTOR = {"(", "{", r"\frac", r"\sqrt", r"\binom", *_CONSTANTS}
_CLOSING = {"(": ")", "{": "}", "[": "]"}


class UnknownSizeError(Exception):
    """The text is no constant, or two sizes cancel each other."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """A number beyond the floats, as large or as small as its decimal logarithm says."""

    sign: float
    log: "Size"


Size = float | Beyond


def size(text: str) -> Size | None:
    """The size of the constant that a plain text writes; None where it writes none, or it cannot be told."""
    if not text or len(text) > MAX_CHARS:
        return None
    try:
        return _Parser(_tokens(text)).whole()
    except (UnknownSizeError, ArithmeticError, ValueError):
        return None


def apart(one: Size, other: Size) -> bool:
    """Whether two sizes are surely those of different numbers."""
    if isinstance(one, float) and isinstance(other, float):
        return not math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)
    if _sign(one) != _sign(other):
        return True
    a, b = _log(one), _log(other)
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) > _SAME * max(abs(a), abs(b))
    return apart(a, b)


def plus(one: Size, other: Size) -> Size:
    """The sum. Raises UnknownSizeError where large numbers cancel each other."""
    if isinstance(one, float) and isinstance(other, float):
        return _kept(one + other)
    large, small = (one, other) if not less(_log(one), _log(other)) else (other, one)
    a, b = _log(large), _log(small)
    if isinstance(a, float) and isinstance(b, float) and abs(a) < 1e12:
        share = 1 + _sign(large) * _sign(small) * 10 ** max(b - a, -_FLOATS)
        if share > _SAME:
            return _from_log(_sign(large), a + math.log10(share))
        raise UnknownSizeError
    if _sign(large) != _sign(small) and not apart(a, b):
        raise UnknownSizeError
    return large


def times(one: Size, other: Size) -> Size:
    """The product."""
    if 0.0 in (one, other):
        return 0.0
    if isinstance(one, float) and isinstance(other, float) and 0 < abs(product := one * other) < math.inf:
        return _kept(product)
    return _from_log(_sign(one) * _sign(other), plus(_log(one), _log(other)))


def power(base: Size, exponent: Size) -> Size:
    """`base ** exponent`, real. A negative base takes a whole exponent that a float holds exactly."""
    if base == 0.0:
        if _sign(exponent) < 0:
            raise UnknownSizeError
        return 0.0
    sign = 1.0
    if _sign(base) < 0:
        if not isinstance(exponent, float) or abs(exponent) > 2**53 or exponent % 1:
            raise UnknownSizeError
        sign = -1.0 if exponent % 2 else 1.0
    return _from_log(sign, times(exponent, _log(base)))


def factorial(number: Size) -> Size:
    """`n!`, by Stirling's formula where n is beyond the floats."""
    if _sign(number) < 0:
        raise UnknownSizeError
    if isinstance(number, float):
        return _from_log(1.0, math.lgamma(number + 1) / math.log(10))
    return _from_log(1.0, times(number, plus(_log(number), -1 / math.log(10))))


def binomial(n: Size, k: Size) -> Size:
    """`\\binom{n}{k}` of 0 <= k <= n."""
    if not (isinstance(n, float) and isinstance(k, float) and 0 <= k <= n):
        raise UnknownSizeError
    return _from_log(1.0, (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)) / math.log(10))


def less(one: Size, other: Size) -> bool:
    """Whether one size is below another; equal ones are not."""
    if isinstance(one, float) and isinstance(other, float):
        return one < other
    if _sign(one) != _sign(other):
        return _sign(one) < _sign(other)
    return less(_log(one), _log(other)) if _sign(one) > 0 else less(_log(other), _log(one))


def _sign(value: Size) -> float:
    return value.sign if isinstance(value, Beyond) else math.copysign(1.0, value)


def _log(value: Size) -> Size:
    """The decimal logarithm of the absolute value."""
    return value.log if isinstance(value, Beyond) else math.log10(abs(value) or 10**-_FLOATS)


def _from_log(sign: float, log: Size) -> Size:
    return sign * 10.0**log if isinstance(log, float) and abs(log) < _FLOATS else Beyond(sign, log)


def _kept(value: float) -> Size:
    """A float as it is, or by its logarithm where it is near the end of the floats."""
    return value if not value or abs(math.log10(abs(value))) < _FLOATS else Beyond(_sign(value), math.log10(abs(value)))


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise UnknownSizeError
        tokens.append(match.group().strip())
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens, as `constants` does it, but over sizes: nothing here computes a number."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0

    def whole(self) -> Size:
        value = self.sum()
        if self.at != len(self.tokens):
            raise UnknownSizeError
        return value

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def sum(self) -> Size:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise UnknownSizeError
        value = self.product()
        while self.peek() in ("+", "-"):
            value = plus(value, times(1.0 if self.take() == "+" else -1.0, self.product()))
        self.depth -= 1
        return value

    def product(self) -> Size:
        value = self.signed()
        while True:
            if self.peek() in _TIMES:
                self.take()
                value = times(value, self.signed())
            elif self.peek() in _OVER:
                self.take()
                value = times(value, power(self.signed(), -1.0))
            elif self.peek() in _BEGINS_A_FACTOR:
                value = times(value, self.power())
            else:
                return value

    def signed(self) -> Size:
        sign = 1.0
        while self.peek() in ("+", "-"):
            sign = -sign if self.take() == "-" else sign
        return times(sign, self.power())

    def power(self) -> Size:
        base = self.atom()
        while self.peek() == "!":
            self.take()
            base = factorial(base)
        if self.peek() != "^":
            return base
        self.take()
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise UnknownSizeError
        exponent = self.signed()
        self.depth -= 1
        return power(base, exponent)

    def atom(self) -> Size:
        token = self.take()
        if token in ("(", "{"):
            return self.closed(token)
        if token == r"\frac":
            return times(self.group(), power(self.group(), -1.0))
        if token == r"\binom":
            return binomial(self.group(), self.group())
        if token == r"\sqrt":
            return self.root()
        if token in _CONSTANTS:
            return _CONSTANTS[token]
        if token[:1].isdigit() or token[:1] == ".":
            return _kept(float(token))
        raise UnknownSizeError

    def closed(self, opening: str) -> Size:
        value = self.sum()
        if self.take() != _CLOSING[opening]:
            raise UnknownSizeError
        return value

    def group(self) -> Size:
        if self.take() != "{":
            raise UnknownSizeError
        return self.closed("{")

    def root(self) -> Size:
        degree: Size = 2.0
        if self.peek() == "[":
            self.take()
            degree = self.closed("[")
        return power(self.group(), power(degree, -1.0))
