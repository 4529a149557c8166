"""A small published lake whose grader errs in a way that is known: each response says itself, at its end, whether it is right."""

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tasks.estimates.settings import DifficultySettings
from tasks.lake.lake import Lake
from tasks.warehouse.publishing import publish
from tests.sql.rows import problems_artifact, table

ROUNDS = 8
RULES = {"letter": (0.7, 0.01, 0.02), "number": (0.25, 0.03, 0.1), "algebra": (0.05, 0.2, 0.4)}
"""How often each rule decides, how often it calls a wrong answer right, and how often it refuses a right one."""
GRADER = "grader-9"


def judged(chance: random.Random, truth: bool) -> tuple[str, str]:
    """What the grader says of a response, and by which rule."""
    rule = chance.choices(list(RULES), [share for share, *_ in RULES.values()])[0]
    _, false_alarm, miss = RULES[rule]
    right = chance.random() >= miss if truth else chance.random() < false_alarm
    if right or chance.random() < 0.8:
        return "correct" if right else "incorrect", rule
    return ("timeout", "too_long") if chance.random() < 0.2 else ("unparseable", "no_answer")


def answers(chance: random.Random, problem_id: str, policy_id: str) -> list[dict[str, Any]]:
    """The rounds of a problem: rollouts with their verdicts."""
    ability, rows = chance.betavariate(0.6, 0.6), []
    for place in range(ROUNDS):
        truth = chance.random() < ability
        verdict, rule = judged(chance, truth)
        rows.append({"problem_id": problem_id, "policy_id": policy_id, "round": place, "grader_id": GRADER, "verdict": verdict})
        rows[-1] |= {"rule": rule, "extracted": "=1+1", "response": f"{'so ' * 900}it is {'right' if truth else 'wrong'}"}
    return rows


def made_lake(home: Path, problems: int = 40) -> Lake:
    """The lake: two datasets, two policies."""
    lake, chance = Lake(home), random.Random(3)
    names = [f"{dataset}-{number:03}" for dataset in ("charts", "shapes") for number in range(problems // 2)]
    asked = [
        {"problem_id": name, "dataset": name.split("-")[0], "question": f"what is {name}?", "choices": ["one", "two"]} for name in names
    ]
    problems_artifact(lake.home, asked)
    for policy in ("base", "tuned"):
        lake.record("policies", {"policy_id": policy, "name": policy, "kind": "base", "model": "m", "parent_id": "", "stage_id": ""})
        rows = [row for name in names for row in answers(chance, name, policy)]
        rollouts = [{key: row[key] for key in ("problem_id", "policy_id", "round", "response")} for row in rows]
        verdicts = [{key: value for key, value in row.items() if key != "response"} for row in rows]
        lake.append(lake.partition("rollouts", policy, "warm"), "rollouts", table("rollouts", rollouts), "all")
        lake.append(lake.partition("verdicts", GRADER, policy, "warm"), "verdicts", table("verdicts", verdicts), "all")
    publish(lake, DifficultySettings())
    return lake


def rows_in(sheet: Path) -> list[dict[str, str]]:
    """The rows of a sheet."""
    if sheet.suffix == ".jsonl":
        return [json.loads(line) for line in sheet.read_text(encoding="utf-8").splitlines()]
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def truth_of(row: dict[str, str]) -> str:
    """What a careful person says of a row."""
    return row["response_end"].rsplit(" ", 1)[1]


def label_sheet(sheet: Path, say: Callable[[dict[str, str]], str] = truth_of, *, separator: str = ",", encoding: str = "utf-8-sig") -> None:
    """Fill in the labels of a CSV sheet, as a spreadsheet saves it."""
    rows = rows_in(sheet)
    with sheet.open("w", encoding=encoding, newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), delimiter=separator)
        table.writeheader()
        table.writerows([row | {"label": say(row)} for row in rows])
