"""Finds the letter of a choice that a sentence picks: `B is correct`, `I would pick B`, `选项C`, `option (A) Rec`, a line `(C) 120°`.

A sentence that names two letters, denies, refuses or weighs picks none; a capital letter alone (`A leaf`, `point B`) is no pick.
"""

import re

from tasks.grading.extraction.found import Extracted
from tasks.grading.extraction.sentences import concludes, refuses
from tasks.grading.forms.plain import plain, text_key, words

_X = r"[(\[{]?\s?\*{0,2}([A-Z])\*{0,2}\s?[)\]}]?"
_RIGHT = r"(?:correct|right|best|true|accurate|appropriate|closest|most (?:likely|suitable|appropriate|accurate))"
_WAYS = (
    rf"(?:\b(?i:is|be|are|as|thus|hence|therefore|so)\s|[:,]\s?)(?i:the\s)?(?i:{_RIGHT}\s|final\s)?(?i:option|choice|answer|"
    rf"letter)\s\W{{0,4}}{_X}",
    rf"\b(?i:{_RIGHT}|final)\s(?i:option|choice|answer|letter)\s\W{{0,4}}{_X}",
    rf"\b(?i:options?|choices?|letter|answers?)(?:\s(?i:letter|labell?ed|number))?\s?(?:\s(?i:is|are|should be|must be|"
    rf"would be)\s|[:=]\s?)\W{{0,4}}{_X}",
    rf"^\W{{0,4}}(?:(?i:so|thus|therefore|hence)\W{{1,3}})?(?i:option|choice|answer)\s\W{{0,4}}{_X}(?=\W*$)",
    rf"\b(?i:choose|chose|pick|picked|select|selected|go with|going with|opt for|went with|opting for)\s"
    rf"(?i:the\s)?(?i:option|choice|answer|letter)?\s?\W{{0,4}}{_X}(?!\s[a-z])",
    rf"(?:^|(?<=[\s*(,:]))\W{{0,3}}{_X}(?:[:.,]?\s[^.;\n]{{1,60}}?)?\W{{0,4}}\s(?i:is|must be|should be|would be|seems|"
    rf"appears to be|will be)\s"
    rf"(?i:therefore\s|thus\s|indeed\s|clearly\s)?(?i:the\s)?(?i:only\s)?(?i:{_RIGHT}|answer)\b",
    rf"[(（]([a-h])[)）]\s(?i:is|must be|should be)\s(?i:the\s)?(?i:only\s)?(?i:{_RIGHT}|answer)\b",
    rf"^\W{{0,4}}(?i:correct|right|chosen|selected|selection|pick)\s?[:：]\s?\W{{0,4}}{_X}(?=\W*$)",
    rf"\b(?i:it|that)\s(?i:must be|has to be|can only be)\s\W{{0,4}}{_X}(?=\W*$)",
    rf"\b(?i:leaves|leaving)\s(?i:us\swith\s)?(?i:only\s)?(?i:options?|choices?)?\s?\W{{0,4}}{_X}(?=\W*$)",
    rf"(?:选项|選項|选择|應選|应选|故选|(?<!不)[选選]|答案|答)(?:应该|应当|[是为為应])?\s?[:：]?\s?\W{{0,3}}{_X}(?![A-Za-z0-9])",
    rf"[为為是]\s?{_X}(?=[\s。．.，,、]*$|\s?选项|\s?[项（(：:])",
    rf"{_X}\s?(?:选项|選項|[项項])?\s?[是为為]?(?:正确|正確|对的|符合)",
)
_PICKS = re.compile("|".join(f"(?:{way})(?![\\w'’])" if way.endswith(_X) else f"(?:{way})" for way in _WAYS))
_DENIES = re.compile(
    r"\b(?:not|n't|isn|aren|incorrect|wrong|false|eliminat\w*|rul(?:e|es|ed|ing) out|exclud\w*|except|cannot|neither|nor|unless|"
    r"would be if|"
    r"whether|either|invalid|unlikely|reject\w*|between)\b|n[’']t\b|错|不|非|排除|还是|或",
    re.IGNORECASE,
)
_SPLIT = re.compile(r",\s|;\s|\s(?:because|since|as|while|whereas|but|and not|not|rather than|instead of|over)\s|[，；]|(?:因为|而不)")
_LETTER = r"\(?[A-H]\)?"
_DISMISSED = re.compile(
    rf"(?<![\w'’])(?:(?i:options?|choices?|answers?|statements?)\s)?{_LETTER}"
    rf"(?:(?:,\s(?:and\s|or\s)?|\s(?:and|or)\s){_LETTER}){{0,7}}"
    r"\s(?:is|are|were|can be|must be)\s(?:all\s|both\s|clearly\s|obviously\s|therefore\s)?"
    r"(?:wrong|incorrect|false|eliminated|ruled out|excluded|invalid|not (?:correct|right|true|possible))\b"
)
"""What a sentence says of letters that are wrong: `A, B and D are wrong`."""
_SEVERAL = re.compile(r"(?<![\w'’])[A-H]\)?,\s\(?[A-H](?![\w'’])")
_LABELLED_LINE = re.compile(
    r"^\W{0,6}(?:(?:[Oo]ption|[Cc]hoice|选项)\s?)?(?:\(([A-Za-z])\)|([A-Z])[).:：]|([A-Z])(?=\s?[(（=]|\s[–—-]\s)|"
    r"([a-z])[).])\s*(\S.*?)\W{0,6}$"
)
_LONE = re.compile(r"^(?:[^\w(（]|\\\(){0,6}[(（\[]?([A-Z])[)）\]]?[^\w(（]{0,6}$")
_AT_START = re.compile(r"^\W{0,4}(?:\(([A-Z])\)|([A-Z])[).]|([B-Z]):|([A-H]),(?=\s(?:because|since|as|for)\b))\s")
_AT_END = re.compile(r"(?:^|[\s*$:：])(?:[(（]([A-Z])[)）]|([A-Z])\)?)[\s.!*$。]*$")
_OR_ELSE = re.compile(
    r"\b(?:or|and)\s(?:(?:maybe|perhaps|possibly|even|the|option|choice|answer|letter)\s){0,3}\W{0,4}[A-Z]\W{0,6}$", re.IGNORECASE
)
"""A letter that ends a sentence as one of several: `option A or option B`."""
_OPENS_AS_LABEL = re.compile(r"\(?([A-H])(?:\)|\s\(|[.:]?\s*$)")
_LABEL = re.compile(r"[(（]([A-Z])[)）]")
_NOT_A_LABEL = re.compile(
    r"\b(?:point|vertex|node|line|segment|angle|triangle|matrix|set|team|player|person|box|vitamin|plan|type|class|grade|group|city|town|"
    r"station|train|car|company|brand|hepatitis|circle|event|row|column|region|area|side|edge|letter|section|part|container|tank|pipe|"
    r"machine|store|shop|house|school|student|child|bag|jar|circuit|resistor|bulb|switch|block|object|substance|liquid|"
    r"element)s?\s\W?[A-Z]\W{0,4}$",
    re.IGNORECASE,
)


