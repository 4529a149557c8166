"""What is brought to a machine without a network: a folder in small pieces, put together again; wheels, installed; and what is lacking.

`cut FOLDER PLACE NAME [MB]` makes PLACE/NAME.tar.000, … and PLACE/NAME.sha256; `join PLACE NAME FOLDER` makes the folder of them;
`install WHEELS VENV` makes an environment of wheels and of what the machine has; `lacking [EXTRA …]` says what a run would miss. Stands on
the standard library of Python 3.11 alone, since it comes before anything is installed.
"""

import argparse
import hashlib
import importlib.metadata
import re
import shutil
import site
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.base.errors import InputError

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
PIECE_MB, MB = 60, 10**6
SAFE = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Python 3.11.0 to 3.11.3 has none
READY = ".ready"


class Pieces:
    """A file to write to that is cut into pieces of at most `most` bytes: `NAME.tar.000`, `NAME.tar.001`, …"""

    def __init__(self, place: Path, name: str, most: int) -> None:
        self.place, self.name, self.most = place, name, most
        self.paths: list[Path] = []
        self.room = 0

    def write(self, data: bytes) -> int:
        """Put the bytes at the end of the last piece, or into further ones."""
        rest = memoryview(data)
        while rest:
            if not self.room:
                self.paths.append(self.place / f"{self.name}.tar.{len(self.paths):03d}")
                self.paths[-1].write_bytes(b"")
                self.room = self.most
            part, rest = rest[: self.room], rest[self.room :]
            with self.paths[-1].open("ab") as piece:
                piece.write(part)
            self.room -= len(part)
        return len(data)


class Joined:
    """Pieces as one file to read from, each checked as it was cut: what is read of one has the sum that the list gives."""

    def __init__(self, pieces: Sequence[tuple[Path, str]]) -> None:
        self.blocks = (block for path, digest in pieces for block in checked(path, digest))
        self.held = b""

    def read(self, size: int) -> bytes:
        """The next bytes, fewer than `size` only at the end."""
        while len(self.held) < size and (block := next(self.blocks, b"")):
            self.held += block
        found, self.held = self.held[:size], self.held[size:]
        return found


def checked(path: Path, digest: str) -> Iterator[bytes]:
    """A piece's bytes in blocks. Raises InputError where it is not there, or not as it was cut."""
    if not path.is_file():
        raise InputError(f"{path} is not there: it is in the list {path.with_suffix('').with_suffix('.sha256')}; bring it, too")
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(MB):
            found.update(block)
            yield block
    if found.hexdigest() != digest:
        raise InputError(f"{path} is not as it was cut ({path.stat().st_size:,} bytes, another checksum); bring it again")


def cut(folder: Path, place: Path, name: str, most: int = PIECE_MB * MB) -> list[Path]:
    """Cut a folder into pieces, links followed, and write the list of their checksums last, as `sha256sum` writes and checks it."""
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder, of which pieces could be made")
    place.mkdir(parents=True, exist_ok=True)
    for old in place.glob(f"{name}.tar.*"):
        old.unlink()
    pieces = Pieces(place, name, most)
    with tarfile.open(fileobj=pieces, mode="w|", bufsize=MB, dereference=True) as archive:  # type: ignore[call-overload]
        archive.add(folder, ".")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in pieces.paths]
    (place / f"{name}.sha256").write_text("".join(lines), encoding="utf-8")
    return pieces.paths


def join(place: Path, name: str, folder: Path) -> None:
    """Make a folder of its pieces; one that is whole already, of the same pieces, stays. Raises InputError that names what is wrong."""
    listed = place / f"{name}.sha256"
    if not listed.is_file():
        raise InputError(f"{listed} is not there, the list of the pieces {name}.tar.*; make both by `python -m tests.bench.brought cut`")
    words = listed.read_text(encoding="utf-8")
    if (folder / READY).is_file() and (folder / READY).read_text(encoding="utf-8") == words:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pieces = Joined([(place / file, digest) for digest, file in map(str.split, words.splitlines())])
    try:
        with tarfile.open(fileobj=pieces, mode="r|", bufsize=MB) as archive:  # type: ignore[call-overload]
            archive.extractall(folder, **SAFE)
        while pieces.read(MB):  # behind the archive's end: read, so that it is checked
            pass
    except (tarfile.TarError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"the pieces {listed.with_suffix('.tar.*')} are no archive of a folder: {error}; cut them again") from error
    (folder / READY).write_text(words, encoding="utf-8")


def install(wheels: Path, venv: Path) -> None:
    """Make an environment of the wheels, and behind them of the packages that this Python has. Raises InputError with pip's own words."""
    files = sorted(map(str, wheels.glob("*.whl")))
    if not files:
        raise InputError(f"{wheels} has no wheel (*.whl); leave the folder out where the packages are installed")
    if (venv / READY).is_file() and (venv / READY).read_text(encoding="utf-8") == "\n".join(files):
        return
    shutil.rmtree(venv, ignore_errors=True)
    told([sys.executable, "-m", "venv", "--without-pip", str(venv)], f"no environment could be made at {venv}")
    options = ["--no-index", "--no-deps", "--no-cache-dir", "--no-compile", "--disable-pip-version-check", "--quiet"]
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python"), "install", *options]
    told([*pip, *files], f"pip could not install the {len(files)} wheels of {wheels}")
    behind = [path for path in (*site.getsitepackages(), site.getusersitepackages()) if Path(path).is_dir()]
    [packages] = venv.glob("lib/python*/site-packages")
    (packages / "machine.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in behind), encoding="utf-8")
    (venv / READY).write_text("\n".join(files), encoding="utf-8")


def told(command: list[str], fault: str) -> None:
    """Run a command. Raises InputError with its last words where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = [line for line in (done.stdout + done.stderr).splitlines() if line.strip() and not line.startswith("[notice]")]
        raise InputError(f"{fault}: {' / '.join(words[-3:]) or f'exit code {done.returncode}'}")


def lacking(extras: Sequence[str] = ()) -> list[str]:
    """The packages that pyproject.toml asks for, those of some extras with them, and that this Python has not."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(need for extra in extras for need in project["optional-dependencies"][extra])]
    names = [match[0] for need in asked if (match := re.match(r"[\w.-]+", need))]
    return [name for name in names if not is_installed(name)]


def is_installed(package: str) -> bool:
    """Whether this Python has a package of that name."""
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def main() -> None:
    """Do what the command line asks. Raises InputError."""
    asked = argparse.ArgumentParser(prog="python -m tests.bench.brought")
    ways = asked.add_subparsers(dest="what", required=True)
    for what, names in {"cut": ("folder", "place", "name"), "join": ("place", "name", "folder"), "install": ("wheels", "venv")}.items():
        way = ways.add_parser(what)
        for name in names:
            way.add_argument(name, type=str if name == "name" else Path)
        if what == "cut":
            way.add_argument("mb", type=float, nargs="?", default=PIECE_MB)
    ways.add_parser("lacking").add_argument("extras", nargs="*")
    given = asked.parse_args()
    if given.what == "cut":
        pieces = cut(given.folder, given.place, given.name, round(given.mb * MB))
        print(f"{len(pieces)} pieces and the list of them: {given.place / given.name}.*")
    elif given.what == "join":
        join(given.place, given.name, given.folder)
    elif given.what == "install":
        install(given.wheels, given.venv)
    elif missing := lacking(given.extras):
        raise InputError(f"{sys.executable} has no {', '.join(missing)}: bring their wheels, and those of what they need, in wheels/")


if __name__ == "__main__":
    try:
        main()
    except InputError as fault:
        sys.exit(f"error: {fault}")
