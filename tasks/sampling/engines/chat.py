"""A request as the body of an OpenAI chat completion (or, for a plain prompt, of a completion), and what a server replies to it."""

import base64
import json
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from tasks.base.errors import InputError
from tasks.prompting.pictures import open_picture
from tasks.prompting.prompt import chat_messages
from tasks.sampling.requests import Completion, Refusal, Request
from tasks.sampling.servers.answers import NEUTRAL
from tasks.sampling.servers.faults import Garbage, excerpt
from tasks.sampling.settings import SamplingSettings

MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif", "BMP": "image/bmp"}
PLAIN_MODES = ("RGB", "L", "1")  # every decoder makes the same RGB pixels of these
ORIENTATION = 0x0112
RECENT_IMAGES = 64


@dataclass(frozen=True, slots=True)
class Reply:
    """A completion, and the length of its prompt in the server's tokens."""

    completion: Completion
    prompt_tokens: int


def endpoint(plain: bool) -> str:
    """Where a server is asked: a `plain` prompt is for completions, where no chat template gets to it."""
    return "completions" if plain else "chat/completions"


def request_body(request: Request, model: str, sampling: SamplingSettings, plain: bool) -> bytes:
    """The JSON of one request: the recipe's distribution, none of the server's own additions, and the response's own seed (63 bits).

    Raises InputError for a `plain` prompt with images, which completions do not take.
    """
    fields = {
        "model": model,
        **({"prompt": plain_prompt(request)} if plain else {"messages": [{"role": "user", "content": content(request)}]}),
        "n": 1,
        "seed": request.seed,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        **(NEUTRAL if sampling.server.neutral else {}),
    }
    return json.dumps(fields).encode()


def plain_prompt(request: Request) -> str:
    """The prompt as it is; the server's tokenizer puts the first token before it where the model has one."""
    if request.images:
        raise InputError(
            f"problem {request.problem_id} has images, and prompting.chat_template is plain: servers take no image in a plain prompt; "
            "start them with --chat-template FILE and give that file as prompting.chat_template, or set sampling.engine to transformers "
            "or vllm"
        )
    return request.prompt


def content(request: Request) -> str | list[dict[str, Any]]:
    """The user's turn: text alone as it is, else text and images in the prompt's order."""
    if not request.images:
        return request.prompt
    urls = iter([data_url(path) for path in request.images])
    parts = chat_messages(request.prompt)[0]["content"]
    return [{"type": "image_url", "image_url": {"url": next(urls)}} if part["type"] == "image" else part for part in parts]


@lru_cache(RECENT_IMAGES)
def data_url(path: Path) -> str:
    """An image as a data URL: its stored bytes, or RGB pixels where decoders differ in what they make of the bytes.

    Not every server lays transparent pixels on white and turns an image by its EXIF mark, as training and the other engines do.
    """
    with Image.open(path) as image:
        kind = image.format or ""
        as_stored = kind in MEDIA_TYPES and image.mode in PLAIN_MODES and "transparency" not in image.info
        if as_stored and image.getexif().get(ORIENTATION, 1) == 1:
            return encoded(path.read_bytes(), MEDIA_TYPES[kind])
    buffer = BytesIO()
    open_picture(path).save(buffer, "PNG")
    return encoded(buffer.getvalue(), "image/png")


def encoded(data: bytes, media_type: str) -> str:
    """Bytes as a data URL."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def read_reply(text: str, max_tokens: int) -> Reply:
    """The completion in a chat completion's JSON.

    Raises Garbage for what is none; InputError where the server takes the reasoning out of the response; Refusal where it cuts the response
    before `max_tokens`.
    """
    try:
        reply = json.loads(text)
        choice = reply["choices"][0]
        message = choice["message"] if "message" in choice else {"content": choice["text"]}
        finish, usage = choice["finish_reason"], reply["usage"]
        words, tokens, prompt_tokens = message["content"], int(usage["completion_tokens"]), int(usage["prompt_tokens"])
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise Garbage(f"its reply is no chat completion ({type(error).__name__}: {error}): {excerpt(text)}") from error
    check_whole(message)
    if words is None and tokens <= 1 and finish == "stop":
        words = ""  # how SGLang writes a response that ended with its first token
    if not isinstance(words, str) or finish not in ("stop", "length") or not 0 <= tokens <= max_tokens:
        raise Garbage(f"its reply has content {excerpt(repr(words))}, {tokens} tokens and finish_reason {finish!r}: {excerpt(text)}")
    if finish == "length" and tokens < max_tokens:
        raise Refusal(
            f"the server cut a response after {tokens} tokens, before sampling.max_tokens = {max_tokens}: its context is too short"
        )
    return Reply(Completion(words.encode(errors="replace").decode(), tokens, finish), prompt_tokens)  # JSON can hold half a character


def check_whole(message: dict[str, Any]) -> None:
    """Raise InputError when a server has split the response: what it took out cannot be put back letter by letter, and is judged."""
    for field in ("reasoning_content", "reasoning"):
        if message.get(field):
            raise InputError(
                f"the server takes the reasoning out of the responses (field `{field}`), so their format cannot be judged; "
                "start it without --reasoning-parser"
            )