def picked_letter(sentence: str, choices: tuple[str, ...]) -> str | None:
    """The only letter that a sentence picks in so many words. None where it picks none or several, denies or refuses."""
    if refuses(sentence) or len(sentence) > 1000:
        return None
    sentence = _DISMISSED.sub("", sentence)
    if _SEVERAL.search(sentence):
        return None
    for clause in _SPLIT.split(sentence):
        letters = {next(filter(None, match.groups())).upper() for match in _PICKS.finditer(clause)}
        named = set(re.findall(r"(?<![\w'’])([A-H])(?![\w'’])", _PICKS.sub("", clause))) if letters else set()
        if letters and not _DENIES.search(clause):
            return letters.pop() if len(letters) == 1 and not (named - letters - {"A"}) and _offered(letters, choices) else None
    return None


def labelled_line(line: str, choices: tuple[str, ...]) -> str | None:
    """The letter of a line that is a label and its choice's text (`B (No)`, `(C) 120°`, `a) 180`), or a label alone."""
    if match := _LONE.match(line):
        return match[1]
    match = _LABELLED_LINE.match(line[:400])
    if not match:
        return None
    letter = next(filter(None, match.groups()[:4])).upper()
    place = ord(letter) - ord("A")
    return letter if place < len(choices) and _begins_with(match[5], choices[place]) else None


