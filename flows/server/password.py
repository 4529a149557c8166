"""The password of a Prefect server that `serve` starts: made once, kept for its user alone, and told to nobody but that server.

It lies in PREFECT_HOME, whose server it is for. A server that runs notes its address there, too: commands give the password to that address
alone, as whoever else listens on a port of this machine would learn it.
"""

import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tasks.base.errors import InputError
from tasks.base.files import disk_errors_named, write_text

FOLDER, FILE, USER = "difficulty-prior", "password", "difficulty-prior"
MOST_BYTES = 65536
STRING = re.compile(r"[!-9;-~]+:[!-~]+\n?")


@dataclass(frozen=True)
class Served:
    """A server that `serve` has started: its API, the process of `serve`, and whether its password is the one that we made."""

    api: str
    pid: int
    began: float
    own: bool

    def runs(self) -> bool:
        """Whether that `serve` is still there."""
        try:
            return psutil.Process(self.pid).create_time() == self.began
        except psutil.Error:
            return False


def folder() -> Path:
    """The folder of ours in PREFECT_HOME."""
    return Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser() / FOLDER


def writable_folder() -> Path:
    """Our part of Prefect's folder, made where it is not there. Raises InputError where this user may not write, or the disk is full."""
    place = folder()
    try:
        with disk_errors_named(place.parent):
            place.mkdir(parents=True, exist_ok=True)
            write_text(place / ".probe", "")
            (place / ".probe").unlink()
    except PermissionError as error:
        raise InputError(
            f"Prefect's folder {place.parent} cannot be written by this user ({error}); set PREFECT_HOME to another"
        ) from error
    return place


def file() -> Path:
    """The file with the password of this PREFECT_HOME's server."""
    return folder() / FILE


def own_password() -> str:
    """The password of this PREFECT_HOME, made where there is none yet. Raises InputError for a file that cannot be trusted."""
    path = file()
    if not os.path.lexists(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        keep_new(path, f"{USER}:{secrets.token_urlsafe(24)}")
    return read_password(path)


def keep_new(path: Path, text: str) -> None:
    """Write a file for this user alone, whole or not at all; one that another has just written stays."""
    aside = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(f"{text}\n")
        put_new(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def put_new(aside: Path, path: Path) -> None:
    """Give a file its name, which one that is there keeps; where a disk knows no links, the last one written has it."""
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    except OSError:
        aside.replace(path)


def read_password(path: Path) -> str:
    """The password in a file. Raises InputError, with the way out, where others can read or have written it, or it holds none."""
    renew = f"or remove it, and `serve` makes a new one: rm {path}"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        said = f"the password file {path} cannot be read ({error.strerror})"
        raise InputError(f"{said}: make it a file of yours with mode 600, {renew}") from error
    try:
        check_ours(path, os.fstat(descriptor), renew)
        text = os.read(descriptor, MOST_BYTES).decode("ascii", "replace")
    finally:
        os.close(descriptor)
    if not STRING.fullmatch(text):
        said = "is empty" if not text.strip() else "holds no password"
        raise InputError(f"the password file {path} {said}: give it one line USER:PASSWORD of printable ASCII without spaces, {renew}")
    return text.strip()


def check_ours(path: Path, found: os.stat_result, renew: str) -> None:
    """Raise InputError, with the way out, unless this user alone can read and write a file."""
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"the password file {path} is no file: put USER:PASSWORD into one with mode 600, {renew}")
    if found.st_uid != os.geteuid():
        raise InputError(f"the password file {path} belongs to user {found.st_uid}, not to you ({os.geteuid()}): chown it, {renew}")
    if mode & 0o077:
        raise InputError(f"the password file {path} can be read or written by others (mode {mode:o}): chmod 600 {path}, {renew}")


@contextmanager
def noted(api: str, own: bool) -> Iterator[None]:
    """Inside, commands on this machine know that this process serves `api`, and whether with the password that we made."""
    ours = psutil.Process()
    path = note_of(api)
    write_text(path, json.dumps(asdict(Served(api, ours.pid, ours.create_time(), own))))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def note_of(api: str) -> Path:
    """Where the note of a server lies: one a port."""
    return folder() / f"served-{urlsplit(api).port or 80}.json"


def served_at(url: str) -> Served | None:
    """The server that a `serve` of this PREFECT_HOME runs at this address, which may say `localhost`; None where there is none."""
    try:
        found = Served(**json.loads(note_of(url).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    wanted, there = urlsplit(url), urlsplit(found.api)
    same = wanted.hostname == there.hostname or (wanted.hostname == "localhost" and there.hostname in ("127.0.0.1", "::1"))
    return found if same and wanted.scheme == there.scheme and found.runs() else None
