import hashlib
import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.curation import rules
from tasks.curation.candidates import OUTCOME, Candidates
from tasks.curation.rules import choices, choose, kept, shortage
from tasks.curation.settings import StageRule
from tasks.curation.trained import NONE, Trained
from tasks.lake.lake import RELATIONS
from tasks.warehouse.relations import sql_files
from tests.bench.drift import moved_by
from tests.curation.measured import candidates_of

RIGHT = [0, 1, 2, 4, 6, 8]  # of 8


def levels(**columns: pl.Expr) -> Candidates:
    """Ten problems of each of these levels in `big`, two in `small`; with other values in these columns."""
    rows = [
        {"problem_id": f"{dataset}-{right / 8}-{copy}", "dataset": dataset, "n": 8, "k": right}
        for dataset, copies in (("big", 10), ("small", 2))
        for right in RIGHT
        for copy in range(copies)
    ]
    return candidates_of(pl.DataFrame(rows).with_columns(**columns))


@pytest.fixture(scope="module")
def candidates() -> Candidates:
    return levels()


def share(**settings: object) -> StageRule:
    """A rule that decides by the raw share."""
    return StageRule(estimate="share", **settings)  # type: ignore[arg-type]


def chosen(candidates: Candidates, rule: StageRule, seed: int = 0) -> pl.DataFrame:
    return choose(candidates, rule, seed).join(candidates.measured(), on="problem_id").sort("rank")


def shuffled(candidates: Candidates) -> Candidates:
    return Candidates(candidates.counts.sample(fraction=1, shuffle=True, seed=5), candidates.posteriors.reverse())


def test_medium_keeps_both_thresholds_of_the_share(candidates):
    rows = chosen(candidates, share(low=0.125, high=0.75, size=100))
    assert sorted(set(rows["accuracy"])) == [0.125, 0.25, 0.5, 0.75]
    assert len(rows) == 48
    assert set(rows["rule"]) == {"0.125 <= accuracy <= 0.75"}


def test_medium_to_hard_stops_before_its_upper_end_of_the_share_and_takes_levels_in_turn(candidates):
    rows = chosen(candidates, share(rule="medium_to_hard", low=0.1, high=0.75, size=7))
    assert rows["accuracy"].to_list() == [0.125, 0.25, 0.5, 0.125, 0.25, 0.5, 0.125]
    assert rows["rank"].to_list() == [1, 2, 3, 4, 5, 6, 7]


DECIDING = ["balanced_by_subject", "learnability", "medium", "medium_to_hard", "target_pass_rate"]


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.9), (0.05, 0.74), (0.1, 0.5)])
@pytest.mark.parametrize("name", DECIDING)
def test_a_rule_keeps_what_lies_between_the_thresholds_as_likely_as_not(candidates, name, low, high):
    cdf = pl.col("p_cdf").list
    inside = candidates.posteriors.filter(cdf.get(round(high * 200)) - cdf.get(round(low * 200)) >= 0.5)
    likely = set(candidates.counts.join(inside, on=OUTCOME, how="semi")["problem_id"])
    rule = StageRule(rule=name, low=low, high=high, size=100)
    assert set(choose(candidates, rule, 0)["problem_id"]) == likely == kept(candidates, rule)
    assert 0 < len(likely) < len(candidates.counts)


def test_the_posterior_and_the_share_decide_otherwise_and_both_say_so(candidates):
    """2 of 8 are 0.25 and above 0.2; in a dataset of which a sixth is never solved, p then lies below 0.26 more likely than not."""
    rule = StageRule(low=0.26, high=0.9, size=100)
    rows, raw = chosen(candidates, rule), chosen(candidates, share(low=0.26, high=0.9, size=100))
    assert set(rows["rule"]) == {"0.26 <= p <= 0.9 more likely than not"} and set(raw["rule"]) == {"0.26 <= accuracy <= 0.9"}
    assert set(rows["k"]) >= {4, 6} and set(raw["k"]) == {4, 6}


