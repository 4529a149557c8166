"""The completions of shards that are still being drawn, written down by time, so that a killed process loses the last moments only.

A shard becomes a file of the lake when it is whole, as one that was never interrupted does, and so nothing that reads the lake knows of
this. Until then its finished completions lie under `aside/`, beside everything else that is being made, in small files that nobody else
reads. Whoever draws the shard next takes them from there, and they are deleted once the lake has them.
"""

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread

import polars as pl

from tasks.lake.lake import Lake, conform, read_parquet, write_parquet
from tasks.lake.layout import ASIDE
from tasks.lake.looking import LOOKING
from tasks.lake.quarantine import is_whole
from tasks.sampling.requests import KEY, Completion, Key, Request, missing, rollout_rows, shard_name

LOG = logging.getLogger(__name__)


def journal_folder(lake: Lake, policy_id: str, sampling_id: str) -> Path:
    """Where finished completions of a policy and way of sampling lie until their shards are whole."""
    return lake.home / ASIDE / f"rollouts-{policy_id}-{sampling_id}"


def parts_in(folder: Path) -> list[Path]:
    """The files of a journal. One that a fault of the disk has cut short is deleted, with a warning: it is drawn again."""
    whole = []
    for path in sorted(folder.glob("*.parquet")):
        with suppress(FileNotFoundError):  # its shard has become whole
            if is_whole(path):
                whole.append(path)
            elif not LOOKING.get():
                LOG.warning(f"{path} is cut short and deleted; the completions in it are drawn again")
                path.unlink()
    return whole


def written_down(folder: Path, keys: pl.DataFrame) -> pl.DataFrame:
    """Which of these keys a journal holds."""
    held = [keys.select(KEY).clear()]
    for path in parts_in(folder):
        with suppress(FileNotFoundError):
            held.append(read_parquet(path, columns=KEY))
    return keys.join(pl.concat(held), on=KEY, how="semi", maintain_order="left")


def sweep(folder: Path, shards: Sequence[Path]) -> None:
    """Delete what the shards of the lake hold by now, and files that somebody died over. Who calls this holds the lock of their partition,
    and no process draws for it."""
    for path in folder.glob(".*"):
        path.unlink()
    for path in parts_in(folder):
        if missing(read_parquet(path, columns=KEY), shards).is_empty():
            path.unlink()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


class Journal:
    """Takes finished completions, and writes them down every `seconds` in a thread of its own; gives back those of earlier processes.

    Raises, at the next call, what went wrong in writing.
    """

    def __init__(self, folder: Path, ids: tuple[str, str], seconds: float) -> None:
        self.folder, self.ids, self.seconds = folder, ids, seconds
        self.turn, self.ended = Lock(), Event()
        self.fault: Exception | None = None
        self.waiting: dict[Key, tuple[Request, Completion]] = {}
        self.earlier: dict[Key, Completion] = {}
        self.files: dict[Path, set[Key]] = {}
        self.thread = Thread(target=self.write_in_time, name="writes completions down", daemon=True)
        self.thread.start()

    def of_earlier(self, keys: Iterable[Key]) -> dict[Key, Completion]:
        """The completions of these keys that another process has finished, be it before this one began or beside it."""
        with self.turn:
            self.read_new()
        return {key: self.earlier[key] for key in keys if key in self.earlier}

    def put(self, request: Request, completion: Completion) -> None:
        """Take a completion in."""
        self.check()
        with self.turn:
            self.waiting[request.key] = (request, completion)

    def forget(self, keys: Iterable[Key]) -> None:
        """The lake has these now."""
        self.check()
        with self.turn:
            gone = set(keys)
            for key in gone:
                self.waiting.pop(key, None)
                self.earlier.pop(key, None)
            for path, held in list(self.files.items()):
                held -= gone
                if not held:
                    path.unlink(missing_ok=True)
                    del self.files[path]

    def close(self) -> None:
        """Write down what is left, and end."""
        self.ended.set()
        self.thread.join()
        self.check()
        self.write()

    def check(self) -> None:
        """Raise what has gone wrong in writing."""
        if self.fault:
            raise self.fault

    def write_in_time(self) -> None:
        """What the thread does."""
        while not self.ended.wait(self.seconds):
            try:
                self.write()
            except Exception as error:  # noqa: BLE001 - it is raised where it can be answered
                self.fault = error
                return

    def write(self) -> None:
        """Write down what has not been."""
        with self.turn:
            if not self.waiting:
                return
            requests, completions = zip(*self.waiting.values(), strict=True)
            rows = conform(rollout_rows(requests, completions, *self.ids), "rollouts")
            path = self.folder / f"{shard_name(rows)}.parquet"
            write_parquet(rows, path)
            self.files[path] = set(self.waiting)
            self.waiting = {}

    def read_new(self) -> None:
        """Read the files that were not there at the last look."""
        for path in parts_in(self.folder):
            if path not in self.files:
                with suppress(FileNotFoundError):
                    rows = read_parquet(path, columns=[*KEY, "response", "n_tokens", "finish_reason"])
                    held = {(row[0], row[1], row[2]): Completion(*row[3:]) for row in rows.iter_rows()}
                    self.files[path] = set(held)
                    self.earlier |= held
