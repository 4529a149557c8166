"""Finds the final answer in a response: a box or an `<answer>` first, then a sentence that announces it, then a short response itself.

Of several answers of one kind the last wins; a sentence after the last box that plainly announces another answer wins over the box.

What a model thought (everything up to `</think>`) counts only where nothing after it can be read. All searches are linear.
"""

import re
from typing import NamedTuple

from tasks.grading.rules.plain import plain, text_key, words
from tasks.grading.rules.text import NONE_OF_THESE
from tasks.problems.boxes import last_box

MAX_ANSWER_CHARS = 2000
"""A longer answer is none."""
_TAIL_CHARS = 20_000
_BOX_TAIL_CHARS = 200_000
_NO_CONTENT = " \t\n.,;:!?$*_-'\"`~(){}[]"
_ANNOUNCED = re.compile(
    r"(?:\b(?:answers?|(?:correct|right) (?:option|choice|one|figure|picture)|option|choice)\b"
    r"(?:\s+(?:choice|option|to|for|of)\b[^.:\n]{0,60}?)?"
    r"\W{0,6}(?:\b(?:is|are|should be|would be|must be|will be|was)\b(?:\s+therefore|\s+thus)?|:|=)|####|"
    r"\bfinal answer\b[*#]*[ \t]*\n|答案(?:应该|应当)?[是为：:]|故(?:答案)?[选填为][：:]?|选[：:]?(?=\s*[A-H]))[\s*:：]*(?=\S)",
    re.IGNORECASE,
)
_TAGGED = "</answer>"
_PLAINLY = re.compile(r"\W{0,4}(?:[A-H]|-?[\d.,/]*\d|-?\\frac\{\d+\}\{\d+\})\W{0,4}")
_SENTENCE_END = re.compile(r"(?<![A-Z(])[.!?](?=\s|$)|[\n。]|,?\s+(?:because|since|as|which|so)\s")
_LETTER_AT_START = re.compile(r"\s*(?:\(([A-Z])\)|([A-Z])[).:]|([A-Z])\s*(?:\n|$))")
_LETTER_AT_END = re.compile(r"(?:^|[\s*$:])(?:\(([A-Z])\)|([A-Z])\)?)[\s.!*$]*$")
_LABEL = re.compile(r"\(([A-Z])\)")
_NUMBER = re.compile(
    r"(?<![\w.\\{^])-?(?:(?:\d{1,3}(?:,\d{3})+|\d{1,30})(?:\.\d{1,30})?(?:/\d{1,30})?(?:\s?\\?%)?|\\[dt]?frac\{\d{1,30}\}\{\d{1,30}\})"
    r"(?![\w/!(]|[.,]\d|\^(?!\s*\{?\s*\\circ)|\\(?![%,;\s)\]]|text|mathrm|circ))"
)


class Extracted(NamedTuple):
    """An answer as it stands in the response and the way it was found: box, tagged, announced, bare, letter or number."""

    text: str
    found: str


def final_answer(response: str, choices: tuple[str, ...] = ()) -> Extracted | None:
    """The final answer of a response or None. Text after `</think>` is preferred; an unfinished thought yields only a box."""
    before, closed, after = response.rpartition("</think>")
    if closed:
        return _answer_in(after, choices) or _boxed_answer(before)
    if "<think>" in response:
        return _boxed_answer(response)
    return _answer_in(response, choices)


def format_ok(response: str) -> bool:
    """Whether the response is one `<think>…</think>` followed by text with a filled `\\boxed{…}`. Blanks around are allowed."""
    text = response.strip()
    if not text.startswith("<think>") or text.count("<think>") != 1 or text.count("</think>") != 1:
        return False
    thought, _, rest = text.removeprefix("<think>").partition("</think>")
    return bool(thought.strip()) and _boxed_answer(rest) is not None


def _answer_in(text: str, choices: tuple[str, ...]) -> Extracted | None:
    """The first way that finds an answer, the most explicit first."""
    tail = text[-_TAIL_CHARS:]
    found = _later_answer(text) or _boxed_answer(text) or _tagged_answer(tail, choices) or _announced_answer(tail)
    found = found or _bare_answer(tail, choices)
    if found or not choices:
        return found or _last_number(tail)
    return _chosen_letter(tail) or (_last_number(tail) if any(map(_NUMBER.search, choices)) else None)


