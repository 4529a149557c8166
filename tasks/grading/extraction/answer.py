"""Finds the final answer in a response: the ways to find one in the order in which they are asked, the most explicit first.

A box or an `<answer>` wins, then a sentence that announces an answer, then a letter that is picked, a short response itself, and at last
what the sentences state. Of several answers of one kind the last wins; one that is taken back gives way to what replaces it. What a model
thought (everything up to `</think>`) counts only where nothing after it can be read. All searches are linear.
"""

import re

from tasks.grading.extraction.announced import announced_answer
from tasks.grading.extraction.cleaning import clean
from tasks.grading.extraction.found import MAX_ANSWER_CHARS, Extracted, has_content
from tasks.grading.extraction.letters import chosen_letter, is_listing, is_out_of_range, labelled_line, letter_at_the_ends
from tasks.grading.extraction.named import is_yes_or_no, named_choice, yes_or_no
from tasks.grading.extraction.phrases import set_phrase, stated_phrase
from tasks.grading.extraction.retracted import plainly, retracted_answer
from tasks.grading.extraction.sentences import refuses, sentences, statements
from tasks.grading.extraction.values import stated_value
from tasks.grading.forms.plain import plain, text_key, words
from tasks.grading.rules.text import NONE_OF_THESE
from tasks.problems.boxes import last_box

_TAIL_CHARS = 20_000
_BOX_TAIL_CHARS = 200_000
_SHORT_CHARS = 200
_LONG_TAG = 200
_SHORT_QUESTION = 12
"""A shorter text is an answer even with a question mark: `7?`"""
_ANSWER_MARK = re.compile(r"\s*A\s?:\s+")
_SO = re.compile(
    r"(?:(?:so|thus|therefore|hence)\b,?|[=-]+>|→|⇒|∴)\s+|(?:所以|因此|故|则|综上(?:所述)?|总之|よって|したがって|従って|ゆえに|따라서|그러므로)[，,、：:]?\s*|"
    r"(?:I|we)\s(?:get|got|see|count(?:ed)?|find|found|obtain(?:ed)?)\s(?=[-\d$\\])",
    re.IGNORECASE,
)
_LEADING_DOTS = re.compile(r"(?:\.{2,}|…)\s*(?=\S)")
_NUMBER_LAST = re.compile(r"[^\d\W]\D*\d")
_VERB = re.compile(
    r"\b(?:is|are|was|were|equals|has|have)\s|\d\D*[=≈]|\bat (?:least|most)\b|"
    r"[\u4e00-\u9fff]{2}[是为有得共は].|[가-힣][은는]\s|[有是为共剩][一二两三四五六七八九十\d]|[\u4e00-\u9fff]{7}",
    re.IGNORECASE,
)
_HAS_VALUE = re.compile(r"\d|π|√|\\").search


def final_answer(response: str, choices: tuple[str, ...] = ()) -> Extracted | None:
    """The final answer of a response or None. Text after `</think>` is preferred; an unfinished thought yields only a box."""
    before, closed, after = clean(response).rpartition("</think>")
    if closed:
        return _answer_in(after, choices) or _boxed_answer(before)
    if "<think>" in after:
        return _boxed_answer(after)
    return _answer_in(after, choices)


def format_ok(response: str, *, opened: bool = False) -> bool:
    """Whether the response is one `<think>…</think>` followed by text with a filled `\\boxed{…}`. Blanks around are allowed. Of an `opened`
    thought the prompt's last word was `<think>`, and the response goes on from there."""
    text = f"<think>{response}".strip() if opened else response.strip()
    if not text.startswith("<think>") or text.count("<think>") != 1 or text.count("</think>") != 1:
        return False
    thought, _, rest = text.removeprefix("<think>").partition("</think>")
    return bool(thought.strip()) and _boxed_answer(rest) is not None


def _answer_in(text: str, choices: tuple[str, ...]) -> Extracted | None:
    """The first way that finds an answer, the most explicit first."""
    tail = text[-_TAIL_CHARS:]
    found = _later_answer(text) or _boxed_answer(text) or _tagged_answer(tail, choices) or _last_announced(tail, choices)
    return found or _stated_answer(tail, choices)


