"""A published lake whose variances are known: problems of a U, an evaluation of two policies, and a study of an arm and its baseline."""

from pathlib import Path

import numpy as np

from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import Lake, write_parquet
from tasks.steps.runs import note_step, run_of
from tasks.warehouse.publishing import publish
from tests.sql.rows import problems_artifact, rollouts_of, table, verdicts

PROBLEMS, ROUNDS, SAMPLES, HELD_OUT = 300, 8, 4, 400
GAIN, DEVIATION = 0.06, 0.02  # of an arm over its baseline, and of either from seed to seed


def profiled(lake: Lake, numbers: np.random.Generator, rounds: int = ROUNDS) -> None:
    """A recipe that has asked its base policy problems of a U, so many rounds."""
    right = numbers.binomial(rounds, numbers.beta(0.5, 0.5, PROBLEMS))
    names = [f"t{place:03}" for place in range(PROBLEMS)]
    source = problems_artifact(lake.home, [{"problem_id": name} for name in names])
    rows = [row for name, k in zip(names, right, strict=True) for row in verdicts(name, "c" * k + "i" * (rounds - k))]
    lake.append(lake.partition("rollouts", "base", "warm"), "rollouts", table("rollouts", rollouts_of(rows)), "all")
    lake.append(lake.partition("verdicts", "strict", "base", "warm"), "verdicts", table("verdicts", rows), "all")
    lake.record("policies", {"policy_id": "base", "name": "base", "kind": "base", "model": "m", "parent_id": "", "stage_id": ""})
    lake.record("samplings", {"sampling_id": "warm", "template": "plain", "hints": False, "temperature": 1.0, "max_tokens": 9})
    with run_of("mine", "pipeline"):
        ids = {"policy_id": "base", "sampling_id": "warm", "policy_name": "base", "problems": [source.key]}
        profile, graded = (artifact(lake.home, kind, {"name": "base"}) for kind in ("profiles", "graded"))
        for target, facts in ((profile, ids), (graded, {"profile": profile.key, "grader_id": "strict"})):
            with building(target, facts):
                pass
            note_step(target.kind, target)


def evaluated(lake: Lake, numbers: np.random.Generator, samples: int = SAMPLES) -> None:
    """The recipe's newest run has evaluated its base policy and a stage that is a little better."""
    p = numbers.beta(0.5, 0.5, HELD_OUT)
    rows = evaluation_rows("e", {"base": p, "stage1": np.minimum(p + numbers.choice([0, 0.2], HELD_OUT), 1)}, numbers, samples)
    write_parquet(table("evaluations", rows), lake.home / "evaluations" / "e" / "evaluations.parquet")
    with run_of("mine", "pipeline"):
        note_step("evaluations", Artifact(home=lake.home, kind="evaluations", key="e"))


def evaluation_rows(key: str, policies: dict[str, np.ndarray], numbers: np.random.Generator, samples: int) -> list[dict[str, object]]:
    """How often each problem is solved by policies of these accuracies."""
    return [
        {"evaluation_id": key, "policy_id": f"{key}-{policy}", "policy": policy, "split": "heldout", "problem_id": f"h{place:03}"}
        | {"n": samples, "k": int(k)}
        for policy, accuracies in policies.items()
        for place, k in enumerate(numbers.binomial(samples, accuracies))
    ]


def studied(lake: Lake, numbers: np.random.Generator, seeds: int = 8, name: str = "trial") -> None:
    """A study of so many seeds."""
    arms, rows, runs, stages = {"base": 0.0, "plain": 0.1, "better": 0.1 + GAIN}, [], [], []
    target = artifact(lake.home, "studies", {"name": name})
    for place, (arm, gain) in enumerate(arms.items()):
        for seed in range(seeds):
            key = f"{name}-{arm}-{seed}"
            level = 0.5 + gain + (numbers.normal(0, DEVIATION) if gain else 0.0)
            rows += evaluation_rows(key, {arm: np.full(HELD_OUT, level)}, numbers, SAMPLES)
            about = {"study_id": target.key, "arm": arm, "seed": seed, "place": place}
            runs.append(
                about | {"about": "", "adds_to": "", "is_baseline": arm == "plain", "policy_id": f"{key}-{arm}", "evaluation_id": key,
                         "profile_completions": 0, "targets": []}
            )  # fmt: skip
            stage = {"place": 0, "stage": "stage1", "stage_id": key, "set_id": "s", "steps": 2, "completions": 8}
            stages += [about | stage] if gain else []
    write_parquet(table("evaluations", rows), lake.home / "evaluations" / name / "evaluations.parquet")
    with building(target, {"name": name}) as folder:
        write_parquet(table("studies", runs), folder / "studies.parquet")
        write_parquet(table("study_stages", stages), folder / "study_stages.parquet")


def powerful_lake(home: Path) -> Lake:
    """A lake with all of it."""
    lake, numbers = Lake(home), np.random.default_rng(23)
    with run_of("mine", "pipeline"):
        profiled(lake, numbers)
        evaluated(lake, numbers)
    studied(lake, numbers)
    publish(lake, DifficultySettings())
    return lake
