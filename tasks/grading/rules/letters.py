"""The letters by which an answer names choices: `B`, `Option (b)`, `选C`, `A, C and D`, and what stands beside one letter: `A (5)`."""

import re
from typing import NamedTuple

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SAID = (
    r"[✅✔✓☑→➡👉*#\s]{0,4}(?:(?:therefore|thus|hence|so),?\s+)?(?:I\s+(?:(?:would|will)\s+)?(?:think|believe|guess|say|pick|choose|select|go\s+with)\s+(?:that\s+)?)?"
    r"(?:it\s+(?:is|must be|has to be)\s+|it's\s+|so\s+)?"
)
_NOUN = (
    r"(?:answer|ans\.?|option|choice|picture|figure|image|diagram|case|letter|"
    r"antwort|respuesta|resposta|réponse|jawaban|cevap|chọn|đáp án|(?:a|la|le|die)?\s*(?:letra|lettre))s?"
)
_CALLED = (
    rf"(?i:{_SAID}(?:the\s+)?(?:(?:correct|right|final|best)\s+)?(?:{_NOUN}\s*(?:(?:is|are)\b\s*)?(?::|-\s)?\s*){{0,3}}(?:is\b\s*)?)"
    r"(?:(?:所以|因此|故|综上,?)?(?:我)?(?:应该?)?(?:正确)?(?:的)?(?:选择|选项|选|答案)(?:是|为|选)?\s*:?\s*)?"
)
_AFTER = (
    r"(?:选?项)?(?:(?i:\s+(?:is|are)\s+(?:the\s+)?(?:correct|right|best|true)(?:\s+(?:one|answer|option|choice))?)|"
    r"是?正确(?:的)?(?:答案|选项)?)?"
)
_ALONE = re.compile(rf"({_CALLED})([(\[{{<【]?)\s*([A-Za-z])\s*[)\]}}>】]?{_AFTER}[.):!?]*")
_THEN_TEXT = re.compile(
    rf"{_CALLED}(?:[(\[\"]\s*([A-Z])\s*[.,]?[)\]\"][.:,=]*|([A-Z])\s*[).:,]|([A-Z])(?:选?项)?\s*-\s|"
    r"([A-Z])(?=\s+\()|([A-Z])(?:(?=\()|\s*=)|([B-HJ-Z])(?=\s+[\w\"'$\\])|"
    r"([A-Z])(?=\s+(?:because|since|as|is)\b))\s*(.+)"
)
_SMALL_LABEL = re.compile(r"(?:\(([a-z])\)[.:,]?|([a-z])[).:])\s*(.+)")
_TEXT_THEN = re.compile(
    r"(.+?)(?:\s*[(\[]\s*(?:(?i:option|choice)\s+)?([A-Z])\s*[)\]]|\s*,\s*(?i:(?:which is\s+)?(?:option|choice))\s+\(?([A-Z])\)?)"
)
_ONLY_LETTERS = re.compile(r"[A-Za-z\s,;/&()\[\].:{}|\\或和与及\"']+")
_WORD = re.compile(r"[A-Za-z]+|[或和与及/&]")
_JOINING = {"and", "both", "option", "options", "choice", "choices", "the", "answer", "answers", "is", "are", "only", "和", "与", "及", "&"}
_PARTING = {"or", "either", "maybe", "perhaps", "possibly", "probably", "not", "sure", "或", "/", "lor", "vee"}
_REASON = re.compile(r"[,-]?\s*(?:because|since|as|so|for|which|where|因为|由于)\b", re.IGNORECASE)
_GOES_ON = re.compile(r"(?:or|and)\b|[/&或和]", re.IGNORECASE)
_DENIED = re.compile(
    r"(?:(?:is|are|was|can|does|would|must|may)\s+(?:also\s+|definitely\s+|clearly\s+)?"
    r"(?:not|never|(?:the\s+|an?\s+)?(?:wrong|incorrect|false|ruled|excluded))|"
    r"not|never|cannot|can't|isn't|doesn't|wouldn't)\b|\(?(?:wrong|incorrect|eliminated|excluded)\)?$|"
    r"\(?(?:是)?(?:错误?|不正确|不对)的?\)?$",
    re.IGNORECASE,
)
_DENYING = re.compile(
    r"\b(?:not|never|eliminat\w*|exclud\w*|reject\w*|rul\w+ out|wrong|incorrect|except|than|cannot)\b|"
    r"n't\b|[不非除错]",
    re.IGNORECASE,
)
_ONE = r"(?:(?i:option|choice)s?\s+|选项)?[(\[]?[A-Za-z][)\]]?"
_DENIED_LETTER = re.compile(
    rf"^(?i:it is )?not\s+{_ONE},?\s*but\s+(?:rather\s+)?|(?<=[\w)\]])(?:,\s*|\s+)(?:and\s+|but\s+)?(?:not\s+{_ONE}|\(not\s+{_ONE}\))$|"
    rf"^{_ONE}\s*(?:(?i:(?:is|are)\s+(?:incorrect|wrong|false|not correct))|(?:选?项)?(?:是)?(?:错误?|不正确|不对)的?)"
    r"[,;.]\s*(?:and\s+|but\s+|so\s+)?"
)
_ANOTHER = re.compile(
    r"(?:^|\b(?:or|and|maybe|perhaps)\b|[,;/&或和])\s*(?:(?i:option|choice)\s+)?(?:[(\[]([A-Z])[)\]]|([A-Z])(?:[).:]|$|\s*[(=,;/&或和]))|"
    r"(?<=\s)(?:[(\[]([A-Z])[)\]]|([A-Z])[):](?=\s))"
)
_SET_ASIDE = re.compile(r"\b(?:not|nor|than|unlike|while|whereas|options?|choices?)\W*$|n't\W*$", re.IGNORECASE)


