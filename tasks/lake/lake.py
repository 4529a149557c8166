"""Where everything lies: the relations of the lake, their columns, and how rows are appended.

Two kinds of relation: *shards* grow row by row (rollouts, verdicts): one Parquet file written aside, fsynced and renamed, never changed;
*artifact tables* are files inside complete artifacts (problems, curated, groups …). Opening a lake writes nothing. Making one (`make`)
gives each relation an empty file, with `_schema` for what differs in its files' names: published views need a file to match.

A partition's shards lie in a folder; those that a compaction has put into large files lie in a `compacted` artifact (see compacted.py).
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polars as pl
from filelock import FileLock

from tasks.base.errors import InputError
from tasks.base.files import digest, disk_errors_named, write_text, written_aside
from tasks.lake.compacted import NUMBER, Compacted, live, manifests, partition_of, present_names, retired
from tasks.lake.layout import EMPTY, SHARDED, WAREHOUSE
from tasks.lake.looking import LOOKING
from tasks.lake.quarantine import is_whole, set_aside, whole_shards
from tasks.lake.storage import send_file

LAKE_VERSION = 4
"""Of the layout: 4 has `groups.hinted`, `samplings.for_bands` and `selections`; 3 `curated.p_mean` and `evaluations.cluster`; 2
`curated.weight`, and partitions may be compacted."""
VERSION_FILE = "lake/version.json"

TEXT, INT, REAL, FLAG, TIME = pl.String, pl.Int64, pl.Float64, pl.Boolean, pl.Datetime("us")

ROLLOUT_KEY = {"problem_id": TEXT, "policy_id": TEXT, "sampling_id": TEXT, "round": INT, "sample": INT}

RELATIONS: dict[str, dict[str, type[pl.DataType] | pl.DataType]] = {
    # one row per problem as it was read; `row` is the 1-based row of the source, `metadata` JSON text, images are names under images/
    "problems": {
        "problem_id": TEXT,
        "gold_id": TEXT,
        "dataset": TEXT,
        "split": TEXT,
        "row": INT,
        "source_id": TEXT,
        "question": TEXT,
        "images": pl.List(pl.String),
        "choices": pl.List(pl.String),
        "answer": TEXT,
        "metadata": TEXT,
    },
    # one row per row of a source that is not usable, with the reason
    "rejected": {"dataset": TEXT, "split": TEXT, "source": TEXT, "row": INT, "column": TEXT, "reason": TEXT},
    # one row per policy that was ever sampled, trained or imported; `parent_id` is the policy it was trained from
    "policies": {"policy_id": TEXT, "name": TEXT, "kind": TEXT, "model": TEXT, "parent_id": TEXT, "stage_id": TEXT},
    # one row per way of sampling; `for_bands` (else null) where it only finds the bands that hints on held-out problems go by
    "samplings": {
        "sampling_id": TEXT,
        "template": TEXT,
        "hints": FLAG,
        "temperature": REAL,
        "top_p": REAL,
        "max_tokens": INT,
        "settings": TEXT,
        "for_bands": FLAG,
    },
    # one row per grader: what it is called, and when it first judged (UTC)
    "graders": {"grader_id": TEXT, "name": TEXT, "first_judged": TIME},
    # one row per step of a run of a recipe (`recipe` is empty for one of all recipes), with the artifact that it made or found (UTC)
    "run_steps": {
        "run_id": TEXT,
        "recipe": TEXT,
        "flow": TEXT,
        "started": TIME,
        "place": INT,
        "step": TEXT,
        "kind": TEXT,
        "artifact_id": TEXT,
    },
    # one row per sampling process that finished: how long it drew; nothing depends on it
    "draws": {"policy_id": TEXT, "sampling_id": TEXT, "engine": TEXT, "responses": INT, "tokens": INT, "seconds": REAL},
    # one row per sampled response; `hint` is the band whose hint the prompt carried, or empty
    "rollouts": {**ROLLOUT_KEY, "response": TEXT, "n_tokens": INT, "finish_reason": TEXT, "seed": INT, "hint": TEXT},
    # one row per rollout x grader x gold answer
    "verdicts": {**ROLLOUT_KEY, "grader_id": TEXT, "gold_id": TEXT, "verdict": TEXT, "extracted": TEXT, "rule": TEXT, "format_ok": FLAG},
    # one row per verdict that a judge was asked about; those it was not asked about, most of them, have none, so that a lake from before
    # there were judges has all that its verdicts need. `accepts` is null where the judge said neither yes nor no
    "opinions": {
        **ROLLOUT_KEY,
        "grader_id": TEXT,
        "gold_id": TEXT,
        "first_verdict": TEXT,
        "first_rule": TEXT,
        "judge_said": TEXT,
        "accepts": FLAG,
        "decided_by": TEXT,
    },
    # one row per audit and kind of verdict (grader x policy x dataset x rule x verdict): the stored ones that it was drawn from
    "audits": {
        "audit_id": TEXT,
        "recipe": TEXT,
        "grader_id": TEXT,
        "policy_id": TEXT,
        "dataset": TEXT,
        "rule": TEXT,
        "verdict": TEXT,
        "stratum": TEXT,
        "verdicts": INT,
    },
    # one row per verdict that an audit drew; `place` is its place in the draw, 1 first
    "audited": {
        "audit_id": TEXT,
        "place": INT,
        "response_id": TEXT,
        **ROLLOUT_KEY,
        "gold_id": TEXT,
        "grader_id": TEXT,
        "dataset": TEXT,
        "rule": TEXT,
        "verdict": TEXT,
    },
    # one row per label that somebody gave to a response: right, wrong or unsure (UTC)
    "labels": {"response_id": TEXT, "label": TEXT, "labelled_by": TEXT, "note": TEXT, "read_at": TIME},
    # one row per problem of a curated set and stage; `rank` is the place in the stage, 1 first, `weight` how often it is drawn in training
    # beside the others (null: as often as one of weight 1)
    "curated": {
        "set_id": TEXT,
        "stage": TEXT,
        "problem_id": TEXT,
        "dataset": TEXT,
        "band": TEXT,
        "accuracy": REAL,
        "p_mean": REAL,
        "p_low": REAL,
        "p_high": REAL,
        "rule": TEXT,
        "rank": INT,
        "weight": REAL,
    },
    # one row per online GRPO group; `prior` is the accuracy expected offline (null when the problem has none), `hinted` whether the prompt
    # carried a hint (null where that was not written down yet)
    "groups": {
        "stage_id": TEXT,
        "step": INT,
        "problem_id": TEXT,
        "hinted": FLAG,
        "G": INT,
        "correct": INT,
        "accuracy": REAL,
        "prior": REAL,
        "weight": REAL,
        "advantage_mean": REAL,
        "advantage_std": REAL,
    },
    # one row per draw of a stage that chooses its problems by an estimate: in which place of the step it was drawn and what for, what was
    # expected of it, and what came out; `learnt` is false where refilling kept another group
    "selections": {
        "stage_id": TEXT,
        "step": INT,
        "place": INT,
        "problem_id": TEXT,
        "why": TEXT,
        "p_mean": REAL,
        "p_deviation": REAL,
        "signal": REAL,
        "judged": INT,
        "correct": INT,
        "learnt": FLAG,
    },
    # one row per training step and metric
    "metrics": {"stage_id": TEXT, "step": INT, "name": TEXT, "value": REAL},
    # one row per policy, hint setting and held-out problem: k correct of n; `cluster` is what the problem is a version of ("" or null: of
    # nothing else)
    "evaluations": {
        "evaluation_id": TEXT,
        "policy_id": TEXT,
        "policy": TEXT,
        "hints": FLAG,
        "dataset": TEXT,
        "split": TEXT,
        "problem_id": TEXT,
        "cluster": TEXT,
        "n": INT,
        "k": INT,
    },
    # one row per study, arm and seed; `adds_to` is the arm that it adds to ("" for none), `targets` accuracies to be reached,
    # `learning_rate` the one that a grid chose (null: none did)
    "studies": {
        "study_id": TEXT,
        "arm": TEXT,
        "about": TEXT,
        "place": INT,
        "adds_to": TEXT,
        "is_baseline": FLAG,
        "seed": INT,
        "policy_id": TEXT,
        "evaluation_id": TEXT,
        "profile_completions": INT,
        "targets": pl.List(pl.Float64),
        "learning_rate": REAL,
    },
    # one row per stage that trained a study's run; `completions` are those of its steps without refills, `profile_completions` those drawn
    # offline for it and for no stage before, `profile_tokens` their tokens (null: not known)
    "study_stages": {
        "study_id": TEXT,
        "arm": TEXT,
        "seed": INT,
        "place": INT,
        "stage": TEXT,
        "stage_id": TEXT,
        "set_id": TEXT,
        "steps": INT,
        "completions": INT,
        "profile_completions": INT,
        "profile_tokens": INT,
    },
    # one row per pilot run that a study's grid saw: an arm with a learning rate on a seed, how it did on the validation problems at its end
    # (null where it `broke`), and of how many answers over all seeds an accuracy is
    "study_pilots": {
        "study_id": TEXT,
        "arm": TEXT,
        "learning_rate": REAL,
        "seed": INT,
        "accuracy": REAL,
        "broke": TEXT,
        "is_chosen": FLAG,
        "answers": INT,
    },
    # one row per comparison that a study names as primary; `place` is its place among these, the first 0 (UTC)
    "study_primaries": {"study_id": TEXT, "place": INT, "arm": TEXT, "against": TEXT, "registered_at": TIME},
    # one row per pair of problems that are nearly the same
    "near_pairs": {"problem_id": TEXT, "other_id": TEXT, "kind": TEXT, "text_similarity": REAL, "image_distance": REAL},
    # one row per image that was looked at, by its name under images/
    "image_looks": {"image": TEXT, "hash": TEXT, "levels": pl.Binary},
}

GLOBS = {
    "problems": "problems/*/problems.parquet",
    "rejected": "problems/*/rejected.parquet",
    "policies": "policies/*.parquet",
    "samplings": "samplings/*.parquet",
    "graders": "graders/*.parquet",
    "run_steps": "run_steps/*.parquet",
    "draws": "draws/*.parquet",
    "rollouts": "rollouts/*/*.parquet",
    "verdicts": "verdicts/*/*.parquet",
    "opinions": "opinions/*/*.parquet",
    "audits": "audits/*/verdicts.parquet",
    "audited": "audits/*/drawn.parquet",
    "labels": "labels/*.parquet",
    "curated": "curated/*/curated.parquet",
    "groups": "stages/*/groups/*.parquet",
    "selections": "stages/*/selections/*.parquet",
    "metrics": "stages/*/metrics/*.parquet",
    "evaluations": "evaluations/*/evaluations.parquet",
    "studies": "studies/*/studies.parquet",
    "study_stages": "studies/*/study_stages.parquet",
    "study_primaries": "studies/*/study_primaries.parquet",
    "study_pilots": "studies/*/study_pilots.parquet",
    "near_pairs": "similarity/*/near_pairs.parquet",
    "image_looks": "similarity/*/image_looks.parquet",
}


@dataclass(frozen=True)
class Lake:
    """The lake under `home`, which need not be there yet: opening it writes nothing. Raises InputError for what is no lake of ours to open
    (see `check_layout`)."""

    home: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "home", Path(self.home).absolute())
        check_layout(self.home)

    def make(self) -> "Lake":
        """Make what a lake has before its first row, where it is missing: its folder, an empty file of each relation, and the version of
        its layout; one of an older layout is brought to the present one. Who is about to write calls this; gives the lake."""
        is_older = lake_version(self.home) < LAKE_VERSION
        for relation, schema in RELATIONS.items():
            path = self.schema_file(relation)
            if is_older or not path.exists():
                write_parquet(pl.DataFrame(schema=schema), path)
        if is_older:
            write_version(self.home)
        return self

    @property
    def warehouse(self) -> Path:
        """The published DuckDB file: only ever replaced, never opened for writing."""
        return self.home / WAREHOUSE

    @property
    def images(self) -> Path:
        """Folder of the images, each named by the digest of its bytes."""
        return self.home / "images"

    def files(self, relation: str) -> list[Path]:
        """The Parquet files of a relation, sorted by name: all that is complete, and the empty one of a lake that was made. Broken shards
        are set aside; raises InputError, naming it, for an artifact's table that is broken."""
        if relation in SHARDED:
            return self.whole(relation, lambda: self.listed(relation))
        found = sorted(self.home.glob(GLOBS[relation]))
        for path in found:
            if not is_whole(path):
                raise InputError(f"{path} is cut short; delete the folder {path.parent} and run its recipe again, which makes it anew")
        return found

    def listed(self, relation: str) -> list[Path]:
        """The shards of a relation, whole or not: those that no compaction has retired, and the compacted ones."""

        def listed(every: list[Compacted]) -> list[Path]:
            gone = {self.home / folder for folder in retired(every)}
            compacted = [self.home / name for part in live(every, relation) for name in part.files]
            return [*(path for path in sorted(self.home.glob(GLOBS[relation])) if path.parent not in gone), *compacted]

        return self.beside_compactions(listed)

    def beside_compactions(self, listed: Callable[[list[Compacted]], list[Path]]) -> list[Path]:
        """The shards that `listed` gives for the compacted partitions, which were the same before and after it looked."""
        while True:
            every = manifests(self.home)
            found = listed(every)
            if manifests(self.home) == every:
                return found

    def schema_file(self, relation: str) -> Path:
        """The file of a relation that has no rows, and is there in every lake that was made."""
        return self.home / GLOBS[relation].replace("*", EMPTY)

    def scan(self, relation: str, files: list[Path] | None = None) -> pl.LazyFrame:
        """The rows of a relation, of all its files or of the given ones."""
        schema = RELATIONS[relation]
        found = self.files(relation) if files is None else files
        if not found:
            return pl.LazyFrame(schema=schema)
        return pl.scan_parquet(found, schema=schema, glob=False, missing_columns="raise" if relation in SHARDED else "insert")

    def partition(self, relation: str, *ids: str) -> Path:
        """The folder for new shards of `relation` that share `ids` (policy and sampling; for verdicts the grader too)."""
        return self.home / relation / unretired(relation, "-".join(ids), manifests(self.home))

    def shards(self, partition: Path) -> list[Path]:
        """The complete shards of the partition that a folder is of, compacted ones first, each kind in the order of its names."""
        relation, name = partition.parent.name, partition_of(partition.as_posix())

        def listed(every: list[Compacted]) -> list[Path]:
            compacted = [self.home / file for part in live(every, relation) if part.partition == name for file in part.files]
            return [*compacted, *sorted((self.home / relation / unretired(relation, name, every)).glob("*.parquet"))]

        return self.whole(relation, lambda: self.beside_compactions(listed))

    def whole(self, relation: str, listed: Callable[[], list[Path]]) -> list[Path]:
        """The shards that `listed` gives, without broken ones: they are set aside, or just left out where the lake is only looked at."""
        if LOOKING.get():
            return [path for path in listed() if can_be_read(path)]
        return whole_shards(self.home, listed, lambda: self.set_orphans_aside(relation))

    def set_orphans_aside(self, relation: str) -> None:
        """After shards of rollouts were lost: set aside those of verdicts about what was in them, which the next run grades again."""
        while relation == "rollouts" and (orphans := self.orphans()):
            for path in orphans:
                set_aside(self.home, path, "judges rollouts that were lost")

    def orphans(self) -> list[Path]:
        """The shards with verdicts about rollouts that the lake does not have."""
        key, verdicts = list(ROLLOUT_KEY), self.files("verdicts")
        if not verdicts:
            return []
        judged = pl.scan_parquet(verdicts, glob=False, include_file_paths="shard").select(*key, "shard")
        lost = judged.join(self.scan("rollouts").select(key), on=key, how="anti")
        return [Path(name) for name in lost.select(pl.col("shard").unique()).collect()["shard"].sort()]

    def present(self, names: list[str]) -> list[Path]:
        """The files that hold the rows of these shards (paths relative to the home) now."""
        return [self.home / name for name in present_names(self.home, names)]

    def append(self, partition: Path, relation: str, rows: pl.DataFrame, name: str) -> Path:
        """Add one shard. The same name again replaces it with the same rows (names are digests of the keys inside)."""
        path = partition / f"{name}.parquet"
        write_parquet(conform(rows, relation), path)
        return path

    def record(self, relation: str, row: dict) -> None:
        """Keep one row of a small relation (policies, samplings) in a file named by the row's digest; once is enough."""
        path = self.home / relation / f"{digest(row)}.parquet"
        if not path.exists():
            write_parquet(pl.DataFrame([row], schema=RELATIONS[relation]), path)

    def lock(self, partition: Path) -> FileLock:
        """A lock for the one process that may append to the partition that a folder is of, or compact it. Ask for the partition again
        once you hold it: a compaction may have given it a new folder."""
        partition.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(f"{partition.parent / partition_of(partition.as_posix())}.lock")

    @contextmanager
    def writing(self, relation: str, *ids: str) -> Iterator[Path]:
        """The folder to append shards of these ids to, and the lock for it."""
        with self.lock(self.partition(relation, *ids)):
            folder = self.partition(relation, *ids)
            folder.mkdir(parents=True, exist_ok=True)
            yield folder


