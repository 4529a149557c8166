"""No problem is in two parts of a recipe: what is shared is an error that names it, or is dropped, before anything is sampled."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import Lake
from tasks.problems.columns import ColumnMapping
from tasks.problems.overlap import Parts, check_apart, overlaps
from tasks.problems.overlap_task import DropRequest, drop_overlap
from tasks.problems.settings import SourceSettings
from tasks.problems.task import IngestRequest, ingest_problems
from tests.curation.sets import picture

COLUMNS = ColumnMapping(id="id", choices="choices", optional=("images", "id", "choices"))


def source(folder: Path, name: str, rows: list[dict], split: str = "train") -> Artifact:
    """Rows as a source of the lake beside them, read as every source is."""
    path = folder / f"{name}-{split}.jsonl"
    path.write_text("".join(json.dumps({"images": [], "choices": [], "answer": "1", **row}) + "\n" for row in rows), encoding="utf-8")
    settings = SourceSettings(name=name, path=str(path), split=split, columns=COLUMNS)
    return ingest_problems.fn(IngestRequest(home=Lake(folder / "lake").home, source=settings))


def asked(*numbers: int, **more: object) -> list[dict]:
    return [{"id": f"q{number}", "problem": f"What is {number} plus one?", **more} for number in numbers]


def pictured(folder: Path, name: str, seed: int) -> list[str]:
    """A picture in a file of that name."""
    (folder / name).write_bytes(picture(seed))
    return [name]


def test_parts_that_share_nothing_are_left_alone(tmp_path):
    parts = Parts((source(tmp_path, "a", asked(1, 2)),), (source(tmp_path, "a", asked(3, 4), "heldout"),), ())
    check_apart(parts)
    assert list(overlaps(parts)) == []


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({}, True),
        ({"answer": "2"}, True),  # another gold answer
        ({"id": "other"}, True),
        ({"problem": " What is 1 plus one?\r\n"}, True),  # the same once it is read
        ({"subject": "algebra"}, True),
        ({"problem": "What is 1 plus  one?"}, False),
        ({"problem": "what is 1 plus one?"}, False),
        ({"choices": ["1", "2"]}, False),
    ],
)
def test_a_problem_is_what_the_policy_sees(tmp_path, changes, is_same):
    train = source(tmp_path, "mine", asked(1, 2))
    heldout = source(tmp_path, "theirs", [{**asked(1)[0], **changes}, *asked(7)], "test")
    found = list(overlaps(Parts((train,), (heldout,))))
    assert bool(found) is is_same
    if is_same:
        gold = ", 1 of them with another gold answer" if "answer" in changes else ""
        assert re.fullmatch(
            rf"1 held-out problem is also trained on \(1 of theirs/test in mine/train{gold}; \w{{12}} \({changes.get('id', 'q1')}\)\)",
            found[0],
        )


@pytest.mark.parametrize(("file", "seed", "is_same"), [("a.png", 1, True), ("b.png", 1, True), ("c.png", 2, False)])
def test_pictures_are_compared_by_their_bytes(tmp_path, file, seed, is_same):
    row = {"id": "p", "problem": "<image>How many?"}
    train = source(tmp_path, "mine", [{**row, "images": pictured(tmp_path, "a.png", 1)}])
    heldout = source(tmp_path, "theirs", [{**row, "images": pictured(tmp_path, file, seed)}], "heldout")
    assert bool(list(overlaps(Parts((train,), (heldout,))))) is is_same


def test_the_error_names_counts_places_first_ids_and_the_way_out(tmp_path):
    train = (source(tmp_path, "a", asked(*range(10))), source(tmp_path, "b", asked(20, 21)))
    heldout = (source(tmp_path, "c", asked(1, 2, 3, 4, 21, 30), "heldout"),)
    validation = (source(tmp_path, "d", asked(5, 30, 40), "validation"),)
    with pytest.raises(InputError) as caught:
        check_apart(Parts(train, heldout, validation))
    said = str(caught.value)
    assert "5 held-out problems are also trained on (4 of c/heldout in a/train, 1 of c/heldout in b/train; the first: " in said
    assert "(q1), " in said and "(q4)" not in said
    assert "1 validation problem is also trained on (1 of d/validation in a/train; " in said
    assert "1 validation problem is also held out (1 of d/validation in c/heldout; " in said
    assert "problems.overlap to drop_train or drop_heldout" in said and "\n" not in said


def test_what_is_dropped_is_a_rejected_row(tmp_path):
    train, heldout = source(tmp_path, "a", asked(1, 2, 3)), source(tmp_path, "b", asked(2, 9), "heldout")
    request = DropRequest(home=train.home, source=train, others=(heldout,))
    left = drop_overlap.fn(request)
    assert left == request.target() and left.kind == "problems" and left != train
    assert pl.read_parquet(left.file("problems.parquet"))["source_id"].to_list() == ["q1", "q3"]
    [row] = pl.read_parquet(left.file("rejected.parquet")).to_dicts()
    assert (row["dataset"], row["row"], row["reason"]) == ("a", 2, "overlap: the same problem is in b/heldout of the recipe")
    assert left.manifest["counts"]["problems"] == 2 and left.manifest["problems"] == [train.key]
    assert left.manifest["source"] == train.manifest["source"]
    assert list(overlaps(Parts((left,), (heldout,)))) == []