def test_levels_of_the_posterior_are_tenths_taken_in_turn_the_hardest_first(candidates):
    """Datasets of other fits have other values of p_mean for the same answers, which must not give the small one half of the places."""
    rows = chosen(candidates, StageRule(rule="medium_to_hard", low=0.1, high=0.9, size=12))
    tenths = rows["p_mean"].round(1).to_list()
    assert tenths[:4] == sorted(set(tenths)) and len(set(tenths)) == 4
    assert rows["dataset"].value_counts().filter(dataset="small")["count"].sum() < 6


@pytest.mark.parametrize("rule", ["medium", "medium_to_hard"])
def test_a_draw_is_decided_by_the_seed_alone(candidates, rule):
    stage = StageRule(rule=rule, low=0.1, high=0.8, size=12)
    first = choose(candidates, stage, 0)
    assert first.equals(choose(shuffled(candidates), stage, 0))
    assert set(first["problem_id"]) != set(choose(candidates, stage, 1)["problem_id"])


@pytest.mark.parametrize("rule", ["medium", "medium_to_hard"])
def test_a_smaller_size_is_the_start_of_a_larger(candidates, rule):
    small, large = (choose(candidates, StageRule(rule=rule, size=size), 0)["problem_id"].to_list() for size in (5, 20))
    assert large[:5] == small


SUBJECT = pl.concat_str(pl.lit('{"subject": "'), pl.col("problem_id").str.slice(0, 4), pl.lit('"}'))


@pytest.mark.parametrize("estimate", ["posterior", "share"])
@pytest.mark.parametrize("name", sorted(sql_files("curation")))
def test_every_shipped_rule_gives_the_start_of_a_larger_set_whatever_the_order_of_rows(name, estimate):
    """What `is_shipped` promises: so a sweep runs them once a pair of thresholds, and nobody runs them twice."""
    rows, before = levels(metadata=SUBJECT), levels(metadata=SUBJECT, k=pl.when(pl.col("k") < 7).then(0).otherwise(pl.col("k")))
    rules = [StageRule(rule=name, low=0.1, high=0.8, size=size, estimate=estimate) for size in (1, 7, 12, 50)]
    sets = [chosen["problem_id"].to_list() for chosen in choices(rows, rules, 3, before)]
    assert len(sets[-1]) > 12 and all(chosen == sets[-1][: len(chosen)] for chosen in sets)
    assert choose(shuffled(rows), rules[2], 3, shuffled(before))["problem_id"].to_list() == sets[2]


def test_a_rule_that_reads_no_size_is_cut_to_it(candidates, tmp_path):
    rule = own(tmp_path, "select problem_id from candidates order by accuracy, problem_id")
    sizes = [len(rows) for rows in choices(candidates, [StageRule(rule=rule, size=size) for size in (3, 5, 500)], 0)]
    assert sizes == [3, 5, len(candidates.counts)]


@pytest.mark.parametrize("rule", ["medium", "medium_to_hard"])
def test_datasets_in_turn(candidates, rule):
    rows = chosen(candidates, share(rule=rule, low=0.1, high=0.8, size=12, by_dataset=True))
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
    assert rows.equals(choose(candidates.reversed(), rule, 0))
    assert not rows.equals(choose(candidates, rule, 1))


def test_a_rules_order_is_its_rank(candidates, tmp_path):
    rows = choose(candidates, StageRule(rule=own(tmp_path, "select problem_id from candidates order by accuracy desc, problem_id")), 0)
    assert rows["problem_id"].to_list()[:3] == ["big-1.0-0", "big-1.0-1", "big-1.0-2"]


def test_a_rule_of_ones_own_sees_counts_and_estimates(candidates, tmp_path):
    """Also as lists, which problems of one outcome share, and by the macros that the shipped rules use."""
    sql = """select problem_id from candidates
        where p_between(p_cdf, $low, $high) > 0.6 and accuracy <> 0.5 and p_mean between p_low and p_high
        order by p_zero_signal(p_none, p_all, 8), 1 - p_variance, problem_id"""
    rows = chosen(candidates, StageRule(rule=own(tmp_path, sql), low=0.1, high=0.8))
    assert set(rows["k"]) and 4 not in set(rows["k"])


