"""Images: read from a dataset's folder or from bytes inside it, checked, and kept by the digest of their bytes, which never change.

A path may not leave the images folder by `..`, nor by a symbolic link but into the store of the Hugging Face cache that the folder belongs
to, or into a folder that the recipe names; what is larger than the limits is refused before it is decoded; only the formats below are
opened, and each image is decoded once, whole (of an animation the first picture), so that no later room meets a broken one.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from tasks.base.files import DIGEST_BYTES, disk_errors_named, written_aside
from tasks.lake.lake import Lake
from tasks.problems.depth import depth_fault
from tasks.problems.pictured import Encoded, ImageFault, brief, cut, described

EXTENSIONS = {"PNG": "png", "JPEG": "jpg", "MPO": "jpg", "WEBP": "webp", "GIF": "gif", "BMP": "bmp"}
EXTENSIONS |= {"TIFF": "tif", "AVIF": "avif", "JPEG2000": "jp2"}
OPENED = [name for name in EXTENSIONS if name != "MPO"]  # several JPEGs in one file, which Pillow opens as JPEG
FORMATS = "PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF or JPEG 2000"
HUB_REPOSITORY = re.compile(r"(datasets|models|spaces)--.+")


@dataclass(frozen=True)
class ImageLimits:
    """`folder`: where paths start and stay (None: images by path are refused); `pixels`: width x height; `bytes`: of the file; `roots`:
    further folders in which images may lie."""

    folder: Path | None
    pixels: int
    bytes: int
    roots: tuple[Path, ...] = ()


def image_path(name: str, folder: Path | None, roots: Iterable[Path] = ()) -> Path:
    """Where an image given by its path lies, links followed. Raises ImageFault when that is outside `folder` (and the further folders
    in which images may lie), or is no file."""
    if folder is None:
        raise ImageFault(f"image {brief(name)} is a path, and the source has no folder to look in; set images_folder")
    try:
        path, home = (folder / name).resolve(), folder.resolve()
        is_inside = path.is_relative_to(home) or any(path.is_relative_to(root.resolve()) for root in (*roots, *hub_store(folder)))
        is_file = is_inside and path.is_file()
    except (OSError, ValueError) as error:
        raise ImageFault(f"image {brief(name)} is not a usable path: {getattr(error, 'strerror', None) or error}") from error
    if not is_inside:
        raise ImageFault(f"image {brief(name)} {leaving(name, folder, path)}")
    if not is_file:
        raise ImageFault(f"image {brief(name)} is not in the images folder")
    return path


def leaving(name: str, folder: Path, path: Path) -> str:
    """How a path leaves the images folder: as it is written, or by a link."""
    written = Path(os.path.normpath(folder / name))
    if not any(written.is_relative_to(home) for home in (folder, folder.resolve())):
        return "lies outside the images folder; set images_folder to a folder that holds it, or name its folder in image_roots"
    return f"lies outside the images folder: it is a link, to {path}. Name that file's folder in image_roots if it may be read"


def hub_store(folder: Path) -> Iterator[Path]:
    """The store of a dataset in the Hugging Face cache, into which all files of its `snapshots` are links."""
    for place in (folder, *folder.parents):
        if place.name == "snapshots" and HUB_REPOSITORY.fullmatch(place.parent.name):
            yield place.parent / "blobs"


def image_bytes(item: str | bytes, limits: ImageLimits) -> bytes:
    """An image's bytes, unchanged. Raises ImageFault when they are too many or cannot be read."""
    if isinstance(item, bytes):
        size, content = len(item), item
    elif isinstance(item, Encoded):
        size = len(item) * 3 // 4
        content = item.content() if size <= 2 * limits.bytes else b""  # line ends and percents are no part of the image
    else:
        path = image_path(item, limits.folder, limits.roots)
        try:
            size = path.stat().st_size
            content = path.read_bytes() if size <= limits.bytes else b""
        except OSError as error:
            raise ImageFault(f"image {brief(item)} cannot be read: {error.strerror}") from error
    size = len(content) or size
    if size > limits.bytes:
        raise ImageFault(f"image {described(item)} has {size:,} bytes, more than max_image_bytes = {limits.bytes:,}")
    return content


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
        raise ImageFault(f"image {described(item)} is not a {FORMATS} image") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageFault(f"image {described(item)} is too large, above max_image_pixels = {limits.pixels:,}: {error}") from error
    except Exception as error:  # a decoder that is given broken bytes may raise anything, and it all means the same
        raise ImageFault(f"image {described(item)} cannot be decoded: {cut(str(error))}") from error


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
