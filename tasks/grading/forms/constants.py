"""The value of a constant expression: exact where it is rational, a float where it has roots or pi, None where it is neither.

Bounded work by construction: capped length, depth and size of integers, so it runs in the parent without a time limit.
What is too large for it is left to a child that can be killed.
"""

import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from tasks.grading.forms.numerals import numeral

Value = Fraction | float

MAX_CHARS = 300
_MAX_DEPTH = 30
_MAX_BITS = 4096
_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?|\.\d+)|(\\[A-Za-z]+)|([-+*/^(){}\[\]!])|([A-Za-z]))")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIMES = {"*", r"\times", r"\cdot"}
_OVER = {"/", r"\div"}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    r"\sin": math.sin, r"\cos": math.cos, r"\tan": math.tan, r"\cot": lambda x: 1 / math.tan(x), r"\sec": lambda x: 1 / math.cos(x),
    r"\csc": lambda x: 1 / math.sin(x), r"\arcsin": math.asin, r"\arccos": math.acos, r"\arctan": math.atan, r"\ln": math.log,
}  # fmt: skip
_INVERSES = {math.sin: math.asin, math.cos: math.acos, math.tan: math.atan}
_OPENING_A_FACTOR = {"(", "{", r"\frac", r"\sqrt", r"\pi", r"\binom", *_FUNCTIONS}
_CLOSING = {"(": ")", "{": "}", "[": "]"}


class _NotConstantError(Exception):
    """The text is no constant expression that can be evaluated within the bounds."""


def constant(text: str) -> Value | None:
    """The value of a plain text such as `-3`, `1,234.5`, `2 1/2`, `\\frac{\\sqrt{3}}{2}`, `3\\pi`, `2^{10}` or `twelve`; None otherwise."""
    text = text.strip().removeprefix("﹩")
    if not text or len(text) > MAX_CHARS or _DATE.fullmatch(text):
        return None
    try:
        number = numeral(text)
        return _Parser(_tokens(text)).whole() if number is None else number
    except (_NotConstantError, ArithmeticError, ValueError, TypeError):
        return None


def value_at(text: str, point: Mapping[str, float]) -> float | None:
    """The value of a plain formula where its variables have the values of `point`; None where it cannot be told within the bounds."""
    if not text or len(text) > MAX_CHARS:
        return None
    try:
        value = float(_Parser(_tokens(text), point).whole())
    except (_NotConstantError, ArithmeticError, ValueError, TypeError):
        return None
    return value if math.isfinite(value) else None


def variables(text: str) -> set[str]:
    """The letters and Greek letters that a plain formula may use as variables; commands that the parser knows are none."""
    known = {*_TIMES, *_OVER, *_FUNCTIONS, r"\frac", r"\sqrt", r"\pi", r"\binom"}
    return set(re.findall(r"\\[A-Za-z]+|[A-Za-z]", text[:MAX_CHARS])) - known


def equal(one: Value, other: Value, precision: int | None = None, decimal: bool = False) -> bool:
    """Whether two values are the same number.

    precision: they may differ by half a unit of that decimal, as a rounded number does. decimal: one was written as a decimal fraction,
    so six decimals decide.
    """
    try:
        return _equal(one, other, precision, decimal)
    except OverflowError:
        return False


def _equal(one: Value, other: Value, precision: int | None, decimal: bool) -> bool:
    """As `equal`; raises OverflowError where one of two different kinds of number is too large for a float."""
    if precision is not None:
        return abs(Fraction(one) - Fraction(other)) <= Fraction(1, 2) / Fraction(10) ** precision + Fraction(1, 10**12)
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one == other or (decimal and round(one, 6) == round(other, 6) and _close(one, other))
    if decimal:
        return abs(float(one) - float(other)) < 5e-7 and _close(one, other)
    return math.isclose(float(one), float(other), rel_tol=1e-11, abs_tol=1e-13)


