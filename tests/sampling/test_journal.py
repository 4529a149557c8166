"""Finished completions are written down by time and given back to whoever draws their shard next; the lake's files are as if nothing had
happened."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.lake.lake import Lake
from tasks.lake.looking import looking
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines.transformers import TransformersEngine
from tasks.sampling.holes import with_reasons
from tasks.sampling.journal import Journal, journal_folder, sweep, written_down
from tasks.sampling.requests import Completion, Finished, Refusal, Request, rollout_rows
from tasks.sampling.settings import SamplingSettings
from tasks.sampling.shard_queue import Shard
from tasks.sampling.task import SampleRequest
from tasks.sampling.worker import SampleSpec, draw, missing_keys, missing_shards, problems_of
from tests.patience import until
from tests.sql.rows import problems_artifact

IDS = ("policy", "sampling")
PROBLEMS = [{"problem_id": f"p{number}", "question": f"What is {number} and {number}?", "images": []} for number in range(6)]


def asked(number: int) -> Request:
    return Request(f"p{number}", 0, 0, number, "What?")


def keys(*numbers: int) -> pl.DataFrame:
    return pl.DataFrame([asked(number).key for number in numbers], schema=["problem_id", "round", "sample"], orient="row")


def test_a_finished_completion_is_on_disk_soon_and_is_given_back(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "journal", IDS, 0.01)) as journal:
        journal.put(asked(1), Completion("one", 3, "stop"))
        until(lambda: len(written_down(tmp_path / "journal", keys(1, 2))) == 1)
    again = Journal(tmp_path / "journal", IDS, 60)
    assert again.of_earlier([asked(2).key, asked(1).key]) == {asked(1).key: Completion("one", 3, "stop")}
    again.forget([asked(1).key])
    assert not list((tmp_path / "journal").iterdir())
    again.close()


def test_what_is_not_written_down_yet_is_when_the_journal_is_closed_and_a_file_goes_with_its_last_key(tmp_path: Path) -> None:
    with closing(Journal(tmp_path, IDS, 60)) as journal:
        for number in range(3):
            journal.put(asked(number), Completion(str(number), 1, "length"))
        journal.forget([asked(0).key])
    assert written_down(tmp_path, keys(0, 1, 2))["problem_id"].to_list() == ["p1", "p2"]
    with closing(Journal(tmp_path, IDS, 60)) as journal:
        assert journal.of_earlier([asked(1).key])
        journal.forget([asked(1).key])
        assert len(list(tmp_path.iterdir())) == 1
        journal.forget([asked(2).key])
        assert not list(tmp_path.iterdir())


def test_what_a_process_beside_has_finished_is_given_to_whoever_draws_its_shard_next(tmp_path: Path) -> None:
    here = Journal(tmp_path, IDS, 60)
    assert not here.of_earlier([asked(1).key])
    with closing(Journal(tmp_path, IDS, 60)) as beside:
        beside.put(asked(1), Completion("one", 3, "stop"))
    assert here.of_earlier([asked(1).key]) == {asked(1).key: Completion("one", 3, "stop")}
    here.forget([asked(1).key])
    here.close()
    assert not list(tmp_path.iterdir())


def test_looking_at_a_journal_touches_nothing(tmp_path: Path) -> None:
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    with looking():
        assert written_down(tmp_path, keys(1)).is_empty()
    assert (tmp_path / "cut.parquet").exists()


def test_a_file_that_was_cut_short_is_drawn_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(Journal(tmp_path, IDS, 60)) as journal:
        journal.put(asked(1), Completion("one", 3, "stop"))
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-9])
    with closing(Journal(tmp_path, IDS, 60)) as journal:
        assert not journal.of_earlier([asked(1).key])
    assert "is cut short and deleted" in caplog.text and not path.exists()


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file" / "journal", IDS, 60)
    journal.put(asked(1), Completion("one", 3, "stop"))
    with pytest.raises(OSError, match="file"):
        journal.close()


def test_sweeping_deletes_what_the_lake_has(tmp_path: Path) -> None:
    lake, journal = Lake(tmp_path), journal_folder(Lake(tmp_path), *IDS)
    for numbers in ([0], [1, 2]):
        with closing(Journal(journal, IDS, 60)) as written:
            for number in numbers:
                written.put(asked(number), Completion("x", 1, "stop"))
    partition = lake.partition("rollouts", *IDS)
    for number in (0, 1):
        lake.append(partition, "rollouts", rollout_rows([asked(number)], [Completion("x", 1, "stop")], *IDS), str(number))
    (journal / ".half.parquet.17").touch()  # of a process that was killed while it wrote
    sweep(journal, lake.shards(partition))
    assert written_down(journal, keys(0, 1, 2))["problem_id"].to_list() == ["p1", "p2"]
    lake.append(partition, "rollouts", rollout_rows([asked(2)], [Completion("x", 1, "stop")], *IDS), "2")
    sweep(journal, lake.shards(partition))
    assert not journal.exists()


def specification(home: Path, policy: Policy) -> SampleSpec:
    """Four rounds of six problems, in two shards, three batches each."""
    sampling = SamplingSettings(rounds=4, shard_size=12, batch_size=4, max_tokens=24, flush_s=60)
    given = {"policy": policy, "problems": (problems_artifact(home, PROBLEMS),), "prompting": PromptingSettings()}
    (home / "profile").mkdir()
    return SampleRequest(home=home, **given, sampling=sampling, seed=0).spec().model_copy(update={"folder": home / "profile"})


def drawn(spec: SampleSpec, engine: TransformersEngine) -> None:
    problems = problems_of(spec)
    draw(spec, problems, [map(Shard, missing_shards(spec, problems))], engine, lambda *_: None)


class Cut:
    """The engine, which breaks after so many completions, or refuses a problem."""

    def __init__(self, engine: TransformersEngine, after: int | None = None, refused: str = "") -> None:
        self.engine, self.left, self.refused, self.asked = engine, after, refused, 0

    def generate(self, shards: Iterable[Sequence[Request]], finished: Finished) -> None:
        def passed_on(request: Request, outcome: object) -> None:
            if self.asked == self.left:
                raise RuntimeError("it breaks here")
            self.asked += 1
            finished(request, Refusal(f"problem {request.problem_id}: no") if request.problem_id == self.refused else outcome)  # type: ignore[arg-type]

        self.engine.generate(shards, passed_on)


@pytest.fixture(scope="module")
def engine(policy: Policy) -> TransformersEngine:
    return TransformersEngine(policy, PromptingSettings(), SamplingSettings(max_tokens=24, batch_size=4))


def files(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.glob("rollouts/[!_]*/*.parquet")}


def test_a_drawing_that_broke_goes_on_with_what_it_had_finished_and_leaves_the_same_files(
    tmp_path: Path, policy: Policy, engine: TransformersEngine
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for home in (whole, broken):
        home.mkdir()
    spec = specification(broken, policy)
    drawn(specification(whole, policy), engine)
    with pytest.raises(RuntimeError, match="it breaks here"):
        drawn(spec, Cut(engine, after=18))  # type: ignore[arg-type]
    left = missing_keys(spec, problems_of(spec))
    journal = journal_folder(Lake(broken), spec.policy.policy_id, spec.sampling_id)
    assert (len(left), len(written_down(journal, left))) == (12, 6)
    again = Cut(engine)
    drawn(spec, again)  # type: ignore[arg-type]
    assert again.asked == 6 and files(broken) == files(whole) and not list(journal.iterdir())


def test_a_refused_problem_is_a_hole_with_a_reason_and_the_others_are_there(
    tmp_path: Path, policy: Policy, engine: TransformersEngine
) -> None:
    spec = specification(tmp_path, policy)
    drawn(spec, Cut(engine, refused="p1"))  # type: ignore[arg-type]
    holes = with_reasons(missing_keys(spec, problems_of(spec)), tmp_path / "profile")
    assert holes.rows() == [("p1", round, 0, "problem p1: no") for round in range(4)]
    drawn(spec, engine)
    assert missing_keys(spec, problems_of(spec)).is_empty()
    assert Lake(tmp_path).scan("rollouts").select("problem_id", "round").unique().collect().height == 24


def test_refusals_alone_are_the_engine_s_fault(tmp_path: Path, policy: Policy, engine: TransformersEngine) -> None:
    class Refusing:
        def generate(self, shards: Iterable[Sequence[Request]], finished: Finished) -> None:
            for shard in shards:
                for request in shard:
                    finished(request, Refusal("no model m"))

    with pytest.raises(InputError, match="the first 16 requests were all refused, the last one so: no model m"):
        drawn(specification(tmp_path, policy), Refusing())  # type: ignore[arg-type]
