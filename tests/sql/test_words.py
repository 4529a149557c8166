"""Words tell rows apart as well as digests do, and a question about one recipe, policy or grader is not answered with another's rows."""

import pytest

from flows.commands.warehouse import bars_and_shapes
from tasks.base.errors import InputError
from tasks.curation.sweep import profile_of
from tasks.lake.lake import Lake
from tasks.warehouse.dictionary import dictionary
from tasks.warehouse.lineage import find
from tasks.warehouse.querying import query
from tests.sql.mixed import ALPHA_1, BASE, JUDGE, OURS, WARM
from tests.sql.rows import ask, verdicts, warehouse

WORDS = {"policy_id": ["policy"], "sampling_id": ["hints", "sampling"], "grader_id": ["grader"]}
WORDS |= {f"later_{digest}": [f"later_{word}" for word in words] for digest, words in WORDS.items()}
MARTS = {relation.name: relation for relation in dictionary() if relation.kind == "mart" and set(relation.key) & set(WORDS)}


@pytest.mark.parametrize("name", MARTS)
def test_words_tell_the_rows_of_a_mart_apart(mixed: Lake, name: str) -> None:
    words = ", ".join(word for column in MARTS[name].key for word in WORDS.get(column, [column]))
    [(rows, told, named)] = query(mixed, f"select count(*), count(distinct ({words},)), count(({words},)) from {name}").rows()
    assert rows == told == named


def test_most_marts_have_them(mixed: Lake) -> None:
    assert len(MARTS) > 20
    assert query(mixed, "select distinct policy, hints, sampling, grader from difficulty order by all").height == 10


@pytest.mark.parametrize(
    ("where", "problems"),
    [
        ("recipe = 'alpha' and split = 'heldout' and policy = 'base'", 4),  # two of them were asked with a hint, too
        ("recipe = 'alpha' and split = 'heldout'", 8),
        ("recipe = 'alpha' and split = 'train'", 4),  # the run before drew them with another temperature
        ("recipe = 'beta' and dataset = 'sums' and split = 'train'", 2),  # of four that were asked so
        ("recipe = 'beta'", 8),
        ("policy = 'stage1'", 6),
    ],
)
def test_current_counts_a_recipe_s_own_problems_once(mixed: Lake, where: str, problems: int) -> None:
    sql = f"select count(*), count(distinct (recipe, problem_id, dataset, split, policy)) from current where {where}"
    assert query(mixed, sql).row(0) == (problems, problems)


def test_current_goes_by_who_judged_last_for_the_recipe(mixed: Lake) -> None:
    graders = query(mixed, "select distinct recipe, grader_id from current order by all").rows()
    assert graders == [("alpha", JUDGE), ("beta", OURS)]  # both of the same policy's answers to the same problems
    assert query(mixed, "select k from current where recipe = 'alpha' and problem_id = 't3'").item() == 8


def test_artifacts_say_whose_they_are(mixed: Lake) -> None:
    ids = "select recipe, is_newest, count(distinct {}) from {} group by all order by all"
    assert query(mixed, ids.format("evaluation_id", "evaluation")).rows() == [("alpha", False, 1), ("alpha", True, 1), ("beta", True, 1)]
    assert query(mixed, ids.format("set_id", "curated_sets")).rows() == [("alpha", False, 1), ("alpha", True, 1), ("beta", True, 1)]
    assert query(mixed, ids.format("stage_id", "prior_staleness")).rows() == [("alpha", True, 1), ("beta", True, 1)]


def test_a_lake_without_runs_has_its_marts_and_no_current(tmp_path) -> None:
    connection = warehouse(tmp_path, {"problems": [{"problem_id": "p"}], "verdicts": verdicts("p", "ci")})
    assert [ask(connection, f"select count(*) from {name}") for name in ("difficulty", "runs", "current")] == [[(1,)], [(0,)], [(0,)]]


def test_the_histogram_is_of_the_policies_of_that_name_and_without_hints(mixed: Lake) -> None:
    bars, shapes = bars_and_shapes(mixed.home, policy="stage1")
    assert set(bars["policy_id"]) == {"a1a1a1a1a1a1", "b1b1b1b1b1b1"} and not bars["hints"].any()
    assert set(bars_and_shapes(mixed.home, policy="stage1 a1a1a1a1")[1]["policy_id"]) == {ALPHA_1}
    assert shapes.select("policy", "grader").is_unique().all()


def test_a_sweep_takes_the_profile_that_is_larger_and_then_the_newer_grader(mixed: Lake) -> None:
    found = profile_of(mixed, "base")
    assert (found["policy_id"], found["sampling_id"], found["grader_id"], found["problems"]) == (BASE, WARM, OURS, 6)


@pytest.mark.process
def test_a_name_that_two_policies_have_is_asked_back(mixed: Lake) -> None:
    with pytest.raises(InputError, match="'stage1' may be 2 things: policies a1a1"):
        find(mixed, "stage1")
    assert find(mixed, "stage1 a1a1a1a1").id == ALPHA_1
