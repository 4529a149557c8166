"""Content-addressed artifacts: a folder whose name is the digest of everything that made it, complete from the moment it exists.

An artifact is built aside and renamed into place with its manifest already inside, so a killed process leaves either the whole
artifact or none of it; what lies aside is taken up again by builders that can resume (training) and thrown away by the others.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, PrivateAttr
from pydantic_core import to_jsonable_python

from tasks.base.errors import PLACE_FAULTS, WAY_OUT, InputError
from tasks.base.files import digest, disk_errors_named, file_digest, sync, write_text
from tasks.lake.layout import ASIDE, MANIFEST
from tasks.lake.storage import send_artifact


def folder_digests(folder: Path, pattern: str = "**/*") -> dict[str, str]:
    """Digest of every file under `folder` that matches, by its relative POSIX path, sorted. Manifests and hidden files do not count."""
    files = sorted(path for path in folder.glob(pattern) if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: file_digest(path) for name, path in names.items() if name != MANIFEST and not path_is_hidden(name)}


def path_is_hidden(relative: str) -> bool:
    """Whether any part of a relative path starts with a dot."""
    return any(part.startswith(".") for part in relative.split("/"))


class Artifact(BaseModel):
    """A reference to the artifact `home/kind/key`: small enough to cross a Prefect task boundary, whether or not it exists yet.

    One that was planned also knows what its key was made of (`made_from`), which its manifest keeps for `--plan` to compare with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    kind: str
    key: str
    _made_from: dict[str, Any] = PrivateAttr(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Artifact) and (self.home, self.kind, self.key) == (other.home, other.kind, other.key)

    def __hash__(self) -> int:
        return hash((self.home, self.kind, self.key))

    @property
    def made_from(self) -> dict[str, Any]:
        """What its key was made of, where it was planned; empty for one that is only referred to."""
        return self._made_from

    @property
    def path(self) -> Path:
        """Its folder, whether or not that is there."""
        return self.home / self.kind / self.key

    @property
    def is_complete(self) -> bool:
        """Whether it was built to its end: its manifest is there."""
        return (self.path / MANIFEST).is_file()

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What made the artifact. Raises FileNotFoundError, naming the folder, when it is not complete."""
        try:
            return json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{self.kind} artifact {self.path} is not complete: it has no {MANIFEST}; run the flow again"
            ) from error

    @property
    def content(self) -> str:
        """Digest of what the artifact holds: what depends on it is keyed by this, not by how it was asked for."""
        return self.manifest["content"]

    def file(self, name: str) -> Path:
        """The path of one of its files. Raises FileNotFoundError when it is not there."""
        path = self.path / name
        if not path.exists():
            raise FileNotFoundError(f"{self.kind} artifact {self.path} has no {name}; delete the folder and run the flow again")
        return path


def artifact(home: Path, kind: str, inputs: dict[str, Any], details: dict[str, Any] | None = None) -> Artifact:
    """The artifact that these inputs make. `inputs` must hold everything that can change the content (and nothing else).

    `details` spells out those inputs that are digests of something; it is no part of the key.
    """
    made = Artifact(home=home.absolute(), kind=kind, key=digest(inputs))
    made._made_from = {**to_jsonable_python(inputs), **to_jsonable_python(details or {})}
    return made


@contextmanager
def building(target: Artifact, facts: dict[str, Any], *, resume: bool = False) -> Iterator[Path]:
    """Build `target` in the folder this yields; on leaving without an error it is completed with a manifest of `facts`.

    With `resume` the folder still holds what an earlier, killed attempt left. Only one process builds an artifact at a time; another
    waits for it. The manifest holds `facts` (paths in the lake as seen from its home), what the key was made of, each file's digest, and
    `content`, the digest of these.
    """
    aside = target.home / ASIDE / f"{target.kind}-{target.key}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{aside}.lock"), disk_errors_named(aside):
        if not resume:
            shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(exist_ok=True)
        yield aside
        complete(target, aside, facts)


def complete(target: Artifact, aside: Path, facts: dict[str, Any]) -> None:
    """Write the manifest into `aside` and rename the folder to where the artifact belongs."""
    files = folder_digests(aside)
    named = {"kind": target.kind, "key": target.key, "made_from": target.made_from}
    manifest = {**named, **seen_from(target.home, to_jsonable_python(facts)), "files": files, "content": digest(files)}
    write_text(aside / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
    target.path.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target.path, ignore_errors=True)
    os.replace(aside, target.path)
    sync(target.path.parent)
    send_artifact(target.home, target.path)


def seen_from(home: Path, value: Any) -> Any:
    """A JSON value whose texts name paths in the lake as seen from its home: what a lake tells of itself stays true when it is moved."""
    if isinstance(value, dict):
        return {name: seen_from(home, held) for name, held in value.items()}
    if isinstance(value, list):
        return [seen_from(home, held) for held in value]
    return re.sub(rf"(?<![\w/.~-]){re.escape(str(home))}/", "", value) if isinstance(value, str) else value


def check_writable(home: Path) -> None:
    """Raise InputError, naming it and the reason, for a lake that cannot be written to: before a run, not hours into it."""
    probe = home / ASIDE / f".probe.{os.getpid()}"
    try:
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(bytes(4096))
    except OSError as error:
        reason = PLACE_FAULTS.get(error.errno or 0, error.strerror)
        raise InputError(f"cannot write the lake {home}: {reason}. {WAY_OUT}") from error
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
