"""Images are checked before they are kept, kept unchanged, and never read from outside their folder."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tasks.base.files import file_digest
from tasks.lake.lake import Lake
from tasks.problems.images import ImageFault, ImageLimits, image_paths, keep_image
from tests.problems.shapes import Dataset, picture, row


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is `width` x `height` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


@pytest.fixture
def limits(dataset: Dataset) -> ImageLimits:
    return ImageLimits(dataset.folder, pixels=10_000, bytes=100_000)


@pytest.mark.parametrize(
    ("form", "extension"),
    [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp"), ("GIF", "gif"), ("BMP", "bmp"), ("TIFF", "tif"), ("JPEG2000", "jp2")],
)
def test_an_image_is_kept_byte_for_byte_by_its_digest(home: Path, limits: ImageLimits, form: str, extension: str) -> None:
    lake, content = Lake(home), picture(form=form)
    name = keep_image(lake, content, limits)
    [path] = image_paths(lake, [name])
    assert path.read_bytes() == content
    assert name == f"{file_digest(path)[:2]}/{file_digest(path)}.{extension}"


def test_a_torn_copy_is_written_again(home: Path, limits: ImageLimits) -> None:
    lake, content = Lake(home), picture()
    [path] = image_paths(lake, [keep_image(lake, content, limits)])
    path.write_bytes(b"")
    keep_image(lake, content, limits)
    assert path.read_bytes() == content


def test_an_image_by_path_is_the_image_by_bytes(home: Path, limits: ImageLimits) -> None:
    assert keep_image(Lake(home), "images/3.png", limits) == keep_image(Lake(home), picture(3), limits)


BROKEN = {
    "truncated": (picture(size=(64, 64))[:-30], "cannot be decoded"),
    "no image": (b"<svg/>", "is not a PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF or JPEG 2000 image"),
    "another format": (picture(form="PCX"), "is not a PNG, JPEG"),
    "empty": (b"", "is not a PNG"),
    "too many pixels": (picture(size=(101, 100)), "101 x 100 pixels, more than max_image_pixels = 10,000"),
    "bomb": (bomb(60_000, 60_000), "too large, above max_image_pixels"),
    "bomb below Pillow's limit": (bomb(9_000, 9_000), "9000 x 9000 pixels"),
    "too many bytes": (picture() + b"\0" * 100_000, "more than max_image_bytes = 100,000"),
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("stored", ["in the row", "as a file"])
def test_a_broken_or_huge_image_is_a_fault(home: Path, dataset: Dataset, limits: ImageLimits, case: str, stored: str) -> None:
    content, reason = BROKEN[case]
    (dataset.folder / "images/bad.png").write_bytes(content)
    with pytest.raises(ImageFault, match=reason):
        keep_image(Lake(home), content if stored == "in the row" else "images/bad.png", limits)
    assert not Lake(home).images.exists()


def test_an_image_is_never_read_from_outside_its_folder(home: Path, dataset: Dataset, limits: ImageLimits) -> None:
    outside = dataset.folder.parent / "secret.png"
    outside.write_bytes(picture(77))
    (dataset.folder / "images/link.png").symlink_to(outside)
    (dataset.folder / "images/inner.png").symlink_to(dataset.folder / "images/1.png")
    for name in ("../secret.png", "images/../../secret.png", str(outside), "images/link.png"):
        with pytest.raises(ImageFault, match="lies outside the images folder"):
            keep_image(Lake(home), name, limits)
    assert keep_image(Lake(home), "images/inner.png", limits) == keep_image(Lake(home), "images/1.png", limits)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("images/none.png", "is not in"), ("images", "is not in"), ("a\0b", "not a usable path"), ("x" * 5000, "not a usable|is not in")],
)
def test_a_path_that_is_no_image_is_a_fault(home: Path, limits: ImageLimits, name: str, reason: str) -> None:
    with pytest.raises(ImageFault, match=reason):
        keep_image(Lake(home), name, limits)


def test_paths_need_a_folder(home: Path) -> None:
    with pytest.raises(ImageFault, match="set images_folder"):
        keep_image(Lake(home), "1.png", ImageLimits(None, 100, 100))


def test_bad_images_reject_their_rows_alone(dataset: Dataset, rejected) -> None:
    (dataset.folder / "images/1.png").write_bytes(picture()[:20])
    (dataset.folder / "images/2.png").unlink()
    (dataset.folder / "images/3.png").write_bytes(bomb(60_000, 60_000))
    rows = [row(0), row(1), row(2), row(3), row(4, images=["../train.jsonl"]), row(5, images=[7])]
    reasons = rejected(dataset.write(rows).source(images_folder=str(dataset.folder)))
    assert [(number, column) for number, column, _ in reasons] == [(number, "images") for number in range(2, 7)]
    assert "'images/2.png' is not in the images folder" in reasons[1][2]


def test_a_lost_image_says_how_to_get_it_back(home: Path) -> None:
    with pytest.raises(FileNotFoundError, match="delete .*problems and run again"):
        image_paths(Lake(home), ["ab/none.png"])


def test_jpegs_of_several_pictures_are_jpegs(home: Path, limits: ImageLimits, tmp_path: Path) -> None:
    path = tmp_path / "two.jpg"
    Image.new("RGB", (8, 8)).save(path, format="MPO", save_all=True, append_images=[Image.new("RGB", (8, 8), "red")])
    assert keep_image(Lake(home), path.read_bytes(), limits).endswith(".jpg")
