"""A published lake in which everything is there twice, small enough to count by hand: what mixes two of a kind shows in a number.

Two recipes share the base policy, the way of sampling and some problems. `alpha` has run twice, the second time with another temperature,
and was then judged anew by a verifier; `beta` reads only half of a dataset, and calls its own policy `stage1`, too. Some held-out problems
were asked again with hints, unless the lake is made without. Everyone answers eight rounds: a number below is how many of them are right.
"""

import json
import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import Lake, write_parquet
from tasks.steps.runs import note_step, run_of
from tasks.warehouse.publishing import publish
from tests.once import made_once
from tests.sql.rows import problems_artifact, rollouts_of, table, verdicts

ROUNDS = 8
BASE, ALPHA_1, BETA_1 = "ba5e0000", "a1a1a1a1a1a1", "b1b1b1b1b1b1"
WARM, HINTED, COOL = "warm", "hinted", "cool"
OURS, JUDGE = "grader-2+math-verify-0.9.0", "verifier-judge-0123456789abcdef"
RIGHT = {
    (BASE, WARM, OURS): {"t1": 0, "t2": 2, "t3": 6, "t4": 8, "h1": 0, "h2": 4, "h3": 8, "h4": 2, "s1": 4, "s2": 0},
    (BASE, WARM, JUDGE): {"t1": 0, "t2": 4, "t3": 8, "t4": 8, "h1": 0, "h2": 4, "h3": 8, "h4": 2},
    (BASE, COOL, OURS): {"t1": 8, "t2": 8, "t3": 8, "t4": 8},
    (BASE, HINTED, OURS): {"h1": 4, "h4": 8},
    (BASE, HINTED, JUDGE): {"h1": 4, "h4": 8},
    (ALPHA_1, WARM, OURS): {"h1": 4, "h2": 8, "h3": 0, "h4": 8},
    (ALPHA_1, WARM, JUDGE): {"h1": 4, "h2": 8, "h3": 0, "h4": 8},
    (ALPHA_1, HINTED, OURS): {"h1": 8, "h4": 8},
    (ALPHA_1, HINTED, JUDGE): {"h1": 8, "h4": 8},
    (BETA_1, WARM, OURS): {"h1": 0, "h2": 6},
}
SOURCES = {"alpha": ["t1", "t2", "t3", "t4"], "half": ["t1", "t2"], "shapes": ["s1", "s2"], "heldout": ["h1", "h2", "h3", "h4"]}
SOURCES |= {"half held out": ["h1", "h2"]}
ANSWERED: dict[str, list[tuple[str, str, str, list[str]]]] = {
    "alpha": [
        (BASE, WARM, "base", ["alpha"]),
        (BASE, WARM, "base", ["heldout"]),
        (ALPHA_1, WARM, "stage1", ["heldout"]),
        (BASE, HINTED, "base", ["heldout"]),
        (ALPHA_1, HINTED, "stage1", ["heldout"]),
    ],
    "beta": [
        (BASE, WARM, "base", ["half", "shapes"]),
        (BASE, WARM, "base", ["half held out"]),
        (BETA_1, WARM, "stage1", ["half held out"]),
    ],
}


def problem(name: str) -> dict[str, Any]:
    """A problem: t of sums to train on, h of sums held out, s of shapes. Odd ones are of another subject; levels fall from 9."""
    number = int(name[1])
    place = {"t": ("sums", "train"), "h": ("sums", "heldout"), "s": ("shapes", "train")}[name[0]]
    metadata = {"subject": "adding" if number % 2 else "taking away", "level": 9 - number}
    fields = {"problem_id": name, "source_id": f"id-{name}", "dataset": place[0], "split": place[1], "row": number}
    return fields | {"question": "What is it?", "metadata": json.dumps(metadata)}


def letters(name: str, right: int) -> str:
    """The verdicts of eight rounds; of t2 the last two answers could not be read."""
    said = "c" * right + "i" * (ROUNDS - right)
    return said[:-2] + "uu" if name == "t2" and right < ROUNDS - 1 else said


