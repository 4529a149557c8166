"""A published lake with something of everything that the warehouse tells: policies, two graders, hints, faults, copies, a training run.

Written by the lake's own parts; only what a model would say is made up.
"""

import json
import random
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
from PIL import Image

from tasks.auditing.draw import draw_audit
from tasks.auditing.labels import LABELS, keep_labels
from tasks.auditing.settings import AuditSettings
from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import Lake, write_parquet
from tasks.problems.images import ImageLimits, keep_image
from tasks.similarity.settings import SimilaritySettings
from tasks.similarity.task import SimilarityRequest, find_near_duplicates
from tasks.steps.runs import note_step, run_of
from tasks.warehouse.publishing import publish
from tests.sql.rows import problems_artifact, rollouts_of, table, verdicts

POLICIES = {"base": 0.0, "stage1": 0.15, "stage2": 0.3}
ROUNDS = 8
WORDS = ["angle", "side", "area", "sum", "red", "blue", "circle", "square", "line", "point", "half", "third", "twice", "length", "height"]
SUBJECTS = ("angles", "areas", "sums")


def picture(lake: Lake, chance: random.Random) -> str:
    """A picture of 64 large coloured cells, kept in the lake."""
    cells = Image.new("RGB", (8, 8))
    cells.putdata([tuple(chance.randrange(256) for _ in range(3)) for _ in range(64)])  # type: ignore[arg-type, misc]
    content = BytesIO()
    cells.resize((64, 64), Image.Resampling.NEAREST).save(content, "PNG")
    return keep_image(lake, content.getvalue(), ImageLimits(folder=None, pixels=10_000, bytes=100_000))


def problem(lake: Lake, chance: random.Random, name: str, dataset: str, split: str, **changes: Any) -> dict[str, Any]:
    """One problem; those of `geometry` have a picture, some of the others choices."""
    number = int(name[1:])
    pictured = dataset == "geometry"
    question = " ".join(chance.choice(WORDS) for _ in range(30)) + f" {number}?"
    facts = {"subject": SUBJECTS[number % 3], "level": number % 5, "source": "book" if number % 2 else "web"}
    fields = {
        "problem_id": name,
        "dataset": dataset,
        "split": split,
        "source_id": f"id-{name}",
        "question": ("<image>" if pictured else "") + question,
        "images": [picture(lake, chance)] if pictured else [],
        "choices": ["one", "two"] if not pictured and number % 4 == 0 else [],
        "answer": ("A", "12", "3.5", "1/2", r"\sqrt{2}", "blue", "a red line")[number % 7],
        "metadata": json.dumps(facts),
    }
    return fields | changes


def problems(lake: Lake, chance: random.Random) -> list[list[dict[str, Any]]]:
    """The rows of three sources: two to train on, one held out that holds a copy, a near copy and a picture of what is trained on."""
    geometry = [problem(lake, chance, f"g{number:02}", "geometry", "train") for number in range(24)]
    algebra = [problem(lake, chance, f"a{number:02}", "algebra", "train") for number in range(24)]
    heldout = [problem(lake, chance, f"h{number:02}", "geometry", "heldout") for number in range(13)]
    algebra[1] |= {"question": f"{algebra[0]['question']} exactly", "choices": algebra[0]["choices"]}  # a near copy among the trained on
    algebra.append({**geometry[5], "dataset": "algebra", "gold_id": "other", "answer": "99"})  # two answers to one problem
    exact = {**geometry[0], "split": "heldout"}
    near = {"question": f"{geometry[1]['question']} exactly", "images": geometry[1]["images"], "choices": []}
    heldout[0] |= near
    heldout[1] |= {"images": geometry[2]["images"]}
    for version in heldout[-2:]:
        version["metadata"] = json.dumps({"version_of": "17"})
    return [geometry, algebra, [*heldout, exact]]


def said(chance: random.Random, name: str, policy: str) -> str:
    """A problem's verdicts, a letter a round: a U over the problems, better with training, and some that are told apart on purpose."""
    on_purpose = {
        "g03": {"base": "c" * ROUNDS, "stage1": "c" * ROUNDS, "stage2": "i" * ROUNDS},
        "g04": dict.fromkeys(POLICIES, "i" * ROUNDS),
    }
    on_purpose |= {"a06": dict.fromkeys(POLICIES, "s" * ROUNDS), "a07": dict.fromkeys(POLICIES, "ccuuttcc")}
    if name in on_purpose:
        return on_purpose[name][policy]
    p = min(1.0, random.Random(name).betavariate(0.4, 0.6) + POLICIES[policy])
    return "".join("c" if chance.random() < p else "i" for _ in range(ROUNDS))


