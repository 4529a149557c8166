"""Names that people give to `histogram`, `sweep` and `trace`: what is found, and what is said of a name that there is not."""

from pathlib import Path

import pytest

from flows.commands.warehouse import bars_and_shapes
from tasks.base.errors import InputError
from tasks.curation.rules import choose
from tasks.curation.settings import StageRule
from tasks.curation.sweep import SweepSettings, candidates_of, profile_of, sweep
from tasks.estimates.settings import DifficultySettings
from tasks.lake.lake import Lake
from tasks.warehouse.lineage import find
from tasks.warehouse.publishing import publish
from tests.sql.rows import problems_artifact


def test_a_histogram_of_a_dataset_or_a_policy(whole: Lake) -> None:
    bars, shapes = bars_and_shapes(whole.home, dataset="geometry", policy="stage1")
    assert set(bars["dataset"]) == set(shapes["dataset"]) == {"geometry"} and set(bars["policy"]) == {"stage1"}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (
            {"dataset": "geometri"},
            "no difficulty of dataset 'geometri' is published (did you mean `geometry`?); there is algebra, geometry",
        ),
        ({"dataset": "ALGEBRA"}, "no difficulty of dataset 'ALGEBRA' is published (did you mean `algebra`?); there is"),
        ({"dataset": "x"}, "no difficulty of dataset 'x' is published; there is algebra, geometry"),
        ({"policy": "stage9"}, "no difficulty of policy 'stage9' is published (did you mean `stage"),
        ({"dataset": "algebra", "policy": "nobody"}, "no difficulty of policy 'nobody' is published; there is base, stage1, stage2"),
    ],
)
def test_a_histogram_of_an_unknown_name_says_so(whole: Lake, wanted: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as told:
        bars_and_shapes(whole.home, **wanted)
    assert said in str(told.value)


def test_a_sweep_of_an_unknown_policy_says_so(whole: Lake) -> None:
    with pytest.raises(
        InputError, match=r"no difficulty of policy 'bas' \(did you mean `base`\?\) in .*; there is of base, stage1, stage2"
    ):
        sweep(whole, SweepSettings(stage="stage1"), "bas")


def test_a_sweep_tells_how_far_it_is(whole: Lake) -> None:
    told: list[tuple[int, int]] = []
    found = sweep(whole, SweepSettings(stage="stage1", sizes=(2, 4)), "base", lambda done, total: told.append((done, total)))
    assert told == [(done, len(found.sizes)) for done in range(1, len(found.sizes) + 1)]


@pytest.mark.parametrize("rule", ["medium_to_hard", "own"])
def test_a_sweep_chooses_what_the_rule_alone_would(whole: Lake, tmp_path: Path, rule: str) -> None:
    own = tmp_path / "own.sql"
    own.write_text(
        "select problem_id, row_number() over (order by k, problem_id) as rank from candidates where accuracy > $low and $size > 2"
    )
    settings = SweepSettings(stage="stage1", sizes=(2, 3), rule=StageRule(rule=str(own) if rule == "own" else rule, size=9))
    found, candidates = sweep(whole, settings, "base").sizes, candidates_of(whole, profile_of(whole, "base"))
    for row in found.sample(12, seed=1).iter_rows(named=True):
        alone = settings.rule.model_copy(update={name: row[name] for name in ("low", "high", "size")})
        assert row["chosen"] == len(choose(candidates, alone, settings.seed)), row


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Problems whose datasets have ids of their own: some the same, and one problem under two ids."""
    lake = Lake(tmp_path_factory.mktemp("named"))
    rows = [
        ("aa11", "maps", "train", "7"),
        ("aa22", "charts", "train", "7"),
        ("bb33", "maps", "train", "q 7"),
        ("cc44", "maps", "train", "8"),
    ]
    rows += [
        ("cc44", "maps", "train", "eight"),
        ("cc44", "maps", "heldout", "8"),
        ("dd55", "maps", "train", "geo/8"),
        ("7bad", "maps", "train", "x"),
    ]
    keys = ("problem_id", "dataset", "split", "source_id")
    problems_artifact(lake.home, [dict(zip(keys, row, strict=True)) | {"row": number} for number, row in enumerate(rows, start=1)])
    publish(lake, DifficultySettings())
    return lake


@pytest.mark.process
@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        *(("aa11", "aa11"), ("aa1", "aa11"), ("maps/7", "aa11"), ("charts/train/7", "aa22"), ("q 7", "bb33"), ("8", "cc44")),
        *(("eight", "cc44"), ("maps/heldout/8", "cc44"), ("geo/8", "dd55"), ("x", "7bad"), ("7b", "7bad")),
    ],
)
def test_a_problem_is_found_by_its_dataset_s_own_id(named: Lake, asked: str, problem: str) -> None:
    assert (find(named, asked).kind, find(named, asked).id) == ("problems", problem)


@pytest.mark.process
def test_an_id_of_several_datasets_lists_them(named: Lake) -> None:
    with pytest.raises(InputError) as told:
        find(named, "7")
    assert "'7' may be 2 things: problems aa22… charts/train/7; problems aa11… maps/train/7; give more" in str(told.value)


@pytest.mark.process
def test_an_id_that_is_none_says_what_is_like_it(named: Lake) -> None:
    with pytest.raises(InputError, match=r"is called 'eigth' in .* \(did you mean `eight`\?\); give an id"):
        find(named, "eigth")
