"""The rules for answers that are wrapped in something unmistakable: a mark, a tag, a box, a sentence that announces them.

Each reads a text and gives the answer in it, empty where the wrapper is empty, or None where there is no such wrapper. All are linear.
"""

import re
from collections.abc import Callable

from tasks.problems.boxes import last_box

MOST_CHARS = 300  # of what a sentence announces
_HASHES = re.compile(r"(?:^|\s)####(?!#)[ \t]*([^\n#]*)\Z")
_TAG = re.compile(r"<(answer|final_answer|ans|conclusion)>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_BOX_TAG = re.compile(r"<\|begin_of_box\|>(.*?)<\|end_of_box\|>", re.DOTALL)
_BARE_BOX = re.compile(r"\\boxed\s+([^\s{}$]+)|\\boxed\s*([^\s{}$\\A-Za-z])")
_EMPTY_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{[\s.…_?]*\}")
_NO_CONTENT = " \t\n.,;:!?$*_-'\"`~(){}[]"

_ANNOUNCED = re.compile(
    r"(?<!\bno )\b(?:answers?|ans|(?:correct|right|best) (?:option|choice))\b(?:\s+(?:option|choice|to|for|of)\b[^.:：\n]{0,60}?)?"
    r"[*_]{0,3}[^\S\n]*(?:\b(?:is|are|should be|would be|must be|will be)\b(?:\s+(?:therefore|thus))?|[:：=])"
    r"|\bans\.(?=\s*\S)|^[#*_ \t]*(?:final )?answer[#*_ \t]*(?=\n)"
    r"|【(?:正确|参考)?答案】|(?:正确|最终|最后|参考)?答案(?:应该|应当|应)?(?:是|为|[:：])|[故应]?(?:本题)?(?:正确)?(?:答案)?应?选(?:择)?[:：]?(?=\s*[(（]?[A-H])"
    r"|故(?:答案)?[填为是]",
    re.IGNORECASE | re.MULTILINE,
)
_WORDS = ("answer", "ans", "option", "choice", "答案", "选", "故")
_BEHIND = re.compile(
    r"(?:option|choice)\s+\(?([A-H])\)?(?:\s+is\s+(?:the\s+)?(?:correct|right|best)(?:\s+(?:one|answer|option|choice))?)?[.!]?"
    r"|([^\n]{1,100}?)\s+is\s+the\s+(?:final\s+|correct\s+|right\s+)?(?:answer|(?:correct|right)\s+(?:option|choice))[.!]?",
    re.IGNORECASE,
)
_LEADING = re.compile(r"\A[\s:：*_]+")
_HOPE = re.compile(r"[.\s]*I hope (?:it|this|that) is correct[.!]?\s*\Z", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<![A-Z(])[.!](?=[*_]*\s+[A-Z])|[。；]|[*_]*【解|\s+(?:解析|解答|分析|点评)|,?\s+(?:because|since)\s")
_COMMENT = re.compile(r"[\s*_#【(]*(?:explanation|solution|reason|rationale|because|since|解析|解答|解|分析|点评|详解|考点)", re.IGNORECASE)
_INITIALS = re.compile(r".*(?:\b[A-Za-z]\.){2,}", re.DOTALL)


def hashes(text: str) -> str | None:
    """`… so 9 + 9 = 18. #### 18`: what follows the mark on the last line, as GSM8K has it."""
    if "####" not in text:
        return None
    match = _HASHES.search(text.rstrip())
    return match and match[1].strip()


def tag(text: str) -> str | None:
    """`<answer>18</answer>` and its kin: what stands in the last one."""
    if "</" not in text and "<|end_of_box|>" not in text:
        return None
    found = [match[2] for match in _TAG.finditer(text)] or [match[1] for match in _BOX_TAG.finditer(text)]
    return found[-1].strip() if found else None


def box(text: str) -> str | None:
    """`… so $x = \\boxed{\\frac{1}{2}}$.`: what stands in the last box, whatever follows it."""
    if "box" not in text:
        return None
    content = last_box(text, lambda content: bool(content.strip(_NO_CONTENT)))
    if content is not None:
        return content
    bare = list(_BARE_BOX.finditer(text))
    return (bare[-1][1] or bare[-1][2]) if bare else "" if _EMPTY_BOX.search(text) else None


def sentence(text: str) -> str | None:
    """`The answer is 72.`, `Answer: B`, `故选B`, `【答案】72`: what is announced last, to the end of its sentence."""
    lowered = text.lower()
    if not any(word in lowered for word in _WORDS):
        return None
    if match := _BEHIND.fullmatch(text):
        return (match[1] or match[2]).strip().strip("*_")
    matches = list(_ANNOUNCED.finditer(text))
    for match in (matches[-1], matches[0]) if matches else ():
        if (found := announced(text[match.end() :], opens=not text[: match.start()].strip(" \t\n*_#"))) is not None:
            return found
    return None


def announced(rest: str, *, opens: bool) -> str | None:
    """The answer that an announcement is followed by; None where more text follows that is no comment, unless it `opens` the text."""
    first, _, more = _LEADING.sub("", rest, count=1).partition("\n")
    first = _HOPE.sub("", first)
    end = _SENTENCE_END.search(first)
    content = (first[: end.start()] if end else first).strip().strip("*_").strip()
    follows = more.strip() and not opens and not _COMMENT.match(more) and not _HOPE.fullmatch(more)
    if follows or len(content) > MOST_CHARS:
        return None
    return content if _INITIALS.fullmatch(content) else content.rstrip(".。．!")


WRAPPERS: dict[str, Callable[[str], str | None]] = {"tag": tag, "hashes": hashes, "box": box, "sentence": sentence}
"""By name, in the order in which they are tried."""