def heard_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a judge has said of the second round: yes where the verdict is right."""
    asked = [row for row in rows if row["round"] == 1]
    keys = ("problem_id", "policy_id", "round", "grader_id")
    return [{**{key: row[key] for key in keys}, "first_verdict": "incorrect", "accepts": row["verdict"] == "correct"} for row in asked]


def answers(lake: Lake, chance: random.Random, names: list[str]) -> None:
    """Rollouts and verdicts of every policy, the base policy's judged by an older grader too."""
    for policy in POLICIES:
        rows = [row | {"policy_id": policy} for name in names for row in verdicts(name, said(chance, name, policy), grader_id="grader-2")]
        for row in rows:
            row["extracted"] = "7" if row["verdict"] == "incorrect" and row["problem_id"] == "g04" else str(chance.randrange(9))
        drawn = [row | rollout(chance, rows[place]) for place, row in enumerate(rollouts_of(rows))]
        lake.append(lake.partition("rollouts", policy, "warm"), "rollouts", table("rollouts", drawn), "all")
        lake.append(lake.partition("verdicts", "grader-2", policy, "warm"), "verdicts", table("verdicts", rows), "all")
        lake.append(lake.partition("opinions", "grader-2", policy, "warm"), "opinions", table("opinions", heard_of(rows)), "all")
        if policy == "base":
            older = [row | {"grader_id": "grader-1", "verdict": "unparseable" if row["round"] == 0 else row["verdict"]} for row in rows]
            lake.append(lake.partition("verdicts", "grader-1", policy, "warm"), "verdicts", table("verdicts", older), "all")
        tokens = sum(row["n_tokens"] for row in drawn)
        took = {"responses": len(drawn), "tokens": tokens, "seconds": tokens / 1000}
        lake.record("draws", {"policy_id": policy, "sampling_id": "warm", "engine": "vllm", **took})


def rollout(chance: random.Random, verdict: dict[str, Any]) -> dict[str, Any]:
    """What a response looks like: wrong ones are longer, and some are cut off."""
    wrong = verdict["verdict"] != "correct"
    cut = wrong and chance.random() < 0.2
    return {
        "response": f"it is {verdict['extracted']}",
        "n_tokens": chance.randrange(20, 60) + 60 * wrong,
        "finish_reason": "length" if cut else "stop",
    }


def training(lake: Lake, chance: random.Random) -> None:
    """What two stages leave: sets, groups, selections and metrics."""
    chosen = [
        {"stage": stage, "problem_id": f"g{number:02}", "rank": rank, "accuracy": number / 24, "band": "medium"}
        for stage, first in (("stage1", 6), ("stage2", 10))
        for rank, number in enumerate(range(first, first + 8), 1)
    ]
    with building(Artifact(home=lake.home, kind="curated", key="set"), {"policy_id": "base", "sampling_id": "warm"}) as folder:
        write_parquet(table("curated", chosen), folder / "curated.parquet")
        names = [f"g{number:02}" for number in range(1, 21)]
        profile = {"problem_id": names, "logit_mean": [number / 10 - 1 for number in range(20)], "logit_variance": [0.5] * 20}
        write_parquet(pl.DataFrame(profile), folder / "stage1.parquet")
    for stage in ("stage1", "stage2"):
        groups = [
            {
                "stage_id": f"{stage}-id",
                "step": step,
                "problem_id": f"g{step:02}",
                "correct": (step + copy) % 5,
                "accuracy": (step + copy) % 5 / 4,
            }
            | {"prior": chance.random(), "hinted": (stage, step, copy) == ("stage2", 1, 0)}
            for step in range(1, 21)
            for copy in range(3)
        ]
        selections = [
            {"stage_id": f"{stage}-id", "step": step, "place": place, "problem_id": f"g{(step + place) % 24:02}", "correct": step % 5}
            | {"why": why, "p_mean": chance.random()}
            for step in range(1, 21)
            for place, why in enumerate(("prior", "explore", "refill"), 1)
        ]
        metrics = [
            {"stage_id": f"{stage}-id", "step": step, "name": name, "value": value}
            for step in range(1, 21)
            for name, value in (
                ("reward", step / 20),
                ("validation/accuracy", step / 25),
                ("num_tokens", 100.0 * step),
                ("completions/mean_length", 5.0),
            )
        ]
        with building(Artifact(home=lake.home, kind="stages", key=f"{stage}-id"), {"curated": "set", "stage": stage}) as folder:
            for name, rows in (("groups", groups), ("selections", selections), ("metrics", metrics)):
                write_parquet(table(name, rows), folder / name / f"{name[0]}.parquet")


def evaluations(lake: Lake, chance: random.Random, names: list[str]) -> None:
    """Held-out results of every policy, hints off and on."""
    rows = [
        {"policy_id": policy, "policy": policy, "hints": hints, "split": "heldout", "problem_id": name, "n": 4}
        | {"k": min(4, chance.randrange(4) + hints)}
        for policy in POLICIES
        for hints in (False, True)
        for name in names
    ]
    write_parquet(table("evaluations", rows), lake.home / "evaluations" / "e" / "evaluations.parquet")


