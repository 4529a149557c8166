import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.similarity.texts import sketches, words

WORDS = [f"word{number}" for number in range(500)]


def jaccard(one: str, other: str) -> float:
    """By the definition."""

    def runs(text: str) -> set[tuple[str, ...]]:
        said = words(text)
        return {tuple(said[place : place + 3]) for place in range(max(1, len(said) - 2))} if said else set()

    ones, others = runs(one), runs(other)
    return len(ones & others) / len(ones | others) if ones | others else 1.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<image>How many CATS?", ["how", "many", "cats", "?"]),
        ("x+2=$7$", ["x", "+", "2", "=", "$", "7", "$"]),
        ("\u4e09\u89d2\u5f62 ABC", ["\u4e09", "\u89d2", "\u5f62", "abc"]),
        ("caf\u00e9_au_lait", ["caf\u00e9", "au", "lait"]),
        ("", []),
    ],
)
def test_words(text, found):
    assert words(text) == found


texts = st.lists(st.sampled_from(["a", "b", "c", "1", "+", "x"]), max_size=12).map(" ".join)


@settings(max_examples=100)
@given(texts, texts)
def test_similarity_is_the_jaccard_index_of_runs_of_three_words(one, other):
    assert sketches([one, other]).similarity(0, 1) == pytest.approx(jaccard(one, other))


def test_a_signature_estimates_it():
    chance = random.Random(0)
    base = chance.choices(WORDS, k=120)
    versions = [" ".join([*base[:kept], *chance.choices(WORDS, k=120 - kept)]) for kept in (120, 110, 90, 60, 0)]
    made = sketches(versions)
    exact = [made.similarity(0, place) for place in range(5)]
    estimated = made.estimates(np.zeros(5, dtype=np.int64), np.arange(5))
    assert exact[0] == estimated[0] == 1.0 and exact[4] < 0.02
    assert estimated == pytest.approx(exact, abs=0.2)


def test_alike_texts_share_a_band_and_others_hardly_ever():
    chance = random.Random(0)
    base = [chance.choices(WORDS, k=60) for _ in range(200)]
    edited = [[*said[:30], "edited", *said[31:]] for said in base]
    made = sketches([" ".join(said) for said in (*base, *edited)])
    shared = (made.bands[:200] == made.bands[200:]).any(axis=1)
    strangers = (made.bands[:199] == made.bands[1:200]).any(axis=1)
    assert shared.mean() == 1.0 and strangers.mean() == 0.0


def test_a_text_without_words_has_a_sketch():
    made = sketches(["", "<image>", "one"])
    assert made.similarity(0, 1) == 1.0 and made.similarity(0, 2) == 0.0
