import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.curation import rules
from tasks.curation.rules import choices, choose, shortage
from tasks.curation.settings import StageRule
from tasks.warehouse.relations import sql_files

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


@pytest.mark.parametrize("name", sorted(sql_files("curation")))
def test_every_shipped_rule_gives_the_start_of_a_larger_set_whatever_the_order_of_rows(candidates, name):
    """What `is_shipped` promises: so a sweep runs them once a pair of thresholds, and nobody runs them twice."""
    subject = pl.concat_str(pl.lit('{"subject": "'), pl.col("problem_id").str.slice(0, 4), pl.lit('"}'))
    rows = candidates.with_columns(n=pl.lit(8), k=(pl.col("accuracy") * 8).cast(pl.Int64), metadata=subject)
    before = rows.with_columns(accuracy=pl.col("accuracy") / 2)
    rules = [StageRule(rule=name, low=0.1, high=0.8, size=size) for size in (1, 7, 12, 50)]
    sets = [chosen["problem_id"].to_list() for chosen in choices(rows, rules, 3, before)]
    assert len(sets[-1]) > 12 and all(chosen == sets[-1][: len(chosen)] for chosen in sets)
    shuffled = rows.sample(fraction=1, shuffle=True, seed=5)
    assert choose(shuffled, rules[2], 3, before.reverse())["problem_id"].to_list() == sets[2]


def test_a_rule_that_reads_no_size_is_cut_to_it(candidates, tmp_path):
    rule = own(tmp_path, "select problem_id from candidates order by accuracy, problem_id")
    sizes = [len(rows) for rows in choices(candidates, [StageRule(rule=rule, size=size) for size in (3, 5, 500)], 0)]
    assert sizes == [3, 5, len(candidates)]


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
        ("select accuracy from candidates", "it gives the columns accuracy"),
        ("select problem_id, 1 as rnak from candidates", "leave out rnak"),
        ("select problem_id, 'first' as rank from candidates", "wrong type"),
        ("select problem_id from candidates, range(2)", "2 times; it must give each problem once"),
        ("select problem_id, 0 as weight from candidates", "the weight 0.0; a weight is a positive number"),
        ("select problem_id, 1 / 0 as weight from candidates", "a weight is a positive number"),
        ("select problem_id from candidates order by random()", "run twice it gives other rows"),
        ("select problem_id from candidates order by accuracy", "run twice it gives other rows"),
        ("select problem_id from candidates limit 3", "run twice it gives other rows"),
        ("select problem_id, row_number() over () as rank from candidates", "run twice it gives other rows"),
        (
            "select c.problem_id from candidates as c, range(100000000) as a, range(100000000) as b where a.range * b.range < -1",
            "more than 1 s",
        ),
        ("select 'x' as problem_id, 1 as rank, '' as rule", "not among its candidates"),
        ("select problem_id, 1 as rank, '' as rule from candidates", "ranks must be 1, 2, 3"),
        ("copy candidates to '{folder}/out.csv'", "one SELECT"),
        (
            "with x as (copy candidates to '{folder}/out.csv') select problem_id, 1 as rank, '' as rule from candidates limit 1",
            "holds a COPY",
        ),
        ("select content as problem_id, 1 as rank, '' as rule from read_text('/etc/hostname')", "disabled"),
        ("select problem_id, 1 as rank, $nothing as rule from candidates", "nothing"),
    ],
)
def test_a_wrong_rule_is_named(candidates, tmp_path, monkeypatch, sql, said):
    monkeypatch.setattr(rules, "LIMITS", rules.LIMITS.model_copy(update={"seconds": 1.0}))
    path = tmp_path / "wrong.sql"
    path.write_text(sql.format(folder=tmp_path))
    with pytest.raises(InputError, match=rf"wrong\.sql[\s\S]*{said}"):
        choose(candidates, StageRule(rule=str(path)), 0)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.process
