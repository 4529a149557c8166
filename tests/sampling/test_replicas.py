"""Sampling processes side by side: a dead one is started again and its work is done, one that cannot live is set aside, and a problem that
kills is found."""

import logging
import os
import signal
import threading
from pathlib import Path

import polars as pl
import psutil
import pytest

from tasks.base.errors import InputError, WorkerError
from tasks.lake.lake import Lake
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling import replicas
from tasks.sampling.holes import with_reasons
from tasks.sampling.replicas import Replicas
from tasks.sampling.settings import SamplingSettings
from tasks.sampling.task import SampleRequest
from tasks.sampling.worker import SampleSpec, missing_keys, missing_shards, problems_of
from tests.patience import until
from tests.sampling.double import Answer, Call, doubles, good
from tests.sql.rows import problems_artifact

PROBLEMS = [{"problem_id": f"p{number}", "question": f"What is {number} and {number}?", "images": []} for number in range(8)]


def specification(home: Path, policy: Policy, **settings: object) -> SampleSpec:
    given = {"policy": policy, "problems": (problems_artifact(home, PROBLEMS),), "prompting": PromptingSettings()}
    (home / "profile").mkdir()
    request = SampleRequest(home=home, **given, sampling=SamplingSettings(**settings), seed=0)
    return request.spec().model_copy(update={"folder": home / "profile"})


class Said(list[str]):
    """What a run was told."""

    def log(self, level: int, text: str) -> None:
        if level >= logging.INFO:
            self.append(text)


class OnPaper(Replicas):
    """Processes that only take shards and finish them, but for those that end at once, each with its fault."""

    lame: dict[int, Exception] = {}  # noqa: RUF012 - each test has a class of its own
    drawn: list[str]

    def work(self, number: int) -> None:
        if number in self.lame:
            raise self.lame[number]
        until(lambda: self.faults.keys() == self.lame.keys())
        while shard := self.queue.take(str(number)):
            self.drawn += shard.keys["problem_id"].to_list()
            shard.finished()


def on_paper(spec: SampleSpec, lame: dict[int, Exception], said: Said) -> OnPaper:
    kind = type("OnPaper", (OnPaper,), {"lame": lame, "drawn": []})
    return kind(spec, missing_shards(spec, problems_of(spec)), lambda done: None, said.log)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicas, "PAUSE_S", 0.001)


def test_one_that_dies_at_once_every_time_is_set_aside_and_the_others_do_its_work(tmp_path: Path, policy: Policy) -> None:
    said = Said()
    running = on_paper(specification(tmp_path, policy, rounds=4, shard_size=2, replicas=3), {1: WorkerError("no such GPU\nmore")}, said)
    running.run()
    assert sorted(running.drawn) == sorted(f"p{number}" for number in range(8) for _ in range(4))
    assert said[-1] == "sampling process 1 is set aside, and its work goes to the 2 that are left: no such GPU\nmore"
    assert [line.startswith("sampling process 1 is started again") for line in said[:-1]] == [True] * (replicas.MOST_DEATHS - 1)


@pytest.mark.parametrize(("fault", "tries"), [(WorkerError("it dies"), replicas.MOST_DEATHS), (InputError("no such model"), 1)])
def test_with_none_left_the_fault_is_raised(tmp_path: Path, policy: Policy, fault: Exception, tries: int) -> None:
    said = Said()
    running = on_paper(specification(tmp_path, policy, rounds=2, shard_size=2, replicas=2), dict.fromkeys(range(2), fault), said)
    with pytest.raises(type(fault), match=str(fault)):
        running.run()
    assert len([line for line in said if "is started again" in line]) == 2 * (tries - 1)


def workers() -> list[psutil.Process]:
    """The sampling processes below this one."""
    return [child for child in psutil.Process().children(recursive=True) if child.name() == "sampling.worker"]


@pytest.mark.process
def test_a_problem_that_kills_is_set_aside_and_all_others_are_drawn(tmp_path: Path, policy: Policy) -> None:
    def kills(call: Call) -> Answer:
        if "What is 5 and 5?" in call.body["messages"][0]["content"]:
            for worker in workers():
                worker.kill()
        return good(call, delay=0.05)

    with doubles(kills) as [server]:
        served = {"base_urls": (server.url,), "model": "m", "concurrency": 4, "check_prompts": False}
        spec = specification(tmp_path, policy, engine="server", rounds=2, shard_size=16, flush_s=0.02, server=served)
        said = Said()
        Replicas(spec, missing_shards(spec, problems_of(spec)), lambda done: None, said.log).run()
    holes = with_reasons(missing_keys(spec, problems_of(spec)), tmp_path / "profile")
    assert holes["problem_id"].to_list() == ["p5", "p5"] and "was killed by SIGKILL" in holes["reason"][0]
    rows = Lake(tmp_path).scan("rollouts").collect()
    assert rows.height == rows.select("problem_id", "round").unique().height == 14
    assert "2 completions are set aside. problem p5: whoever draws it dies: worker tasks.sampling.worker was killed by SIGKILL" in said[-2]
    asked = pl.Series([call.body["seed"] for call in server.calls])
    assert len(asked) < 14 + 16 * 6  # what was finished before a death is not asked for again


@pytest.mark.process
def test_a_process_that_is_killed_among_three_is_back_while_the_others_go_on(tmp_path: Path, policy: Policy) -> None:
    spec = specification(tmp_path, policy, rounds=4000, shard_size=32, batch_size=8, max_tokens=24, replicas=3)
    running = Replicas(spec, missing_shards(spec, problems_of(spec)), lambda done: None, Said().log)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        before = until(lambda: len(found := workers()) == 3 and all_hold(running) and found)
        os.kill(before[1].pid, signal.SIGKILL)
        until(lambda: {worker.pid for worker in workers()} > {before[0].pid, before[2].pid} and len(workers()) == 3 and all_hold(running))
    finally:
        for path in running.queue.waiting():
            path.unlink(missing_ok=True)
        thread.join()
    rows = Lake(tmp_path).scan("rollouts").select("problem_id", "round").collect()
    assert rows.height == rows.unique().height > 0


def all_hold(running: Replicas) -> bool:
    """Whether each of three processes has a shard in hand."""
    return all(list(running.queue.folder.glob(f"*.{number}")) for number in range(3))
