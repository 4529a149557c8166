"""The task that reads what a stage's own groups say of the policy that it left, so that only the other problems are sampled anew.

It is a `stops` artifact, as adaptive rounds make: the problems that groups tell enough about are settled before the first round.
"""

from pathlib import Path
from typing import Any

import polars as pl

from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import grader_id
from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import read_parquet, write_parquet
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.requests import sampling_id
from tasks.sampling.settings import SamplingSettings
from tasks.steps.caching import room_task
from tasks.steps.naming import problems_named
from tasks.steps.request import StepRequest
from tasks.training.answered import answers_of, drawn_groups, fresh_groups, still_moving, window

VERSION = 1
COUNTS = "counts.parquet"


class AnsweredRequest(StepRequest):
    """A trained `stage` and the `policy` that it left; the problems, and how a profile asks them; and which of the stage's groups count.

    Those are of the share `within` of its last steps. A problem with at least `least` answers in them needs no new ones.
    """

    stage: Artifact
    policy: Policy
    problems: tuple[Artifact, ...]
    prompting: PromptingSettings
    sampling: SamplingSettings
    grading: GradingSettings
    seed: int
    within: float
    least: int

    def target(self) -> Artifact:
        inputs = {
            "version": VERSION,
            "stage": self.stage.content,
            "policy": self.policy.policy_id,
            "problems": [source.content for source in self.problems],
            "sampling": self.asked()["sampling_id"],
            "grader": self.asked()["grader_id"],
            "within": self.within,
            "least": self.least,
        }
        return artifact(self.home, "stops", inputs)

    def asked(self) -> dict[str, str]:
        """How the profile asks and who judges, which the groups share."""
        named = sampling_id(self.prompting, self.sampling, seed=self.seed, hints=None)
        return {"sampling_id": named, "grader_id": grader_id(self.grading)}

    def said(self) -> str:
        return f"read what training has answered of {problems_named(self.problems)} with {self.policy.name}"

    def foretold(self) -> dict[str, Any]:
        return {"policy_name": self.policy.name, "rounds": 0}


def groups_of(stage: Artifact) -> pl.DataFrame:
    """The groups that a stage drew: those recorded, and of one that refills all its draws, with the priors of the set that it was given."""
    told = stage.manifest
    if not told["settings"].get("refill", {}).get("tries"):
        return read_parquet(stage.file("groups/groups.parquet"))
    chosen = Artifact(home=stage.home, kind="curated", key=told["curated"])
    priors = read_parquet(chosen.file(f"{told['stage']}.parquet"), columns=["problem_id", "prior"])
    return drawn_groups(read_parquet(stage.file("selections/selections.parquet")), priors)


@room_task(name="read training's answers")
def find_answered(request: AnsweredRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write COUNTS (the problems that groups tell enough about, k right of n answers each), `stops.parquet` (these, stopped after 0 rounds)
    and `undecided.parquet` (the others).

    The manifest says how many problems and answers there are, of which steps, and how far the policy still `moved` in these.
    """
    facts, steps = request.stage.manifest, window(request.stage.manifest["kept_step"], request.within)
    fresh = fresh_groups(groups_of(request.stage), steps, hints=bool(facts["settings"]["hints"]))
    places = pl.concat(read_parquet(source.file("problems.parquet"), columns=["problem_id", "gold_id"]) for source in request.problems)
    places = places.unique(maintain_order=True)
    known = answers_of(fresh).filter(pl.col("n") >= request.least).join(places, on="problem_id")
    undecided = places.select("problem_id").unique(maintain_order=True).join(known, on="problem_id", how="anti", maintain_order="left")
    write_parquet(known, folder / COUNTS)
    write_parquet(known.select("problem_id", rounds=pl.lit(0, pl.Int64)), folder / "stops.parquet")
    write_parquet(undecided, folder / "undecided.parquet")
    return {
        "policy_id": request.policy.policy_id,
        "policy_name": request.policy.name,
        **request.asked(),
        "rounds": 0,
        "decided": len(known),
        "undecided": len(undecided),
        "answers": int(known["n"].sum()),
        "stage": facts["stage"],
        "stage_id": request.stage.key,
        "steps": [steps.first, steps.last],
        "moved": still_moving(fresh, steps),
    }
