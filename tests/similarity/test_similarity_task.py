"""Near-duplicates of ingested problems: what is found, what is not, and that no image is opened twice."""

import random
from io import BytesIO

import polars as pl
import pytest
from PIL import Image

from tasks.lake.lake import Lake
from tasks.problems.images import ImageLimits, keep_image
from tasks.similarity import looks, task
from tasks.similarity.settings import SimilaritySettings
from tests.sql.rows import problems_artifact

SETTINGS = SimilaritySettings()


def asked(home, problems, settings) -> task.SimilarityRequest:
    return task.SimilarityRequest(home=home, problems=problems, settings=settings)


def find(*given):
    return task.find_near_duplicates.fn(asked(*given))


QUESTION = "A farmer has twelve cows and seven sheep on two fields, sells four of the cows and buys nine hens. How many animals has he now?"


def kept(lake: Lake, seed: int, **save: object) -> str:
    """A picture of coloured cells in the lake; with another format it is another file."""
    chance, cells, content = random.Random(seed), Image.new("RGB", (8, 8)), BytesIO()
    cells.putdata([tuple(chance.randrange(256) for _ in range(3)) for _ in range(64)])
    cells.resize((160, 160), Image.Resampling.NEAREST).save(content, **({"format": "PNG"} | save))
    return keep_image(lake, content.getvalue(), ImageLimits(folder=None, pixels=100_000, bytes=100_000))


def pairs(home, *sources, settings=SETTINGS) -> list[tuple]:
    made = tuple(problems_artifact(home, rows, str(place)) for place, rows in enumerate(sources))
    table = pl.read_parquet(find(home, made, settings).file(task.PAIRS))
    return table.select("problem_id", "other_id", "kind", pl.col("text_similarity").round(2), pl.col("image_distance").round(2)).rows()


def test_texts_that_differ_by_a_word_are_near_and_others_are_not(tmp_path):
    rows = [
        {"problem_id": "a", "question": QUESTION},
        {"problem_id": "b", "question": QUESTION.replace("How many", "So how many")},
        {"problem_id": "c", "question": "What is the area of a circle of radius two?"},
        {"problem_id": "d", "question": QUESTION.upper()},
    ]
    assert pairs(tmp_path, rows) == [("a", "b", "near", 0.83, None), ("a", "d", "near", 1.0, None), ("b", "d", "near", 0.83, None)]
    assert pairs(tmp_path / "strict", rows, settings=SimilaritySettings(text=0.9)) == [("a", "d", "near", 1.0, None)]


def test_options_count_as_text(tmp_path):
    rows = [{"problem_id": name, "question": "Which?", "choices": [f"{name} one", f"{name} two", f"{name} three"]} for name in ("a", "b")]
    assert pairs(tmp_path, rows) == []


def test_problems_with_pictures_are_near_only_with_both(tmp_path):
    lake = Lake(tmp_path)
    picture, stored_again, other = kept(lake, 1), kept(lake, 1, format="JPEG", quality=60), kept(lake, 2)
    train = [
        {"problem_id": "a", "question": QUESTION, "images": [picture]},
        {"problem_id": "b", "question": QUESTION, "images": [other]},
        {"problem_id": "c", "question": "How large is the blue field?", "images": [picture]},
        {"problem_id": "e", "question": QUESTION},
    ]
    heldout = [
        {"problem_id": "f", "question": QUESTION, "images": [stored_again], "split": "heldout"},
        {"problem_id": "g", "question": QUESTION, "images": [picture, other], "split": "heldout"},
    ]
    found = pairs(tmp_path, train, heldout)
    assert [row[:3] for row in found] == [("a", "f", "near"), ("c", "f", "image")]
    assert all(0 <= row[4] <= SETTINGS.image for row in found)


def test_a_crowd_stays_connected_at_a_cost_that_grows_with_its_size(tmp_path):
    rows = [{"problem_id": f"{number:03}", "question": QUESTION} for number in range(300)]
    found = pairs(tmp_path, rows)
    assert 299 <= len(found) <= 300 * SETTINGS.crowd * 2
    linked = {"000"}
    for one, other, *_ in found * 3:
        if one in linked or other in linked:
            linked |= {one, other}
    assert len(linked) == 300


def test_no_image_is_opened_twice(tmp_path, monkeypatch):
    lake, opened = Lake(tmp_path), []
    first = [{"problem_id": "a", "question": QUESTION, "images": [kept(lake, 1)]}]
    monkeypatch.setattr(looks, "look_at", lambda path, look=looks.look_at: opened.append(path.name) or look(path))
    pairs(tmp_path, first)
    assert len(opened) == 1
    more = [*first, {"problem_id": "b", "question": QUESTION, "images": [kept(lake, 2)]}]
    pairs(tmp_path, more)
    assert len(opened) == 2
    made = (problems_artifact(tmp_path, more, "again"),)
    assert find(tmp_path, made, SETTINGS) == find(tmp_path, made, SETTINGS)
    assert len(opened) == 2


def test_plan_follows_content_and_settings(tmp_path):
    problems = (problems_artifact(tmp_path, [{"problem_id": "a"}], "one"),)
    plan = asked(tmp_path, problems, SETTINGS).target()
    assert asked(tmp_path, problems, SETTINGS).target() == plan
    assert asked(tmp_path, problems, SimilaritySettings(text=0.9)).target() != plan
    assert asked(tmp_path, (problems_artifact(tmp_path, [{"problem_id": "b"}], "two"),), SETTINGS).target() != plan


def test_problems_of_no_source_at_all(tmp_path):
    assert pairs(tmp_path) == pairs(tmp_path, []) == []


@pytest.mark.parametrize("wrong", [{"text": 0}, {"image": 0.9}, {"crowd": 0}, {"txet": 0.5}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SimilaritySettings(**wrong)