def answers(lake: Lake, hinted: bool) -> None:
    """Rollouts and verdicts. Right answers have 10 tokens, others 20, those to t1 are cut off at 40; a token takes a tenth of a second."""
    for (policy, sampling, grader), right in RIGHT.items():
        if sampling == HINTED and not hinted:
            continue
        ids = {"policy_id": policy, "sampling_id": sampling}
        rows = [row | ids for name, k in right.items() for row in verdicts(name, letters(name, k), grader_id=grader)]
        for row in rows:
            wrong = "7" if row["problem_id"] == "t1" else str(row["round"])
            row["extracted"] = {"correct": "1", "incorrect": wrong}.get(row["verdict"], "")
        lake.append(lake.partition("verdicts", grader, policy, sampling), "verdicts", table("verdicts", rows), "all")
        if grader == OURS:
            drawn = [row | written(said) for row, said in zip(rollouts_of(rows), rows, strict=True)]
            lake.append(lake.partition("rollouts", policy, sampling), "rollouts", table("rollouts", drawn), "all")
            tokens = sum(row["n_tokens"] for row in drawn)
            lake.record("draws", ids | {"engine": "vllm", "responses": len(drawn), "tokens": tokens, "seconds": tokens / 10})


def written(said: dict[str, Any]) -> dict[str, Any]:
    """What a response looks like that was judged so."""
    tokens = 40 if said["problem_id"] == "t1" else 10 if said["verdict"] == "correct" else 20
    hint = "hard" if said["sampling_id"] == HINTED else ""
    return {
        "response": f"it is {said['extracted']}",
        "n_tokens": tokens,
        "finish_reason": "length" if tokens == 40 else "stop",
        "hint": hint,
    }


def made(lake: Lake, kind: str, name: str, facts: dict[str, Any], **tables: tuple[str, Sequence[dict[str, Any]]]) -> Artifact:
    """A complete artifact, with tables by the names of their relations: where each lies, and its rows."""
    target = artifact(lake.home, kind, {"name": name})
    with building(target, facts) as folder:
        for relation, (place, rows) in tables.items():
            write_parquet(table(relation, rows), folder / place)
    return target


def profiled(lake: Lake, sources: dict[str, Artifact], recipe: str, *, sampling: str | None = None, hinted: bool = True) -> list[Artifact]:
    """The profiles of a recipe's run; with `sampling` only the first of them, drawn so."""
    found = []
    for policy, way, name, asked in ANSWERED[recipe][: 1 if sampling else None]:
        if way == HINTED and not hinted:
            continue
        facts = {
            "policy_id": policy,
            "sampling_id": sampling or way,
            "policy_name": name,
            "problems": [sources[part].key for part in asked],
        }
        found.append(made(lake, "profiles", f"{recipe} {facts}", facts))
    return found


def judged(lake: Lake, profiles: Sequence[Artifact], grader: str) -> list[Artifact]:
    """The graded answers of profiles."""
    return [made(lake, "graded", f"{item.key} {grader}", {"profile": item.key, "grader_id": grader}) for item in profiles]


def stage(lake: Lake, name: str, groups: Sequence[tuple[int, str, int, float]], rewards: Sequence[float]) -> Artifact:
    """A training stage with groups of four: step, problem, right answers and prior."""
    target = artifact(lake.home, "stages", {"name": name})
    rows = [
        {"stage_id": target.key, "step": step, "problem_id": who, "correct": right, "accuracy": right / 4, "prior": prior}
        for step, who, right, prior in groups
    ]
    metrics = [{"stage_id": target.key, "step": step, "value": value} for step, value in enumerate(rewards, start=1)]
    facts = {"curated": artifact(lake.home, "curated", {"name": name}).key, "stage": "stage1", "settings": {"group_size": 4}}
    tables = {"groups": ("groups/g.parquet", rows), "metrics": ("metrics/m.parquet", metrics)}
    if name == "alpha":  # which chose what it drew
        why = ["explore" if row["step"] == 2 and row["problem_id"] == "t3" else "prior" for row in rows]
        drawn = [{name: row[name] for name in ("stage_id", "step", "problem_id", "correct")} for row in rows]
        draws = [row | {"place": place, "why": what} for place, (row, what) in enumerate(zip(drawn, why, strict=True), 1)]
        tables["selections"] = ("selections/s.parquet", draws)
    return made(lake, "stages", name, facts, **tables)


