"""Prints why a response is judged as it is, for a person who looks for the fault of a grader, of a gold answer or of a policy."""

from itertools import groupby
from typing import Any

from rich.text import Text

from tasks.grading.files.explained import SAYS, Comparison, Explanation, RuleAsked

INDENT = "  "


def explanation(one: Explanation) -> Text:
    """A line's verdict, what was found in the response and where, and each comparison."""
    head = f"line {one.line}: {one.verdict}, decided by {one.rule}"
    lines = [head, *([f"{INDENT}{one.fault}"] if one.fault else []), *found(one)]
    lines += [f"{INDENT}choices: {' | '.join(one.choices)}"] if one.choices else []
    lines += [f"{INDENT}numbers are compared to {one.precision} decimals"] if one.precision is not None else []
    for compared in one.comparisons:
        lines += comparison(compared)
    return Text("\n".join(lines))


def found(one: Explanation) -> list[str]:
    """What was found in the response, by which way, and where."""
    if one.fault:
        return []
    if one.extracted is None:
        return [f"{INDENT}no answer was found in the {one.length:,} characters of the response"]
    place = "" if one.begins is None else f", from character {one.begins:,} of {one.length:,}"
    return [f"{INDENT}found {one.extracted!r} as `{one.found}`{place}"]


def comparison(one: Comparison) -> list[str]:
    """The plain forms, each rule asked with what it said, and who decided. Rules that said nothing share a line."""
    head = f"{INDENT}against {one.gold!r}: {one.answer_plain!r} with {one.gold_plain!r}, decided by {one.decided_by}"
    together = groupby(one.rules, key=lambda rule: (rule.depth, rule.answer, rule.gold, rule.says == SAYS[None]))
    return [head, *(line for (*_, silent), rules in together for line in asked(list(rules), one, silent)), *map(read, one.readings)]


def asked(rules: list[RuleAsked], one: Comparison, silent: bool) -> list[str]:
    """The lines of rules asked of the same texts, which are told where they are not those of the whole comparison."""
    first = rules[0]
    parts = "" if (first.answer, first.gold) == (one.answer_plain, one.gold_plain) else f" of {first.answer!r} and {first.gold!r}"
    indent = INDENT * (first.depth + 2)
    if silent:
        return [f"{indent}nothing said{parts}: {', '.join(rule.rule for rule in rules)}"]
    return [f"{indent}{rule.rule} says {rule.says}{parts}: {rule.about}" for rule in rules]


def read(reading: dict[str, Any]) -> str:
    """What math-verify was asked of, what it read there, and what it said."""
    said = SAYS[reading["same"]]
    parts = [f"{reading[side]!r} as {reading[f'{side}_read'] or 'no expression'}" for side in ("answer", "gold")]
    return f"{INDENT * 2}math-verify reads {' and '.join(parts)}, and says {said}"
