"""The evaluation task: all policies on the held-out problems, per problem and summed up with intervals.

Cached by the content of every arm's graded answers and of the problems, by what was trained on and what is nearly the same, and by every
SQL file used.
"""

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from tasks.evaluation.comparison import EvaluationArm, arm_rows
from tasks.evaluation.near import COPIES, near_facts, near_trained, read_pairs, trained_on
from tasks.evaluation.settings import APART, NEAR
from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import conform, write_parquet
from tasks.steps.caching import room_task
from tasks.steps.request import StepRequest
from tasks.warehouse.building import open_over
from tasks.warehouse.order import sql_digests

VERSION = 3
FILES = {"evaluation": "summary.parquet", "hint_effect": "hint_effect.parquet"}


class EvaluationRequest(StepRequest):
    """Policies under their hint settings with their graded answers, and the held-out problems that these answer.

    With `similarity`, a look for near-duplicates among the problems to train on and held out, those that are nearly the same as one of the
    `sets` that were trained on are also counted apart.
    """

    arms: tuple[EvaluationArm, ...]
    problems: tuple[Artifact, ...]
    similarity: Artifact | None = None
    sets: tuple[Artifact, ...] = ()

    def target(self) -> Artifact:
        inputs = {
            "version": VERSION,
            "arms": [arm_inputs(arm) for arm in self.arms],
            "problems": [source.content for source in self.problems],
            "similarity": self.similarity and self.similarity.content,
            "sets": [item.content for item in self.sets],
            "sql": sql_digests("problem_counts", *FILES),
        }
        return artifact(self.home, "evaluations", inputs)

    def said(self) -> str:
        return "compare the policies on held-out problems"


def arm_inputs(arm: EvaluationArm) -> dict[str, str | bool | None]:
    """What of an arm can change its rows."""
    fallback = arm.fallback.content if arm.fallback else None
    return {**arm.model_dump(include={"policy", "policy_id", "hints"}), "graded": arm.graded.content, "fallback": fallback}


@room_task(name="evaluate")
def evaluate_policies(request: EvaluationRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write `evaluations.parquet` (the lake's relation) and the marts in FILES over it.

    With `similarity` also NEAR, the held-out problems that are nearly the same as one that was trained on, and APART, the mart `evaluation`
    without them.
    """
    arms, similarity = request.arms, request.similarity
    rows = pl.concat(arm_rows(arm, request.problems) for arm in arms).with_columns(evaluation_id=pl.lit(target.key))
    write_parquet(conform(rows, "evaluations"), folder / "evaluations.parquet")
    write_marts(folder / "evaluations.parquet", {mart: folder / name for mart, name in FILES.items()})
    graded = [found.key for arm in arms for found in (arm.graded, arm.fallback) if found]
    facts = {"arms": [arm.model_dump(include={"policy", "policy_id", "hints"}) for arm in arms], "graded": graded}
    return {**facts, **({"near_duplicates": write_apart(rows, similarity, trained_on(request.sets), folder)} if similarity else {})}


def write_marts(evaluations: Path, marts: dict[str, Path]) -> None:
    """Write marts over a file of `evaluations`, each to its path."""
    with closing(open_over({"evaluations": [evaluations]}, wanted=marts)) as connection:
        for mart, path in marts.items():
            write_parquet(connection.table(mart).pl(), path)


def write_apart(rows: pl.DataFrame, similarity: Artifact, trained: pl.Series, folder: Path) -> dict[str, Any]:
    """Write NEAR and APART; gives what the manifest tells of them."""
    heldout = rows["problem_id"].unique()
    near = near_trained(heldout, trained, read_pairs(similarity))
    copies = near.filter(pl.col("kind").is_in(COPIES))
    write_parquet(near, folder / NEAR)
    with TemporaryDirectory() as aside:
        path = Path(aside) / "evaluations.parquet"
        write_parquet(conform(rows.join(copies, on="problem_id", how="anti", maintain_order="left"), "evaluations"), path)
        write_marts(path, {"evaluation": folder / APART})
    return near_facts(heldout, trained, near, similarity)
