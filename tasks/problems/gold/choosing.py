"""Chooses, for a whole source, the rules that its gold answers are read by, and reads them.

A rule is chosen because it fits all rows of the source, never by the row at hand; where rows are wrapped in several ways, each is read by
the wrapper that it has. A plain answer that only looks like another form (a choice's own text, `x or y`) stays as it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tasks.problems.gold.forms import FORMS, either, is_certain, is_formula, labelled, listed
from tasks.problems.gold.indices import INDEX_RULES, index_letter, index_rule
from tasks.problems.gold.nothing import is_worked, says_nothing
from tasks.problems.gold.settings import GoldForm, GoldPattern
from tasks.problems.gold.several import joined
from tasks.problems.gold.wrappers import WRAPPERS
from tasks.problems.gold.written import Written

UNSCORABLE, PLAIN = "unscorable", "plain"
DEEPEST = 3  # wrappers in one another: a tag around a box around a label
LEAST_SHARE = 0.5  # of a source's answers that begin with a letter, before those are labels and not initials


@dataclass(frozen=True, slots=True)
class Gold:
    """answer: as it is compared, empty where there is none to compare with; rule: the names of those that read it, joined by `+`."""

    answer: str
    rule: str


def read_golds(golds: Sequence[Written], form: GoldForm, where: str) -> list[Gold]:
    """The gold answers of a source, in order. Raises InputError, naming `where`, where only the recipe can say how they are meant."""
    if form != "auto":
        read_as_told(golds, form)
    if form != PLAIN and not isinstance(form, GoldPattern):
        unwrap(golds)
        take_forms(golds)
    if form == "auto":
        take_indices(golds, where)
    return [settled(gold) for gold in golds]


def read_alone(gold: Written) -> Gold:
    """A gold answer without a source: only what is unmistakable by itself is read, wrappers and lists of quoted texts."""
    unwrap([gold])
    take_all([gold], "list", listed)
    return settled(gold)


def read_as_told(golds: Sequence[Written], form: GoldForm) -> None:
    """Read the answers by the rule that the recipe names. What a wrapper, an index or a pattern does not fit is no answer then."""
    for gold in golds:
        text = gold.text
        if text is None or form == PLAIN:
            continue
        if isinstance(form, GoldPattern):
            take(gold, "pattern", one(form.search(text)))
        elif form in WRAPPERS:
            take(gold, form, one(WRAPPERS[form](text)))
        elif form in INDEX_RULES and gold.choices:
            take(gold, form, index_letter(gold, INDEX_RULES[form]) or ())
        elif form in FORMS and (found := FORMS[form](text, gold.choices)):
            take(gold, form, found)


def one(text: str | None) -> tuple[str, ...]:
    """The texts of an answer that is one or none."""
    return () if text is None else (text.strip(),)


def take(gold: Written, rule: str, texts: tuple[str, ...]) -> None:
    """Let a gold answer be what a rule read in it."""
    gold.texts, gold.rules = texts, (*gold.rules, rule)


def is_open(gold: Written) -> bool:
    """Whether there may be a form to read: one text that is no choice's own, and more than `N/A`."""
    text = gold.text or ""
    return text != "" and text not in gold.choices and not says_nothing(text)


def unwrap(golds: Sequence[Written]) -> None:
    """Take the wrappers off, the outer first: the one that all have, or else from each the one that it has."""
    left = golds
    for _ in range(DEEPEST):
        left = [gold for gold in left if is_open(gold)]
        rule, found = common_wrapper(left)
        if rule:
            for gold, text in zip(left, found, strict=True):
                take(gold, rule, one(text))
        else:
            left = [gold for gold in left if take_own_wrapper(gold)]


def common_wrapper(golds: Sequence[Written]) -> tuple[str, list[str]]:
    """The first wrapper that all the answers have, and what is in it; no name where there is none."""
    for name, wrapper in WRAPPERS.items():
        found = []
        for gold in golds:
            text = wrapper(gold.text or "")
            if text is None:
                break
            found.append(text)
        else:
            return (name, found) if found else ("", [])
    return "", []


def take_own_wrapper(gold: Written) -> bool:
    """Take the first wrapper off that an answer has; whether it had one."""
    for name, wrapper in WRAPPERS.items():
        if (text := wrapper(gold.text or "")) is not None:
            take(gold, name, one(text))
            return True
    return False


def take_forms(golds: Sequence[Written]) -> None:
    """Read lists, labels and alternatives, where the source as a whole shows that they are such."""
    take_all(golds, "list", listed)
    left = [gold for gold in golds if is_open(gold)]
    found = [gold for gold in left if labelled(gold.text or "", gold.choices)]
    is_usual = len(found) >= LEAST_SHARE * len(left)
    take_all([gold for gold in found if is_usual or is_certain(gold.text or "", gold.choices)], "labelled", labelled)
    if not any(is_formula(gold.text or "") for gold in left):
        take_all(left, "either", either)


def take_all(golds: Sequence[Written], rule: str, reads: Callable[[str, Sequence[str]], tuple[str, ...] | None]) -> None:
    """Let every answer that a rule reads be what it reads."""
    for gold in golds:
        if is_open(gold) and (found := reads(gold.text or "", gold.choices)):
            take(gold, rule, found)


def take_indices(golds: Sequence[Written], where: str) -> None:
    """Read the numbers of choices, where the answers of all problems with choices are such."""
    chosen = [gold for gold in golds if gold.choices and gold.text and not says_nothing(gold.text)]
    if rule := index_rule(chosen, where):
        for gold in chosen:
            take(gold, rule, index_letter(gold, INDEX_RULES[rule]) or ())


def settled(gold: Written) -> Gold:
    """The gold answer that was read, without what is no answer."""
    texts = [text for text in gold.texts if text in gold.choices or not (says_nothing(text) or is_worked(text))]
    return Gold(joined(texts), "+".join(gold.rules) or PLAIN) if texts else Gold("", UNSCORABLE)