def _boxed_answer(text: str) -> Extracted | None:
    """The last box that is closed and not empty; boxes joined by `or`, `and` or a comma are one answer."""
    content = last_box(text, _has_content)
    return Extracted(content, "box") if content is not None else None


def _has_content(text: str) -> bool:
    """Whether anything but brackets and punctuation is written there."""
    return bool(plain(text[:MAX_ANSWER_CHARS]).strip(_NO_CONTENT))


def _later_answer(text: str) -> Extracted | None:
    """An answer announced after the last box, if it is a letter or a number and nothing else: `\\boxed{3} … no, the answer is 4.`"""
    end = max(text.rfind("boxed{"), text.rfind("boxed {"), len(text) - _TAIL_CHARS) if "boxed" in text[-_BOX_TAIL_CHARS:] else -1
    found = _announced_answer(text[end:].partition("}")[2]) if end >= 0 else None
    return found if found and _PLAINLY.fullmatch(found.text) else None


def _tagged_answer(text: str, choices: tuple[str, ...]) -> Extracted | None:
    """What stands in the last `<answer>…</answer>`, or the answer in it where it is a text."""
    before, closed, _ = text.rpartition(_TAGGED)
    content = before.rpartition("<answer>")[2].strip() if closed and "<answer>" in before else ""
    if not _has_content(content) or len(content) > MAX_ANSWER_CHARS:
        return None
    return (
        _announced_answer(content) or (_chosen_letter(content) if choices and len(content) > 200 else None) or Extracted(content, "tagged")
    )


def _announced_answer(text: str) -> Extracted | None:
    """What follows the last `the answer is`, `Answer:`, `####`, up to the end of its sentence."""
    matches = list(_ANNOUNCED.finditer(text))
    for match in reversed(matches[-8:]):
        rest = text[match.end() : match.end() + MAX_ANSWER_CHARS]
        end = _SENTENCE_END.search(rest)
        sentence = rest[: end.start()] if end else rest
        if _has_content(sentence):
            return Extracted(sentence.strip().strip("*").strip(), "announced")
    return None


def _bare_answer(text: str, choices: tuple[str, ...]) -> Extracted | None:
    """The whole response, if it is one line of at most three words (`5`, `Right`, `$6\\pi$.`), `none of these` or the text of a choice."""
    text = text.strip()
    if len(text) > MAX_ANSWER_CHARS or not _has_content(text):
        return None
    short = "\n" not in text and len(text) <= 200 and len(words(plain(text))) <= 3
    whole = short or NONE_OF_THESE.fullmatch(plain(text)) or text_key(text) in map(text_key, choices)
    return Extracted(text, "bare") if whole else None


def _chosen_letter(text: str) -> Extracted | None:
    """The letter that closes (`… is (C).`) or opens (`C. because …`) a longer response, or the only `(C)` of its last sentence."""
    match = _LETTER_AT_END.search(text[-40:]) or _LETTER_AT_START.match(text[:40])
    if match:
        return Extracted(next(group for group in match.groups() if group), "letter")
    labels = set(_LABEL.findall(_last_sentence(text)))
    return Extracted(labels.pop(), "letter") if len(labels) == 1 else None


def _last_number(text: str) -> Extracted | None:
    """The number that ends the response's last sentence (in `so x = 7 - 3 = 4` the 4), unless it is only a part of a formula."""
    sentence = _last_sentence(text)
    numbers = list(_NUMBER.finditer(sentence))
    if not numbers or re.search(r"\d", sentence[numbers[-1].end() :]):
        return None
    return Extracted(numbers[-1].group(), "number")


def _last_sentence(text: str) -> str:
    sentences = re.split(r"[.!?]\s|\n", text.strip()[-MAX_ANSWER_CHARS:])
    return next((sentence for sentence in reversed(sentences) if sentence.strip()), "")
