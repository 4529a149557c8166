"""Images in every form that a column has them in: by path, by link, as bytes, as base64 and data URIs, in lists and tables."""

import base64
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from tasks.base.errors import InputError
from tasks.problems.settings import SourceSettings
from tests.problems.shapes import Dataset, picture, row

PLAIN = base64.b64encode(picture(1)).decode()
LINES = base64.encodebytes(picture(1)).decode()
URL_SAFE = base64.urlsafe_b64encode(picture(1)).decode().rstrip("=")
FORMS = {
    "base64": PLAIN,
    "base64 in lines": LINES,
    "base64 for addresses, unpadded": URL_SAFE,
    "base64 of JPEG": base64.b64encode(picture(1, (16, 16), "JPEG")).decode(),
    "base64 of TIFF": base64.b64encode(picture(1, form="TIFF")).decode(),
    "data URI": f"data:image/png;base64,{PLAIN}",
    "data URI with parameters": f"data:image/png;charset=utf-8;base64,{quote(PLAIN)}",
    "data URI in percents": f"data:image/png,{quote(picture(1))}",
    "file URI": "file://images/1.png",
    "Python literal": f"['{PLAIN}']",
    "JSON text": '["images/1.png"]',
    "table": {"bytes": None, "path": "images/1.png"},
    "table of base64": {"bytes": PLAIN},
    "chat's address": {"url": f"data:image/png;base64,{PLAIN}"},
    "OpenAI's part": {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PLAIN}"}},
    "table in lists": [[{"image": "images/1.png"}]],
    "numbered": {"image_1": "images/1.png", "image_2": None},
}


@pytest.mark.parametrize("form", FORMS)
def test_an_image_is_read_in_every_form(dataset: Dataset, problems, form: str) -> None:
    rows = [row(1, images=FORMS[form]), row(2)]
    assert [len(problem["images"]) for problem in problems(dataset.write(rows).source(max_rejected=0))] == [1, 1]


def test_base64_is_the_image_that_a_path_leads_to(dataset: Dataset, problems) -> None:
    same = [problems(dataset.write([row(1, images=value)]).source())[0]["problem_id"] for value in ("images/1.png", PLAIN, LINES, URL_SAFE)]
    assert len(set(same)) == 1


BAD = {
    "cut off": (PLAIN[:101], "is not valid base64|cannot be decoded"),
    "no image": (base64.b64encode(b"text " * 100).decode(), "is not a PNG"),
    "long": ("A/b" * 1_000_000, "is not a PNG|is not valid base64"),
    "long path": ("dir/" * 3000 + "1.png", "is not a usable path|is not in the images folder"),
    "broken data URI": ("data:image/png;base64,@@@@" + "x" * 5000, "is not valid base64"),
    "address": ("https://example.org/1.png?" + "x" * 5000, "lies on the network, and nothing is fetched"),
    "bucket": ("s3://bucket/1.png", "lies on the network"),
    "number": (7, "this is a int"),
    "other table": ({"width": 8, "note": "x" * 5000}, "this is a table of width, note"),
    "bytes that are no image": ({"bytes": PLAIN[:-40]}, "cannot be decoded|is not valid base64"),
}


@pytest.mark.parametrize("case", BAD)
def test_no_message_repeats_an_image(dataset: Dataset, rejected, case: str) -> None:
    value, reason = BAD[case]
    [(number, column, said)] = rejected(dataset.write([row(0), row(1, images=value)]).source())
    assert (number, column) == (2, "images")
    assert len(said) < 400
    assert any(part in said for part in reason.split("|"))


def test_an_error_over_many_encoded_images_is_short(dataset: Dataset, ingested) -> None:
    cut = [base64.b64encode(picture(number, (40, 40)) * 300).decode()[:-7] + "====" for number in range(6)]
    with pytest.raises(InputError) as caught:
        ingested(dataset.write([row(number, images=f"data:image/png;base64,{value}") for number, value in enumerate(cut)]).source())
    assert len(str(caught.value)) < 3000


def test_text_of_an_image_is_no_metadata(dataset: Dataset, problems) -> None:
    [problem] = problems(dataset.write([row(1, thumbnail=PLAIN, preview=f"data:image/png;base64,{PLAIN}", level=3)]).source())
    assert problem["metadata"] == '{"level": 3}'


