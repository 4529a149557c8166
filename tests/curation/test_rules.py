import polars as pl
import pytest

from tasks.curation.rules import choose, shortage
from tasks.curation.settings import StageRule
from tasks.errors import InputError

LEVELS = [0.0, 0.125, 0.25, 0.5, 0.75, 1.0]


@pytest.fixture
def candidates() -> pl.DataFrame:
    """Ten problems of each level in `big`, two in `small`."""
    rows = [
        {"problem_id": f"{dataset}-{level}-{copy}", "dataset": dataset, "accuracy": level, "band": "medium"}
        for dataset, copies in (("big", 10), ("small", 2))
        for level in LEVELS
        for copy in range(copies)
    ]
    return pl.DataFrame(rows)


def chosen(candidates: pl.DataFrame, rule: StageRule, seed: int = 0) -> pl.DataFrame:
    return choose(candidates, rule, seed).join(candidates, on="problem_id").sort("rank")


def test_medium_keeps_both_thresholds(candidates):
    rows = chosen(candidates, StageRule(low=0.125, high=0.75, size=100))
    assert sorted(set(rows["accuracy"])) == [0.125, 0.25, 0.5, 0.75]
    assert len(rows) == 48
    assert set(rows["rule"]) == {"0.125 <= accuracy <= 0.75"}


def test_medium_to_hard_stops_before_its_upper_end_and_takes_levels_in_turn(candidates):
    rows = chosen(candidates, StageRule(rule="medium_to_hard", low=0.1, high=0.75, size=7))
    assert rows["accuracy"].to_list() == [0.125, 0.25, 0.5, 0.125, 0.25, 0.5, 0.125]
    assert rows["rank"].to_list() == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("rule", ["medium", "medium_to_hard"])
def test_a_draw_is_decided_by_the_seed_alone(candidates, rule):
    stage = StageRule(rule=rule, low=0.1, high=0.8, size=12)
    first = choose(candidates, stage, 0)
    assert first.equals(choose(candidates.sample(fraction=1, shuffle=True, seed=5), stage, 0))
    assert set(first["problem_id"]) != set(choose(candidates, stage, 1)["problem_id"])


@pytest.mark.parametrize("rule", ["medium", "medium_to_hard"])
def test_a_smaller_size_is_the_start_of_a_larger(candidates, rule):
    small, large = (choose(candidates, StageRule(rule=rule, size=size), 0)["problem_id"].to_list() for size in (5, 20))
    assert large[:5] == small


@pytest.mark.parametrize("rule", ["medium", "medium_to_hard"])
def test_datasets_in_turn(candidates, rule):
    rows = chosen(candidates, StageRule(rule=rule, low=0.1, high=0.8, size=12, by_dataset=True))
    assert rows["dataset"].value_counts().sort("dataset")["count"].to_list() == [6, 6]


def test_a_rule_of_ones_own(candidates, tmp_path):
    path = tmp_path / "mine.sql"
    path.write_text(
        "select problem_id, row_number() over (order by problem_id) as rank, 'mine' as rule from candidates where accuracy = $low"
    )
    rows = chosen(candidates, StageRule(rule=str(path), low=0.25))
    assert len(rows) == 12 and set(rows["rule"]) == {"mine"}


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("selec 1", "syntax error"),
        ("select problem_id from candidates", "rank"),
        ("select 'x' as problem_id, 1 as rank, '' as rule", "not among its candidates"),
        ("select problem_id, 1 as rank, '' as rule from candidates", "the ranks 1, 2, 3"),
        ("copy candidates to '{folder}/out.csv'", "one SELECT"),
        (
            "with x as (copy candidates to '{folder}/out.csv') select problem_id, 1 as rank, '' as rule from candidates limit 1",
            "holds a COPY",
        ),
        ("select content as problem_id, 1 as rank, '' as rule from read_text('/etc/hostname')", "disabled"),
        ("select problem_id, 1 as rank, $nothing as rule from candidates", "nothing"),
    ],
)
def test_a_wrong_rule_is_named(candidates, tmp_path, sql, said):
    path = tmp_path / "wrong.sql"
    path.write_text(sql.format(folder=tmp_path))
    with pytest.raises(InputError, match=rf"wrong\.sql[\s\S]*{said}"):
        choose(candidates, StageRule(rule=str(path)), 0)
    assert not (tmp_path / "out.csv").exists()


def test_an_unknown_rule_lists_the_shipped(candidates):
    with pytest.raises(InputError, match="medium, medium_to_hard"):
        choose(candidates, StageRule(rule="meduim"), 0)


def test_a_shortage_counts_bands_and_says_what_helps(candidates):
    rule = StageRule(low=0.4, high=0.6, size=100)
    said = shortage("stage1", rule, choose(candidates, rule, 0), candidates)
    assert "finds 12 problems" in said and "size is 100" in said and "medium 72" in said and "curation.on_shortage" in said
    rule = StageRule(low=0.4, high=0.6, size=12)
    assert shortage("stage1", rule, choose(candidates, rule, 0), candidates) == ""