def unretired(relation: str, name: str, every: list[Compacted]) -> str:
    """The name of the first folder of a partition that no compaction has retired."""
    gone, number = retired(every), 1
    while f"{relation}/{numbered(name, number)}" in gone:
        number += 1
    return numbered(name, number)


def numbered(name: str, number: int) -> str:
    """The name of a partition's folder of that number."""
    return name if number == 1 else f"{name}{NUMBER}{number}"


def check_layout(home: Path) -> None:
    """Raise InputError for what cannot be opened as a lake: a file in the place of its folder, one that this user may not read, one whose
    version cannot be read, and one of a newer version. One that is not there yet, or is empty, can."""
    version = lake_version(home)
    if home.is_file():
        raise InputError(f"the lake {home} is a file, not a folder; choose another --home")
    if version > LAKE_VERSION:
        raise InputError(
            f"the lake {home} has layout {version}, made by a newer difficulty-prior (this one knows layouts up to "
            f"{LAKE_VERSION}); upgrade it (pip install --upgrade difficulty-prior), or choose another --home"
        )


def can_be_read(path: Path) -> bool:
    """Whether a shard is there, and whole."""
    try:
        return is_whole(path)
    except FileNotFoundError:
        return False


def lake_version(home: Path) -> int:
    """The version of a lake's layout: 1 for those that do not say, and before there is any. Raises InputError where it cannot be read."""
    path = home / VERSION_FILE
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["version"])
    except (FileNotFoundError, NotADirectoryError):
        return 1
    except OSError as error:
        raise InputError(f"the lake {home} cannot be read ({error.strerror}: {path}); ask its owner, or choose another --home") from error
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise InputError(f"{path} does not say which layout the lake has; delete it, and the next run writes it anew") from error


