"""A lake on S3-compatible object storage: all work is on a local copy, and what becomes complete there is written through.

The copy holds the storage's address in `.remote`, so that whoever has only the copy's folder, a worker process as well, finds it. A shard
or an image is one object, and a PUT is atomic; of an artifact the manifest goes last. So a reader elsewhere sees what is whole, or
nothing. `sync` brings both sides together: it fetches what is only there, and sends what is only here, which is what a run without a
connection has left. Nothing that both have is exchanged.

Two machines may write to one address at the same time: shards are named by their keys, so no rollout is doubled, but both may draw it, and
with an engine that does not repeat itself to the byte (vLLM) each then keeps its own. Give each run its own problems, or one at a time.

Credentials and endpoint come from the environment, as boto has them (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL,
AWS_PROFILE, roles …), never from a recipe.
"""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from tasks.base.errors import DISK_FAULTS, InputError
from tasks.base.extras import EXTRAS
from tasks.lake.compacted import manifests, retired
from tasks.lake.layout import ASIDE, EMPTY, JUDGE_WORDS, MANIFEST, QUARANTINE

MARK = ".remote"
ADDRESS = re.compile(r"(\w+):/+(.+)")  # a path makes s3:/bucket of s3://bucket
SINGLE_FILES = ("rollouts", "verdicts", "opinions", JUDGE_WORDS, "policies", "samplings", "images", "lake")
"""Where each file is whole by itself; elsewhere it is a folder."""
CONNECT_S, READ_S = 5, 60


def remote_address(home: Path) -> str | None:
    """The address that `home` is when it is no local path: `bucket/prefix`. Raises InputError for other storage than S3."""
    found = ADDRESS.fullmatch(str(home))
    if str(home) == "s3:":  # what a path makes of s3://
        raise InputError("--home s3:// names no bucket; give s3://bucket/prefix")
    if not found:
        return None
    if found[1] != "s3":
        raise InputError(f"--home {found[1]}://{found[2]}: only s3:// addresses and local folders can hold a lake")
    return found[2].rstrip("/")


def copy_of(address: str) -> Path:
    """The folder of the local copy: under DIFFICULTY_PRIOR_CACHE, or ~/.cache/difficulty-prior."""
    cache = os.environ.get("DIFFICULTY_PRIOR_CACHE") or Path.home() / ".cache" / "difficulty-prior"
    return Path(cache).absolute() / quote(address, safe="")


@dataclass(frozen=True)
class Remote:
    """The lake at s3://`address`, with its copy at `home`."""

    address: str
    home: Path

    def files(self, folder: str = "") -> dict[str, dict[str, Any]]:
        """All objects under a folder of the lake, by their names in it, with what the storage says of them."""
        root = f"{self.address}/{folder}".rstrip("/")
        with storage_errors_named(self.address):
            found = storage().find(root, detail=True)
        return {name.removeprefix(f"{self.address}/"): info for name, info in found.items()}

    def send(self, names: Sequence[str]) -> None:
        """Send files of the copy; those of a folder's manifest after all others."""
        for some in manifests_last(names):
            with storage_errors_named(self.address):
                storage().put([str(self.home / name) for name in some], [f"{self.address}/{name}" for name in some])

    def fetch(self, names: Sequence[str]) -> None:
        """Fetch files aside, and rename each file or whole artifact into its place."""
        aside = self.home / ASIDE / "fetched"
        shutil.rmtree(aside, ignore_errors=True)
        with storage_errors_named(self.address):
            if names:
                storage().get([f"{self.address}/{name}" for name in names], [str(aside / name) for name in names])
        for unit in sorted({unit_of(name) for name in names}):
            place = self.home / unit
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.is_dir():
                shutil.rmtree(place)
            os.replace(aside / unit, place)

    def replace(self, folder: str) -> None:
        """Put an artifact of the copy in the place of whatever lies there."""
        self.remove(self.files(folder))
        self.send(self.local(folder))

    def local(self, folder: str = "") -> list[str]:
        """The files of the copy that belong on the storage, by name."""
        names = [path.relative_to(self.home).as_posix() for path in (self.home / folder).rglob("*") if path.is_file()]
        return sorted(name for name in names if is_shared(name))

    def sync(self) -> None:
        """Fetch what is only there, send what is only here. Half-sent artifacts are neither read nor kept: they are sent again. Shards
        that a compaction has retired are not sent again: the storage may have dropped them."""
        there, here = whole(self.files()), whole(self.local())
        units = {unit_of(name) for name in here}
        self.fetch([name for name in there if unit_of(name) not in units])
        known, gone = {unit_of(name) for name in there}, retired(manifests(self.home))
        self.send([name for name in here if unit_of(name) not in known and name.rpartition("/")[0] not in gone])

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects, each folder's manifest first, so that what is half removed is not read."""
        with storage_errors_named(self.address):
            for name in sorted(names, key=lambda name: not name.endswith(MANIFEST)):
                storage().rm_file(f"{self.address}/{name}")


