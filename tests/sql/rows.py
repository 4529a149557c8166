"""Writes small lakes for tests: rows given as the few columns that matter, the rest filled with defaults."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from tasks.estimates.settings import AdaptiveSettings, DifficultySettings
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import RELATIONS, Lake, write_parquet
from tasks.warehouse.building import create, open_over
from tasks.warehouse.order import in_order
from tasks.warehouse.relations import MADE_FROM, derived
from tasks.warehouse.settings import MartSettings

if TYPE_CHECKING:
    import duckdb

Rows = Sequence[Mapping[str, Any]]
VERDICTS = {"c": "correct", "i": "incorrect", "u": "unparseable", "t": "timeout", "s": "unscorable"}
IDS = {"policy_id": "base", "sampling_id": "warm", "round": 0, "sample": 0}
DEFAULTS: dict[str, dict[str, Any]] = {
    "problems": {"gold_id": "gold", "dataset": "geometry", "split": "train", "row": 1, "source_id": "", "question": "?", "images": [],
                 "choices": [], "answer": "1", "metadata": "{}"},
    "policies": {"kind": "base", "model": "m", "parent_id": "", "stage_id": ""},
    "rollouts": {**IDS, "response": "", "n_tokens": 1, "finish_reason": "stop", "seed": 0, "hint": ""},
    "verdicts": {**IDS, "grader_id": "strict", "gold_id": "gold", "extracted": "", "rule": "", "format_ok": True},
    "opinions": {**IDS, "grader_id": "strict", "gold_id": "gold", "first_rule": "", "judge_said": "", "decided_by": "judge"},
    "curated": {"set_id": "set", "stage": "stage1", "dataset": "geometry", "band": "medium", "accuracy": 0.5, "rule": "r"},
    "groups": {"stage_id": "s1", "problem_id": "p", "hinted": False, "G": 4, "prior": None, "weight": 1.0, "advantage_mean": 0.0,
               "advantage_std": 1.0},
    "selections": {"stage_id": "s1", "problem_id": "p", "why": "prior", "p_mean": 0.5, "p_deviation": 0.1, "signal": 0.9, "judged": 4,
                   "learnt": True},
    "metrics": {"stage_id": "s1", "name": "reward"},
    "evaluations": {"evaluation_id": "e", "hints": False, "dataset": "geometry", "split": "test"},
}  # fmt: skip


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return connection.execute(sql).fetchall()


def table(relation: str, rows: Rows) -> pl.DataFrame:
    """Rows of a relation, whole."""
    return pl.DataFrame([DEFAULTS.get(relation, {}) | dict(row) for row in rows], schema=RELATIONS[relation])


def verdicts(problem_id: str, letters: str, **columns: Any) -> list[dict[str, Any]]:
    """One verdict a round, by its first letter ("ccit")."""
    return [{"problem_id": problem_id, "round": place, "verdict": VERDICTS[letter], **columns} for place, letter in enumerate(letters)]


def rollouts_of(rows: Rows) -> list[dict[str, Any]]:
    """The rollouts that verdicts are about."""
    keys = ("problem_id", "policy_id", "sampling_id", "round", "sample")
    return list({tuple(row.values()): row for row in ({key: row.get(key, IDS.get(key)) for key in keys} for row in rows)}.values())


class Warehouse:
    """An in-memory warehouse in which a relation is made, with all that it is made from, when a query first names it: a test asks for a
    few, and to make all takes most of a second. What else it is asked for is its connection's."""

    def __init__(self, files: Mapping[str, list[Path]], settings: MartSettings) -> None:
        self.files, self.settings = files, settings
        self.connection, self.made = open_over(files, settings, wanted=[]), set[str]()

    def make(self, words: Iterable[str]) -> None:
        """Make the relations among these words that are not there yet."""
        for name in in_order({*words} & {*RELATIONS, *derived(), *MADE_FROM}, self.files):
            if name not in self.made:
                create(self.connection, name, self.files, self.settings)
                self.made.add(name)

    def execute(self, sql: str, *values: Any) -> duckdb.DuckDBPyConnection:
        self.make(re.findall(r"\w+", sql))
        return self.connection.execute(sql, *values)

    def sql(self, sql: str) -> duckdb.DuckDBPyRelation:
        self.make(re.findall(r"\w+", sql))
        return self.connection.sql(sql)

    def table(self, name: str) -> duckdb.DuckDBPyRelation:
        self.make([name])
        return self.connection.table(name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


def warehouse(
    folder: Path,
    relations: Mapping[str, Rows],
    *,
    wanted: Sequence[str] | None = None,
    rounds: int | None = None,
    adaptive: AdaptiveSettings | None = None,
    **settings: Any,
) -> duckdb.DuckDBPyConnection:
    """An in-memory warehouse over these rows: the `wanted` relations and what they are made from, or each as it is asked for."""
    files = {}
    for relation, rows in relations.items():
        files[relation] = [folder / f"{relation}.parquet"]
        write_parquet(table(relation, rows), files[relation][0])
    chosen = MartSettings(difficulty=DifficultySettings(**settings), rounds=rounds, adaptive=adaptive)
    if wanted is None and rounds is None:
        return Warehouse(files, chosen)  # type: ignore[return-value]
    return open_over(files, chosen, wanted=wanted)


def problems_artifact(home: Path, rows: Rows, name: str = "train") -> Artifact:
    """A complete problems artifact."""
    target = artifact(home, "problems", {"name": name})
    with building(target, {}) as folder:
        write_parquet(table("problems", rows), folder / "problems.parquet")
    return target


def graded_artifact(home: Path, rows: Rows, *, rounds: int = 8, name: str = "graded", **more: str) -> Artifact:
    """A complete graded profile over one shard with these verdicts and one with their rollouts; `more` facts of it."""
    lake = Lake(home)
    shards = {"verdicts": lake.partition("verdicts", "strict", "base", "warm"), "rollouts": lake.partition("rollouts", "base", "warm")}
    for relation, filling in (("verdicts", rows), ("rollouts", rollouts_of(rows))):
        lake.append(shards[relation], relation, table(relation, filling), name)
    paths = {relation: [str((partition / f"{name}.parquet").relative_to(lake.home))] for relation, partition in shards.items()}
    target = artifact(home, "graded", {"name": name})
    facts = {"policy_id": "base", "sampling_id": "warm", "grader_id": "strict", "rounds": rounds, "problems": [], **more}
    with building(target, {}) as folder:
        (folder / "shards.json").write_text(json.dumps({**facts, **paths}))
    return target
