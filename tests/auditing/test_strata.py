"""Which verdicts an audit draws: all have a chance, rare kinds more than their share, and one size holds the smaller ones."""

import polars as pl
import pytest

from tasks.auditing.strata import LEAST_SHARE, shares, turns, wanted, with_strata
from tests.bench.auditing import WORLDS

NAMES = ("grader_id", "policy_id", "dataset", "rule", "verdict", "verdicts")
KINDS = [
    ("g", "base", "geometry", "letter", "correct", 6000),
    ("g", "tuned", "geometry", "letter", "correct", 4000),
    ("g", "base", "geometry", "dates", "correct", 1),
    ("g", "tuned", "geometry", "dates", "correct", 30),
    ("g", "base", "algebra", "letter", "correct", 2000),
    ("g", "base", "geometry", "letter", "incorrect", 900),
    ("g", "base", "geometry", "no_answer", "unparseable", 100),
    ("g", "base", "geometry", "too_long", "timeout", 3),
]


def kinds(*rows: tuple[str, str, str, str, str, int]) -> pl.DataFrame:
    return with_strata(pl.DataFrame(rows or KINDS, schema=NAMES, orient="row"))


def drawn(found: pl.DataFrame, n: int, seed: int = 0) -> dict[str, int]:
    return dict(turns(shares(found), n, seed).group_by("stratum").len().iter_rows())


def test_rare_kinds_share_a_stratum_and_verdicts_never_do() -> None:
    found = dict(kinds().select("verdicts", "stratum").iter_rows())
    assert found[1] == found[30] == "others · correct · geometry · dates"[: len(found[1])]
    assert found[6000] == "correct · geometry · letter · base" and found[4000] != found[6000]
    assert kinds().group_by("stratum").agg(pl.col("verdict").n_unique())["verdict"].max() == 1


@pytest.mark.parametrize("world", WORLDS)
def test_strata_do_not_grow_with_the_kinds(world: str) -> None:
    found = WORLDS[world].kinds
    sizes = found.group_by("side", "stratum").agg(pl.col("verdicts").sum())
    alone = sizes.filter(
        ~pl.col("stratum").str.starts_with("others"), pl.col("verdicts") < LEAST_SHARE * pl.col("verdicts").sum().over("side")
    )
    assert len(alone) == 0
    assert len(sizes.filter(pl.col("side") != "timeout")) <= 2 / LEAST_SHARE


def test_each_size_holds_the_smaller_ones() -> None:
    largest = turns(shares(kinds()), 300, 0)
    for n in (1, 2, 5, 50, 299):
        assert turns(shares(kinds()), n, 0).equals(largest.head(n))


def test_the_seed_alone_decides() -> None:
    assert turns(shares(kinds()), 40, 1).equals(turns(shares(kinds()), 40, 1))
    assert not turns(shares(kinds()), 40, 1).equals(turns(shares(kinds()), 40, 2))


def test_both_sides_get_as_many_and_rare_kinds_more_than_their_share() -> None:
    counts = drawn(kinds(), 200)
    right = sum(count for stratum, count in counts.items() if " correct" in f" {stratum}")
    assert 90 <= right <= 100
    assert 1 <= counts["timeout · geometry · too_long · base"] <= 3
    rare = counts["others · correct"] if "others · correct" in counts else counts["others · correct · geometry"]
    assert rare / right > 10 * 31 / 12_031 / 2


def test_fewer_verdicts_than_strata_give_every_stratum_a_chance() -> None:
    found = [drawn(kinds(), 3, seed) for seed in range(300)]
    assert all(sum(counts.values()) == 3 for counts in found)
    assert {stratum for counts in found for stratum in counts} == set(kinds()["stratum"])


def test_more_than_there_are_draws_all() -> None:
    assert sum(drawn(kinds(), 100_000).values()) == sum(size for *_, size in KINDS)


def test_graders_have_strata_of_their_own() -> None:
    found = kinds(*KINDS, ("other", "base", "geometry", "letter", "correct", 500))
    assert found.group_by("stratum").agg(pl.col("grader_id").n_unique())["grader_id"].max() == 1


def test_the_draw_reaches_as_far_as_it_must() -> None:
    found, chosen = kinds(), turns(shares(kinds()), 200, 0)
    asked = {row["stratum"]: row for row in wanted(found, shares(found), chosen)}
    assert asked["correct · geometry · letter · base"]["reach"] < "1"
    assert asked["timeout · geometry · too_long · base"]["reach"] == "g"
