"""Finds what follows the last `the answer is`, `Answer:`, `####`, `答案是`, `la respuesta es`, up to the end of its sentence.

A wrong answer, one that would be the answer if something else held, and an answer that is denied announce nothing.
"""

import re

from tasks.grading.extraction.found import MAX_ANSWER_CHARS, Extracted, has_content
from tasks.grading.extraction.sentences import refuses
from tasks.grading.extraction.values import only_value
from tasks.grading.forms.plain import text_key

MOST = 8
_VERB = (
    r"(?:is|are|was|=+>?|should be|must be|would be|will be|comes? out (?:to be|to|as)|came out (?:to be|to|as)|turns? out to be|"
    r"becomes|equals|"
    r"amounts to)"
)
_ENGLISH = (
    r"(?<![^\W_])(?:answers?|(?:correct|right|best|closest|final) (?:option|choice|one|figure|picture|letter|result|value)|option|choice|"
    r"ans|final result)\b\.?"
    r"(?:\s+(?:choice|option|letter|number|value|here)\b|(?:(?<=answer)|(?<=answers))\s+(?:to|for|of)\b"
    r"(?:[^.:\n\"]{0,30}\"[^\"\n]{0,200}\"|[^.:\n\"]{0,60}?))?"
    rf"\W{{0,6}}(?:\b{_VERB}(?![A-Za-z])(?:\s+(?:therefore|thus|hence|then|simply|just|indeed|actually|clearly|approximately)\b)?|"
    rf"[:：=]+>?|→|⇒|=>|->)"
)
_OTHERS = (
    r"(?:\brespuesta|\bopción|\bresposta|\bopção|\balternativa|\brisposta|\bopzione)(?: (?!no\b|não\b|non\b)\w{1,12})?"
    r"(?: (?:es|é|è)(?: (?:la|a|o|el|il))?(?: (?:letra|lettera|opción|opção|opzione|alternativa))?\b|\s?[:：])",
    r"\b(?:réponse|option|solution)(?: \w{1,12})? est(?: donc)?(?: la)?\b|\bréponse(?: \w{1,12})?\s?[:：]",
    r"\b(?:antwort|lösung|antwoord)\b(?: (?:ist|lautet|is)\b(?: also| daher)?|\s?[:：])",
    r"\b(?:ist|lautet)(?: also| daher)? (?:die|das) (?:\w{1,12} )?(?:antwort|lösung|ergebnis)\b",
    r"\b(?:ответ|відповідь)(?:ом)?(?: является)?\s?(?:[:：—–-]|это\b|будет\b)",
    r"\b(?:đáp án|câu trả lời)(?: \w{1,8}){0,2}?\s?(?:là\b|[:：])",
    r"\b(?:jawaban(?:nya)?(?: \w{1,8})?(?: adalah\b|\s?[:：])|cevap\b\s?[:：]?|odpowiedź(?: to\b|\s?[:：]))",
    r"\bchọn\b(?: (?:đáp án|phương án))?",
    r"(?:정답|답)\s?(?:은|는|[:：])",
    r"(?:答え|正解|解答|回答)\s?(?:は|[:：])、?",
    r"(?:الإجابة|الجواب)(?: \w{1,10}){0,2}?\s?(?:هي|هو|[:：])",
    r"(?:उत्तर)\s?(?:है|[:：])",
    r"(?:正确)?(?:的)?答案(?:应该|应当)?[是为：:]|正确(?:的)?选项(?:应该|应当)?[是为：:]|选项(?:应该|应当)?[是为](?=\W{0,4}[A-H])",
    r"故(?:答案)?[选填为](?!项)[：:]?|(?<!不)[选選]\s?[：:]?(?=\s*[A-H])|答[：:]",
)
_ANNOUNCED = re.compile(
    rf"(?:{_ENGLISH}|####|\bans\.\s(?=[-\d$\\(])|\bfinal answer\W{{0,3}}\s(?=[-\d$\\(])|\b(?:final )?(?:answer|result)[*#:]*[ \t]*\n|"
    rf"\b(?:final )?result[*]*\s?[:：]|{'|'.join(_OTHERS)})[\s*:：]*(?=\S)",
    re.IGNORECASE,
)
_NOT_THIS = re.compile(
    r"\b(?:wrong|incorrect|false|mistaken|tempting|naive|careless|common|typical|trap|other|no|not (?:the|an?)|incomplete|"
    r"possible|initial|first|"
    r"previous|earlier|any|each|every|their|his|her|student['’]?s|none of the|most people['’]s)\s(?:final\s|correct\s|right\s)?\W{0,3}$",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(
    r"\b(?:suppos\w+|assum\w+|say|imagine|(?:might|may|could|would) (?:think|guess|say|believe|expect)|tempt\w*|could|claim\w*|"
    r"students?['’]?s?)\b",
    re.IGNORECASE,
)
_IF = re.compile(r"\b(?:if|were|unless|had)\b", re.IGNORECASE)
_WOULD = re.compile(r"\bwould be\b", re.IGNORECASE)
_END = re.compile(
    r"(?<![A-Z(])[.!?](?=\s|$|[*\"'”])|[.!?](?=[\"”]\s)|(?<=[^\s(]\s[A-Z])\.(?=\s[A-Z][a-z])|[\n。]|,?\s+(?:because|since|as|which|"
    r"so|due to|given that|where)\s|"
    r"[,，]?\s?(?:因为|因此|所以)|\s(?:thus|hence|therefore)\s|"
    r";\s(?=[^;\n]{0,100}[A-Za-z]{3})|,\s(?:and|while|whereas)\s(?:the|a|any|all|not)\s"
)
_LEAD = re.compile(
    r"(?:\b(?:i (?:think|believe|guess|would say|am (?:fairly |quite )?(?:sure|confident))(?: that)?|it(?:'s| is)(?! not)|"
    r"that(?:'s| is)|probably|"
    r"most likely|likely|clearly|simply|still|definitely|indeed|therefore|thus|just|exactly|option|choice|letter|the option|the choice|"
    r"the letter|found to be|given by|equal to|as follows|obviously|certainly|in fact|actually|now)\b|选项|選項|选)[\s:,*]*",
    re.IGNORECASE,
)
_NOT_BUT = re.compile(r"(?:it is )?(?:not|neither)\s[^,.;]{1,40}?[,;]?\s(?:but|rather|it is|it's)\s", re.IGNORECASE)
_NOT_THAT = re.compile(
    r"[,，;]?\s?\(?(?:\b(?:and )?not\b|\brather than\b|\binstead of\b|\bas opposed to\b|而不是|而非|不是|不选)", re.IGNORECASE
)
_VALUE = re.compile(
    r"(?:\$?[-+]?[\d.,/]*\d(?:\\?%|°|\$)?|\([A-H]\)|(?-i:[A-H])(?![\w'’]))(?:\s?[^\W\d_]{1,12}){0,2}?"
    r"(?=[,;]?\s(?:with(?! (?:a |the )?remainder)|in (?:which|this|the|total)|by|based|according|while|though|although|but|from|"
    r"after|given|using|"
    r"meaning|corresponding|representing|indicating|assuming)\b|\s[—–]\s[^\W\d_]{2})",
    re.IGNORECASE,
)
_POLITE = re.compile(r"(?<=\S)(?:です|である|になります|だ|입니다|이다|예요|이에요|है)$")
_JSON_NEXT = re.compile(r",\s*\"[\w ]{1,40}\"\s*:")
_SENTENCE = re.compile(r"[^\W\d_]{2}\s(?:has|have|is|are|was|were)\s", re.IGNORECASE)
_BULLET = re.compile(r"(?:[-*•+]|\d\.)\s+(?=\S)")
_DASH = re.compile(r"(?:—\s+|…\s*)(?=\S)")
_QUOTED = re.compile(r"[「『【《]([^「『【《」』】》\n]{1,200})[」』】》]")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_HALF_OPEN = {'"': '"', "“": "”", "«": "»", "„": "“", "¿": "?", "¡": "!"}


def announced_answer(text: str, choices: tuple[str, ...] = ()) -> Extracted | None:
    """What the last announcement that counts announces."""
    matches = list(_ANNOUNCED.finditer(text))[-MOST:]
    for match in reversed(matches):
        rest = text[match.end() : match.end() + MAX_ANSWER_CHARS]
        end = _END.search(rest)
        said = rest[: end.start()] if end else rest
        if (
            _counts(text[max(0, match.start() - 200) : match.end()], match[0], rest)
            and has_content(said)
            and not (refuses(said) and re.search(r"\d", said))
        ):
            answer = trimmed(said, after_line="\n" in match[0])
            if has_content(answer) and not _DENIED.match(answer) and (choices or not _tells_several(answer)):
                answer = _letter_of(answer, choices) if choices else only_value(answer) or answer
                return Extracted(answer, "announced", f"{match[0].strip()} {said.strip()}")
    return None


_DENIED = re.compile(
    r"(?:nicht|niet|no|não|non|pas|не|không|不)\s?[($]?(?:\d|[A-H]\b)|"
    r"(?:not|wrong|incorrect|unclear|unknown)\b(?! defined| possible| enough)|[^\n]{1,40}(?:ではな|ではありません|じゃな|이 아니|아닙)",
    re.IGNORECASE,
)


def _counts(before: str, announcement: str, after: str) -> bool:
    """Whether an announcement is meant: of no wrong or other answer, and of none that would be if something else held."""
    lead = re.split(r"[.!?]\s|\n", before[: len(before) - len(announcement)])[-1]
    if _NOT_THIS.search(lead[-60:]) or _SUPPOSED.search(lead) or (_IF.match(lead.lstrip()) and refuses(after[-200:])):
        return False
    return not (_WOULD.search(announcement) and (_IF.search(lead) or _IF.search(re.split(r"[.!?]\s|\n", after[:200])[0])))


def _tells_several(text: str) -> bool:
    """Whether an announced text is a sentence of its own with numbers, none of which is plainly its value: to be read as a sentence."""
    numbers = len(re.findall(r"\d+", text))
    told = (numbers > 1 and _SENTENCE.search(text)) or (numbers and len(re.findall(r"[^\W\d_]+", text)) > 9)
    return bool(told) and only_value(text) is None


def trimmed(text: str, after_line: bool = False) -> str:
    """An announced text without what leads in (`I think it is`), what is denied after it (`, not 6 cm`) and brackets that nothing opens."""
    text = _JSON_NEXT.split(text, maxsplit=1)[0].strip().strip("*").strip()
    text = _DASH.sub("", _BULLET.sub("", text, count=1) if after_line else text, count=1)
    for _ in range(3):
        text = _NOT_BUT.sub("", text, count=1) if _NOT_BUT.match(text) else text
        lead = _LEAD.match(text)
        text = text[lead.end() :] if lead and has_content(text[lead.end() :]) else text
    denial = _NOT_THAT.search(text)
    text = text[: denial.start()] if denial and has_content(text[: denial.start()]) else text
    if value := _VALUE.match(text):
        text = value[0]
    return _balanced(_POLITE.sub("", text.strip().rstrip("。.,，;；")).strip().strip("*").strip())


def _balanced(text: str) -> str:
    """Without a bracket at an end that has no partner, and without quotes around the whole."""
    for closing, opening in _PAIRS.items():
        while text.startswith(closing):
            text = text[1:].lstrip()
        half_open = opening in "([" and {"(", "["} & set(text)
        if text.endswith(closing) and text.count(closing) > text.count(opening) and not text.endswith("\\" + closing) and not half_open:
            text = text[:-1].rstrip()
    text = text[1:] if text[:1] in _HALF_OPEN and _HALF_OPEN[text[0]] not in text[1:] else text
    text = quoted[1].strip() if (quoted := _QUOTED.fullmatch(text)) else text
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _letter_of(answer: str, choices: tuple[str, ...]) -> str:
    """The letter alone where an announced `D. A is incorrect` goes on with something that is not the choice's text."""
    match = re.match(r"([A-Z])\.\s+(\S.*)", answer)
    place = ord(match[1]) - ord("A") if match else -1
    if not match or place >= len(choices) or text_key(match[2]).startswith(text_key(choices[place])):
        return answer
    return answer if any(text_key(match[2]) == text_key(choice) for choice in choices) else match[1]
