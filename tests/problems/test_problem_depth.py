"""Levels of more than eight bits are scaled by their depth, or refused where nobody can say what is white."""

import numpy as np
import pytest
from PIL import Image

from tasks.problems.depth import depth_fault, eight_bit


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (np.array([[0, 70_000]], np.int32), "32-bit levels from 0 to 70000"),
        (np.array([[-5, 900]], np.int32), "32-bit levels from -5 to 900"),
        (np.array([[0, 200]], np.int32), "32-bit levels from 0 to 200"),
        (np.array([[0.0, 255.0]], np.float32), "floating-point levels from 0 to 255"),
        (np.array([[-1.0, 0.5]], np.float32), "floating-point levels from -1 to 0.5"),
    ],
    ids=["large", "negative", "small", "floats", "negative floats"],
)
def test_levels_that_name_no_white_are_refused(levels: np.ndarray, words: str) -> None:
    image = Image.fromarray(levels)
    assert words in depth_fault(image)
    with pytest.raises(ValueError, match="which"):
        eight_bit(image)


def test_levels_that_name_it_are_scaled() -> None:
    assert depth_fault(Image.fromarray(np.array([[0, 40_000]], np.int32))) == ""
    assert list(eight_bit(Image.fromarray(np.array([[0, 32_896, 65_535]], np.int32))).tobytes()) == [0, 128, 255]
    coloured = Image.new("RGB", (2, 2))
    assert depth_fault(coloured) == "" and eight_bit(coloured) is coloured
