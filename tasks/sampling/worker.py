"""The sampling process: loads the policy, draws what the lake does not have yet, and appends it shard by shard."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
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
from tasks.sampling.requests import Prompts, Request, chunks, requests_for, rollout_rows, wanted
from tasks.sampling.settings import SamplingSettings

LOG = logging.getLogger(__name__)
LIBRARIES = "tasks.policy.libraries"


class SampleSpec(BaseModel):
    """What is to be sampled. `hints` gives band and accuracy of the problems that carry a hint; None: no hints.

    Rounds `first_round` … `sampling.rounds` - 1 of the problems, or of those `among` names (a Parquet file with `problem_id`). `only`
    names the shards that one of several processes draws; None: all of them.
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
    only: tuple[str, ...] | None = None


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


def missing_shards(spec: SampleSpec, problems: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """What is still to be drawn: the keys of each shard by its name, in order."""
    lake = Lake(spec.home)
    held = lake.shards(lake.partition("rollouts", spec.policy.policy_id, spec.sampling_id))
    found = chunks(wanted_keys(spec, problems), spec.sampling.shard_size, held)
    return found if spec.only is None else {name: keys for name, keys in found.items() if name in spec.only}


def run(spec_text: str) -> None:
    """Draw all that is missing. Who starts this holds the lock of the policy's and sampling's shards."""
    spec = SampleSpec.model_validate_json(spec_text)
    problems = problems_of(spec)
    shards = missing_shards(spec, problems)
    if shards:
        engine, started = open_engine(spec.policy, spec.prompting, spec.sampling), time.monotonic()
        done = draw(spec, problems, shards, engine, emit_progress)
        LOG.info(drawn_in(done, time.monotonic() - started))


def drawn_in(responses: int, seconds: float) -> str:
    """How fast responses were drawn, in words."""
    return f"drew {responses} responses in {seconds:.2f} s, {responses / seconds:.1f} a second"


def draw(
    spec: SampleSpec, problems: pl.DataFrame, shards: dict[str, pl.DataFrame], engine: Engine, on_progress: Callable[[int, int, str], None]
) -> int:
    """Append every shard as soon as the engine has finished it, and in the end how long all took; gives how many responses were drawn."""
    lake, names = Lake(spec.home), list(shards)
    partition = lake.partition("rollouts", spec.policy.policy_id, spec.sampling_id)
    rows = {row["problem_id"]: row for row in problems.iter_rows(named=True)}
    prompts = Prompts(rows, lake.images, spec.prompting, spec.hints, control_tokens(spec.policy))
    in_hand: dict[int, list[Request]] = {}

    def requests() -> Iterator[list[Request]]:
        for place, keys in enumerate(shards.values()):
            in_hand[place] = requests_for(keys, prompts, seed=spec.seed)
            yield in_hand[place]

    total = sum(map(len, shards.values()))
    done, tokens, started = 0, 0, time.monotonic()
    on_progress(done, total, "rollouts")
    for place, completions in engine.generate(requests()):
        rolled = rollout_rows(in_hand.pop(place), completions, spec.policy.policy_id, spec.sampling_id)
        lake.append(partition, "rollouts", rolled, names[place])
        done, tokens = done + len(rolled), tokens + int(rolled["n_tokens"].sum())
        on_progress(done, total, "rollouts")
    ids = {"policy_id": spec.policy.policy_id, "sampling_id": spec.sampling_id, "engine": spec.sampling.engine}
    lake.record("draws", {**ids, "responses": done, "tokens": tokens, "seconds": time.monotonic() - started})
    return done


if __name__ == "__main__":
    worker_main(run)
