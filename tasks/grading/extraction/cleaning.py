"""Takes away what a response carries besides its words: chat tokens, HTML tags, Markdown fences and quotes, an echo of the prompt.

What follows the end of the turn, or asks another question after an answer, is no part of the response. Linear in the text.
"""

import re
from html import unescape

_DECORATION = re.compile("[\U0001f300-\U0001faff\u2705\u2714\u2713\u2611\u2b50\ufe0f\u220e\u25a0]")
"""Emoji, check marks and the sign that ends a proof."""
_HEADER = re.compile(
    r"<\|start_header_id\|>assistant<\|end_header_id\|>|<\|im_start\|>assistant|<start_of_turn>model|\[/INST\]|<｜Assistant｜>"
)
_TURN_END = re.compile(r"<\|(?:im_end|eot_id|eom_id|endoftext|end_of_text|end)\|>|<end_of_turn>|</s>|<eos>|<｜end▁of▁sentence｜>")
_TOKEN = re.compile(r"<\|[A-Za-z_]{1,30}\|>|<s>|<bos>|<pad>")
_MARKED_BOX = re.compile(r"<\|begin_of_box\|>([^<\n]{1,300})<\|end_of_box\|>")
_BREAK = re.compile(r"<(?:br|hr|/p|/div|/li|/h[1-6])\s?/?>", re.IGNORECASE)
_RAISED = re.compile(r"<su([pb])>([^<>]{1,40})</su[pb]>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:b|i|u|em|strong|p|span|div|center|font|code|pre|mark|li|ul|ol|h[1-6]|table|tr|td)(?:\s[^<>\n]{0,100})?>", re.IGNORECASE
)
_CLOSING_TAG = re.compile(r"</[A-Za-z]")
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-fA-F]{1,6}|[A-Za-z]{2,10});")
_MATRIX = re.compile(r"\\begin\{[a-z]{0,2}matrix\}.{0,400}?\\end\{[a-z]{0,2}matrix\}", re.DOTALL)
_LINE_MARK = re.compile(r"^(?:[ \t]*```[\w ]{0,20}$|[ \t]*>[ \t]+(?=[^\W\d_]{2}|\*\*))", re.MULTILINE)
_UNDERLINED = re.compile(r"(?<![\w\\$}{^)])(_{1,2})([A-Za-z][A-Za-z ]{1,40}:?)\1(?![\w{])")
_MARKED = re.compile(r"(?<![^\s(])==(?=[^\s=])([^=\n]{1,80})(?<=\S)==(?![\w=(])")
_STRUCK_OUT = re.compile(r"(?<!\S)~~(?=[^\s~])([^~\n]{1,80})(?<=\S)~~(?!\S)")
_ANSWER_TAG = re.compile(r"<(/?)(?:answer|conclusion)>", re.IGNORECASE)
_ANOTHER_QUESTION = re.compile(r"\n[ \t]*(?:(?:Hint|Question|Q|Human|User|Problem)[ \t]?:|###[ \t]?(?:Human|Instruction|Question)\b)")
_ECHO = re.compile(r"^[ \t]*(?:Hint|Question|Instructions?)[ \t]?:[^\n]*$", re.MULTILINE)
_LISTED = re.compile(r"^[ \t]*(?:Choices|Options)[ \t]?:[ \t]*(?:\n(?:[ \t]*\([A-Z]\)[^\n]*\n?)+)", re.MULTILINE)


def clean(text: str) -> str:
    """The response without chat tokens, tags, fences, and what was written before or after the model's own turn."""
    text = _DECORATION.sub("", _turn(text).replace(r"\framebox{", r"\fbox{"))
    if "<" in text or "&" in text:
        text = _without_tags(text)
    if r"\begin" in text:
        text = _MATRIX.sub(lambda match: match[0].replace("\n", " "), text)
    return _without_prompt(_without_marks(_LINE_MARK.sub("", text)))


def _without_marks(text: str) -> str:
    """Without what Markdown strikes out or marks; `__Answer__:` in asterisks, as a name with underscores (`x_1`) is a formula."""
    if "==" in text or "~~" in text:
        text = _MARKED.sub(r"\1", _STRUCK_OUT.sub("", text))
    return _UNDERLINED.sub(r"**\2**", text) if "_" in text else text


def _turn(text: str) -> str:
    """What stands between the last header of the model's turn and the end of that turn."""
    if "<" not in text and "[/INST]" not in text:
        return text
    text = _MARKED_BOX.sub(r"\\boxed{\1}", text)
    headers = list(_HEADER.finditer(text))
    text = text[headers[-1].end() :] if headers and text[headers[-1].end() :].strip() else text
    first = next((part for part in _TURN_END.split(text) if _TOKEN.sub("", part).strip()), "")
    return _TOKEN.sub("", first)


def _without_tags(text: str) -> str:
    """Without HTML's tags and entities; `<answer>` in small letters. A tag counts only where some tag is closed: `a<b>c` is a formula."""
    closed = _CLOSING_TAG.search(text)
    text = _BREAK.sub("\n", _ANSWER_TAG.sub(r"<\1answer>", text))
    if closed:
        text = _RAISED.sub(lambda match: ("^" if match[1] in "pP" else "_") + "{" + match[2] + "}", text)
        text = _TAG.sub("", text)
    return _ENTITY.sub(lambda match: unescape(match[0]).replace("\u00a0", " "), text)


def _without_prompt(text: str) -> str:
    """Without another question that follows the answer, or the prompt's own lines that stand before it."""
    if _ECHO.match(text.lstrip()):
        text = _LISTED.sub("", _ECHO.sub("", text)).lstrip()
    another = _ANOTHER_QUESTION.search(text)
    if another and text[: another.start()].strip() and "boxed" not in text[another.end() :]:
        text = text[: another.start()]
    return text