def test_an_unknown_rule_lists_the_shipped(candidates):
    with pytest.raises(InputError, match="learnability, medium, medium_to_hard"):
        choose(candidates, StageRule(rule="meduim"), 0)


def own(tmp_path, sql: str) -> str:
    path = tmp_path / "own.sql"
    path.write_text(sql)
    return str(path)


def test_a_rule_may_give_only_problems(candidates, tmp_path):
    rule = StageRule(rule=own(tmp_path, "select problem_id from candidates where accuracy = 0.5"), size=5)
    rows = choose(candidates, rule, 0)
    assert (rows["rank"].to_list(), set(rows["rule"]), rows["weight"].null_count()) == ([1, 2, 3, 4, 5], {"own"}, 5)
    assert rows.equals(choose(candidates.reverse(), rule, 0))
    assert not rows.equals(choose(candidates, rule, 1))


def test_a_rules_order_is_its_rank(candidates, tmp_path):
    rows = choose(candidates, StageRule(rule=own(tmp_path, "select problem_id from candidates order by accuracy desc, problem_id")), 0)
    assert rows["problem_id"].to_list()[:3] == ["big-1.0-0", "big-1.0-1", "big-1.0-2"]


def test_subjects_are_balanced(candidates):
    subjects = pl.Series("metadata", [f'{{"subject": "{"rare" if place % 6 == 0 else "common"}"}}' for place in range(len(candidates))])
    rows = chosen(candidates.with_columns(subjects), StageRule(rule="balanced_by_subject", low=0.0, high=1.0, size=20))
    assert rows["metadata"].str.contains("rare").sum() == 10
    without = chosen(candidates.with_columns(metadata=pl.lit("{}")), StageRule(rule="balanced_by_subject", low=0.0, high=1.0, size=24))
    assert without["dataset"].value_counts().sort("dataset")["count"].to_list() == [12, 12]


def test_target_pass_rate_takes_the_nearest(candidates):
    rows = chosen(candidates, StageRule(rule="target_pass_rate", low=0.1, high=0.9, target=0.7, size=30))
    assert rows["accuracy"].to_list() == [0.75] * 12 + [0.5] * 12 + [0.25] * 6


def test_learnability_draws_oftener_what_teaches_more(candidates):
    counted = candidates.with_columns(n=pl.lit(8), k=(pl.col("accuracy") * 8).cast(pl.Int64))
    rows = chosen(counted, StageRule(rule="learnability", low=0.0, high=1.0, size=40))
    assert rows["accuracy"].to_list()[:36] == [0.5] * 12 + sorted(rows["accuracy"].to_list()[12:36], key=lambda p: -p * (1 - p))
    assert rows["weight"].mean() == pytest.approx(1) and rows["weight"].is_sorted(descending=True)


def test_newly_solved_is_what_was_harder_before(candidates):
    rule = StageRule(rule="newly_solved", low=0.1, high=0.8, size=20)
    before = candidates.with_columns(accuracy=pl.when(pl.col("dataset") == "small").then(0.0).otherwise(pl.col("accuracy")))
    rows = choose(candidates, rule, 0, before).join(candidates, on="problem_id").sort("rank")
    assert rows["accuracy"].to_list() == [0.75, 0.75, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    alone = choose(candidates, rule, 0)
    assert alone.is_empty()
    assert "reads `earlier`, which is empty here" in shortage("stage2", rule, alone, candidates)
    assert "earlier" not in shortage("stage2", rule, rows, candidates, has_earlier=True)


def test_a_shortage_counts_bands_and_says_what_helps(candidates):
    rule = StageRule(low=0.4, high=0.6, size=100)
    said = shortage("stage1", rule, choose(candidates, rule, 0), candidates)
    assert "finds 12 problems" in said and "size is 100" in said and "medium 72" in said and "curation.on_shortage" in said
    rule = StageRule(low=0.4, high=0.6, size=12)
    assert shortage("stage1", rule, choose(candidates, rule, 0), candidates) == ""