def curated(lake: Lake, name: str, chosen: Sequence[tuple[str, str, float, str]]) -> Artifact:
    """A set: stage, problem, accuracy and band."""
    target = artifact(lake.home, "curated", {"name": name})
    rows = [
        {"set_id": target.key, "stage": part, "problem_id": who, "dataset": problem(who)["dataset"]}
        | {"accuracy": accuracy, "band": band, "rank": rank}
        for rank, (part, who, accuracy, band) in enumerate(chosen, start=1)
    ]
    first = [(who, accuracy) for part, who, accuracy, _ in chosen if part == "stage1" and 0 < accuracy < 1]
    known = {who: math.log(accuracy / (1 - accuracy)) for who, accuracy in first}
    profile = {"problem_id": list(known), "logit_mean": list(known.values()), "logit_variance": [0.5] * len(known)}
    with building(target, {"stages": {}}) as folder:
        write_parquet(table("curated", rows), folder / "curated.parquet")
        write_parquet(
            pl.DataFrame(profile, schema=dict.fromkeys(profile, pl.Float64) | {"problem_id": pl.String}), folder / "stage1.parquet"
        )
    return target


def evaluated(lake: Lake, name: str, arms: dict[tuple[str, str, bool], dict[str, int]]) -> Artifact:
    """An evaluation: by policy, its name and whether with hints, how many of each problem's eight answers are right."""
    target = artifact(lake.home, "evaluations", {"name": name})
    rows = [
        {"evaluation_id": target.key, "policy_id": policy, "policy": called, "hints": hints, "dataset": "sums", "split": "heldout"}
        | {"problem_id": who, "n": ROUNDS, "k": right}
        for (policy, called, hints), solved in arms.items()
        for who, right in solved.items()
    ]
    return made(lake, "evaluations", name, {}, evaluations=("evaluations.parquet", rows))


def identities(lake: Lake, stages: dict[str, Artifact], hinted: bool) -> None:
    """Policies, ways of sampling, and graders: ours has judged first, the verifier later."""
    known = {BASE: ("base", "base", "", ""), ALPHA_1: ("stage1", "stage", BASE, "alpha"), BETA_1: ("stage1", "stage", BASE, "beta")}
    for policy, (name, kind, parent, recipe) in known.items():
        stage_id = stages[recipe].key if recipe else ""
        lake.record("policies", {"policy_id": policy, "name": name, "kind": kind, "model": "m", "parent_id": parent, "stage_id": stage_id})
    for sampling, temperature, hints in ((WARM, 1.0, False), (COOL, 0.5, False), *([(HINTED, 1.0, True)] if hinted else [])):
        way = {"template": "plain", "hints": hints, "temperature": temperature, "top_p": 1.0, "max_tokens": 40}
        lake.record("samplings", {"sampling_id": sampling, **way})
    for day, (grader, name) in enumerate({OURS: "grader-2", JUDGE: "mine.py:judge"}.items(), start=1):
        lake.record("graders", {"grader_id": grader, "name": name, "first_judged": datetime(2026, 1, day)})


def beside_recipes(lake: Lake) -> None:
    """What no recipe's run has: a problem with two answers, a row that was refused when two recipes read it, and look-alikes."""
    conflict = {"problem_id": "x1", "dataset": "old", "source_id": "id-x1", "question": "?"}
    problems_artifact(lake.home, [conflict, conflict | {"gold_id": "other", "answer": "2"}], "old")
    refused = {"dataset": "sums", "split": "train", "source": "sums.jsonl", "row": 9, "column": "answer", "reason": "no answer"}
    for copy in ("one", "two"):
        write_parquet(table("rejected", [refused]), lake.home / "problems" / copy / "rejected.parquet")
    alike = {"kind": "near", "text_similarity": 0.9, "image_distance": None}
    pairs = [{"problem_id": "h4", "other_id": "t4"}, {"problem_id": "t2", "other_id": "t3"}]
    write_parquet(table("near_pairs", [pair | alike for pair in pairs]), lake.home / "similarity" / "s" / "near_pairs.parquet")


