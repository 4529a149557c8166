"""The images that a column's value is: paths, bytes, and images written as text (base64, data URIs), in lists and tables of any depth.

Nothing is decoded here, and nothing is fetched: an image that is known by its address on the network is refused, as what lies there may be
another one tomorrow, and a problem is named by its images.
"""

import base64
import binascii
import re
import reprlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from tasks.problems.decoding import NoValue, decoded, is_written

SHOWN = 80
DEEPEST = 6
SHORTEST_IMAGE, LONGEST_NAME = 64, 255
BEGINNINGS = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR", "Qk", "SUkq", "TU0AK", "AAAA")
"""How base64 of PNG, JPEG, GIF, WebP, BMP, TIFF (of either byte order), and of AVIF and JPEG 2000 begins."""
BASE64 = re.compile(r"[A-Za-z0-9+/_\s-]+={0,2}\s*")
ELSEWHERE = re.compile(r"(https?|ftp|s3|gs|hf|oss|az)://", re.I)
KEYS = ("bytes", "path", "image", "image_url", "url", "base64", "b64_json", "data", "source", "src", "image_path")
NUMBERED = re.compile(r"\D*\d{1,3}")


class ImageFault(ValueError):
    """An image that cannot be used; the message says which and why."""


class Encoded(str):
    """An image written as text: base64, or a data URI."""

    def content(self) -> bytes:
        """The image's bytes. Raises ImageFault where the text stands for none."""
        try:
            if self[:5].lower() != "data:":
                return from_base64(self)
            head, _, body = self.partition(",")
            return from_base64(unquote(body)) if head.lower().endswith(";base64") else unquote_to_bytes(body)
        except (ValueError, binascii.Error) as error:
            raise ImageFault(f"image {described(self)} is not valid base64: {error}; is it cut off?") from error


def from_base64(text: str) -> bytes:
    """The bytes of base64 in either alphabet, with or without padding and line ends. Raises ValueError."""
    joined = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(joined + "=" * (-len(joined) % 4), validate=True)


def image_items(value: Any) -> list[str | bytes]:
    """The images in an images column's value, in order: paths, bytes, and encoded ones. Raises ImageFault for what is no image."""
    return list(items_in(value, 0))


def items_in(value: Any, depth: int) -> Iterator[str | bytes]:
    """The images in a value at some depth of lists and tables; none where it is empty."""
    if depth > DEEPEST:
        raise ImageFault("an image is hidden in more lists than are looked into")
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple):
        for inner in value:
            yield from items_in(inner, depth + 1)
    elif isinstance(value, dict):
        for inner in inside(value):
            yield from items_in(inner, depth + 1)
    elif isinstance(value, str) and is_written(value) and (listed := listed_in(value)) is not None:
        yield from items_in(listed, depth + 1)
    elif isinstance(value, str):
        yield from [item_of(value)] if value.strip() else []
    elif isinstance(value, bytes | bytearray):
        yield bytes(value)
    elif value is not None:
        raise ImageFault(f"an image is a path or its bytes, and this is a {type(value).__name__}")


def inside(value: dict[str, Any]) -> list[Any]:
    """The image of a table: `{"bytes", "path"}` as Hugging Face has it, `{"url"}` as chats have it; or the images of `{"image_1": …}`."""
    if not any(value.values()):
        return []
    for key in KEYS:
        if value.get(key):
            return [value[key]]
    if all(NUMBERED.fullmatch(str(key)) for key in value):
        return [value[key] for key in sorted(value, key=lambda key: int(re.sub(r"\D", "", str(key))))]
    raise ImageFault(f"an image is a path or its bytes, and this is a table of {cut(', '.join(map(str, value)))}")


def listed_in(text: str) -> Any:
    """The list or table that a text stands for; None where it is a path with brackets."""
    try:
        return decoded(text)
    except NoValue:
        return None


def item_of(text: str) -> str:
    """A path, or an image that is written as text. Raises ImageFault for an address on the network."""
    if text[:5].lower() == "data:":
        return Encoded(text)
    if text[:5].lower() == "file:":
        parts = urlsplit(text)
        host = "" if parts.netloc == "localhost" else unquote(parts.netloc)
        return host + url2pathname(parts.path)
    if ELSEWHERE.match(text):
        raise ImageFault(
            f"image {brief(text)} lies on the network, and nothing is fetched while problems are read; download it and give its path"
        )
    return Encoded(text) if is_base64(text) else text


def is_base64(text: str) -> bool:
    """Whether a text is an image in base64, and no path: it begins like one, or is longer than a name can be, and has no dot."""
    if len(text) < SHORTEST_IMAGE or "." in text[:LONGEST_NAME]:
        return False
    begins = text.lstrip().startswith(BEGINNINGS)
    return (begins or len(text) > LONGEST_NAME) and BASE64.fullmatch(text) is not None


def image_references(value: Any) -> list[str]:
    """The paths in an images column's value."""
    if not value:
        return []
    try:
        return [item for item in image_items(value) if type(item) is str]
    except ImageFault:
        return []  # the row will be rejected for it, whatever its other images hold


def described(item: str | bytes) -> str:
    """How a message calls an image: never by all its text."""
    if isinstance(item, bytes):
        return "(stored in the row)"
    return f"(written in the row: {brief(item)})" if isinstance(item, Encoded) else brief(item)


def brief(value: object) -> str:
    """A value in a message: as Python writes it, cut to a readable length."""
    if isinstance(value, str | bytes) and len(value) > SHOWN:
        return f"{value[: SHOWN // 2]!r}… ({len(value):,} {'characters' if isinstance(value, str) else 'bytes'})"
    return repr(value) if isinstance(value, str) else cut(reprlib.repr(value))


def cut(text: str) -> str:
    """A text in a message, cut to a readable length."""
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