def unit_of(name: str) -> str:
    """What a file is whole with: itself, or its artifact's folder."""
    parts = PurePosixPath(name).parts
    return name if parts[0] in SINGLE_FILES or EMPTY in parts else "/".join(parts[:2])


def whole(names: Iterable[str]) -> list[str]:
    """The files that are whole by themselves or whose artifact has its manifest, but for those that are not shared."""
    shared = [name for name in names if is_shared(name)]
    complete = {unit_of(name) for name in shared if PurePosixPath(name).name == MANIFEST}
    return [name for name in shared if unit_of(name) == name or unit_of(name) in complete]


def is_shared(name: str) -> bool:
    """Whether a file of a lake belongs on the storage: not what is under construction or broken, locks and hidden files."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith(".") for part in parts)
    return len(parts) > 1 and parts[0] not in (ASIDE, QUARANTINE) and not hidden and not name.endswith(".lock")


def manifests_last(names: Sequence[str]) -> Iterator[list[str]]:
    """The names in two parts, none of them empty."""
    last = [name for name in names if PurePosixPath(name).name == MANIFEST]
    first = [name for name in names if PurePosixPath(name).name != MANIFEST]
    yield from (part for part in (first, last) if part)


def remote_of(home: Path) -> Remote | None:
    """The remote that `home` is a copy of; None for a lake that is only here."""
    mark = home / MARK
    return Remote(mark.read_text(encoding="utf-8"), home) if mark.is_file() else None


def send_file(path: Path) -> None:
    """Send a file that has become complete, where it lies in a copy of a lake and belongs on its storage."""
    remote = next((found for home in path.parents[1:] if (found := remote_of(home))), None)
    if remote and is_shared(name := path.relative_to(remote.home).as_posix()):
        remote.send([name])


def send_images(home: Path, names: Iterable[str]) -> None:
    """Send those images, named as in `problems`, that the storage does not have."""
    if remote := remote_of(home):
        held = remote.files("images")
        remote.send([name for name in sorted(f"images/{name}" for name in names) if name not in held])


def send_artifact(home: Path, folder: Path) -> None:
    """Send an artifact that has become complete."""
    if remote := remote_of(home):
        remote.replace(folder.relative_to(home).as_posix())


def drop(home: Path, folder: str) -> None:
    """Remove a folder of the lake from its storage."""
    if remote := remote_of(home):
        remote.remove(remote.files(folder))


def drop_broken(home: Path, name: str, broken: Path) -> None:
    """Remove from the storage an artifact, or a file that is as broken there as `broken`. One that is whole there is left, and fetched
    by the next opening."""
    if remote := remote_of(home):
        held = remote.files(name).items()
        remote.remove([found for found, info in held if broken.is_dir() or info["size"] == broken.stat().st_size])


@lru_cache
def storage() -> Any:
    """The S3 file system of the environment's credentials and endpoint. Raises InputError where s3fs is not installed."""
    try:
        import s3fs
    except ImportError as error:
        raise InputError(f"a lake on s3:// needs s3fs: {EXTRAS['s3'].install}") from error
    return s3fs.S3FileSystem(use_listings_cache=False, config_kwargs={"connect_timeout": CONNECT_S, "read_timeout": READ_S})


@contextmanager
def storage_errors_named(address: str) -> Iterator[None]:
    """Turn what the storage refuses into one error that says what to do; the local copy keeps what was not sent."""
    from botocore.exceptions import BotoCoreError, NoCredentialsError

    kept = f"What is not sent stays in {copy_of(address)}, and the next run sends it"
    try:
        yield
    except InputError:
        raise
    except NoCredentialsError as error:
        raise InputError(f"s3://{address}: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE") from error
    except PermissionError as error:
        raise InputError(f"s3://{address}: access denied ({error}); check AWS_ACCESS_KEY_ID and what it may do. {kept}") from error
    except FileNotFoundError as error:
        bucket = address.split("/")[0]
        raise InputError(f"s3://{address}: {error}; create the bucket {bucket}, or choose another --home. {kept}") from error
    except (BotoCoreError, OSError) as error:
        if isinstance(error, OSError) and error.errno in DISK_FAULTS:
            raise
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "AWS")
        raise InputError(f"s3://{address}: {endpoint} does not answer as it should: {error}. {kept}") from error