def write_version(home: Path) -> None:
    """Say that a lake has the present layout."""
    path = home / VERSION_FILE
    path.parent.mkdir(exist_ok=True)
    write_text(path, json.dumps({"version": LAKE_VERSION}))
    send_file(path)


def conform(rows: pl.DataFrame, relation: str) -> pl.DataFrame:
    """The rows with exactly the relation's columns, order and types. Raises polars' error, naming the column, where one is missing."""
    return rows.select(pl.col(name).cast(dtype) for name, dtype in RELATIONS[relation].items())


def read_parquet(files: Path | list[Path], columns: list[str] | None = None) -> pl.DataFrame:
    """The rows of just these files, whose folders may have names that mean something in a glob, as `runs [old]` has."""
    return pl.read_parquet(files, columns=columns, glob=False)


def write_parquet(rows: pl.DataFrame, path: Path) -> None:
    """Write a Parquet file aside, fsync it, rename it into place, and send it to the storage that the lake is a copy of, if any."""
    encoded = BytesIO()  # polars reports a full disk as an error of its own kind; written by ourselves it is an OSError
    rows.write_parquet(encoded, compression="zstd", statistics=True)
    with disk_errors_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(path) as aside:
        aside.write_bytes(encoded.getbuffer())
    send_file(path)
