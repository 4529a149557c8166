"""Images: read from a dataset's folder or from bytes inside it, checked, and kept by the digest of their bytes, which never change.

A path may not leave the images folder, by `..` or by a symbolic link; what is larger than the limits is refused before it is decoded;
only PNG, JPEG, WebP, GIF and BMP are opened, and each is decoded once, whole, so that no later room meets a broken image.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from tasks.base.files import DIGEST_BYTES, disk_errors_named, written_aside
from tasks.lake.lake import Lake
from tasks.problems.depth import depth_fault

EXTENSIONS = {"PNG": "png", "JPEG": "jpg", "MPO": "jpg", "WEBP": "webp", "GIF": "gif", "BMP": "bmp"}
OPENED = [name for name in EXTENSIONS if name != "MPO"]  # several JPEGs in one file, which Pillow opens as JPEG


class ImageFault(ValueError):
    """An image that cannot be used; the message says which and why."""


@dataclass(frozen=True)
class ImageLimits:
    """`folder`: where paths start and stay (None: images by path are refused); `pixels`: width x height; `bytes`: of the file."""

    folder: Path | None
    pixels: int
    bytes: int


def image_items(value: Any) -> list[Any]:
    """The images in an images column's value, a path or bytes each; none where it is empty. Raises ImageFault for other types."""
    values = value if isinstance(value, list) else [value]
    return [item for item in (image_item(entry) for entry in values) if item is not None]


def image_item(entry: Any) -> str | bytes | None:
    """A path, bytes, or None for "no image"; `{"bytes": …, "path": …}` is how Hugging Face datasets store an image."""
    if isinstance(entry, dict) and {"bytes", "path"} & entry.keys():
        entry = entry.get("bytes") or entry.get("path")
    if entry is None or entry == "":
        return None
    if isinstance(entry, str | bytes):
        return entry
    raise ImageFault(f"an image is a path or its bytes, and this is a {type(entry).__name__}")


def image_path(name: str, folder: Path | None) -> Path:
    """Where an image given by its path lies, links followed. Raises ImageFault when that is outside `folder` or is no file."""
    if folder is None:
        raise ImageFault(f"image {name!r} is a path, and the source has no folder to look in; set images_folder")
    try:
        path = (folder / name).resolve()
        inside, is_file = path.is_relative_to(folder.resolve()), path.is_file()
    except (OSError, ValueError) as error:
        raise ImageFault(f"image {name!r} is not a usable path: {getattr(error, 'strerror', None) or error}") from error
    if not inside:
        raise ImageFault(f"image {name!r} lies outside the images folder")
    if not is_file:
        raise ImageFault(f"image {name!r} is not in the images folder")
    return path


def image_bytes(item: str | bytes, limits: ImageLimits) -> bytes:
    """An image's bytes, unchanged. Raises ImageFault when they are too many or cannot be read."""
    if isinstance(item, bytes):
        size, content = len(item), item
    else:
        path = image_path(item, limits.folder)
        try:
            size = path.stat().st_size
            content = path.read_bytes() if size <= limits.bytes else b""
        except OSError as error:
            raise ImageFault(f"image {item!r} cannot be read: {error.strerror}") from error
    if max(size, len(content)) > limits.bytes:
        raise ImageFault(f"image {described(item)} has {size:,} bytes, more than max_image_bytes = {limits.bytes:,}")
    return content


def described(item: str | bytes) -> str:
    """How a message calls an image."""
    return repr(item) if isinstance(item, str) else "(stored in the row)"


def image_format(item: str | bytes, content: bytes, limits: ImageLimits) -> str:
    """The file extension of an image's format, after decoding all of it. Raises ImageFault when it is too large or broken."""
    try:
        with Image.open(BytesIO(content), formats=OPENED) as image:
            width, height = image.size
            if width * height > limits.pixels:
                raise ImageFault(f"image {described(item)} has {width} x {height} pixels, more than max_image_pixels = {limits.pixels:,}")
            image.load()
            if fault := depth_fault(image):
                raise ImageFault(f"image {described(item)} {fault}; save it with 8 bits a pixel")
            return EXTENSIONS[image.format or ""]
    except (ImageFault, MemoryError):
        raise
    except Image.UnidentifiedImageError as error:
        raise ImageFault(f"image {described(item)} is not a PNG, JPEG, WebP, GIF or BMP image") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageFault(f"image {described(item)} is too large, above max_image_pixels = {limits.pixels:,}: {error}") from error
    except Exception as error:  # a decoder that is given broken bytes may raise anything, and it all means the same
        raise ImageFault(f"image {described(item)} cannot be decoded: {error}") from error


def content_digest(content: bytes) -> str:
    """Hex digest of an image's bytes; the same as `store.file_digest` of a file that holds them."""
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).hexdigest()


def keep_image(lake: Lake, item: str | bytes, limits: ImageLimits) -> str:
    """Check an image and keep its bytes under the lake's images; returns its name there, "ab/<digest>.png"."""
    content = image_bytes(item, limits)
    digest = content_digest(content)
    name = f"{digest[:2]}/{digest}.{image_format(item, content, limits)}"
    path = lake.images / name
    if not path.is_file() or path.stat().st_size != len(content):
        write_image(path, content)
    return name


def write_image(path: Path, content: bytes) -> None:
    """Write the bytes aside, fsync and rename, so that a name never stands for half an image."""
    with disk_errors_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(path) as aside:
        aside.write_bytes(content)


def digest_in_name(name: str) -> str:
    """The digest of an image's bytes, from its name in the lake."""
    return Path(name).stem


def image_paths(lake: Lake, names: Iterable[str]) -> list[Path]:
    """The files of a problem's `images`. Raises FileNotFoundError, saying how to get it back, when one is gone."""
    paths = [lake.images / name for name in names]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"image {path} is gone; delete {lake.home / 'problems'} and run again, to ingest the problems anew")
    return paths
