"""What a policy cannot be asked is found by its processor alone: what that refuses, what is too long, what has pictures for a reader."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tasks.admission import pictures
from tasks.admission.judging import most_tokens, refused
from tasks.admission.pictures import PictureRefused, Pictures
from tasks.admission.settings import Limits
from tasks.admission.worker import REFUSED, AdmissionSpec, run
from tasks.base.errors import InputError
from tasks.lake.lake import read_parquet
from tasks.policy.identity import PolicySettings, base_policy
from tasks.policy.loading import load_processor
from tasks.prompting.pictures import open_picture
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.reader import Reader
from tasks.sampling.requests import Request

LIMITS = Limits(max_tokens=16)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(load_processor(base_policy(PolicySettings(model="starter")), PromptingSettings()), True, 4096, 16)


def asked(text: str, *images: Path) -> Request:
    return Request(text[:12], 0, 0, 0, text, images)


def picture(folder: Path, *size: int) -> Path:
    path = folder / f"{size}.png"
    Image.new("RGB", size, "blue").save(path)
    return path


SIZES = {
    "a strip": ((3000, 10), True),
    "a tall strip": ((10, 2001), True),
    "a strip that is just taken": ((1990, 10), False),
    "a pixel": ((1, 1), False),
    "thinner than a patch": ((5, 300), False),
    "a usual one": ((640, 480), False),
}


@pytest.mark.parametrize("name", SIZES)
def test_a_size_is_refused_where_the_processor_refuses_it(name: str, reader: Reader, tmp_path: Path) -> None:
    size, is_refused = SIZES[name]
    found = list(refused([asked("<image>?", picture(tmp_path, *size)), asked("Fine?")], reader, LIMITS))
    assert [one.problem_id for one in found] == (["<image>?"] if is_refused else [])
    for one in found:
        assert one.column == "images" and one.reason.startswith("image refused: ")
        assert f"{size[0]} x {size[1]} pixels: absolute aspect ratio" in one.reason


def test_a_photo_stored_turned_is_asked_as_it_is_shown(reader: Reader, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (300, 40)).save(tmp_path / "turned.jpg", exif=exif)
    [one] = refused([asked("<image>" + "?" * 3000, tmp_path / "turned.jpg")], reader, Limits(max_tokens=16, max_prompt_tokens=9))
    seen = open_picture(tmp_path / "turned.jpg")
    inputs = reader.processor(text=[reader.chat_text("<image>" + "?" * 3000)], images=[[seen]], return_tensors="pt")
    assert f"has {inputs['input_ids'].shape[1]:,} tokens" in one.reason


@pytest.mark.parametrize("tokens", [0, 1], ids=["fits", "one too many"])
def test_a_prompt_is_too_long_by_a_single_token(tokens: int, reader: Reader, tmp_path: Path) -> None:
    prompt, image = "<image>How many?" + " word" * 30, picture(tmp_path, 96, 64)
    length = reader.processor(text=[reader.chat_text(prompt)], images=[[Image.open(image)]], return_tensors="pt")["input_ids"].shape[1]
    found = list(refused([asked(prompt, image), asked("Short?")], reader, Limits(max_tokens=16, max_prompt_tokens=length - tokens)))
    assert [one.reason for one in found] == (
        [f"too long: its prompt has {length} tokens, more than problems.max_prompt_tokens = {length - 1}"] if tokens else []
    )


def test_what_must_fit_is_the_context_beside_the_longest_response(reader: Reader) -> None:
    [one] = refused([asked("word " * 5000), asked("Short?")], reader, Limits(max_tokens=1024, max_prompt_tokens=50_000))
    assert one.column == "problem"
    assert one.reason.endswith("tokens, more than the 3,072 that its context of 4,096 leaves beside a response of up to 1,024")
    assert most_tokens(None, LIMITS) is None
    with pytest.raises(InputError, match="no prompt fits: .* takes all of the context of 16 tokens"):
        most_tokens(16, LIMITS)


def test_pictures_for_a_reader_of_text_and_too_many_of_them(reader: Reader, tmp_path: Path) -> None:
    image = picture(tmp_path, 48, 48)
    requests = [asked("<image>?", image), asked("<image><image>??", image, image), asked("Text?")]
    blind = [one.reason for one in refused(requests, replace(reader, reads_images=False), LIMITS)]
    assert blind == [f"no images: it has {said}, and the policy reads text only" for said in ("an image", "2 images")]
    [one] = refused(requests, reader, Limits(max_tokens=16, images=1))
    assert one.reason == "too many images: it has 2, and a prompt may have 1 (sampling.vllm.images)"


class Watched:
    """A processor that counts how often it is asked, and whose arithmetic may be wrong."""

    def __init__(self, processor: Any, wrong: int = 0) -> None:
        self.processor, self.calls, self.wrong = processor, 0, wrong

    def __call__(self, **inputs: Any) -> Any:
        self.calls += 1
        return self.processor(**inputs)

    def _get_num_multimodal_tokens(self, **sizes: Any) -> Any:
        found = self.processor._get_num_multimodal_tokens(**sizes)
        return {"num_image_tokens": [count + self.wrong for count in found["num_image_tokens"]]}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.processor, name)


@pytest.mark.parametrize("wrong", [0, 1], ids=["right", "wrong"])
def test_of_very_many_sizes_the_extremes_are_asked_and_the_rest_counted(
    wrong: int, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "FEW", 10)
    watched = Watched(reader.processor, wrong)
    every = [((16 + 8 * n, 40 + n),) for n in range(60)] + [((2100, 10),), ((10, 2100),), ((48, 48), (30, 60))]
    known = Pictures(replace(reader, processor=watched), [*every, *every])
    plain = Pictures(reader, [])
    for sizes in every:
        try:
            assert known.tokens(sizes) == plain.tokens(sizes)
        except PictureRefused as error:
            assert "aspect ratio" in str(error) and max(sizes[0]) == 2100
    assert watched.calls == len(every) if wrong else watched.calls < len(every) / 2


def test_a_policy_that_is_only_on_servers_refuses_nothing_beforehand(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    away = base_policy(PolicySettings(model="nobody/has-this"))
    spec = AdmissionSpec(
        home=tmp_path, folder=tmp_path, policy=away, prompting=PromptingSettings(), limits=LIMITS, problems=(tmp_path / "none.parquet",)
    )
    with pytest.raises(InputError, match=r"policy\.model: cannot load"):
        run(spec.model_dump_json())
    run(spec.model_copy(update={"elsewhere": True}).model_dump_json())
    assert read_parquet(tmp_path / REFUSED).is_empty()
    assert "nobody can say before they are asked which problems nobody/has-this refuses" in caplog.text
