"""A plain prompt on a server: a completion, which no chat template touches, and which has no images."""

import json
from pathlib import Path

import pytest

from tasks.base.errors import InputError
from tasks.sampling.engines.chat import endpoint, read_reply, request_body
from tasks.sampling.requests import Completion, Request
from tasks.sampling.settings import SamplingSettings

ASKED = Request("p", 0, 0, 7, "How many?")


def test_a_plain_prompt_goes_to_completions() -> None:
    plain, chat = (json.loads(request_body(ASKED, "m", SamplingSettings(max_tokens=9), plain)) for plain in (True, False))
    assert (endpoint(True), endpoint(False)) == ("completions", "chat/completions")
    assert plain.pop("prompt") == "How many?" and chat.pop("messages") == [{"role": "user", "content": "How many?"}]
    assert plain == chat and plain["seed"] == 7


def test_its_reply_is_a_text() -> None:
    usage = {"completion_tokens": 2, "prompt_tokens": 5}
    reply = read_reply(json.dumps({"choices": [{"text": "42", "finish_reason": "stop"}], "usage": usage}), max_tokens=9)
    assert (reply.completion, reply.prompt_tokens) == (Completion("42", 2, "stop"), 5)


def test_images_are_refused_with_the_way_out() -> None:
    seen = Request("p", 0, 0, 7, "<image>How many?", (Path("a.png"),))
    with pytest.raises(InputError, match=r"problem p has images.*start them with --chat-template FILE"):
        request_body(seen, "m", SamplingSettings(), True)
