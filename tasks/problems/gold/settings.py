"""How a recipe says what a source's gold answers are written like, where it has to say so."""

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, field_validator

from tasks.base.errors import did_you_mean
from tasks.base.settings import Settings

RuleName = Literal["plain", "hashes", "tag", "box", "sentence", "labelled", "list", "either", "index_from_0", "index_from_1"]
"""The rules of `rules.py`, each for one written form. A recipe may name one; by `auto` each source gets what fits all of its rows."""

GROUP = "answer"


class GoldPattern(Settings):
    """A form that no rule knows: a regular expression, found anywhere in a text, whose one group (or the group `answer`) is the answer."""

    pattern: str

    @field_validator("pattern")
    @classmethod
    def has_one_answer(cls, pattern: str) -> str:
        """Raise ValueError for what is no regular expression, or does not say which part is the answer."""
        try:
            found = re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error
        if found.groups != 1 and GROUP not in found.groupindex:
            raise ValueError(
                f"{pattern!r} has {found.groups} groups; put the answer, and nothing else, in one group: (…), or name it (?P<{GROUP}>…)"
            )
        return pattern

    def search(self, text: str) -> str | None:
        """The answer in a text; None where the pattern is not found."""
        match = re.search(self.pattern, text, re.DOTALL)
        return match and match[GROUP if GROUP in match.re.groupindex else 1]


def known_rule(value: Any) -> Any:
    """The value, which pydantic checks if it is no text. Raises ValueError listing the rules there are."""
    names = ("auto", *get_args(RuleName))
    if isinstance(value, str) and value not in names:
        meant = did_you_mean(value, names)
        raise ValueError(
            f"no rule for gold answers is named {value!r}{meant}; use {', '.join(names)}, or {{pattern: a regular expression}}"
        )
    return value


GoldForm = Annotated[Literal["auto"] | RuleName | GoldPattern, BeforeValidator(known_rule)]
