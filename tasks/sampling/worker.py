"""The sampling process: loads the policy, draws what the lake does not have yet, and appends it shard by shard.

It takes shards from a queue (shard_queue.py) until none waits, writes finished completions down by time (journal.py), and puts them
together (gathering.py).
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict

from tasks.base.events import emit_progress, worker_main
from tasks.base.workers import Job, warm_up
from tasks.lake.lake import Lake, read_parquet
from tasks.policy.identity import Policy, without_network
from tasks.prompting.control import control_tokens
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines import Engine, declared, open_engine
from tasks.sampling.gathering import Gathering, Place
from tasks.sampling.journal import Journal, journal_folder
from tasks.sampling.requests import Prompts, chunks, missing, wanted
from tasks.sampling.settings import SamplingSettings
from tasks.sampling.shard_queue import Shard, ShardQueue

LOG = logging.getLogger(__name__)
QUEUE = ".shards"
LIBRARIES = "tasks.policy.libraries"


class SampleSpec(BaseModel):
    """What is to be sampled. `hints` gives band and accuracy of the problems that carry a hint; None: no hints.

    Rounds `first_round` … `sampling.rounds` - 1 of the problems, or of those `among` names (a Parquet file with `problem_id`). `folder`
    is the one that the profile is made in, where the queue of shards lies; `replica` is what a process is called there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    policy: Policy
    prompting: PromptingSettings
    sampling: SamplingSettings
    sampling_id: str
    problems: tuple[Path, ...]
    hints: dict[str, tuple[str, float]] | None
    seed: int
    first_round: int = 0
    among: Path | None = None
    folder: Path | None = None
    replica: str = "0"


def sampling_job(spec: SampleSpec, folder: Path, name: str = "", variables: Mapping[str, str] | None = None) -> Job:
    """The job of drawing what a spec asks for, in a process that is forked unless the engine wants a fresh one."""
    if declared(spec.sampling).fresh:
        return Job(__name__, spec, folder, name, variables or {})
    return Job(__name__, spec, folder, name, {**without_network(spec.policy.model), **(variables or {})}, LIBRARIES)


def load_soon(policy: Policy, sampling: SamplingSettings, home: Path) -> None:
    """In a lake where nothing was ever sampled, something soon will be: load what that needs while the problems are read."""
    if not declared(sampling).fresh and not (home / "rollouts").exists():
        warm_up(LIBRARIES, without_network(policy.model))


def every_problem(spec: SampleSpec) -> pl.DataFrame:
    """The problems of the profile, each once, in the order of their files and rows."""
    return read_parquet(list(spec.problems)).unique("problem_id", keep="first", maintain_order=True)


def problems_of(spec: SampleSpec) -> pl.DataFrame:
    """The problems to sample: every one, or those `among`."""
    problems = every_problem(spec)
    if spec.among is None:
        return problems
    return problems.join(read_parquet(spec.among), on="problem_id", how="semi", maintain_order="left")


def wanted_keys(spec: SampleSpec, problems: pl.DataFrame) -> pl.DataFrame:
    """The keys that the lake must hold when all is drawn."""
    return wanted(problems, range(spec.first_round, spec.sampling.rounds), spec.hints)


def partition_of(spec: SampleSpec, lake: Lake) -> Path:
    """The folder for new shards of the spec's policy and way of sampling."""
    return lake.partition("rollouts", spec.policy.policy_id, spec.sampling_id)


def missing_keys(spec: SampleSpec, problems: pl.DataFrame) -> pl.DataFrame:
    """The keys that the lake should hold, and does not."""
    lake = Lake(spec.home)
    return missing(wanted_keys(spec, problems), lake.shards(partition_of(spec, lake)))


def missing_shards(spec: SampleSpec, problems: pl.DataFrame) -> list[pl.DataFrame]:
    """What is still to be drawn: the keys of each shard, in order."""
    lake = Lake(spec.home)
    return chunks(wanted_keys(spec, problems), spec.sampling.shard_size, lake.shards(partition_of(spec, lake)))


def run(spec_text: str) -> None:
    """Draw what waits in the queue. Who starts this holds the lock of the policy's and sampling's shards."""
    spec = SampleSpec.model_validate_json(spec_text)
    assert spec.folder is not None
    problems, queue = problems_of(spec), ShardQueue(spec.folder / QUEUE)
    engine = open_engine(spec.policy, spec.prompting, spec.sampling)
    emit_progress(0, 0, "rollouts")
    started = time.monotonic()
    done = draw(spec, problems, queue.stretches(spec.replica), engine, emit_progress)
    LOG.info(drawn_in(done, time.monotonic() - started))


def drawn_in(responses: int, seconds: float) -> str:
    """How fast responses were drawn, in words."""
    return f"drew {responses} responses in {seconds:.2f} s, {responses / seconds:.1f} a second"


def draw(
    spec: SampleSpec,
    problems: pl.DataFrame,
    stretches: Iterable[Iterable[Shard]],
    engine: Engine,
    on_progress: Callable[[int, int, str], None],
) -> int:
    """Append every shard as soon as it is whole, and in the end how long all took; gives how many responses were drawn. Whatever the
    engine has finished is written down within `sampling.flush_s`, and at once where this ends with an error."""
    lake, ids, started = Lake(spec.home), (spec.policy.policy_id, spec.sampling_id), time.monotonic()
    rows = {row["problem_id"]: row for row in problems.iter_rows(named=True)}
    assert spec.folder is not None
    with closing(Journal(journal_folder(lake, *ids), ids, spec.sampling.flush_s)) as journal:
        place = Place(lake, ids, partition_of(spec, lake), journal, spec.folder)
        prompts = Prompts(rows, lake.images, spec.prompting, spec.hints, control_tokens(spec.policy))
        gathering = Gathering(place, prompts, spec.seed, on_progress)
        for stretch in stretches:
            engine.generate((left for shard in stretch if (left := gathering.open(shard))), gathering.put)
    told = {"policy_id": ids[0], "sampling_id": ids[1], "engine": spec.sampling.engine}
    if gathering.done:
        lake.record("draws", {**told, "responses": gathering.done, "tokens": gathering.tokens, "seconds": time.monotonic() - started})
    return gathering.done


if __name__ == "__main__":
    worker_main(run)
