"""The sampling process: loads the policy, draws what the lake does not have yet, and appends it shard by shard."""

from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict

from tasks.lake import Lake
from tasks.policy import Policy
from tasks.process import emit_progress, worker_main
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines import open_engine
from tasks.sampling.requests import chunks, missing, requests_for, rollout_rows, wanted
from tasks.sampling.settings import SamplingSettings


class SampleSpec(BaseModel):
    """What a sampling process is asked for. `hints` gives band and accuracy of the problems that carry a hint; None: no hints."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    policy: Policy
    prompting: PromptingSettings
    sampling: SamplingSettings
    sampling_id: str
    problems: tuple[Path, ...]
    hints: dict[str, tuple[str, float]] | None
    seed: int


def problems_of(spec: SampleSpec) -> pl.DataFrame:
    """The problems to profile, each once, in the order of their files and rows."""
    return pl.read_parquet(list(spec.problems), glob=False).unique("problem_id", keep="first", maintain_order=True)


def missing_keys(spec: SampleSpec, problems: pl.DataFrame) -> pl.DataFrame:
    """What is still to be drawn, in order."""
    lake = Lake(spec.home)
    partition = lake.partition("rollouts", spec.policy.policy_id, spec.sampling_id)
    return missing(wanted(problems, spec.sampling.rounds, spec.hints), lake.shards(partition))


def run(spec_text: str) -> None:
    """Draw all that is missing. One process at a time appends to a policy's and sampling's shards; another waits."""
    spec = SampleSpec.model_validate_json(spec_text)
    lake, problems = Lake(spec.home), problems_of(spec)
    partition = lake.partition("rollouts", spec.policy.policy_id, spec.sampling_id)
    with lake.lock(partition):
        keys = missing_keys(spec, problems)
        if keys.is_empty():
            return
        engine = open_engine(spec.policy, spec.prompting, spec.sampling)
        rows = {row["problem_id"]: row for row in problems.iter_rows(named=True)}
        total = len(wanted(problems, spec.sampling.rounds, spec.hints))
        done = total - len(keys)
        emit_progress(done, total, "rollouts")
        for name, chunk in chunks(keys, spec.sampling.shard_size):
            requests = requests_for(chunk, rows, lake.images, spec.prompting, seed=spec.seed, hints=spec.hints)
            completions = engine.generate(requests)
            lake.append(partition, "rollouts", rollout_rows(requests, completions, spec.policy.policy_id, spec.sampling_id), name)
            done += len(chunk)
            emit_progress(done, total, "rollouts")


if __name__ == "__main__":
    worker_main(run)
