"""The wordy choices that a sentence mentions, but for those it denies (`not B`, `other than B`) or compares with (`larger than B`)."""

import re

from tasks.grading.forms.plain import CHINESE
from tasks.grading.forms.units import quantity
from tasks.grading.rules.phrases import has_word, phrase_words

_BEFORE = {"not", "never", "neither", "nor", "than", "except", "excluding", "without", "unlike", "isn", "aren", "wasn", "cannot", "instead",
           "rather", "versus", "besides"}  # fmt: skip
_ALL = {"any", "anything", "all", "every", "everything", "anyone", "everyone"}
_DENIED_AFTER = re.compile(
    r"(?:isn|aren|wasn|doesn|cannot|(?:is|are|was|were|can|does|would|must) (?:\S+ )?(?:not|wrong|incorrect|false|never|excluded))\b"
)
_TOO_COMMON = {"yes", "no", "the", "it", "is", "in", "on", "at", "to", "of", "an", "and", "or", "not", "one", "all", "any", "can", "may",
               "but", "for", "he", "she", "by", "as", "if", "so", "up", "both", "none", "same", "other", "only"}  # fmt: skip
_SHADES = {"dark", "light", "pale", "deep", "bright", "semi", "half", "non", "un", "anti", "near", "nearly", "almost", "quasi", "sub"}
_REACH = 3
_REFUSES = re.compile(
    r"\b(?:cannot|can't|could not|impossible|unable|don't|do not|not (?:enough|sure|clear|possible|given)|unclear|none of)\b|\?$|无法|不能",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[,;.!?]")
_REASON = re.compile(r"\b(?:because|since|due to)\b", re.IGNORECASE)
_PRONOUN = re.compile(r"^(?:it|they|he|she)\s+(?:(?:is|are|will|would)\s+)?", re.IGNORECASE)
_ROMAN = re.compile(r"[IVX]{1,4}(?: (?:and|or) [IVX]{1,4})*")
_MOST_CHARS = 200
_DENIED_CHINESE = re.compile(r"[不非没无]|除了|而是|[比像]")


def affirmed_choices(answer: str, texts: list[str]) -> frozenset[int]:
    """Indices of the choices whose words stand in the answer, those inside a longer one that also stands there left out."""
    if _REFUSES.search(answer) and not any(map(_REFUSES.search, texts)):
        return frozenset()
    whole, clauses = [list(phrase_words(answer))], [list(phrase_words(clause)) for clause in _CLAUSE_END.split(_without_reason(answer))]
    keys = {index: phrase_words(text) for index, text in enumerate(texts) if _is_wordy(text)}
    found = {
        index: key
        for index, key in keys.items()
        if any(_affirmed(said, key) for said in (whole if _CLAUSE_END.search(texts[index]) else clauses))
    }
    found |= _chinese(answer, texts)
    return frozenset(index for index, key in found.items() if not any(key != other and _inside(key, other) for other in found.values()))


def _without_reason(answer: str) -> str:
    """The answer up to the first `because`, if anything stands before it."""
    said = _REASON.split(answer, maxsplit=1)[0]
    return said if said.strip() else answer


def _is_wordy(text: str) -> bool:
    """Whether a choice can be told from the other words of a sentence."""
    words = phrase_words(text)
    return has_word(text) and not CHINESE.search(text) and quantity(text) is None and not {*words} <= _TOO_COMMON


def _affirmed(said: list[str], key: tuple[str, ...]) -> bool:
    """Whether the words stand somewhere in a row without a denial right before or after them."""
    size = len(key)
    places = [at for at in range(len(said) - size + 1) if said[at] == key[0] and tuple(said[at : at + size]) == key]
    return any(
        not (_denied_before(said[max(0, at - _REACH) : at]) or _DENIED_AFTER.match(" ".join(said[at + size : at + size + 3])))
        for at in places
    )


def _denied_before(words: list[str]) -> bool:
    """Whether a denial stands among the words before, or a shade; `but` ends one (`not red but blue`), or is one (`any color but blue`)."""
    if words[-1:] and words[-1] in _SHADES:
        return True
    if "but" not in words:
        return bool(_BEFORE & {*words})
    before, after = words[: words.index("but")], words[words.index("but") + 1 :]
    return bool(_BEFORE & {*after} or _ALL & {*before})


def _inside(key: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return f" {' '.join(key)} " in f" {' '.join(other)} "


def _chinese(answer: str, texts: list[str]) -> dict[int, tuple[str, ...]]:
    """The choices in Chinese that a Chinese sentence without any denial or comparison mentions."""
    if not CHINESE.search(answer) or _DENIED_CHINESE.search(answer):
        return {}
    named = {index: text for index, text in enumerate(texts) if CHINESE.search(text) and (len(text) > 1 or text in "甲乙丙丁戊")}
    return {index: (text,) for index, text in named.items() if text in answer}


def completed_choice(answer: str, texts: list[str]) -> int | None:
    """The one choice that begins or ends with the words of the answer (`It decreases`: `The area decreases`) and denies nothing else."""
    said = phrase_words(_PRONOUN.sub("", answer))
    if not said or not (has_word(answer) or _ROMAN.fullmatch(" ".join(said))) or len(answer) > _MOST_CHARS:
        return None
    found = [index for index, text in enumerate(texts) if _completes(said, phrase_words(text))]
    return found[0] if len(found) == 1 else None


def _completes(said: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether a choice's words are those of an answer and more, at one end, none of which denies."""
    size = len(said)
    if size >= len(words):
        return False
    rest = words[size:] if words[:size] == said else words[:-size] if words[-size:] == said else ()
    return bool(rest) and (said == ("neither",) or not _BEFORE & {*rest, *said[:1]} - {*said[1:]}) and not {"no", "or"} & {*rest}
