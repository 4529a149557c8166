"""Conversations: a column of turns, as chat formats have them, and the one question, the system prompt and the answer in it.

Turns are `{"role", "content"}` (OpenAI, TRL, verl, ms-swift) or `{"from", "value"}` (ShareGPT, LLaVA), in a list or as its text (LMM-R1);
a content is a text, or a list of parts of which some are images. A problem is one question: a conversation of several is no problem.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tasks.problems.decoding import NoValue, decoded
from tasks.problems.marks import IMAGE_MARK

KEYS = (("role", "content"), ("from", "value"))
ROLES = {
    **dict.fromkeys(("user", "human"), "user"),
    **dict.fromkeys(("assistant", "gpt", "model", "bot", "chatgpt"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
}
ANSWERING = {name for name, role in ROLES.items() if role == "assistant"}
TEXT_PARTS = ("text", "input_text", "output_text")
IMAGE_PARTS = ("image", "image_url", "input_image", "image_path")
IMAGE_KEYS = ("image", "image_url", "url", "path", "image_path", "bytes", "base64", "data", "source")


class ChatFault(ValueError):
    """A conversation that is not one question; the message says why."""


@dataclass(frozen=True)
class Chat:
    """A conversation of one question. `images` are those given in its parts, in the order of their marks; parts that only say where
    an image stands have a mark and no image. `answer` is the assistant's turn, None where there is none."""

    question: str
    system: str
    answer: str | None
    images: tuple[Any, ...]


def turns_of(value: Any) -> list[dict[str, Any]] | None:
    """The turns that a column's value is, or stands for as text; None for everything else."""
    if isinstance(value, str):
        if not value.lstrip().startswith(("[", "{")) or not ("role" in value or "from" in value):
            return None
        try:
            value = decoded(value)
        except NoValue:
            return None
    if isinstance(value, dict):
        value = next((value[key] for key in ("messages", "conversations") if isinstance(value.get(key), list)), [value])
    if not isinstance(value, list) or not value or not all(isinstance(turn, dict) for turn in value):
        return None
    return value if any(all(set(keys) <= turn.keys() for turn in value) for keys in KEYS) else None


def read_chat(turns: list[dict[str, Any]]) -> Chat:
    """The question of a conversation, with `<image>` marks where its parts show images. Raises ChatFault."""
    said = [(role_of(turn), list(parts_of(turn))) for turn in turns]
    roles = [role for role, _ in said if role != "system"]
    if roles not in (["user"], ["user", "assistant"]):
        raise ChatFault(f"a problem is one question, answered or not, and the turns of this conversation are {', '.join(roles) or 'none'}")
    asked = next(parts for role, parts in said if role == "user")
    others = [parts for role, parts in said if role != "user"]
    if any(is_image for parts in others for is_image, _ in parts):
        raise ChatFault("a turn that is not the user's has an image; only the question may have some")
    system = "\n".join(text_of(parts) for role, parts in said if role == "system")
    answer = next((text_of(parts) for role, parts in said if role == "assistant"), None)
    return Chat(text_of(asked), system.strip(), answer, images_of(asked))


def role_of(turn: dict[str, Any]) -> str:
    """Whose turn it is. Raises ChatFault for tools, and all others that are neither system, user nor assistant."""
    named = turn.get("role") if "role" in turn else turn.get("from")
    role = ROLES.get(named.casefold()) if isinstance(named, str) else None
    if role is None:
        raise ChatFault(f"a turn is by {str(named)[:40]!r}, which is none of {', '.join(ROLES)}")
    return role


def parts_of(turn: dict[str, Any]) -> Iterator[tuple[bool, Any]]:
    """The parts of a turn: whether it is an image, and its text or the image (None where only its place is given)."""
    content = turn.get("content") if "role" in turn else turn.get("value")
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, str):
            yield False, part
        elif isinstance(part, dict):
            yield part_of(part)
        elif part is not None:
            raise ChatFault(f"the content of a turn is a {type(part).__name__}, neither a text nor a list of parts")


def part_of(part: dict[str, Any]) -> tuple[bool, Any]:
    """One part of a content; tables fill the keys that a part does not have with nothing."""
    given = {key: value for key, value in part.items() if value is not None}
    kind = given.get("type") or next((kind for kind in ("text", *IMAGE_KEYS) if kind in given), "nothing")
    if kind in TEXT_PARTS and isinstance(given.get("text"), str):
        return False, given["text"]
    if kind in IMAGE_PARTS or kind in IMAGE_KEYS:
        return True, next((given[key] for key in IMAGE_KEYS if given.get(key)), None)
    raise ChatFault(f"a part of a turn is of type {str(kind)[:40]!r}; a question is made of texts and images")


def text_of(parts: list[tuple[bool, Any]]) -> str:
    """The texts of a turn with a mark for each image."""
    return "".join(IMAGE_MARK if is_image else part for is_image, part in parts)


def images_of(parts: list[tuple[bool, Any]]) -> tuple[Any, ...]:
    """The images that are given in the parts. Raises ChatFault where some are given and others are not."""
    images = [part for is_image, part in parts if is_image]
    given = tuple(image for image in images if image is not None)
    if given and len(given) < len(images):
        raise ChatFault(f"{len(given)} of the {len(images)} images of the question are given with it; give all of them, or none")
    return given


def chat_images(value: Any) -> tuple[Any, ...]:
    """The images in a column's value, where that is a conversation of one question."""
    turns = turns_of(value)
    try:
        return read_chat(turns).images if turns else ()
    except ChatFault:
        return ()  # the row will be rejected for it
