"""Reads a plain text as one expression of SymPy by math-verify's grammar: the whole of it and in one meaning, or not at all.

Math-verify itself looks for something that it can read, so it takes `101_3` for 101, `5 km` for 5 and `y'` for y, and then says that
two answers are the same of which it has seen a part each. Here a text that holds anything that the grammar is known to drop, to
multiply letter by letter or to guess at has no expression.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sympy import Basic

_KEPT = {
    "frac", "sqrt", "binom", "cdot", "times", "div", "pm", "mp", "le", "leq", "leqslant", "ge", "geq", "geqslant", "lt", "gt", "ne", "neq",
    "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "ln", "log", "exp", "pi", "infty",
    "lfloor", "rfloor", "lceil", "rceil", "max", "min", "int", "sum", "prod", "lim", "to", "cup", "cap", "setminus", "emptyset", "mathbb",
    "overline", "bar", "hat", "vec", "tilde", "begin", "end", "cr", "in", "mod",
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta", "iota", "kappa", "lambda", "mu", "nu",
    "xi", "rho", "sigma", "tau", "upsilon", "phi", "varphi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Sigma",
    "Phi", "Psi", "Omega",
}  # fmt: skip
"""The commands that the grammar reads as what they mean. `\\angle`, `\\triangle` and their like become letters that are multiplied."""
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_DROPPED_PARTS = re.compile(
    r"\d\s*_|\d\s+\d|['\"]|!!|\^\s*\{?\s*(?:T(?![A-Za-z])|\*|\+|-\s*\}?$|\\prime)|\\overline\s*\{?\s*\d|[^\x00-\x7f]|\.(?!\d)|\d\.\d+\.|[A-Za-z]\.\d|[#@?]"
    r"|[A-Za-z]\s*\(\s*[A-Za-z]\s*\(|[A-Z}]\s*\\times\s*[A-Z\\]|\d{4}-\d\d-\d\d"
)
"""A base, two numbers side by side, primes, transposes and conjugates, repeating decimals, a function of a function, a cross product."""
_THOUSANDS = re.compile(r"(?<![\d.,(\[{])([1-9]\d{0,2}),(\d{3})(?![\d,])")
_WORD = re.compile(r"(?<![A-Za-z\\])[A-Za-z]{4,}")
_TRIGONOMETRY = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![A-Za-z])")
_DEGREES = re.compile(r"\s*\^\s*(?:\{\s*\\circ\s*\}|\\circ)")
_RAISED_FRACTION = re.compile(r"\^\s*(\\frac\{[^{}]*\}\{[^{}]*\})")
_INDEX_OF_LOG = re.compile(r"\\log_\s*(?:(\d|[A-Za-z])|\{([^{}]*)\})\s*(\d+(?:\.\d+)?|[A-Za-z](?![A-Za-z]))?")
_INDEXED_VECTOR = re.compile(r"\\(vec|hat|bar|overline|tilde)\s+([A-Za-z])(?![A-Za-z])")
_RELATIONS = tuple((re.compile(spelled), sign) for spelled, sign in {
    r"<=|=<|\\leqslant(?![A-Za-z])|\\leq(?![A-Za-z])": r"\\le ", r">=|\\geqslant(?![A-Za-z])|\\geq(?![A-Za-z])": r"\\ge ",
    r"!=|\\neq(?![A-Za-z])": r"\\ne ", r"\\lt(?![A-Za-z])": "<", r"\\gt(?![A-Za-z])": ">",
}.items())  # fmt: skip
_BRACKETED = re.compile(r"(?:\\sqrt(?:\[\w\])?|\^)\s*(?=\()")
_COUNTED = re.compile(r"_\s*\{?\s*i|i\s*=|\\(?:sum|prod)(?![A-Za-z])")


@lru_cache(maxsize=256)
def expression(text: str) -> "Basic | None":
    """The expression that a plain text writes as a whole; None where it writes none, or has a part that would be lost."""
    latex = _for_the_grammar(text)
    if not latex or any(name not in _KEPT for name in _COMMAND.findall(latex)) or _DROPPED_PARTS.search(latex):
        return None
    if r"\begin" not in latex and ("&" in latex or _WORD.search(latex)):
        return None
    return _parsed(latex)


def _for_the_grammar(text: str) -> str:
    """The spelling that the grammar knows: degrees in radians inside functions, arguments of roots and powers in braces."""
    text = joined if "," not in (joined := _THOUSANDS.sub(r"\1\2", text)) else text
    text = _DEGREES.sub(r" \\cdot \\frac{\\pi}{180} " if _TRIGONOMETRY.search(text) else "", text)
    for pattern, sign in _RELATIONS:
        text = pattern.sub(sign, text)
    text = _INDEX_OF_LOG.sub(_log, _INDEXED_VECTOR.sub(r"\\\1{\2}", text))
    return braced(_RAISED_FRACTION.sub(r"^{\1}", text)).replace(r"\cr", r"\\").replace("%", r"\%")


def _log(match: re.Match[str]) -> str:
    """A logarithm with its index, and a number or a letter that follows, in braces."""
    return rf"\log_{{{match[1] or match[2]}}}" + (f"{{{match[3]}}}" if match[3] else "")


def braced(text: str) -> str:
    """`\\sqrt(…)` and `^(…)` with the brackets as braces. Linear: one pass with a stack."""
    starts = {match.end() for match in _BRACKETED.finditer(text)}
    characters, stack = list(text), []
    for place, character in enumerate(text):
        if character == "(":
            stack.append(place if place in starts else -1)
        elif character == ")" and stack and (opened := stack.pop()) >= 0:
            characters[opened], characters[place] = "{", "}"
    return "".join(characters)


def _parsed(latex: str) -> "Basic | None":
    """What the grammar reads; None where it cannot, or stops before the end."""
    from latex2sympy2_extended.latex2sympy2 import ConversionConfig
    from sympy import Basic, I, MatrixBase, Symbol

    converter = _converter()(is_real=True, config=ConversionConfig(lowercase_symbols=False))
    try:
        found = converter.parse(latex)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 the grammar raises whatever it likes over what it cannot read
        return None
    if not isinstance(found, Basic | MatrixBase) or not converter.at_the_end():
        return None
    return found.xreplace({Symbol("E", real=True): Symbol("E'"), **({} if _COUNTED.search(latex) else {Symbol("i", real=True): I})})


@lru_cache(maxsize=1)
def _converter() -> Any:
    """Math-verify's reader, extended by the question whether it has read all."""
    from antlr4 import Token
    from latex2sympy2_extended.latex2sympy2 import _Latex2Sympy

    class Reader(_Latex2Sympy):
        """Remembers the stream of tokens."""

        def create_parser(self, latex_str: str) -> Any:
            parser = super().create_parser(latex_str)
            self.stream = parser.getTokenStream()
            return parser

        def at_the_end(self) -> bool:
            """Whether the grammar has consumed every token."""
            return self.stream.LA(1) == Token.EOF

    return Reader