def run(recipe: str, flow: str, *parts: Sequence[Artifact]) -> None:
    """A run that makes or finds these artifacts."""
    with run_of(recipe, flow):
        for item in (item for part in parts for item in part):
            note_step(item.kind, item)


def the_mixed_lake(factory: pytest.TempPathFactory) -> Lake:
    """The lake, the same for all test processes, to be read only."""
    return Lake(made_once(factory, "mixed-lake", lambda folder: mixed_lake(folder / "runs")) / "runs")


def mixed_lake(home: Path, *, hinted: bool = True) -> Lake:
    """The lake, with its warehouse; without `hinted` the same where nobody was ever given a hint."""
    lake = Lake(home)
    sources = {name: problems_artifact(lake.home, [problem(who) for who in held], name) for name, held in SOURCES.items()}
    stages = {
        "alpha": stage(lake, "alpha", [(1, "t2", 0, 0.25), (1, "t3", 4, 0.75), (2, "t2", 2, 0.25), (2, "t3", 4, 0.75)], [0.5, 0.75]),
        "beta": stage(lake, "beta", [(1, "s1", 2, 0.5), (1, "t2", 0, 0.25)], [0.25]),
    }
    identities(lake, stages, hinted)
    answers(lake, hinted)
    beside_recipes(lake)
    before = profiled(lake, sources, "alpha", sampling=COOL)
    old = [curated(lake, "old", [("stage1", "t1", 1.0, "trivial")])]
    old += [evaluated(lake, "old", {(BASE, "base", False): {"h1": 8, "h2": 8, "h3": 8, "h4": 8}})]
    read = [sources["alpha"], sources["heldout"]]
    run("alpha", "pipeline", read, before, judged(lake, before, OURS), old)
    now = profiled(lake, sources, "alpha", hinted=hinted)
    run(
        "alpha",
        "pipeline",
        [sources["alpha"], sources["heldout"]],
        now,
        judged(lake, now, OURS),
        results_of_alpha(lake, hinted),
        [stages["alpha"]],
    )
    others = profiled(lake, sources, "beta")
    read = [sources[name] for name in ("half", "shapes", "half held out")]
    run("beta", "pipeline", read, others, judged(lake, others, OURS), results_of_beta(lake), [stages["beta"]])
    run("alpha", "regrade", judged(lake, now, JUDGE))
    publish(lake, DifficultySettings())
    return lake


def results_of_alpha(lake: Lake, hinted: bool) -> list[Artifact]:
    """Its set and its evaluation; a problem without a hint is in both halves of it alike."""
    plain, trained = RIGHT[BASE, WARM, OURS], RIGHT[ALPHA_1, WARM, OURS]
    held = SOURCES["heldout"]
    arms = {
        (BASE, "base", False): {who: plain[who] for who in held},
        (ALPHA_1, "stage1", False): {who: trained[who] for who in held},
        (BASE, "base", True): {who: {**plain, **RIGHT[BASE, HINTED, OURS]}[who] for who in held},
        (ALPHA_1, "stage1", True): {who: {**trained, **RIGHT[ALPHA_1, HINTED, OURS]}[who] for who in held},
    }
    arms = {arm: solved for arm, solved in arms.items() if hinted or not arm[2]}
    chosen = [("stage1", "t2", 0.25, "hard"), ("stage1", "t3", 0.75, "easy"), ("stage2", "t3", 0.75, "easy")]
    return [curated(lake, "alpha", chosen), evaluated(lake, "alpha", arms)]


def results_of_beta(lake: Lake) -> list[Artifact]:
    """Its set and its evaluation."""
    arms = {(BASE, "base", False): {"h1": 0, "h2": 4}, (BETA_1, "stage1", False): {"h1": 0, "h2": 6}}
    return [curated(lake, "beta", [("stage1", "s1", 0.5, "medium"), ("stage1", "t2", 0.25, "hard")]), evaluated(lake, "beta", arms)]
