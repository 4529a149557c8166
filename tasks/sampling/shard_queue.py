"""The shards that are to be drawn, as files in a folder from which several processes each take one after the other.

A shard is a file of its keys; whoever renames it has it, so that no two have the same one, and what a process had when it died is known.
A shard that somebody died over is a suspect: it is drawn again alone, so that only the guilty are suspected further (failing.py).
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tasks.lake.lake import read_parquet
from tasks.sampling.requests import shard_name


@dataclass(frozen=True)
class Shard:
    """Keys of responses that are drawn together, how often somebody has failed over them, and the file by which they are held."""

    keys: pl.DataFrame
    tries: int = 0
    held: Path | None = None

    @property
    def name(self) -> str:
        """What its file in the lake is called when all of it is drawn."""
        return shard_name(self.keys)

    def finished(self) -> None:
        """It is drawn, and nobody's any more."""
        if self.held:
            self.held.unlink(missing_ok=True)


class ShardQueue:
    """The folder. Files that wait are called `<tries>-<place>.parquet`, so that those which never failed come first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, shards: Sequence[Shard]) -> None:
        """Add shards behind those that are there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        first = 1 + max((int(path.name.split(".")[0].split("-")[1]) for path in self.folder.glob("[0-9]*")), default=0)
        for place, shard in enumerate(shards, start=first):
            aside = self.folder / f".{place}"
            shard.keys.write_parquet(aside)
            aside.rename(self.folder / f"{shard.tries}-{place:08}.parquet")

    def waiting(self) -> list[Path]:
        """The files of the shards that nobody has, in order."""
        return sorted(self.folder.glob("*.parquet"))

    def take(self, who: str, most_tries: int | None = None) -> Shard | None:
        """The next shard, of those with so many tries at most, which is `who`'s now; None where there is none."""
        for path in self.waiting():
            held, tries = path.with_suffix(f".{who}"), int(path.name.split("-")[0])
            if most_tries is not None and tries > most_tries:
                return None
            with suppress(FileNotFoundError):  # another one was quicker
                path.rename(held)
                return Shard(read_parquet(held), tries, held)
        return None

    def held_by(self, who: str) -> list[Shard]:
        """The shards that somebody has taken and not finished."""
        return [Shard(read_parquet(path), int(path.name.split("-")[0]), path) for path in sorted(self.folder.glob(f"*.{who}"))]

    def stretches(self, who: str) -> Iterator[Iterator[Shard]]:
        """The shards as they are drawn by one process: those that never failed in one stretch, as there is room for them, and then each
        suspect alone; until none waits."""
        while first := self.take(who):
            yield self.stretch(first, who)

    def stretch(self, first: Shard, who: str) -> Iterator[Shard]:
        """A shard, and where that never failed all others that never did."""
        shard: Shard | None = first
        while shard:
            yield shard
            shard = None if first.tries else self.take(who, most_tries=0)
