"""Random histories of a lake: what samplers, graders, compactions, people and broken disks do to it, each followed by a publish.

After each event the published file must hold what a whole build over the same files gives, and a publish fails just where that does.
`python -m tests.warehouse.histories FIRST LAST` runs the histories of these seeds and prints what was found.
"""

from __future__ import annotations

import json
import logging
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from polars.testing import assert_frame_equal

from tasks.base.files import write_text
from tasks.estimates.settings import DifficultySettings
from tasks.lake.compacted import FOLDER, manifests, retired
from tasks.lake.compaction import CompactionSettings, compact, sweep_retired
from tasks.lake.lake import RELATIONS, Lake, write_parquet
from tasks.warehouse import publishing
from tasks.warehouse.building import open_over
from tasks.warehouse.checking import CheckFailed, check
from tasks.warehouse.dictionary import as_published
from tasks.warehouse.publishing import publish
from tasks.warehouse.relations import ARTIFACTS, MADE_FROM, models, published_tables
from tasks.warehouse.seen import snapshot, write_artifacts
from tasks.warehouse.settings import MartSettings
from tests.sql.rows import VERDICTS, problems_artifact, table

POLICIES, SAMPLINGS, GRADERS = ("base", "stage1", "panel"), ("warm", "cold"), ("strict", "lenient", "own")
ROUNDS, EVENTS, PROBLEMS = 4, 6, 24
SMALL = CompactionSettings(min_shards=2, keep_hours=0)
Key = tuple[str, str, str, int, int]  # problem, policy, sampling, round, sample


