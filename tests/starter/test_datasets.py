"""The datasets are the same for the same seed, their splits share nothing, and their answers follow from their pixels."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from tasks.starter.annotator import draw_example
from tasks.starter.datasets import DATASETS, starter_problems, write_starter_datasets
from tasks.starter.picture import png_bytes
from tasks.starter.settings import AnnotatorSettings
from tests.starter import reading

NAMES = ("starter-figures", "starter-charts")


def _rows(folder: Path, name: str, split: str) -> list[dict]:
    return [json.loads(line) for line in (folder / name / f"{split}.jsonl").read_text().splitlines()]


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _image_digests(folder: Path, split: str) -> set[str]:
    return {digest for path, digest in _digests(folder).items() if f"images/{split}" in path}


def test_same_seed_gives_the_same_bytes(starter_datasets, tmp_path):
    write_starter_datasets(tmp_path / "again", seed=3, n_train=150, n_heldout=120)
    assert _digests(tmp_path / "again") == _digests(starter_datasets)


def test_another_seed_gives_other_problems(starter_datasets, tmp_path):
    write_starter_datasets(tmp_path / "other", seed=4, n_train=150, n_heldout=120)
    for name in NAMES:
        assert _rows(tmp_path / "other", name, "train") != _rows(starter_datasets, name, "train")


@pytest.mark.parametrize("name", NAMES)
def test_answers_follow_from_the_pixels(starter_datasets, name):
    for split in ("train", "heldout"):
        for row in _rows(starter_datasets, name, split):
            image = Image.open(starter_datasets / name / row["images"][0])
            assert image.size == (48, 48)
            assert reading.answer(row, image) == row["answer"], row


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_and_level_is_there(starter_datasets, name):
    rows = _rows(starter_datasets, name, "train")
    assert {row["kind"] for row in rows} == set(DATASETS[name])
    assert {row["level"] for row in rows} == {0, 1, 2, 3, 4}


def test_rows_have_a_mark_an_identity_and_a_short_answer(starter_datasets):
    rows = [row for name in NAMES for split in ("train", "heldout") for row in _rows(starter_datasets, name, split)]
    assert len({row["id"] for row in rows}) == len(rows) == 2 * (150 + 120)
    for row in rows:
        assert row["problem"].count("<image>") == len(row["images"]) == 1
        assert row["answer"] in "ABC" if "choices" in row else row["answer"].isdecimal()


def test_splits_share_no_picture_even_across_seeds(starter_datasets, tmp_path):
    write_starter_datasets(tmp_path, seed=4, n_train=400, n_heldout=400)
    train = _image_digests(tmp_path, "train") | _image_digests(starter_datasets, "train")
    heldout = _image_digests(tmp_path, "heldout") | _image_digests(starter_datasets, "heldout")
    assert train and heldout and not train & heldout


def test_validation_shares_no_picture_and_changes_no_other_split(starter_datasets, tmp_path):
    write_starter_datasets(tmp_path, seed=3, n_train=150, n_heldout=120, n_validation=200)
    others, after = _digests(starter_datasets), _digests(tmp_path)
    assert {name: after[name] for name in others} == others
    for name in NAMES:
        assert len(_rows(tmp_path, name, "validation")) == 200
    shown = _image_digests(tmp_path, "train") | _image_digests(tmp_path, "heldout")
    assert not shown & _image_digests(tmp_path, "validation")


def test_no_problem_is_twice_in_a_split():
    for name in NAMES:
        problems = starter_problems(name, "heldout", seed=0, count=600)
        assert len({(problem.picture.key, problem.question) for problem in problems}) == 600


def test_the_annotated_examples_show_no_picture_of_either_split(starter_datasets):
    shown = _image_digests(starter_datasets, "train") | _image_digests(starter_datasets, "heldout")
    rng = Random(0)
    taught = [draw_example(AnnotatorSettings(), rng, hinted=False).picture for _ in range(3000)]
    assert not shown & {hashlib.sha256(png_bytes(picture.draw())).hexdigest() for picture in taught}


def test_no_letter_is_much_more_often_right():
    for name in NAMES:
        problems = starter_problems(name, "train", seed=0, count=2000)
        letters = Counter(problem.answer for problem in problems if problem.choices)
        assert max(letters.values()) < 0.45 * letters.total()