def test_images_written_as_text_have_the_same_limits(dataset: Dataset, rejected) -> None:
    source = dataset.write([row(0, images=[], problem="x"), row(1, images=PLAIN)]).source(max_image_bytes=len(picture(1)) - 1)
    assert "has 77 bytes, more than max_image_bytes = 76" in rejected(source)[0][2]


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """A dataset as the cache of the Hugging Face hub keeps it: every file of a snapshot is a link into the store beside it."""
    repository = tmp_path / "hub" / "datasets--owner--name"
    snapshot = repository / "snapshots" / ("0" * 40)
    (repository / "blobs").mkdir(parents=True)
    (snapshot / "images").mkdir(parents=True)
    (repository / "blobs" / "b1").write_bytes(picture(1))
    (repository / "blobs" / "b2").write_text('{"problem": "x", "answer": "1", "images": ["images/1.png"]}\n')
    (snapshot / "images" / "1.png").symlink_to("../../../blobs/b1")
    (snapshot / "train.jsonl").symlink_to("../../blobs/b2")
    return snapshot


def test_links_into_the_cache_of_the_hub_are_followed(hub: Path, problems, rejected) -> None:
    assert len(problems(SourceSettings(name="hub", path=str(hub / "train.jsonl")))[0]["images"]) == 1
    assert len(problems(SourceSettings(name="hub", path=str(hub)))[0]["images"]) == 1
    (hub.parents[2] / "secret.png").write_bytes(picture(9))
    (hub / "images" / "1.png").unlink()
    (hub / "images" / "1.png").symlink_to(hub.parents[2] / "secret.png")
    with pytest.raises(InputError, match="lies outside the images folder: it is a link, to .*secret.png"):
        rejected(SourceSettings(name="hub", path=str(hub), max_rejected=1))


def test_an_images_folder_may_be_a_link(dataset: Dataset, tmp_path: Path, problems) -> None:
    (tmp_path / "elsewhere").symlink_to(dataset.folder / "images")
    [problem] = problems(dataset.write([row(1, images="1.png")]).source(images_folder=str(tmp_path / "elsewhere")))
    assert len(problem["images"]) == 1


def test_links_and_whole_paths_lead_where_the_recipe_says(dataset: Dataset, tmp_path: Path, problems, rejected) -> None:
    (tmp_path / "coco").mkdir()
    (tmp_path / "coco" / "1.png").write_bytes(picture(1))
    (dataset.folder / "linked").symlink_to(tmp_path / "coco")
    rows = [row(0), row(1, images="linked/1.png"), row(2, images=f"file://{tmp_path}/coco/1.png")]
    refused = rejected(dataset.write(rows).source())
    assert "it is a link, to" in refused[0][2] and "image_roots" in refused[0][2]
    assert "lies outside the images folder; set images_folder" in refused[1][2]
    allowed = problems(dataset.source(image_roots=[str(tmp_path / "coco")]))
    assert [len(problem["images"]) for problem in allowed] == [1, 1, 1]
    with pytest.raises(InputError, match="nowhere of image_roots is not a folder"):
        problems(dataset.source(image_roots=[str(tmp_path / "nowhere")]))


def test_way_back_out_of_a_link_is_no_way_in(dataset: Dataset, tmp_path: Path, rejected) -> None:
    (tmp_path / "coco").mkdir()
    (tmp_path / "secret.png").write_bytes(picture(1))
    (dataset.folder / "linked").symlink_to(tmp_path / "coco")
    rows = [row(0), row(1, images="linked/../secret.png"), row(2, images="linked/../../secret.png")]
    assert [number for number, *_ in rejected(dataset.write(rows).source(image_roots=[str(tmp_path / "coco")]))] == [2, 3]


def test_an_animation_is_its_first_picture(dataset: Dataset, problems) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(dataset.folder / "images" / "moving.gif", save_all=True, append_images=frames[1:])
    frames[0].save(dataset.folder / "images" / "moving.webp", save_all=True, append_images=frames[1:])
    frames[0].save(dataset.folder / "images" / "pages.tiff", save_all=True, append_images=frames[1:])
    rows = [row(number, images=f"images/{name}") for number, name in enumerate(("moving.gif", "moving.webp", "pages.tiff"))]
    assert [len(problem["images"]) for problem in problems(dataset.write(rows).source(max_rejected=0))] == [1, 1, 1]