def test_subjects_are_balanced():
    place = pl.int_range(pl.len())
    of_subject = pl.when(place % 6 == 0).then(pl.lit('{"subject": "rare"}')).otherwise(pl.lit('{"subject": "common"}'))
    rows = chosen(levels(metadata=of_subject), StageRule(rule="balanced_by_subject", low=0.0, high=1.0, size=20))
    assert rows["metadata"].str.contains("rare").sum() == 10
    without = chosen(levels(), StageRule(rule="balanced_by_subject", low=0.0, high=1.0, size=24))
    assert without["dataset"].value_counts().sort("dataset")["count"].to_list() == [12, 12]


def test_target_pass_rate_takes_the_nearest_share(candidates):
    rows = chosen(candidates, share(rule="target_pass_rate", low=0.1, high=0.9, target=0.7, size=30))
    assert rows["accuracy"].to_list() == [0.75] * 12 + [0.5] * 12 + [0.25] * 6


def test_target_pass_rate_takes_the_nearest_expected_p(candidates):
    rows = chosen(candidates, StageRule(rule="target_pass_rate", low=0.0, high=1.0, target=0.7, size=72))
    assert (rows["p_mean"] - 0.7).abs().is_sorted() and set(rows["rule"]) == {"p near 0.7"}


def test_learnability_draws_oftener_what_teaches_more(candidates):
    rows = chosen(candidates, StageRule(rule="learnability", low=0.0, high=1.0, size=72))
    expected = rows.select(pl.col("p_mean") * (1 - pl.col("p_mean")) - pl.col("p_variance")).to_series()
    assert expected.is_sorted(descending=True)
    assert (rows["weight"] - expected / expected.mean()).abs().max() == pytest.approx(0, abs=1e-9)


def test_newly_solved_is_what_was_surely_harder_before(candidates):
    rule = share(rule="newly_solved", low=0.1, high=0.8, size=20)
    before = levels(k=pl.when((pl.col("dataset") == "small") & (pl.col("k") < 7)).then(0).otherwise(pl.col("k")))
    rows = choose(candidates, rule, 0, before).join(candidates.counts, on="problem_id").sort("rank")
    assert rows["accuracy"].to_list() == [
        0.75,
        0.75,
    ]  # up to half may be luck, in one of 72 problems of a policy that is no better as a whole
    assert rows["problem_id"].str.starts_with("small").all()
    alone = choose(candidates, rule, 0)
    assert alone.is_empty()
    assert "reads `earlier`, which is empty here" in shortage("stage2", rule, alone, candidates)
    assert "earlier" not in shortage("stage2", rule, rows, candidates, has_earlier=True)


def test_an_unchanged_policy_has_newly_solved_nothing_and_a_better_one_has():
    """Three hundred problems of a U, answered eight times and again: by the same policy, and by one that is half a logit better."""
    numbers, rule = np.random.default_rng(0), StageRule(rule="newly_solved")
    p = numbers.beta(0.4, 0.4, 300)
    before, same, better = (answers(numbers.binomial(8, chances)) for chances in (p, p, moved_by(p, 0.5)))
    assert choose(same, rule, 0, before).is_empty()
    found = choose(better, rule, 0, before).join(before.counts, on="problem_id")
    assert 3 <= len(found) <= 30 and (found["accuracy"] < 0.65).all()


def groups_of(*rows: tuple[int, str, int, bool | None]) -> Trained:
    """A stage before with groups of eight: step, problem, right answers, whether hinted."""
    given = [{"step": step, "problem_id": name, "G": 8, "correct": right, "hinted": hinted} for step, name, right, hinted in rows]
    return replace(NONE, groups=pl.DataFrame(given, schema=RELATIONS["groups"]))


def test_unmastered_drops_what_the_later_groups_of_the_stage_before_solve(candidates):
    rule = share(rule="unmastered", low=0.1, high=0.8, size=100)
    every = set(choose(candidates, rule, 0)["problem_id"])
    assert every == set(choose(candidates, share(low=0.1, high=0.8, size=100), 0)["problem_id"])
    mastered, early, hinted, twice, half = (f"big-0.5-{copy}" for copy in range(5))
    rows = groups_of(
        (1, early, 8, False), (6, mastered, 8, False), (7, hinted, 8, True), (8, hinted, 8, None), (8, twice, 8, False),
        (9, twice, 4, False), (10, half, 4, False),
    )  # fmt: skip
    assert every - set(choose(candidates, rule, 0, None, rows)["problem_id"]) == {mastered}
    assert choose(candidates, rule, 0, None, rows).equals(choose(shuffled(candidates), rule, 0, None, rows.reversed()))


