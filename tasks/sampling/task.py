"""The sampling task: a policy's rollouts over problems, drawn in a child process, as a profile.

Cached by the policy's identity, the content of the problems, the way of sampling and the number of rounds. Whatever an earlier, killed or
smaller run has drawn is in the lake and is not drawn again.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
from prefect import get_run_logger

from tasks.base.errors import InputError
from tasks.base.extras import EXTRAS
from tasks.base.files import digest
from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import Lake, read_parquet
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines import declared
from tasks.sampling.holes import missing_of, shortfall_of, with_reasons, write_missing
from tasks.sampling.journal import journal_folder, sweep, written_down
from tasks.sampling.profile import holding, write_profile
from tasks.sampling.replicas import Replicas
from tasks.sampling.requests import Hints, sampling_id, sampling_identity, seed_for_bands
from tasks.sampling.settings import SamplingSettings
from tasks.sampling.worker import SampleSpec, every_problem, missing_keys, missing_shards, partition_of, problems_of, wanted_keys
from tasks.steps.caching import room_task
from tasks.steps.cards import cards_held
from tasks.steps.naming import problems_named, rounds_named
from tasks.steps.planning import PLANNER, Work, all_problems, is_known
from tasks.steps.progress import progress_shown
from tasks.steps.request import StepRequest
from tasks.steps.shortfalls import Shortfall

VERSION = 1
Progress = Callable[[int, int, str], None]


class SampleRequest(StepRequest):
    """A policy, the problems that it is asked, how they are put, how answers are drawn, and the recipe's seed.

    With `hints_from` (a difficulty artifact) only the problems whose band carries a hint are asked, with the hint in their prompt. With
    `stops` (what `find_stops` made of an earlier profile) only the problems that it left open are asked on. Draws `for_bands` only find the
    bands that hints go by: their seed is another, so that they are no draws of a profile that is compared.
    """

    policy: Policy
    problems: tuple[Artifact, ...]
    prompting: PromptingSettings
    sampling: SamplingSettings
    seed: int
    hints_from: Artifact | None = None
    stops: Artifact | None = None
    for_bands: bool = False

    def target(self) -> Artifact:
        identity = sampling_identity(self.prompting, self.sampling, seed=self.drawn_with, hints=self.hints)
        inputs = {
            **({"stops": self.stops.content} if self.stops else {}),
            "version": VERSION,
            "policy": self.policy.policy_id,
            "problems": [source.content for source in self.problems],
            "sampling": digest(identity),
            "rounds": self.sampling.rounds,
        }
        return artifact(self.home, "profiles", inputs, details={"sampling": {**identity, "hints": digest(self.hints)}})

    def is_done(self, target: Artifact) -> bool:
        return target.is_complete and not missing_of(target)

    def shortfall(self, made: Artifact) -> Shortfall | None:
        return shortfall_of(made)

    def said(self) -> str:
        rounds = rounds_named(self.stops.manifest["rounds"] if self.stops else 0, self.sampling.rounds)
        return f"sample {problems_named(self.problems)} with {self.policy.name}{self.purpose}, {rounds}"

    @property
    def purpose(self) -> str:
        """What a step's name says of hints, empty where there is nothing to say."""
        return " and hints" if self.hints_from else " for the bands of hints" if self.for_bands else ""

    @property
    def drawn_with(self) -> int:
        """The seed that the seeds of responses are derived from."""
        return seed_for_bands(self.seed) if self.for_bands else self.seed

    def foretold(self) -> dict[str, Any]:
        return {"policy_name": self.policy.name, "rounds": self.sampling.rounds}

    def work(self) -> Work:
        """The completions that are drawn for it. Where it is not known yet how many, they are at most so many: every problem carries a
        hint, none is settled, nothing is drawn."""
        if not all(source.is_complete for source in self.problems):
            count = all_problems(self.problems)
            return Work() if count is None else self.most_work(count)
        lake = Lake(self.home)
        if self.policy.policy_id and all(other is None or other.is_complete for other in (self.hints_from, self.stops)):
            spec = self.spec()
            asked = problems_of(spec)
            left = missing_keys(spec, asked)
            finished = written_down(journal_folder(lake, self.policy.policy_id, spec.sampling_id), left)
            return self.work_of(len(wanted_keys(spec, asked)), len(left) - len(finished), lake)
        ids = pl.concat(read_parquet(source.file("problems.parquet"), columns=["problem_id"]) for source in self.problems)
        return self.most_work(ids.n_unique(), lake)

    def most_work(self, problems: int, lake: Lake | None = None) -> Work:
        """All rounds of all these problems, or all after those that `stops` has seen."""
        before = self.stops.manifest["rounds"] if self.stops else 0
        count = problems * (self.sampling.rounds - (before if is_known(before) else 0))
        return replace(self.work_of(count, count, lake), up_to=True)

    def work_of(self, completions: int, left: int, lake: Lake | None) -> Work:
        """So many completions, and the tokens of those left."""
        likely = likely_tokens(lake, left) if lake else None
        return Work(completions=completions, left=left, most_tokens=left * self.sampling.max_tokens, likely_tokens=likely)

    @cached_property
    def hints(self) -> Hints | None:
        """Band and accuracy of the problems whose band carries a hint; None without a difficulty to take them from."""
        if self.hints_from is None:
            return None
        rows = read_parquet(self.hints_from.file("difficulty.parquet"), columns=["problem_id", "band", "accuracy"])
        carried = rows.filter(pl.col("band").is_in(list(self.prompting.hints.by_band)))
        return {problem_id: (band, accuracy) for problem_id, band, accuracy in carried.iter_rows()}

    def spec(self) -> SampleSpec:
        """What the sampling process is asked for."""
        return SampleSpec(
            home=Lake(self.home).home,
            policy=self.policy,
            prompting=self.prompting,
            sampling=self.sampling,
            sampling_id=sampling_id(self.prompting, self.sampling, seed=self.drawn_with, hints=self.hints),
            problems=tuple(source.file("problems.parquet") for source in self.problems),
            hints=self.hints,
            seed=self.drawn_with,
            first_round=self.stops.manifest["rounds"] if self.stops else 0,
            among=self.stops.file("undecided.parquet") if self.stops else None,
        )