def study(lake: Lake) -> None:
    """A study of two arms with two seeds, of which one trains."""
    common = {"study_id": "study", "about": "", "evaluation_id": "e", "profile_completions": 8, "targets": [0.2, 0.9]}
    arms = {"plain": ("base", True, ""), "weighted": ("stage1", False, "plain")}
    runs = [
        common | {"arm": arm, "place": place, "adds_to": adds_to, "is_baseline": is_baseline, "seed": seed, "policy_id": policy}
        for place, (arm, (policy, is_baseline, adds_to)) in enumerate(arms.items())
        for seed in (0, 1)
    ]
    stage = {"study_id": "study", "arm": "weighted", "place": 0, "stage": "stage1", "stage_id": "stage1-id", "set_id": "set", "steps": 20}
    trained = [stage | {"seed": seed, "completions": 240, "profile_completions": 8, "profile_tokens": 40} for seed in (0, 1)]
    tried = {"study_id": "study", "arm": "weighted", "learning_rate": 1e-4, "seed": 7, "accuracy": 0.5, "is_chosen": True, "answers": 800}
    named = [{"study_id": "study", "place": 0, "arm": "weighted", "against": "plain", "registered_at": datetime(2026, 1, 1)}]
    for relation, rows in (("studies", runs), ("study_stages", trained), ("study_primaries", named), ("study_pilots", [tried])):
        write_parquet(table(relation, rows), lake.home / "studies" / "study" / f"{relation}.parquet")


def recipe_run(lake: Lake, sources: tuple[Artifact, ...]) -> None:
    """That all of it is of a recipe's run, and when its grader first judged."""
    lake.record("graders", {"grader_id": "grader-2", "name": "grader-2", "first_judged": datetime(2026, 1, 1)})
    with run_of("whole", "pipeline"):
        for policy in POLICIES:
            ids = {"policy_id": policy, "sampling_id": "warm", "policy_name": policy, "problems": [source.key for source in sources]}
            profile, graded = (artifact(lake.home, kind, {"name": policy}) for kind in ("profiles", "graded"))
            for target, facts in ((profile, ids), (graded, {"profile": profile.key, "grader_id": "grader-2"})):
                with building(target, facts):
                    pass
                note_step(target.kind, target)
        for kind, key in (("curated", "set"), ("stages", "stage1-id"), ("stages", "stage2-id"), ("evaluations", "e")):
            note_step(kind, Artifact(home=lake.home, kind=kind, key=key))


def audit(lake: Lake, chance: random.Random) -> None:
    """That two people have labelled an audit of the newest grader, not always alike."""
    drawn = draw_audit(lake, AuditSettings(recipe="whole", n=40)).drawn
    for person in ("ada", "bob"):
        sheet = lake.home.parent / f"{person}.jsonl"
        rows = [{"id": name, "label": chance.choice(LABELS)} for name in drawn["response_id"]]
        sheet.write_text("".join(json.dumps(row) + "\n" for row in rows))
        keep_labels(lake, sheet, person)


def whole_lake(home: Path) -> Lake:
    """The lake, with its warehouse."""
    lake, chance = Lake(home), random.Random(5)
    sources = problems(lake, chance)
    made = tuple(problems_artifact(lake.home, rows, str(place)) for place, rows in enumerate(sources))
    find_near_duplicates.fn(SimilarityRequest(home=lake.home, problems=made, settings=SimilaritySettings()))
    rejected = {"dataset": "algebra", "split": "train", "source": "a.jsonl", "row": 9, "column": "answer", "reason": "no answer"}
    write_parquet(table("rejected", [rejected]), lake.home / "problems" / "more" / "rejected.parquet")
    parents = {"base": "", "stage1": "base", "stage2": "stage1"}
    for policy, parent in parents.items():
        stage = f"{policy}-id" if parent else ""
        kind = "stage" if parent else "base"
        lake.record("policies", {"policy_id": policy, "name": policy, "kind": kind, "model": "m", "parent_id": parent, "stage_id": stage})
    lake.record("samplings", {"sampling_id": "warm", "template": "plain", "hints": False, "temperature": 1.0, "max_tokens": 120})
    answers(lake, chance, list(dict.fromkeys(row["problem_id"] for rows in sources for row in rows)))
    training(lake, chance)
    evaluations(lake, chance, [row["problem_id"] for row in sources[2]])
    study(lake)
    recipe_run(lake, made)
    publish(lake, DifficultySettings())
    audit(lake, chance)
    publish(lake, DifficultySettings())
    return lake
