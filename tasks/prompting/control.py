"""Keeps a dataset's text from speaking in a model's control tokens: as the system, as the assistant, or of a picture that is not there.

A tokenizer finds the texts of its special and added tokens wherever they stand, so a question with `<|im_end|>` in it would end the user's
turn. Question and choices therefore have a space put into every such text (`< |im_end|>`) *before* they are put into the prompt. Why so:
`split_special_tokens=True` would need the user's text tokenized apart from the template's, which neither chat templates nor a server's chat
API nor TRL can do; text that is broken is the same prompt in every engine, on servers and in training. Why a space: normalizers of
tokenizers take out characters without width, and would put the token together again. What holds no such text stays as it is, to the letter,
and so does what the recipe's own templates and the model's chat template write (`<think>`, say); responses are never touched.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from tasks.base.errors import InputError
from tasks.policy.identity import Policy
from tasks.problems.marks import IMAGE_MARK

LOG = logging.getLogger(__name__)
BRACKETS = {"<": ">", "[": "]", "{": "}", "|": "|", "«": "»"}
USUAL = re.compile(
    r"<[|｜][^\s<>|｜]{1,40}[|｜]>|</?(?:s|bos|eos|pad|unk|think|img|tool_call|tool_response|image_soft_token|IMG_CONTEXT)>"
    r"|<(?:start|end)_of_(?:turn|image|utterance)>|<</?SYS>>|\[/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS|IMG|IMG_BREAK|IMG_END)\]"
)
"""What control tokens of the usual families look like, for a policy whose tokenizer is only on a server."""


@dataclass(frozen=True)
class ControlTokens:
    """The texts that a policy's tokenizer takes for control tokens; with `usual` also what looks like one of any model."""

    texts: tuple[str, ...] = ()
    usual: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """What finds them, the longest first; None where there are none."""
        found = [re.escape(text) for text in sorted(self.texts, key=len, reverse=True)]
        parts = [*found, *([USUAL.pattern] if self.usual else [])]
        return re.compile("|".join(parts)) if parts else None

    def neutral(self, text: str) -> str:
        """The text with none of them in it: each has a space after its first character."""
        while self.pattern and self.pattern.search(text):
            text = self.pattern.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
        return text


NOT_KNOWN = ControlTokens()
"""Of no policy: every text stays as it is."""


@lru_cache(maxsize=8)
def control_tokens(policy: Policy) -> ControlTokens:
    """Those of a policy; the usual ones of all families where its tokenizer cannot be had here. Loads it: for worker processes only."""
    from tasks.policy.loading import own_processor, tokenizer_of

    try:
        processor = own_processor(policy)
    except InputError as error:
        LOG.warning("the tokenizer of %s cannot be loaded, so questions are kept from the usual control tokens: %s", policy.model, error)
        return ControlTokens(usual=True)
    return ControlTokens(tuple(sorted(set(control_texts(processor, tokenizer_of(processor))))))


def control_texts(processor: Any, tokenizer: Any) -> Iterator[str]:
    """The texts of every special token and of the added ones that are marks. An added token that people write (white space, LaTeX such as
    `\\boxed{`) says nothing that it does not say as letters; `<image>` in a question is our own mark of an image that is there."""
    try:
        added = [(str(token.content), bool(token.special)) for token in tokenizer.added_tokens_decoder.values()]
    except NotImplementedError:  # transformers' bridge to Mistral's own tokenizers
        added = []
    named = [value for name, value in vars(processor).items() if name.endswith("_token") and isinstance(value, str)]
    special = {*tokenizer.all_special_tokens, *named, *(text for text, is_special in added if is_special)}
    for text in {*special, *(text for text, _ in added)} - {IMAGE_MARK}:
        if is_mark(text) or (text in special and is_said_by_nobody(text)):
            yield text


def is_mark(text: str) -> bool:
    """Whether a token's text stands in brackets of some kind."""
    return len(text) > 2 and BRACKETS.get(text[0]) == text[-1]


def is_said_by_nobody(text: str) -> bool:
    """Whether a special token's text is none that people write: no word, no sign, no white space (which some models pad with)."""
    return len(text.strip()) > 1 and not text.isalnum()
