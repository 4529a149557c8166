"""Whether two expressions of SymPy have the same values: 30 digits of them at some points are worth more than a simplification."""

from typing import Any

_DIGITS = 30
_EXACT, _ROUNDED = 1e-20, 5e-7
_LEAST_POINTS = 3
_POINTS = (
    (0.731, 0.317, 0.415, 0.893, 0.571, 0.694), (1.234, 2.618, 1.902, 3.357, 0.841, 1.559), (0.219, 1.141, 2.657, 0.529, 1.383, 3.883),
    (-1.371, 2.219, -0.413, 1.217, -2.113, 0.911), (2.117, -1.531, 0.773, -2.819, 1.193, -0.677),
    (-0.337, -2.711, -1.873, -0.149, -3.301, -1.637), (2, 5, 3, 7, 4, 6), (5, 3, 2, 4, 6, 7), (6, 4, 9, 5, 3, 2), (4, 1, 6, 2, 5, 3),
)  # fmt: skip
"""Small and great, negative, and whole, where `\\binom{n}{2}` and `(-1)^n` have their meaning."""
_WHOLE = tuple(point for point in _POINTS if all(isinstance(number, int) for number in point))
"""Where a sum of so many terms has a value at all."""


def same_at_points(one: Any, other: Any) -> bool | None:
    """Whether both have the same values wherever both are real (complex numbers only where an i is written). None where they have too few.

    A decimal fraction in either makes six digits decide.
    """
    from sympy import Derivative, Float, I, Integral, Limit, Product, Rational, Sum, oo
    from sympy.core.function import AppliedUndef

    if any(expression.has(Integral, Limit, Derivative, oo, AppliedUndef) for expression in (one, other)):
        return None
    names = sorted(one.free_symbols | other.free_symbols, key=str)
    if len(names) > len(_POINTS[0]):
        return None
    tolerance = _ROUNDED if one.has(Float) or other.has(Float) else _EXACT
    complex_too = one.has(I) or other.has(I)
    told = 0
    counted = one.has(Sum, Product) or other.has(Sum, Product)
    for values in (_WHOLE if counted else _POINTS) if names else _POINTS[:1]:
        point = {name: Rational(str(number)) for name, number in zip(names, values, strict=False)}
        pair = [_value(expression, point, complex_too) for expression in (one, other)]
        if None in pair:
            continue
        if abs(pair[0] - pair[1]) > tolerance * max(map(abs, pair)):
            return False
        told += 1
    return True if told >= (_LEAST_POINTS if names else 1) else None


def _value(expression: Any, point: dict[Any, Any], complex_too: bool) -> Any:
    """The value at a point; None where there is none, or one of its roots, powers and logarithms is not real and may not be."""
    value = expression.subs(point).doit().evalf(_DIGITS)
    if not value.is_number or not value.is_finite or not (value.is_comparable or complex_too):
        return None
    return value if complex_too or _real_throughout(expression, point) else None


def _real_throughout(expression: Any, point: dict[Any, Any]) -> bool:
    """Whether no root or logarithm is taken of a negative number: `\\sqrt{x}\\sqrt{y}` is `\\sqrt{xy}` where both have values."""
    from sympy import Pow, Rational, log

    taken = [(power.base, power.exp) for power in expression.atoms(Pow) if not power.exp.is_Integer]
    taken += [(logarithm.args[0], Rational(1, 2)) for logarithm in expression.atoms(log)]
    return all(not base.subs(point).evalf().is_negative or exponent.subs(point).is_integer for base, exponent in taken)