def test_a_rule_of_ones_own_reads_the_groups_of_the_stage_before(candidates, tmp_path):
    sql = "select problem_id from candidates semi join groups using (problem_id) where true"
    rows = groups_of((1, "big-0.5-1", 8, False), (1, "big-0.5-1", 7, False), (2, "small-0.5-0", 3, False))
    chosen = choose(candidates, StageRule(rule=own(tmp_path, sql)), 0, None, rows)
    assert sorted(chosen["problem_id"]) == ["big-0.5-1", "small-0.5-0"]
    assert choose(candidates, StageRule(rule=own(tmp_path, sql)), 0).is_empty()


def answers(right: np.ndarray) -> Candidates:
    """Problems answered eight times, so many times right."""
    return candidates_of(pl.DataFrame({"problem_id": [f"p{place}" for place in range(len(right))], "n": 8, "k": right}))


def test_a_shortage_counts_bands_and_says_what_decided_and_what_helps(candidates):
    rule = share(low=0.4, high=0.6, size=100)
    said = shortage("stage1", rule, choose(candidates, rule, 0), candidates)
    assert "finds 12 problems with a raw share from 0.4 to 0.6, but size is 100" in said
    assert "hopeless 12, hard 24, medium 12, easy 12, trivial 12 (by the raw share)" in said and "curation.on_shortage" in said
    rule = share(low=0.4, high=0.6, size=12)
    assert shortage("stage1", rule, choose(candidates, rule, 0), candidates) == ""
    rule = StageRule(low=0.4, high=0.6, size=100)
    said = shortage("stage1", rule, choose(candidates, rule, 0), candidates)
    assert "problems whose p lies from 0.4 to 0.6 more likely than not, but" in said and "(by what is most probable)" in said


def test_a_shortage_of_a_rule_without_thresholds_tells_of_none(candidates):
    rule = StageRule(rule="random", size=100)
    assert "rule 'random' finds 72 problems, but size is 100" in shortage("stage1", rule, choose(candidates, rule, 0), candidates)


def counted(salt: str) -> Candidates:
    """240 problems of two datasets and three subjects with counts out of digests, of 8, 12 or 16 rounds."""
    rows = []
    for number in range(240):
        bits = int(hashlib.md5(f"{salt}{number}".encode()).hexdigest(), 16)
        n = (8, 8, 8, 12, 16)[bits % 5]
        row = {
            "problem_id": f"p{number:03}",
            "dataset": ("big", "big", "small")[(bits >> 20) % 3],
            "n": n,
            "k": min(n, (bits >> 8) % (n + 3)),
        }
        rows.append({**row, "metadata": json.dumps({"subject": ("algebra", "maps", "maps")[(bits >> 30) % 3]})})
    return candidates_of(pl.DataFrame(rows))


BEFORE = {
    "balanced_by_subject": ("9a95ff65c7b3", "5068fe068ae2"),
    "learnability": ("51d55636bb2f", "befa03078cad"),
    "medium": ("f76bb2175c10", "a063f47f3f58"),
    "medium_to_hard": ("bcae362f800b", "708443ec339f"),
    "random": ("eeb2826970e4", "015f07d447a6"),
    "target_pass_rate": ("af6b3e2597c9", "6611e8cbfabe"),
}
"""Digests of what each rule chose of these problems when there was the raw share alone; newly_solved took chance for gains then."""


def test_the_share_chooses_what_rules_chose_when_there_were_no_estimates():
    now, earlier = counted("now"), counted("before")
    for name, digests in BEFORE.items():
        wide = share(rule=name, size=60, low=0.125, high=0.75)
        narrow = share(rule=name, size=33, low=0.084, high=0.5, by_dataset=True, target=0.3)
        found = [choose(now, rule, 7, earlier).select("problem_id", "rank", "rule").rows() for rule in (wide, narrow)]
        assert tuple(hashlib.md5(json.dumps(rows).encode()).hexdigest()[:12] for rows in found) == digests, name
