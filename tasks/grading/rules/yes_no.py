"""Yes and no, true and false, in a word or at the head of a sentence. A sentence that says both says neither."""

import re

from tasks.grading.rules.rule import Context

_WORDS = {
    "yes": True, "true": True, "oui": True, "sí": True, "si": True, "ja": True, "да": True, "はい": True,
    "是": True, "是的": True, "对": True, "对的": True, "正确": True, "正确的": True, "✓": True, "✔": True, r"\sqrt": True,
    "no": False, "false": False, "non": False, "nein": False, "нет": False, "いいえ": False,
    "否": False, "不是": False, "不": False, "不是的": False, "不对": False, "错": False, "错的": False, "错误": False, "错误的": False,
    "不正确": False, "✗": False, "✘": False, r"\times": False, "not true": False, "untrue": False,
}  # fmt: skip
_JUDGING = {"correct": True, "not correct": False, "incorrect": False}
_INITIALS = {"T": True, "Y": True, "F": False, "N": False}
_HEAD = re.compile(r"\"?(yes|no|true|false)\b(?:[.,]?\"\s*|\s*[,.;:!(-]\s*|\s+)(.*)", re.IGNORECASE)
_GOES_ON = re.compile(
    r"(?:it|its|the|they|there|this|that|these|those|because|since|as|he|she|we|you|I|not|an?|for|by|in|all|both|each|every)\b|[A-Z\d\\$△∠(]"
)
_ONLY_IF = re.compile(r"(?:only\s+)?(?:if|when|unless|provided)\b", re.IGNORECASE)
_STATED = re.compile(
    r"(?:(?:the|this|that|his|her|your)\s+(?:given\s+|above\s+|first\s+)?"
    r"(?:statement|claim|assertion|proposition|conjecture|answer|conclusion|equation|hypothesis)|it|this|that)"
    r"\s+(?:is|must be|would be)\s+(not\s+)?(?:(?:definitely|always|indeed|therefore|thus)\s+)?(true|false|correct|incorrect|yes|no)",
    re.IGNORECASE,
)
_CONCLUDED = re.compile(
    r"(?:I\s+(?:would\s+|will\s+)?(?:say|think|answer|believe)(?:\s+that)?|(?:(?:the|my|final)\s+)*answer(?:\s+is|:)|so|thus|hence|therefore|"
    r"definitely|certainly|clearly|obviously|indeed|of course),?\s*:?\s+"
    r"(yes|no|true|false)",
    re.IGNORECASE,
)
_CHINESE_HEAD = re.compile(r"(是的?|不是|对的?|不对|正确|错误|错|否|不正确)\s*[,.;!]")
_CHINESE_STATED = re.compile(
    r"(?:该|这个?|此|上述|题目中?的?)?(?:说法|命题|结论|判断|陈述|观点|答案)(?:是)?(不)?(正确|错误|对|错|真|假)的?"
)
_OPPOSITE = {True: re.compile(r"\b(no|false|incorrect)\b", re.IGNORECASE), False: re.compile(r"\b(yes|true|correct)\b", re.IGNORECASE)}
_BEFORE = re.compile(r"(?:[/|]|\b(?:or|and|but|actually|wait|now)\b)[\s,]*$", re.IGNORECASE)
_MOST_CHARS = 500


def yes_or_no(answer: str, gold: str, context: Context) -> bool | None:
    """`Yes, it is` against `Yes`, `The statement is false` against `False`: what it says, where it does not say the opposite too."""
    right = _word(gold, initial=len(answer) > 1)
    right = _JUDGING.get(gold.casefold()) if right is None else right
    if right is None and (meant := _said(gold[:_MOST_CHARS], initial=False)) and len(meant) == 1:
        right = meant[0]
    if right is None:
        return None
    if gold.casefold() not in ("yes", "no") and (judged := _JUDGING.get(answer.casefold())) is not None:
        return judged is right
    said = _said(answer[:_MOST_CHARS], initial=len(gold) > 1)
    return None if said is None else said == [right]


def _word(text: str, *, initial: bool) -> bool | None:
    """What a word or, where that is allowed, its initial says."""
    text = text.strip(" .!,")
    return _INITIALS[text] if initial and text in _INITIALS else _WORDS.get(text.casefold())


def _said(text: str, *, initial: bool) -> list[bool] | None:
    """What a text says, both if it contradicts itself; None where it says neither yes nor no."""
    if (word := _word(text, initial=initial)) is not None:
        return [word]
    if match := _STATED.fullmatch(text) or _CONCLUDED.fullmatch(text):
        denied = len(match.groups()) > 1 and match[1] is not None
        return [(match[match.lastindex or 1].casefold() in ("yes", "true", "correct")) is not denied]
    if match := _CHINESE_STATED.fullmatch(text):
        return [(match[2] in "正确对真") is not bool(match[1])]
    if match := _CHINESE_HEAD.match(text):
        return [_WORDS[match[1]]]
    return _at_the_head(text)


def _at_the_head(text: str) -> list[bool] | None:
    """What the first word says, both where the opposite follows as an answer of its own; a condition (`Yes, if …`) is neither."""
    if re.match(r"(?:yes|no|true|false)\s*[/|]", text, re.IGNORECASE):
        return [True, False]
    match = _HEAD.fullmatch(text)
    if not match:
        return None
    said, rest = _WORDS[match[1].casefold()], match[2]
    marked = bool(re.match(r"\s*[,.;:!(\"-]", text[match.end(1) :]))
    opposite = _contradicted(rest, _OPPOSITE[said])
    if opposite:
        return [True, False]
    if _ONLY_IF.match(rest) or not (marked or _GOES_ON.match(rest)):
        return None
    return [said]


def _contradicted(rest: str, opposite: re.Pattern[str]) -> bool:
    """Whether the opposite follows by itself: at the end, before a mark, or after `or`, `but`, `wait`."""
    for match in opposite.finditer(rest):
        after = rest[match.end() :].lstrip()
        if not after or after[0] in ",.;:!?" or _BEFORE.search(rest[: match.start()][-20:]):
            return True
    return False
