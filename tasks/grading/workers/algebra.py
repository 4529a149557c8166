"""The last of the rules, asked only in a child: whether two whole expressions are the same by math-verify and SymPy.

It is a rule like the others, so lists, equations, intervals and sentences are taken apart by them, and math-verify is asked of the parts.
It departs from math-verify in two things. Two equations or inequalities are the same where one is the other times a number: math-verify
solves both, and takes two that have no solution it finds for the same. And what has values is compared by 30 digits of them: math-verify
cuts off at fifteen, so that 1/2004! is 1/2006!, and SymPy's simplification misses much that is equal.
"""

from typing import Any

from tasks.grading.forms.plain import plain
from tasks.grading.rules.formulas import integrands
from tasks.grading.rules.order import RULES
from tasks.grading.rules.rule import Context, watched
from tasks.grading.workers.reading import expression
from tasks.grading.workers.values import same_at_points


def same_by_algebra(answer: str, gold: str, context: Context) -> bool:
    """Whether two plain texts are whole expressions with one value. False where either is none: nothing shows them to be the same."""
    one, other = expression(answer), expression(gold)
    return one is not None and other is not None and _same(one, other)


def same_antiderivative_by_algebra(answer: str, gold: str, context: Context) -> bool | None:
    """Two antiderivatives `… + C` of one letter: the same where their derivatives are."""
    (one, letter), (other, other_letter) = integrands(answer), integrands(gold)
    if not letter or letter != other_letter:
        return None
    parts: list[Any] = [part for part in (expression(one), expression(other)) if part is not None]
    derivatives = [part.diff(next(iter(part.free_symbols))) for part in parts if len(part.free_symbols) == 1]
    return same_at_points(*derivatives) if len(derivatives) == 2 else None


def same(answer: str, gold: str) -> bool:
    """Whether two answers as written are the same by the rules and, for what these leave open, by algebra."""
    return bool(Context(None, False, (same_antiderivative_by_algebra, *RULES, same_by_algebra)).equal(plain(answer), plain(gold)))


def readings(answer: str, gold: str) -> list[dict[str, str | bool | None]]:
    """What algebra is asked of two answers as written: each pair of parts, the expressions that they are read as (None: as none), and
    whether they are the same."""
    with watched() as watch:
        same(answer, gold)
    asked = [one for one in watch.asked if one.rule is same_by_algebra]
    return [
        {
            "answer": one.answer,
            "gold": one.gold,
            "answer_read": _shown(expression(one.answer)),
            "gold_read": _shown(expression(one.gold)),
            "same": one.said is True,
        }
        for one in asked
    ]


def _shown(found: Any) -> str | None:
    return None if found is None else str(found)


def _same(one: Any, other: Any) -> bool:
    """Two expressions; relations only with relations."""
    from math_verify import verify
    from sympy import And, Expr
    from sympy.core.relational import Relational

    if isinstance(one, And) and isinstance(other, And):
        return _same_chain(list(one._unsorted_args), list(other._unsorted_args))
    if isinstance(one, Relational) != isinstance(other, Relational):
        return False
    if isinstance(one, Relational):
        return _same_relation(one, other)
    if isinstance(one, Expr) and isinstance(other, Expr) and (equal := same_at_points(one, other)) is not None:
        return equal
    return bool(verify([other], [one], allow_set_relation_comp=True, timeout_seconds=None))


def _same_chain(ones: list[Any], others: list[Any]) -> bool:
    """`a < b < c`, from either end."""
    return len(ones) == len(others) and any(
        all(_same(one, other) for one, other in zip(ordered, others, strict=True)) for ordered in (ones, ones[::-1])
    )


def _same_relation(one: Any, other: Any) -> bool:
    """Two equations or inequalities: all on one side, one is the other times a number, which for `<` has the sign that it must have."""
    from sympy import Eq, Expr, GreaterThan, Ne, StrictGreaterThan

    if not all(isinstance(side, Expr) for relation in (one, other) for side in relation.args):
        return bool(type(one) is type(other) and all(_same(*pair) for pair in zip(one.args, other.args, strict=True)))
    factor = _factor(one.lhs - one.rhs, other.lhs - other.rhs)
    if factor is None:
        return False
    if isinstance(one, Eq | Ne) or isinstance(other, Eq | Ne):
        return type(one) is type(other)
    turned = isinstance(one, GreaterThan | StrictGreaterThan) != isinstance(other, GreaterThan | StrictGreaterThan)
    strict = "Strict" in type(one).__name__, "Strict" in type(other).__name__
    return strict[0] == strict[1] and bool(factor.is_negative if turned else factor.is_positive)


def _factor(one: Any, other: Any) -> Any:
    """The number that `one` is `other` times, after both are brought over one denominator; None where there is none."""
    from sympy import fraction, simplify, together

    if one.free_symbols != other.free_symbols or not one.free_symbols:
        return None
    for left, right in ((one, other), (fraction(together(one))[0], fraction(together(other))[0])):
        factor = simplify(left / right)
        if factor.is_number and factor.is_finite and factor.is_nonzero:
            return factor
    return None