class Warnings(logging.Handler):
    """Counts the publishes that could not be made as updates."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.doubted = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.doubted += "computed anew" in record.getMessage()


class History:
    """A lake and what befalls it, all of it drawn from one seed."""

    def __init__(self, home: Path, seed: int) -> None:
        self.lake, self.chance, self.settings = Lake(home), random.Random(seed), DifficultySettings()
        self.golds: dict[str, str] = {}
        self.drawn: list[Key] = []
        self.judged: dict[tuple[str, str, str], set[tuple[Key, str]]] = {}
        self.count, self.past, self.beside = 0, [f"seed {seed}"], False
        self.found, self.events = Warnings(), self.known_events()
        self.add_problems(PROBLEMS)
        for policy in POLICIES[:2]:
            self.sample(policy, SAMPLINGS[0], list(self.golds))
            self.grade(GRADERS[0], policy, SAMPLINGS[0], 10_000)

    def known_events(self) -> list[Callable[[], Any]]:
        """What may befall it; what is there several times does so more often."""
        return [
            *[self.sampled, self.interrupted, self.interrupted, self.graded_later, self.graded_later, self.regraded] * 2,
            *[self.more_problems, self.corrected, self.compacted, self.trained, self.evaluated, self.named, self.other_settings],
            *[self.verdicts_deleted, self.verdicts_cut, self.rollouts_cut],
        ]

    def run(self, events: int = EVENTS, *, always: bool = False) -> list[str]:
        """Let things happen, publish after each; gives the differences from whole builds, found at the end or `always`."""
        logging.getLogger(publishing.__name__).addHandler(self.found)
        try:
            problems = self.publish_and_compare(compared=always)
            for place in range(events):
                event = self.chance.choice(self.events)
                self.past.append(event.__name__)
                event()
                if self.chance.random() < 0.25:
                    problems += self.publish_beside(self.chance.choice(self.events))
                elif self.chance.random() < 0.15:
                    problems += self.publish_without_rollouts()
                problems += self.publish_and_compare(compared=always or place == events - 1)
            return [f"{' → '.join(self.past)}: {problem}" for problem in problems]
        finally:
            logging.getLogger(publishing.__name__).removeHandler(self.found)

    # publishing

    def publish_and_compare(self, *, compared: bool = True) -> list[str]:
        """Publish. Gives what differs from a whole build, and a failure that it does not have."""
        doubted = self.found.doubted
        try:
            publish(self.lake, self.settings)
        except CheckFailed as error:
            return [] if self.whole_fails() else [f"failed: {error}"]
        if self.found.doubted > doubted:
            return ["an update failed where a whole build did not"]
        return self.differences() if compared else []

    def publish_beside(self, event: Callable[[], Any]) -> list[str]:
        """Publish while something happens between the look at the lake and the reading of it. It may not fail."""
        self.past.append(f"beside {event.__name__}")
        self.beside = True
        try:
            with after_the_look(event):
                publish(self.lake, self.settings)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            return [f"failed beside {event.__name__}: {error!r}"]
        finally:
            self.beside = False
        return []

    def publish_without_rollouts(self) -> list[str]:
        """Publish while a shard of rollouts is away, which fails where they have verdicts; then put it back as it was."""
        shards = [path for path in self.lake.files("rollouts") if not {"_schema", FOLDER} & set(path.parts)]
        if not shards:
            return []
        away, aside = self.chance.choice(shards), self.lake.home / "away.parquet"
        self.past.append("without rollouts")
        away.rename(aside)
        try:
            return self.publish_and_compare()
        finally:
            aside.rename(away)

    def whole(self) -> duckdb.DuckDBPyConnection:
        """A whole build over the lake as it is."""
        return open_over(snapshot(self.lake) | {ARTIFACTS: [write_artifacts(self.lake)]}, MartSettings(difficulty=self.settings))

    def whole_fails(self) -> bool:
        """Whether a whole build fails its checks."""
        with closing(self.whole()) as connection:
            try:
                check(connection)
            except CheckFailed:
                return True
            return False

    def differences(self) -> list[str]:
        """The relations that the published file and a whole build give other rows of, floats apart that were added up in another order."""
        different = []
        with closing(self.whole()) as whole, duckdb.connect(str(self.lake.warehouse), read_only=True) as published:
            for name in (*RELATIONS, *models(), *MADE_FROM, ARTIFACTS):
                made = f"({as_published(whole, name)})" if name in published_tables() else name
                listed = ", ".join(f'"{column}"' for column in whole.sql(f"from {made}").columns)  # a view of tables has their words, too
                try:
                    assert_frame_equal(
                        in_order(published, f"(select {listed} from {name})"), in_order(whole, made), rel_tol=1e-9, abs_tol=1e-12
                    )
                except AssertionError as error:
                    different.append(f"{name}: {error}")
        return different

    # events

    def sampled(self) -> None:
        """A sampling that runs through, with its grading."""
        policy, sampling = self.interrupted()
        self.grade(GRADERS[0], policy, sampling, 10_000)

    def interrupted(self) -> tuple[str, str]:
        """A sampling that is interrupted before its grading."""
        policy, sampling = self.chance.choice(POLICIES), self.chance.choice(SAMPLINGS)
        self.sample(policy, sampling, self.chance.sample(list(self.golds), self.chance.randint(1, 4)))
        return policy, sampling

    def graded_later(self) -> None:
        """Grading goes on, perhaps not to its end."""
        self.grade(GRADERS[0], self.chance.choice(POLICIES), self.chance.choice(SAMPLINGS), self.chance.choice((3, 10_000)))

    def regraded(self) -> None:
        """Another grader judges what is there, or a part of it."""
        self.grade(
            self.chance.choice(GRADERS[1:]), self.chance.choice(POLICIES), self.chance.choice(SAMPLINGS), self.chance.choice((9, 60))
        )

    def more_problems(self) -> None:
        """Problems are added, some of them known ones in another dataset."""
        self.add_problems(self.chance.randint(1, 3), again=self.chance.sample(list(self.golds), self.chance.randint(0, 2)))

    def corrected(self) -> None:
        """The gold answer of a problem is corrected, and what was judged by the other is judged anew."""
        problem = self.chance.choice(list(self.golds))
        self.golds[problem] = self.new_name("gold")
        problems_artifact(self.lake.home, [self.problem(problem)], self.new_name("corrected"))
        self.graded_later()

    def compacted(self) -> None:
        """A compaction, and the deletion of what has been retired; beside a publish, which it would wait for, that is done by hand."""
        compact(self.lake, SMALL)
        if self.chance.random() < 0.5:
            if not self.beside:
                sweep_retired(self.lake, SMALL)
            for folder in retired(manifests(self.lake.home)) if self.beside else ():
                shutil.rmtree(self.lake.home / folder, ignore_errors=True)

    def trained(self) -> None:
        """A stage chose problems and trained. Of every other one the profile is known."""
        chosen = self.chance.sample(list(self.golds), 3)
        name = self.new_name("stage")
        sets = [{"set_id": name, "stage": "stage1", "problem_id": problem, "rank": rank} for rank, problem in enumerate(chosen, 1)]
        drawn = [(step, problem, self.chance.randint(0, 4)) for step, problem in enumerate(chosen)]
        groups = [{"stage_id": name, "step": step, "problem_id": problem, "correct": k, "accuracy": k / 4} for step, problem, k in drawn]
        metrics = [{"stage_id": name, "step": step, "value": self.chance.random()} for step in range(3)]
        for relation, rows in (("curated", sets), ("groups", groups), ("metrics", metrics)):
            place = {"curated": f"curated/{name}/curated.parquet"}.get(relation, f"stages/{name}/{relation}/0.parquet")
            write_parquet(table(relation, rows), self.lake.home / place)
        if self.count % 2:
            self.profiled(name, chosen)

    def profiled(self, name: str, chosen: list[str]) -> None:
        """What a stage's manifest says of its set, and the profile in that."""
        known = {"problem_id": chosen, "logit_mean": [self.chance.gauss(0, 1) for _ in chosen], "logit_variance": [0.5] * len(chosen)}
        write_parquet(pl.DataFrame(known), self.lake.home / "curated" / name / "stage1.parquet")
        for kind, told in (
            ("curated", {}),
            ("stages", {"curated": name, "stage": "stage1", "settings": {"hints": False, "group_size": 4}}),
        ):
            write_text(self.lake.home / kind / name / "manifest.json", json.dumps(told))

    def evaluated(self) -> None:
        """A held-out evaluation."""
        name = self.new_name("evaluation")
        rows = [
            {"evaluation_id": name, "policy_id": policy, "policy": policy, "problem_id": problem, "n": 4, "k": self.chance.randint(0, 4)}
            for policy in POLICIES
            for problem in list(self.golds)[:3]
        ]
        write_parquet(table("evaluations", rows), self.lake.home / "evaluations" / name / "evaluations.parquet")

    def named(self) -> None:
        """What samplers record of policies, ways of sampling and their time."""
        policy, sampling = self.chance.choice(POLICIES), self.chance.choice(SAMPLINGS)
        parent = "" if policy == "base" else "base"
        named = {"policy_id": policy, "name": policy, "kind": "base", "model": "m", "parent_id": parent, "stage_id": ""}
        self.lake.record("policies", named)
        self.lake.record("samplings", {"sampling_id": sampling, "template": "plain", "hints": sampling == "cold", "temperature": 1.0})
        drawn = {"policy_id": policy, "sampling_id": sampling, "engine": "vllm", "responses": 8, "tokens": 80}
        self.lake.record("draws", drawn | {"seconds": self.chance.random()})

    def other_settings(self) -> None:
        """The bands get other edges."""
        self.settings = DifficultySettings(low=self.chance.choice((0.05, 0.084, 0.2)))

    def verdicts_deleted(self) -> None:
        """Someone deletes a shard of verdicts."""
        if shards := self.small_verdict_shards():
            self.chance.choice(shards).unlink()
            self.read_judged()

    def verdicts_cut(self) -> None:
        """The disk cuts a shard of verdicts, which whoever lists them next sets aside."""
        if shards := self.small_verdict_shards():
            path = self.chance.choice(shards)
            path.write_bytes(path.read_bytes()[:20])
            self.lake.files("verdicts")
            self.read_judged()

    def rollouts_cut(self) -> None:
        """The disk cuts a shard of rollouts, which whoever lists them next sets aside with the verdicts about them."""
        if shards := [path for path in self.lake.files("rollouts") if path.parts[-3] == "rollouts" and path.parent.name != "_schema"]:
            path = self.chance.choice(shards)
            path.write_bytes(path.read_bytes()[:20])
            self.drawn = self.lake.scan("rollouts").select(*list(RELATIONS["rollouts"])[:5]).collect().rows()
            self.read_judged()

    # what they are made of

    def new_name(self, kind: str) -> str:
        """A name that nothing has yet."""
        self.count += 1
        return f"{kind}{self.count}"

    def problem(self, name: str, dataset: str = "") -> dict[str, Any]:
        """A problem's row."""
        number = int(name[1:])
        facts = {"dataset": dataset or ("geometry", "algebra")[number % 2], "row": number, "question": f"{number % 9}?"}
        return {"problem_id": name, "gold_id": self.golds[name], "metadata": f'{{"level": {number % 3}}}', **facts}

    def add_problems(self, number: int, again: list[str] | None = None) -> None:
        """Ingest so many new problems, and known ones `again`, as of another dataset."""
        new = [f"p{len(self.golds) + place}" for place in range(number)]
        self.golds |= dict.fromkeys(new, "gold")
        rows = [self.problem(name) for name in new] + [self.problem(name, "copied") for name in again or []]
        problems_artifact(self.lake.home, rows, self.new_name("problems"))

    def sample(self, policy: str, sampling: str, problems: list[str]) -> None:
        """A shard with more rounds of these problems."""
        first = {name: max((key[3] + 1 for key in self.drawn if key[:3] == (name, policy, sampling)), default=0) for name in problems}
        rounds = self.chance.randint(1, ROUNDS)
        keys = [(name, policy, sampling, first[name] + place, sample) for name in problems for place in range(rounds) for sample in (0, 1)]
        rows = [dict(zip(RELATIONS["rollouts"], key, strict=False)) | {"n_tokens": self.chance.randint(1, 9)} for key in keys]
        with self.lake.writing("rollouts", policy, sampling) as folder:
            self.lake.append(folder, "rollouts", table("rollouts", rows), self.new_name("shard"))
        self.drawn += keys

    def grade(self, grader: str, policy: str, sampling: str, most: int) -> None:
        """A shard of verdicts of what has none of this grader yet, at most so many."""
        done = self.judged.setdefault((grader, policy, sampling), set())
        left = [key for key in self.drawn if key[1:3] == (policy, sampling) and (key, self.golds[key[0]]) not in done][:most]
        if left:
            rows = [
                dict(zip(RELATIONS["rollouts"], key, strict=False))
                | {"grader_id": grader, "gold_id": self.golds[key[0]], "verdict": self.verdict(key, grader), "extracted": str(key[3] % 3)}
                for key in left
            ]
            with self.lake.writing("verdicts", grader, policy, sampling) as folder:
                self.lake.append(folder, "verdicts", table("verdicts", rows), self.new_name("shard"))
            done |= {(key, self.golds[key[0]]) for key in left}

    def verdict(self, key: Key, grader: str) -> str:
        """What a grader says of a rollout: some problems are hard, and a little chance."""
        luck = random.Random(f"{key}{grader}")
        return VERDICTS["c" if luck.random() < int(key[0][1:]) % 9 / 8 else luck.choice("iiiuts")]

    def small_verdict_shards(self) -> list[Path]:
        """The shards of verdicts that no compaction has taken in."""
        return [path for path in self.lake.files("verdicts") if path.parts[-3] == "verdicts" and path.parent.name != "_schema"]

    def read_judged(self) -> None:
        """Know again which verdicts there are."""
        for done in self.judged.values():
            done.clear()
        for *key, grader, gold in self.lake.scan("verdicts").select(*list(RELATIONS["verdicts"])[:7]).collect().iter_rows():
            self.judged.setdefault((grader, key[1], key[2]), set()).add((tuple(key), gold))  # type: ignore[arg-type]


@contextmanager
def after_the_look(event: Callable[[], Any]) -> Iterator[None]:
    """Within this, something happens once, as soon as a publish has listed the lake's files."""
    real, left = publishing.see, [event]

    def see(*arguments: Any) -> Any:
        seen = real(*arguments)
        if left:
            left.pop()()
        return seen

    publishing.see = see
    try:
        yield
    finally:
        publishing.see = real


def in_order(connection: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    """The rows of a relation, or of a query in brackets, in one order, floats last."""
    rows = connection.sql(f"from {name}").pl()
    plain = [column for column, dtype in rows.schema.items() if not dtype.is_nested()]
    return rows.sort(sorted(plain, key=lambda column: rows.schema[column].is_float()))


def run_histories(first: int, last: int, *, always: bool = False) -> list[str]:
    """The differences found in the histories of these seeds, `last` excluded."""
    found = []
    for seed in range(first, last):
        with tempfile.TemporaryDirectory() as folder:
            found += History(Path(folder) / "home", seed).run(always=always)
    return found


if __name__ == "__main__":
    differences = run_histories(int(sys.argv[1]), int(sys.argv[2]), always="--always" in sys.argv)
    print("\n\n".join(differences), f"\n{len(differences)} differences")