def _boxed_answer(text: str) -> Extracted | None:
    """The last box that is closed and not empty; boxes joined by `or`, `and` or a comma are one answer."""
    content = last_box(text, has_content)
    return Extracted(content, "box") if content is not None else None


def _later_answer(text: str) -> Extracted | None:
    """An answer after the last box, if it is a letter or a number and nothing else: `\\boxed{3} … no, the answer is 4.`"""
    end = max(text.rfind("boxed{"), text.rfind("boxed {"), len(text) - _TAIL_CHARS) if "boxed" in text[-_BOX_TAIL_CHARS:] else -1
    rest = text[end:].partition("}")[2] if end >= 0 else ""
    found = announced_answer(rest)
    return found if found and plainly(found.text) else retracted_answer(rest)


def _last_announced(text: str, choices: tuple[str, ...]) -> Extracted | None:
    """The last announced answer, or what takes it back after it."""
    found = announced_answer(text, choices)
    if found and choices and is_out_of_range(found.text, choices):
        return _stated_answer(text, choices) or found
    return (retracted_answer(text[text.rfind(found.text) + len(found.text) :]) or found) if found else None


def _tagged_answer(text: str, choices: tuple[str, ...]) -> Extracted | None:
    """What stands in the last `<answer>…</answer>`, or the answer in it where it is a text. The last tag of all may be left open."""
    before, closed, after = text.rpartition("</answer>")
    if "<answer>" in after:
        content = after.rpartition("<answer>")[2].strip()
    else:
        content = before.rpartition("<answer>")[2].strip() if closed and "<answer>" in before else ""
    if not has_content(content) or len(content) > MAX_ANSWER_CHARS:
        return None
    whole = Extracted(content, "tagged")
    if len(words(plain(content))) <= 3:
        return announced_answer(content, choices) or whole
    return announced_answer(content, choices) or _stated_answer(content, choices) or (whole if len(content) <= _LONG_TAG else None)


def _stated_answer(text: str, choices: tuple[str, ...]) -> Extracted | None:
    """What a response says that neither boxes nor announces its answer."""
    text = _ANSWER_MARK.sub("", text, count=1) if not (choices and labelled_line(text.strip(), choices)) else text
    told = sentences(text) if any("?" in choice for choice in choices) else statements(text)
    if not told:
        return _bare_answer(text, choices) if len(text) <= _SHORT_QUESTION else None
    if refuses(told[-1]) and not any(map(refuses, choices)):
        return _bare_answer(text, choices)
    if not choices and (found := set_phrase(told)):
        return found
    if found := chosen_letter(told, choices) or _bare_answer(text, choices):
        return found
    if not choices:
        return (retracted_answer(text) if "?" in text else None) or yes_or_no(told, choices) or stated_value(told) or stated_phrase(told)
    if is_listing(told):
        return None
    found = yes_or_no(told, choices) or letter_at_the_ends(told, choices)
    found = found or named_choice(told, choices)
    if any(map(_HAS_VALUE, choices)):
        return found or stated_value(told)
    return found or (
        Extracted(told[0], "sentence", told[0]) if len(told) <= 4 and not is_yes_or_no(choices) and not any(map(refuses, told)) else None
    )


def _bare_answer(text: str, choices: tuple[str, ...]) -> Extracted | None:
    """The whole response, if it is one line of at most three words (`5`, `Right`, `$6\\pi$.`), `none of these` or the text of a choice."""
    text = _LEADING_DOTS.sub("", _SO.sub("", text.strip(), count=1), count=1)
    longest = max(_SHORT_CHARS, 2 * max(map(len, choices), default=0))
    if len(text) > min(longest, MAX_ANSWER_CHARS) or not has_content(text):
        return None
    said = words(plain(text))
    short = "\n" not in text and len(text) <= _SHORT_CHARS and len(said) <= 3 and not refuses(text) and not _VERB.search(text)
    short = short and not (len([word for word in said if len(word) > 2]) > 1 and _NUMBER_LAST.search(text))
    whole = short or NONE_OF_THESE.fullmatch(plain(text)) or text_key(text) in map(text_key, choices)
    return Extracted(text.strip("*_"), "bare") if whole else None