def likely_tokens(lake: Lake, completions: int) -> int | None:
    """The tokens of so many completions, if they get as long as those in the lake are on average."""
    planner = PLANNER.get()
    mean = planner.once(f"mean tokens in {lake.home}", partial(mean_tokens, lake)) if planner else mean_tokens(lake)
    return None if mean is None else round(completions * mean)


def mean_tokens(lake: Lake) -> float | None:
    """How long the completions in the lake are on average; None where there are none."""
    return lake.scan("rollouts").select(pl.col("n_tokens").mean()).collect().item()


@room_task(name="sample")
def sample_rollouts(request: SampleRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Draw `sampling.rounds` responses for each problem, and name them as a profile. What cannot be had is set aside with its reason, in
    MISSING and in the manifest; the next run tries it again. Raises InputError where nothing can be had."""
    lake, spec, policy = Lake(request.home), request.spec(), request.policy
    keep_identities(lake, spec, request.for_bands)
    facts = {
        "policy_id": policy.policy_id,
        "sampling_id": spec.sampling_id,
        "rounds": request.sampling.rounds,
        "problems": [source.key for source in request.problems],
        **({"stops": request.stops.key} if request.stops else {}),
    }
    missing = write_missing(draw_missing(lake, spec, folder), folder)
    shards = lake.shards(partition_of(spec, lake))
    write_profile(folder, lake, rollouts=holding(shards, every_problem(spec)["problem_id"]), facts=facts)
    made_from = {"policy_name": policy.name, **({"hints_from": request.hints_from.key} if request.hints_from else {})}
    settings = spec.model_dump(exclude={"home", "hints", "problems", "among", "folder", "replica"}, mode="json")
    return {**facts, **made_from, **missing, "settings": settings}


def draw_missing(lake: Lake, spec: SampleSpec, folder: Path) -> pl.DataFrame:
    """Draw what the lake does not have; gives the keys that could not be had, with reasons. One run at a time appends to a policy's and
    sampling's shards, another waits."""
    with lake.writing("rollouts", spec.policy.policy_id, spec.sampling_id) as partition:
        journal = journal_folder(lake, spec.policy.policy_id, spec.sampling_id)
        sweep(journal, lake.shards(partition))
        problems = problems_of(spec)
        shards = missing_shards(spec, problems)
        if not shards:
            return pl.DataFrame()
        with progress_shown(f"sampling with {spec.policy.name}", folder) as on_progress:
            draw_shards(spec.model_copy(update={"folder": folder}), shards, on_progress)
        sweep(journal, lake.shards(partition))
        left = with_reasons(missing_keys(spec, problems), folder)
    if len(left) and not lake.shards(partition):
        raise InputError(f"none of the {len(left)} completions could be had: {left['reason'][0]}")
    return left


def draw_shards(spec: SampleSpec, shards: list[pl.DataFrame], on_progress: Progress) -> None:
    """Draw shards by processes of this machine, or on a cluster."""
    total = sum(map(len, shards))

    def progressed(done: int) -> None:
        on_progress(min(done, total), total, "rollouts")  # what a process lost when it died is drawn, and told, twice

    if spec.sampling.ray is not None:
        cluster_module().draw_on_ray(spec, shards, progressed)
        return
    with cards_held(get_run_logger().info) if declared(spec.sampling).cards else nullcontext():
        Replicas(spec, shards, progressed, get_run_logger().log).run()


def cluster_module() -> ModuleType:
    """The module that samples on Ray. Raises InputError where Ray is not installed."""
    if not EXTRAS["ray"].is_installed:
        raise InputError(f"sampling.ray: {EXTRAS['ray'].missing}, or leave sampling.ray out")
    return import_module("tasks.sampling.cluster")


def keep_identities(lake: Lake, spec: SampleSpec, for_bands: bool) -> None:
    """Record the policy and the way of sampling, and whether it is only for the bands of hints, so that SQL can name them."""
    spec.policy.record(lake)
    row = {
        "sampling_id": spec.sampling_id,
        "template": spec.prompting.template,
        "hints": bool(spec.hints),
        **spec.sampling.model_dump(include={"temperature", "top_p", "max_tokens"}),
        "settings": spec.prompting.model_dump_json(),
        **({"for_bands": True} if for_bands else {}),  # null else, as of older layouts: the same row as theirs
    }
    lake.record("samplings", row)
