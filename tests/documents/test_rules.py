"""The table of the grader's rules in tasks/README.md: every rule, in the order in which they are asked, with what its docstring says first.

`python -m tests.documents.test_rules` writes it anew.
"""

import re
from pathlib import Path

from tasks.grading.rules.order import RULES

PAGE = Path(__file__).resolve().parents[2] / "tasks" / "README.md"
TABLE = re.compile(r"\| rule \| what it is for \|\n\|---\|---\|\n(?:\|.*\n)+")


def rules_table() -> str:
    """The table as it should be."""
    rows = [f"| `{rule.__name__}` | {first_line(rule.__doc__ or '')} |\n" for rule in RULES]
    return "| rule | what it is for |\n|---|---|\n" + "".join(rows)


def first_line(text: str) -> str:
    """The first line of a docstring, as a cell."""
    return text.strip().partition("\n")[0].replace("|", r"\|")


def test_every_rule_says_what_it_is_for() -> None:
    assert all(first_line(rule.__doc__ or "") for rule in RULES)


def test_the_table_has_all_rules_in_their_order() -> None:
    found = TABLE.search(PAGE.read_text(encoding="utf-8"))
    assert found and found.group() == rules_table(), "python -m tests.documents.test_rules writes it anew"


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(TABLE.sub(lambda _: rules_table(), page), encoding="utf-8")