def _begins_with(text: str, choice: str) -> bool:
    """Whether a text is a choice, or opens with it as a word of its own."""
    text, key = text_key(plain(text).strip("()（） *-=")), text_key(choice)
    return bool(key) and text.startswith(key) and not text[len(key) : len(key) + 1].isalnum()


def is_out_of_range(text: str, choices: tuple[str, ...]) -> bool:
    """Whether a text opens with the label of a choice that is not there, such as `D (Teal)` of two choices."""
    match = _OPENS_AS_LABEL.match(text)
    return match is not None and ord(match[1]) - ord("A") >= len(choices)


def _offered(letters: set[str], choices: tuple[str, ...]) -> bool:
    """Whether there is a choice for each of the letters, where choices are known."""
    return not choices or all(ord(letter) - ord("A") < len(choices) for letter in letters)


def letter_at_the_ends(told: list[str], choices: tuple[str, ...]) -> Extracted | None:
    """The letter that closes the last sentence (`… is (C).`), opens the first (`C. because …`), or is the only `(C)` of the last."""
    last, first = told[-1], told[0]
    letter = _closing_letter(last) or _opening_letter(first) or _only_label(last)
    if (
        letter is None
        or _OR_ELSE.search(last[-80:])
        or ord(letter) - ord("A") >= len(choices)
        or any(letter in words(choice) and choice.strip("() ") != letter for choice in choices)
    ):
        return None  # of a choice such as `Solution B` the letter is a part
    return Extracted(letter, "letter", last)


def _closing_letter(last: str) -> str | None:
    """The letter that closes a sentence which names no other, and of nothing that is called by a letter (`point B`)."""
    match = _AT_END.search(last[-40:])
    if not match or _NOT_A_LABEL.search(last[-60:]) or refuses(last) or _DENIES.search(last) or _OR_ELSE.search(last[-80:]):
        return None
    others = set(re.findall(r"(?<![\w'’(])[(（]?([B-H])[)）]?(?![\w'’])", last[-200:])) - set(filter(None, match.groups()))
    return None if others else match[1] or match[2]


def _opening_letter(first: str) -> str | None:
    """The letter that opens a sentence as a label."""
    match = _AT_START.match(first[:40]) or (_LONE.match(first[:40]) if len(first) < 12 else None)
    return next(filter(None, match.groups())) if match and not (_DENIES.search(first) or refuses(first)) else None


def _only_label(sentence: str) -> str | None:
    """The only `(C)` of a sentence that denies nothing."""
    labels = set(_LABEL.findall(sentence))
    return labels.pop() if len(labels) == 1 and not _DENIES.search(sentence) and not refuses(sentence) else None


def is_listing(told: list[str]) -> bool:
    """Whether the last sentences only list choices, each behind its label."""
    opened = [match[0].strip() if (match := _AT_START.match(one[:40])) else "" for one in told[-4:]]
    return bool(opened[-1]) and len(set(opened) - {""}) > 1


def chosen_letter(told: list[str], choices: tuple[str, ...]) -> Extracted | None:
    """The letter that a response of several sentences chooses, the last word first."""
    if choices and concludes(told[-1]) and (letter := _closing_letter(told[-1])) and _offered({letter}, choices):
        return Extracted(letter, "letter", told[-1])
    labelled = [(letter, one) for one in told if (letter := labelled_line(one, choices))]
    for one in reversed(told):
        if letter := picked_letter(one, choices):
            return Extracted(letter, "letter", one)
        if (letter, one) in [labelled[-1]] if labelled else False:
            break
    if labelled and len({letter for letter, _ in labelled}) == 1:
        return Extracted(labelled[-1][0], "letter", labelled[-1][1])
    return None
