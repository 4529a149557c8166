"""What is no gold answer, though something is written there: nobody could be right by it."""

import re

LONGEST = 2000  # characters; an answer that is read in a response is never longer
SENTENCES, WORDS, ONE_SENTENCE = 2, 4, 60
_MARKS = re.compile(r"[\s.…\-–—_?？/\\*#]*")
_SAID = re.compile(
    r"n\s*/\s*a|n\.a\.?|nan|null|tbd|todo|unknown|unclear|unavailable|no(?: answer|ne given| solution given)"
    r"|not (?:available|applicable|given|known|provided)"
    r"|(?:please )?(?:see|refer to|as (?:shown|in))\b.{0,12}?\b(?:figures?|fig|images?|diagrams?|graphs?|pictures?|tables?|solutions?"
    r"|explanations?|texts?|attachments?|above|below|proof|answer key|key)\b.{0,20}"
    r"|answers? (?:may|will|can|could) vary.{0,20}|(?:the )?proof(?: is)?(?: omitted)?|proven|proved|omitted|q\.?e\.?d"
    r"|略|证明(?:略|见解析|如下|过程略)?|(?:见|详见|参见|如)(?:解析|图|解答|上图|下图|图所示|详解|答案)|暂无(?:答案)?|无答案|答案不唯一.{0,10}|未知",
    re.IGNORECASE,
)
_PROOF = re.compile(r"(?:proof|证明)\s*[.:：]", re.IGNORECASE)
_PROVED = re.compile(r"(?:q\.?\s?e\.?\s?d\.?|∎|\\blacksquare|\\qed|证毕)[\s.$}]*\Z", re.IGNORECASE)
_BREAK = re.compile(r"(?<=[.!?])\s+|[。！？\n]+")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z][a-z']+|[\u4e00-\u9fff]{2}")
_LONGEST_SAID, _SHORTEST_WORKED = 80, 40


def says_nothing(text: str) -> bool:
    """Whether a text is no answer at all: blank, a dash, `N/A`, `see figure`, an answer that is left out."""
    if len(text) > _LONGEST_SAID or text[:1].isdigit():
        return False
    return bool(_MARKS.fullmatch(text) or _SAID.fullmatch(text.strip(" .()[]*$")))


def is_worked(text: str) -> bool:
    """Whether a text is a proof, or reads like a worked solution: two sentences of four words or more, or one very long one."""
    if len(text) > LONGEST or _PROOF.match(text) or _PROVED.search(text):
        return True
    if len(text) < _SHORTEST_WORKED:
        return False
    counts = [len(_WORD.findall(sentence)) for sentence in _BREAK.split(text)]
    return sum(count >= WORDS for count in counts) >= SENTENCES or max(counts) > ONE_SENTENCE