def without_denied(text: str) -> str:
    """The text without one letter that it denies beside another: `B, not C`, `not C but B`, `C is wrong, B is correct`."""
    return _DENIED_LETTER.sub("", text, count=1) if len(text) <= 200 else text


class Letters(NamedTuple):
    """Letters that a text consists of. parted: whether it says `or`."""

    found: frozenset[str]
    parted: bool


class Named(NamedTuple):
    """A letter and what stands beside it. joined: only the text can show that it is a choice's, as in `C(1,2)`, `C = 8`, `b. 8`."""

    letter: str
    beside: str
    joined: bool = False


def several_letters(text: str, count: int) -> Letters | None:
    """The letters of a text that has nothing but two or more of the first `count` and words that join them; None for anything else."""
    if len(text) > 200 or not _ONLY_LETTERS.fullmatch(text):
        return None
    found, parted = set(), False
    for word in _WORD.findall(text):
        known = word.casefold()
        if known in _JOINING or known in _PARTING:
            parted |= known in _PARTING
        elif set(word) <= set(LETTERS[:count]) and len(set(word)) == len(word):
            found |= set(word)
        elif len(word) == 1 and f"({word})" in text and word.upper() in LETTERS[:count]:
            found.add(word.upper())
        else:
            return None
    return Letters(frozenset(found), parted) if len(found) > 1 else None


def letter_alone(text: str) -> str | None:
    """The one letter that a text consists of, as it is written; None for anything else."""
    match = _ALONE.fullmatch(text) if len(text) <= 100 else None
    return match[3] if match else None


def is_bare(text: str) -> bool:
    """Whether the text is a letter and no more, without a bracket or a word that says that it is one of a choice."""
    return len(text.strip(".")) == 1


def letter_and_text(text: str) -> Named | None:
    """The letter that opens or closes a text, with what stands beside it; None where there is none or where it is denied."""
    if match := _THEN_TEXT.fullmatch(text):
        letter = next(group for group in match.groups()[:7] if group)
        beside = match[8]
        return None if _DENIED.match(beside) else Named(letter, _unbracketed(beside), joined=bool(match[5]))
    if (match := _TEXT_THEN.fullmatch(text)) and not _DENYING.search(match[1]):
        return Named(match[2] or match[3], match[1])
    return None


def small_label(text: str) -> Named | None:
    """`b. 47` and `(b) 47`: a small letter before a text, which only the text can show to be a choice's."""
    match = _SMALL_LABEL.fullmatch(text)
    return Named((match[1] or match[2]).upper(), match[3], joined=True) if match else None


def names_another(beside: str, letter: str, count: int) -> bool:
    """Whether what stands beside a letter names a second answer: `5 or (C) 6`, `1, B: 2`, `or 7`; a reason or a denial names none."""
    if _REASON.match(beside):
        return False
    if _GOES_ON.match(beside):
        return True
    beside = beside[:300]
    for match in _ANOTHER.finditer(beside):
        other = next(group for group in match.groups() if group)
        aside = _SET_ASIDE.search(beside[: match.start()]) or _DENIED.match(beside[match.end() :].lstrip())
        if other != letter and other in LETTERS[:count] and not aside:
            return True
    return False


def _unbracketed(text: str) -> str:
    """The text without the brackets that enclose it: `(5)`."""
    return text[1:-1].strip() if text[:1] == "(" and text[-1:] == ")" and ")" not in text[1:-1] else text
