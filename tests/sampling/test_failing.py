"""A shard over which somebody dies is tried again, then halved, until the problem at fault is alone; the queue tells who had what."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tasks.lake.lake import Lake
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.failing import after_failure
from tasks.sampling.holes import with_reasons
from tasks.sampling.requests import Completion, Prompts, requests_for, rollout_rows, shard_name
from tasks.sampling.settings import SamplingSettings
from tasks.sampling.shard_queue import Shard, ShardQueue
from tasks.sampling.worker import SampleSpec, partition_of


def keys(*names: str, rounds: int = 2) -> pl.DataFrame:
    rows = [(name, round, 0) for name in names for round in range(rounds)]
    return pl.DataFrame(rows, schema=["problem_id", "round", "sample"], orient="row")


@pytest.fixture
def spec(tmp_path: Path) -> SampleSpec:
    given = {"prompting": PromptingSettings(), "sampling": SamplingSettings(), "sampling_id": "s", "problems": (), "hints": None, "seed": 0}
    return SampleSpec(home=tmp_path, policy=Policy(policy_id="p", name="base", model="m"), folder=tmp_path / "profile", **given)


def dies_of(spec: SampleSpec, culprits: set[str], shards: list[Shard]) -> Iterator[list[str]]:
    """Draw shards as a process does that dies of some problems; gives the problems of each shard that was drawn."""
    while shards:
        shard = shards.pop(0)
        names = shard.keys["problem_id"].unique(maintain_order=True).to_list()
        if culprits & set(names):
            shards += after_failure(spec, shard, "it was killed by SIGKILL", lambda level, text: None)
        else:
            yield names


@pytest.mark.parametrize("culprits", [{"p0"}, {"p5"}, {"p15"}, {"p3", "p4"}, set()])
def test_only_the_problems_at_fault_are_set_aside(spec: SampleSpec, culprits: set[str]) -> None:
    names = [f"p{number}" for number in range(16)]
    drawn = [name for found in dies_of(spec, culprits, [Shard(keys(*names))]) for name in found]
    assert sorted(drawn) == sorted(set(names) - culprits)
    assert spec.folder is not None
    holes = with_reasons(keys(*sorted(culprits)), spec.folder)
    assert all(f"problem {name}: whoever draws it dies: it was killed by SIGKILL" == reason for name, _, _, reason in holes.rows())


def test_a_shard_that_fails_twice_is_still_whole(spec: SampleSpec) -> None:
    [once] = after_failure(spec, Shard(keys("a", "b")), "why", lambda *_: None)
    [twice] = after_failure(spec, once, "why", lambda *_: None)
    assert twice.keys.equals(keys("a", "b")) and twice.tries == 2
    assert [half.keys["problem_id"][0] for half in after_failure(spec, twice, "why", lambda *_: None)] == ["a", "b"]


def test_a_shard_that_was_appended_just_before_the_end_is_not_drawn_again(spec: SampleSpec, tmp_path: Path) -> None:
    rows = {"a": {"problem_id": "a", "question": "?", "choices": [], "images": []}}
    requests = requests_for(keys("a"), Prompts(rows, tmp_path, PromptingSettings()), seed=0)
    found = rollout_rows(requests, [Completion("x", 1, "stop")] * 2, "p", "s")
    Lake(tmp_path).append(partition_of(spec, Lake(tmp_path)), "rollouts", found, shard_name(found))
    assert after_failure(spec, Shard(keys("a")), "why", lambda *_: None) == []


def test_no_two_processes_have_the_same_shard_and_suspects_come_last_and_alone(tmp_path: Path) -> None:
    queue = ShardQueue(tmp_path)
    queue.put([Shard(keys("suspect"), tries=1), *(Shard(keys(f"p{number}")) for number in range(3)), Shard(keys("other"), tries=1)])
    first = queue.take("0")
    assert first and first.keys["problem_id"][0] == "p0"
    stretches = [[shard.keys["problem_id"][0] for shard in stretch] for stretch in ShardQueue(tmp_path).stretches("1")]
    assert stretches == [["p1", "p2"], ["suspect"], ["other"]]
    assert [shard.keys["problem_id"][0] for shard in queue.held_by("0")] == ["p0"] and len(queue.held_by("1")) == 4
    first.finished()
    assert not queue.held_by("0") and not queue.waiting()
