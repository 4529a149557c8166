"""Cuts a response into sentences, and tells which of them may hold an answer: no polite phrase, no question, no refusal.

Linear in the text: every pattern is bounded, and no more than the end of a response is read.
"""

import re

TAIL_CHARS = 6000
MOST = 60
_BOUNDARY = re.compile(r"[.!?]+[\"'”’)\]*_$]{0,4}(?=\s|$)|\n|[。！？]")
_UNENDED = re.compile(
    r"(?:^\W{0,6}(?:[A-Za-z]|\d{1,2}|[ivx]{1,4})|\b(?:e\.g|i\.e|approx|figs?|vs|dr|mrs?|ms|eq|cf|resp|ans))$",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"\W{0,4}(?:(?:so |and )?(?:I |we )?hope\b|(?:please |just |do )?(?:let me|let us) know|(?:please )?feel free|"
    r"if you(?:['’]d| would| have| need| want)|"
    r"please\b(?! (?:provide|upload|share|attach|describe|give|send|supply|clarify|specify))|is there anything|would you|do you|"
    r"thanks?\b|"
    r"note\b|n\.b\.|remember\b|keep in mind|confidence|(?:total )?tokens\b|certainty|hint\b|have a (?:nice|great|good)|happy to|glad to|"
    r"you(?:['’]re| are) welcome|good luck|great job|well done|keep (?:up|going)|great question|good question|"
    r"suppose\b|assume\b|let\b|imagine\b|were\b|had\b|(?:all )?the other (?:options|choices)|"
    r"best(?: regards| wishes)|cheers|sincerely|希望|如果(?:你|您|还)|如有|请(?:告诉|随时|注意)|祝|注意|注[:：]|谢谢|不客气)",
    re.IGNORECASE,
)
_WRONG = re.compile(
    r"\b(?:wrong|incorrect|mistaken) (?:answer|value|result|option|choice)s?\b|\b(?:is|are) (?:wrong|incorrect)\b", re.IGNORECASE
)
_RIGHT = re.compile(r"\bis (?:the )?(?:only )?(?:correct|right|true)\b|\bleav(?:es|ing)\b", re.IGNORECASE)
_CANNOT = (
    r"(?:can(?:not|['’]t| not)|could(?: not|n['’]t)|unable to|impossible to|not possible to|not able to|not sure|hard to|"
    r"difficult to|no way to)\s+(?:\w{1,15}ly\s+)?(?:be\s+)?(?:\w{1,15}ly\s+)?"
    r"(?:answer|determin|see\b|find|tell\b|provid|select|choose|count|solv|calculat|comput|view|help|assist|decid|conclud|identif|give\b|"
    r"access|say\b|make\b|know|establish|deduc|infer|read\b|analy[sz]|estimat|verif|pick|display|deriv|evaluat|measur|process|interpret)"
)
_NOT = r"(?:not|(?:do|does|did|is|are|was|were|have|has)n['’]t)"
_REFUSAL = re.compile(
    rf"\b(?:{_CANNOT}|"
    rf"{_NOT} (?:have |provide |give |contain |show |include |offer |state |specify )?(?:us |me )?(?:with )?"
    r"(?:(?:enough|sufficient|adequate|any)(?: \w{1,15})? (?:information|details?|data|context|evidence|clues)|"
    r"(?:enough|sufficient) to (?:determine|answer|conclude|tell|decide|know|find|say))|insufficient|"
    rf"{_NOT} (?:know|provide|specify|include|mention|specified|provided|given|shown|available|mentioned|visible)\b|"
    r"no (?:further |more |other |additional )?(?:information|details|image|picture|figure|data)\b|"
    r"(?:need|requires?|without) (?:more|further|additional) (?:information|details|data|context)|"
    r"not (?:entirely |really )?clear|unclear|unknown|indeterminate|no idea|"
    r"without (?:seeing|any|knowing|access|(?:the|an|a) (?:image|figure|picture|diagram|graph|chart))|"
    r"please (?:provide|upload|share|attach|describe|give|send|supply|clarify|specify)|impossible|not possible|"
    r"(?:not|n['’]t) (?:an?|one of the|in the|among the|any of the|match any of the) (?:given |provided |answer |valid )?"
    r"(?:option|choice)s?\b|(?:mistake|error) (?:in|with) the (?:question|problem|options|choices)|"
    r"no (?:correct|matching|right) (?:option|choice|answer)|"
    r"none of the (?:options|choices|answers|above|given)|sorry|apologi[sz]e|as an ai\b|language model)|"
    r"无法|不能确定|难以(?:确定|判断)|不足以|抱歉|对不起|没有足够|不知道|选项都不|没有正确|没有一个选项|信息不足|看不到|ではない|ではありません|じゃない|わかりません|分かりません|できません|모르|아닙니다|아니다|없습니다",
    re.IGNORECASE,
)
_CONCLUSION = re.compile(
    r"\W{0,4}(?:(?:and |but )?(?:so|thus|therefore|hence|then|finally|in conclusion|in summary|to sum up|overall|consequently|"
    r"accordingly|"
    r"altogether|in total|as a result|ultimately|this means|it follows|we conclude|conclusion|"
    r"based on|according to)\b|所以|因此|因而|综上|故|总之|于是|从而|则|よって|したがって|従って|ゆえに|따라서|그러므로|∴|\\therefore)",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    """The sentences and lines that end a text, in their order, without blank ones."""
    text, found, start = text.strip()[-TAIL_CHARS:], [], 0
    for match in _BOUNDARY.finditer(text):
        piece = text[start : match.start()].strip()
        if match[0][0] == "." and _UNENDED.search(piece[-12:] if len(piece) > 12 else piece):
            continue
        found.append(text[start : match.end()].strip())
        start = match.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if any(map(str.isalnum, sentence))][-MOST:]


def statements(text: str) -> list[str]:
    """The sentences that state something: no polite phrase, remark or question."""
    return [one for one in sentences(text) if not is_remark(one)]


def is_remark(sentence: str) -> bool:
    """Whether a sentence is a polite phrase, a note, a question, a gap to be filled or a row of a table."""
    asks = sentence.rstrip("\"'”’)*_ ").endswith(("?", "？")) or "__" in sentence.strip("_") or " | " in sentence
    return asks or _REMARK.match(sentence) is not None or (_WRONG.search(sentence) is not None and not _RIGHT.search(sentence))


def refuses(sentence: str) -> bool:
    """Whether a sentence says that there is no answer: `it is impossible to find f(5)`, `not enough information`."""
    return _REFUSAL.search(sentence) is not None


def concludes(sentence: str) -> bool:
    """Whether a sentence opens as a conclusion does: `So`, `Therefore`, `所以`."""
    return _CONCLUSION.match(sentence) is not None
