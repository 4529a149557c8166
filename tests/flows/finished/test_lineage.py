"""What was made from what, on a finished run: as a relation, as a trace, and the sweep of its difficulty."""

import io
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from flows.commands.printing.lineage import lineage
from flows.commands.printing.sweep import print_sweep
from flows.commands.sweep import sweep_settings
from flows.recipe import load_recipe
from tasks.base.errors import InputError
from tasks.curation.rules import choose, kept
from tasks.curation.sweep import candidates_of, profile_of, sweep, write_plot
from tasks.lake.lake import Lake
from tasks.warehouse.lineage import find
from tasks.warehouse.querying import query
from tests.flows.finished.conftest import Finished

pytestmark = pytest.mark.process


@pytest.fixture
def lake(finished: Finished) -> Lake:
    return Lake(finished.home)


def shown(lake: Lake, what: str) -> str:
    console = Console(width=400, record=True, file=io.StringIO())
    console.print(lineage(lake, what))
    return console.export_text()


def fact(lake: Lake, artifact: str, name: str) -> str:
    """What an artifact's manifest says under a name."""
    return query(lake, f"select manifest ->> '$.{name}' from artifacts where artifact_id = '{artifact}'").item(0, 0)


def evaluated_stage(lake: Lake) -> str:
    """A second stage whose policy was evaluated; other tests may have trained more in this lake."""
    evaluated = "select stage_id from policies join evaluations using (policy_id) where policies.name = 'stage2' order by 1"
    return query(lake, evaluated).item(0, 0)


def test_every_artifact_of_the_method_is_in_the_lineage(lake: Lake) -> None:
    edges = query(lake, "select distinct kind, from_kind from lineage").rows()
    assert set(edges) >= {
        ("profiles", "policies"), ("profiles", "samplings"), ("profiles", "problems"), ("profiles", "difficulty"), ("graded", "profiles"),
        ("graded", "graders"), ("difficulty", "graded"), ("curated", "difficulty"), ("curated", "problems"), ("stages", "curated"),
        ("difficulty", "stops"), ("stops", "stages"), ("profiles", "stops"),
        ("stages", "policies"), ("policies", "stages"), ("evaluations", "graded"), ("evaluations", "policies"), ("reports", "evaluations"),
    }  # fmt: skip
    known = "select artifact_id from artifacts union select policy_id from policies union select sampling_id from samplings"
    dangling = f"select * from lineage where from_kind <> 'graders' and from_id not in ({known})"
    assert query(lake, dangling).is_empty()


def test_a_checkpoint_leads_back_to_prompt_grader_query_and_settings(lake: Lake) -> None:
    stage = evaluated_stage(lake)
    said = shown(lake, str(lake.home / "stages" / stage / "policy"))
    chosen, parent = fact(lake, stage, "curated"), fact(lake, stage, "parent")
    graded = fact(lake, fact(lake, chosen, "difficulty"), "graded")
    [stage1] = query(lake, f"select distinct stage_id from policies where policy_id = '{parent}'")["stage_id"]
    for what in (stage1, chosen, graded, "grader-", "learning_rate", "temperature", "template"):
        assert what in said, what
    assert "partition by level" in said  # the text of stage 2's query
    assert "evaluations" in said.split("went into")[1]


def test_a_set_leads_forward_to_stages_and_reports(lake: Lake) -> None:
    chosen = fact(lake, evaluated_stage(lake), "curated")
    said = shown(lake, chosen).split("went into")[1]
    trained = query(lake, f"select artifact_id from artifacts where kind = 'stages' and manifest ->> '$.curated' = '{chosen}'")
    assert len(trained) >= 1 and all(f"stages {stage}" in said for stage in trained["artifact_id"])
    assert "reports" in said


def test_a_problem_leads_to_its_sets_stages_and_groups(lake: Lake) -> None:
    problem, rank = query(lake, "select problem_id, rank from curated join groups using (problem_id) where stage = 'stage1' limit 1").row(0)
    said = shown(lake, problem[:12])
    assert problem in said and f"stage1 {rank}".split()[0] in said and "without_signal" in said
    assert query(lake, f"select distinct stage_id from groups where problem_id = '{problem}'").item(0, 0) in said


def test_what_is_unknown_or_not_unique_is_told(lake: Lake) -> None:
    with pytest.raises(InputError, match="no problem, set, stage or policy is called 'nowhere'"):
        find(lake, "nowhere")
    with pytest.raises(InputError, match="'' may be [0-9]+ things: .*give more of the id"):
        find(lake, "")
    assert find(lake, "stage1").kind == "policies"


def test_a_sweep_counts_what_the_rule_would_choose(lake: Lake, finished: Finished, tmp_path: Path) -> None:
    settings, policy = sweep_settings(load_recipe(str(finished.recipe)), "stage1", 8, (4, 8))
    found = sweep(lake, settings, policy)
    candidates = candidates_of(lake, profile_of(lake, policy))
    for low, high, problems in found.pairs.filter(pl.col("low") > 0).sample(4, seed=1).select("low", "high", "kept").iter_rows():
        assert problems == len(kept(candidates, settings.rule.model_copy(update={"low": low, "high": high})))
    now = found.sizes.filter(low=0.084, high=0.87, size=8).row(0, named=True)
    assert (now["chosen"], now["overlap"]) == (8, 1.0)  # it is the very set that the run trained on
    rule = settings.rule.model_copy(update={"low": 0.2, "high": 0.8, "size": 4})
    assert found.sizes.filter(low=0.2, high=0.8, size=4)["chosen"].item() == len(choose(candidates, rule, settings.seed))
    best = found.pairs.filter(low=found.recommended[0], high=found.recommended[1]).row(0, named=True)
    enough = found.pairs.filter(pl.col("chosen") >= 8)
    assert best["chosen"] == 8 and best["zero_signal_share"] == enough["zero_signal_share"].min()
    assert 0 < best["switch_share"] < 1 and 0 < best["reward_variance"] < 0.25
    write_plot(found, tmp_path / "sweep.svg")
    assert "groups without gradient" in (tmp_path / "sweep.svg").read_text()
    console = Console(width=200, record=True, file=io.StringIO())
    print_sweep(console, found)
    low, high = found.recommended
    assert f"take {low:g} to {high:g}: rule 'medium' chooses 8 problems for stage1" in console.export_text()


def test_a_sweep_of_nothing_says_what_is_missing(lake: Lake) -> None:
    settings, _ = sweep_settings(None, "stage1", 8, ())
    with pytest.raises(InputError, match="no difficulty of policy 'nobody'"):
        sweep(lake, settings, "nobody")
    with pytest.raises(InputError, match="not on the grid"):
        sweep(lake, settings.model_copy(update={"rounds": 5}))