def _close(one: Value, other: Value) -> bool:
    """Whether two values differ by a five-thousandth of the greater one at most: six decimals do not tell 1.6e-19 from 3.2e-19."""
    return abs(Fraction(one) - Fraction(other)) * 5000 <= max(abs(Fraction(one)), abs(Fraction(other)))


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise _NotConstantError
        tokens.append(match.group().strip())
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens; every method consumes what it evaluates."""

    def __init__(self, tokens: list[str], point: Mapping[str, float] | None = None) -> None:
        self.tokens, self.at, self.depth, self.point = tokens, 0, 0, point or {}

    def whole(self) -> Value:
        value = self.sum()
        if self.at != len(self.tokens):
            raise _NotConstantError
        return value

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def sum(self) -> Value:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _NotConstantError
        value = self.product()
        while self.peek() in ("+", "-"):
            value = _bounded(value + self.product() if self.take() == "+" else value - self.product())
        self.depth -= 1
        return value

    def product(self) -> Value:
        value = self.signed()
        while True:
            if self.peek() in _TIMES:
                self.take()
                value = _bounded(value * self.signed())
            elif self.peek() in _OVER:
                self.take()
                value = _bounded(value / self.signed())
            elif self.peek() in _OPENING_A_FACTOR or self.peek() in self.point:
                value = _bounded(value * self.implicit_factor())
            else:
                return value

    def implicit_factor(self) -> Value:
        """A factor without a sign of multiplication. A fraction of integers right after an integer would be a mixed number: refused."""
        previous = self.tokens[self.at - 1]
        start = self.at
        value = self.power()
        if previous.isdigit() and self.tokens[start] == r"\frac" and isinstance(value, Fraction):
            raise _NotConstantError
        return value

    def signed(self) -> Value:
        sign = 1
        while self.peek() in ("+", "-"):
            sign = -sign if self.take() == "-" else sign
        return sign * self.power()

    def power(self) -> Value:
        base = self.postfix()
        if self.peek() != "^":
            return base
        self.take()
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _NotConstantError
        exponent = self.signed()
        self.depth -= 1
        return _power(base, exponent)

    def postfix(self) -> Value:
        value = self.atom()
        while self.peek() == "!":
            self.take()
            if not isinstance(value, Fraction) or value.denominator != 1 or not 0 <= value <= 200:
                raise _NotConstantError
            value = Fraction(math.factorial(int(value)))
        return value

    def atom(self) -> Value:
        token = self.take()
        if token in ("(", "{"):
            return self.closed(token)
        if token == r"\frac":
            return _bounded(self.group() / self.group())
        if token == r"\sqrt":
            return self.root()
        if token == r"\binom":
            return self.binomial()
        if token == r"\pi":
            return math.pi
        if token in _FUNCTIONS:
            return self.function(_FUNCTIONS[token])
        if token in self.point:
            return self.point[token]
        if token[:1].isdigit() or token[:1] == ".":
            return Fraction(token)
        raise _NotConstantError

    def binomial(self) -> Value:
        """`\\binom{n}{k}` of whole numbers up to 200."""
        n, k = self.group(), self.group()
        if not (isinstance(n, Fraction) and isinstance(k, Fraction) and n.denominator == k.denominator == 1 and 0 <= k <= n <= 200):
            raise _NotConstantError
        return Fraction(math.comb(int(n), int(k)))

    def function(self, apply: Callable[[float], float]) -> Value:
        """`\\sin 30^{\\circ}`, `\\sin^2 x`, `\\cos(2x)`. An argument that goes on without brackets (`\\sin 2x`) is refused."""
        exponent: Value = Fraction(1)
        if self.peek() == "^":
            self.take()
            exponent = self.atom()
        bracketed = self.peek() in ("(", "{", r"\frac", r"\sqrt")
        argument = radians = float(self.atom())
        for degrees in (["^", "{", r"\circ", "}"], ["^", r"\circ"]):
            if self.tokens[self.at : self.at + len(degrees)] == degrees:
                self.at += len(degrees)
                argument = math.radians(argument)
        if exponent == -1 and apply in _INVERSES and argument == radians:
            apply, exponent = _INVERSES[apply], Fraction(1)
        goes_on = {*_OPENING_A_FACTOR, "^", "!"} - set(_FUNCTIONS)
        if exponent == -1 or (not bracketed and (self.peek() in goes_on or self.peek() in self.point)):
            raise _NotConstantError
        return _power(_bounded(apply(argument)), exponent)

    def closed(self, opening: str) -> Value:
        value = self.sum()
        if self.take() != _CLOSING[opening]:
            raise _NotConstantError
        return value

    def group(self) -> Value:
        if self.take() != "{":
            raise _NotConstantError
        return self.closed("{")

    def root(self) -> Value:
        degree: Value = Fraction(2)
        if self.peek() == "[":
            self.take()
            degree = self.closed("[")
        opening = self.take()
        if opening not in ("{", "("):
            raise _NotConstantError
        return _root(self.closed(opening), degree)


def _bounded(value: Value) -> Value:
    """The value itself; a rational that has grown too long and a float that is not finite are refused."""
    if isinstance(value, Fraction):
        if value.numerator.bit_length() + value.denominator.bit_length() <= _MAX_BITS:
            return value
        raise _NotConstantError
    if not math.isfinite(value):
        raise _NotConstantError
    return value


def _power(base: Value, exponent: Value) -> Value:
    """`base ** exponent`, exact for small whole exponents. Raises _NotConstantError where it would be huge, vanishing or complex."""
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if bits * abs(exponent.numerator) > _MAX_BITS:
            raise _NotConstantError
        return base ** int(exponent)
    if isinstance(base, Fraction) and exponent == Fraction(1, 2):
        return _root(base, Fraction(2))
    value = float(base) ** float(exponent)
    if isinstance(value, complex) or (value == 0 and base != 0):
        raise _NotConstantError
    return _bounded(value)


def _root(value: Value, degree: Value) -> Value:
    """The real root, exact for squares of rationals."""
    if degree != 2:
        return _power(value, 1 / degree)
    if isinstance(value, Fraction) and value >= 0:
        top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if top * top == value.numerator and bottom * bottom == value.denominator:
            return Fraction(top, bottom)
    return math.sqrt(value)
