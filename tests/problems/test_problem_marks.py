"""Image marks become one `<image>` an image, in the order of the images they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.problems.marks import MarkFault, place_marks

CASES = {
    "bare marks keep their places": (["a <image> b <image>"], 2, ["a <image> b <image>"], [0, 1]),
    "numbers are images": (["<image2> or <image1>"], 2, ["<image> or <image>"], [1, 0]),
    "no mark": (["what?"], 1, ["<image>what?"], [0]),
    "fewer marks than images": (["see <image>"], 3, ["<image><image>see <image>"], [0, 1, 2]),
    "an unnamed image goes in front": (["see <image2>"], 2, ["<image>see <image>"], [0, 1]),
    "bare marks take what no number names": (["<image1> <image>"], 2, ["<image> <image>"], [0, 1]),
    "a second mention is words": (["<image1>, and <image1> again"], 1, ["<image>, and image 1 again"], [0]),
    "choices are marked after the question": (["which?", "<image 1>", "<image_2>"], 2, ["which?", "<image>", "<image>"], [0, 1]),
    "text only": (["2 + 2 < 5, so <imagine>"], 0, ["2 + 2 < 5, so <imagine>"], []),
}


@pytest.mark.parametrize("case", CASES)
def test_marks_become_one_image_each(case: str) -> None:
    texts, images, expected, order = CASES[case]
    assert place_marks(texts, images) == (expected, order)


@pytest.mark.parametrize(
    ("text", "images"), [("<image>", 0), ("<image><image>", 1), ("<image2>", 1), ("<image0>", 1), ("<image1><image>", 1)]
)
def test_more_marks_than_images_are_a_fault(text: str, images: int) -> None:
    with pytest.raises(MarkFault, match=f"the row has {images} image"):
        place_marks([text], images)


def test_marks_inside_a_composite_image_stay_as_labels() -> None:
    assert place_marks(["<image1> or", "<image2>"], 1, composite=True) == (["<image><image1> or", "<image2>"], [0])
    assert place_marks(["<image1>?"], 1, composite=True) == (["<image>?"], [0])


@given(st.lists(st.sampled_from(["<image>", "<image1>", "<image2>", "<image3>", "x "]), max_size=8), st.integers(0, 3))
def test_there_are_always_as_many_marks_as_images(parts: list[str], images: int) -> None:
    try:
        texts, order = place_marks(["".join(parts)], images)
    except MarkFault:
        return
    assert texts[0].count("<image>") == images
    assert sorted(order) == list(range(images))
