"""Phrases: the same words but for articles and other little words, one for many (`circle`, `circles`), hyphens, case and spelling.

Content words, numbers and signs must all agree, in their order; a negation is a content word.
"""

import re
from functools import lru_cache

from tasks.grading.forms.numerals import numeral
from tasks.grading.forms.plain import CHINESE
from tasks.grading.rules.rule import Context

_MOST_CHARS = 300
_TOKEN = re.compile(r"\\[A-Za-z]+|[^\W\d_]+|\d+(?:\.\d+)?|\S")
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_BRACKETED = re.compile(r"(?<=[^\W\d_]{2} )\((\w{1,3})\)")
_SIGNS = {r"\triangle": "triangle", r"\angle": "angle", "anticlockwise": "counterclockwise"}
_NO_WORDS = {"sin", "cos", "tan", "cot", "sec", "csc", "log", "lim", "max", "min", "mod", "gcd", "lcm", "exp", "and", "deg", "arcsin",
             "arccos", "arctan"}  # fmt: skip
_LITTLE = {"the", "an", "of", "with", "having", "that", "which", "has", "have", "whose"}
_PREPOSITIONS = {"in", "on", "at", "to", "by"}
_NOUNS = {"triangle", "angle", "quadrilateral", "condition", "function", "number", "color", "shape", "one", "person", "student", "line",
          "curve", "slope", "set", "congruence", "criterion", "theorem", "event", "solution"}  # fmt: skip
_NAMED = {"team", "side", "line", "segment", "point", "quadrant", "figure", "option", "angle", "triangle", "row", "column", "box",
          "student", "class", "group", "player", "statement", "equation", "graph", "set", "plane", "ray", "edge", "vertex", "city",
          "house", "car", "picture", "image", "diagram", "choice", "step", "stage", "plan", "store", "shop", "company", "machine",
          "train", "bag", "jar", "bar", "circle", "square", "region", "path", "route", "case", "type", "number", "problem", "model",
          "card", "door", "floor"}  # fmt: skip
_NAME = re.compile(r"[A-Za-z]|[A-Z]{2,4}|\d{1,3}|[ivx]{1,4}", re.ASCII)
_SUPERLATIVE = re.compile(r"(.{1,80}?) (?:is|was|has|are|were) (?:the )?(?:\w+est|most|least|winner|(?:correct |right )?answer)\b.{0,60}")
_VERBS = {"increase", "decrease", "double", "triple", "quadruple", "halve", "diverge", "converge", "change", "rise", "fall", "grow",
          "shrink"}  # fmt: skip
_SUBJECT = {"the", "it", "its", "this", "they", "both", "that"}
_DENYING = {"not", "never", "no", "neither", "nor", "cannot", "doesn", "don", "didn", "non", "isn", "wasn"}
_CHINESE_TAIL = re.compile("(?:条件|三角形|函数|事件|象限|关系|同学|班|队|组)$")


def same_phrase(answer: str, gold: str, context: Context) -> bool | None:
    """`in March` against `March`, `a circle with radius 3` against `circle of radius 3`: only words that carry no meaning differ."""
    if max(len(answer), len(gold)) > _MOST_CHARS or not (has_word(answer) or has_word(gold)):
        return None
    for ones, others in ((_forms(answer), _forms(gold)), (_forms(gold), _forms(answer))):
        if any(form in others[:2] for form in ones):
            return True
    return True if _without_tail(answer) == gold or _without_tail(gold) == answer else None


def has_word(text: str) -> bool:
    """Whether the text has a word of more than two letters that belongs to no formula."""
    return any(len(word) > 2 and word.casefold() not in _NO_WORDS for word in re.findall(r"(?<!\\)(?<![A-Za-z])[^\W\d_]+", text))


@lru_cache(maxsize=8192)
def phrase_words(text: str) -> tuple[str, ...]:
    """The words, numbers and signs of a phrase, in one spelling, without little words and the commas between words."""
    tokens = [_SIGNS.get(token, token) for token in _TOKEN.findall(_BRACKETED.sub(r"\1", _HYPHEN.sub(" ", text)))]
    kept = []
    for at, token in enumerate(tokens):
        before, after = tokens[at - 1] if at else "", tokens[at + 1] if at + 1 < len(tokens) else ""
        article = token in ("a", "A") and len(after) > 1 and after.isalpha() and (token == "a" or not at)
        between = token in ",;.\"'!?" and (before.isalpha() or not before) and (after.isalpha() or not after)
        if not article and not between and token.casefold() not in _LITTLE:
            kept.append(_spelled(token, first=not at))
    return ("only", *kept[:-1]) if kept[1:] and kept[-1] == "only" else tuple(kept)


def _spelled(token: str, *, first: bool) -> str:
    """A word in small letters, American and in the singular; a number's name as its digits. A name keeps its s, `AB` its case."""
    if not token.isalpha() or not token.isascii() or len(token) < 2 or (token.isupper() and len(token) < 4):
        return token
    word = token.casefold()
    if word != "one" and (number := numeral(word)) is not None:
        return str(number)
    word = re.sub(r"(?<=\w\w)our", "or", word) if len(word) > 4 else word
    word = re.sub(r"([tb])re(?=s?$)", r"\1er", word) if len(word) > 4 else word.replace("grey", "gray")
    word = re.sub(r"(?<=\w{4})is(?=e[ds]?$|ing$|ation$)", "iz", word)
    return word if token[0].isupper() and not first else _singular(word)


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y" if len(word) > 5 else word
    return word[:-2] if word.endswith(("xes", "ches", "shes", "sses")) else word[:-1]


@lru_cache(maxsize=4096)
def _forms(text: str) -> tuple[tuple[str, ...], ...]:
    """The ways to say a phrase: as it is, with hyphenated words as one (these two first), then without what may be left out."""
    words = phrase_words(text)
    found = [words, phrase_words(_HYPHEN.sub("", text)), *_shorter(words), *_without_verb(text)]
    if match := _SUPERLATIVE.fullmatch(text):
        found += [] if _DENYING & {*match[0].casefold().split()} else [phrase_words(match[1])]
    return tuple(form if form else ("",) for form in found)


def _shorter(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """A phrase without the preposition before it, the noun behind its adjective, or the kind of thing before its name."""
    if len(words) < 2:
        return []
    if words[0] in ("inside", "outside"):
        return [words[:1]]
    found = [words[1:], *_shorter(words[1:])] if words[0] in _PREPOSITIONS or words[0] == "only" else []
    found += [words[:-1]] if words[-1] in _NOUNS and words[-2].isalpha() and words[-2] not in _DENYING else []
    return found + ([words[1:]] if len(words) == 2 and words[0] in _NAMED and _NAME.fullmatch(words[1]) else [])


def _without_verb(text: str) -> list[tuple[str, ...]]:
    """`The area doubles` as `doubles`, `it stays the same` without `it`."""
    opening, words = text.casefold().split(" ", 1)[0], phrase_words(text)
    if opening in ("it", "they") and len(words) > 1:
        return [words[1:]]
    said = (
        opening in _SUBJECT
        and 1 < len(words) <= 4
        and words[-1] in _VERBS
        and not {*words[:-1]} & {*_VERBS, "if", "when", "to"}
        and not _DENYING & {*text.casefold().replace("'", " ").split()}
    )
    return [words[-1:]] if said else []


def _without_tail(text: str) -> str:
    """A Chinese phrase without the noun that its kind has anyway: `充分不必要条件`."""
    return _CHINESE_TAIL.sub("", text, count=1) if CHINESE.search(text) else text
