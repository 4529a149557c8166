"""The published file beside programs that hold it, write it, or leave things beside it, and in lakes that were copied or moved."""

import fcntl
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tasks.base.errors import InputError
from tasks.estimates.settings import DifficultySettings
from tasks.lake.compaction import CompactionSettings, compact, sweep_retired
from tasks.lake.lake import Lake
from tasks.lake.published import about, read_meta
from tasks.warehouse.publishing import publish, publish_again
from tasks.warehouse.querying import query
from tests.restored import restored
from tests.warehouse.test_incremental import add, compare

pytestmark = pytest.mark.process

SETTINGS = DifficultySettings()
COUNTS = "select (select count(*) from difficulty), (select count(distinct problem_id) from rollouts), (select max(n) from problem_counts)"
WRITER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
for statement in sys.stdin:
    connection.execute(statement)
    print("done", flush=True)
"""


class Writer:
    """A program that holds a database in DuckDB's default mode, and writes what it is told."""

    def __init__(self, path: Path) -> None:
        path.chmod(0o644)  # root needs no such leave
        command = [sys.executable, "-c", WRITER, str(path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.write("select 1")

    def write(self, statement: str) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{statement}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Lake]:
    """A published lake of ten problems."""
    made = Lake(tmp_path_factory.mktemp("lake") / "home")
    add(made, range(10))
    publish(made, SETTINGS)
    return restored(made)


@pytest.fixture
def lake(kept: Callable[[], Lake]) -> Lake:
    """That lake, as it was published."""
    return kept()


@pytest.fixture
def writer(lake: Lake) -> Iterator[Writer]:
    """One that holds the published file."""
    holding = Writer(lake.warehouse)
    yield holding
    holding.kill()


def counts(lake: Lake) -> tuple[int, ...]:
    return query(lake, COUNTS).row(0)


def test_the_published_file_is_for_reading_only(lake: Lake) -> None:
    for change in ("nothing", "update", "whole"):
        if change == "update":
            add(lake, range(10, 11))
        publish(lake, SETTINGS, whole=change == "whole")
        assert lake.warehouse.stat().st_mode & 0o777 == 0o444


def test_a_file_that_is_held_for_writing_is_read_and_published(lake: Lake, writer: Writer) -> None:
    assert f"(PID {writer.process.pid}) holds for writing" in about(lake.home)
    assert counts(lake) == (10, 10, 4) and read_meta(lake.warehouse)["home"] == str(lake.home)
    publish(lake, DifficultySettings(low=0.3))
    publish_again(lake, whole=True)
    again = Writer(lake.warehouse)  # the next file is held as well
    add(lake, range(10, 11))
    publish_again(lake)
    assert counts(lake) == (11, 11, 4) and '"low":0.3' in read_meta(lake.warehouse)["difficulty"]
    again.kill()


def test_a_notebook_that_holds_it_itself_reads_and_publishes(lake: Lake) -> None:
    lake.warehouse.chmod(0o644)
    with duckdb.connect(str(lake.warehouse)) as session:
        assert counts(lake) == (10, 10, 4)
        session.execute("create table mine as select 1 as a")
        assert counts(lake) == (10, 10, 4)
        publish_again(lake)
        assert counts(lake) == (10, 10, 4) and session.execute("from mine").fetchall() == [(1,)]
    assert counts(lake) == (10, 10, 4)


@pytest.mark.parametrize("ended", [False, True])
def test_what_another_program_wrote_is_neither_read_nor_kept(
    lake: Lake, writer: Writer, caplog: pytest.LogCaptureFixture, ended: bool
) -> None:
    writer.write("update marts.problem_counts set n = 99")
    writer.write("create table mine as select 1 as a")
    log = lake.home / "warehouse.duckdb.wal"
    assert log.is_file() and counts(lake) == (10, 10, 4)
    assert "what it wrote is not read" in caplog.text
    if ended:
        writer.kill()
    publish(lake, SETTINGS)  # nothing is new, and yet
    assert not log.exists() and "what it wrote is not kept" in caplog.text
    with duckdb.connect(str(lake.warehouse), read_only=True) as session:  # as people's own tools read it
        assert session.sql("select max(n) from problem_counts").fetchall() == [(4,)]
        assert session.sql("select count(*) from duckdb_tables() where table_name = 'mine'").fetchall() == [(0,)]


def test_a_writer_of_the_old_file_cannot_touch_the_new_one(lake: Lake, writer: Writer) -> None:
    add(lake, range(10, 11))
    publish(lake, SETTINGS)
    writer.write("update marts.problem_counts set n = 99")  # into a log that has the new file's name
    assert counts(lake) == (11, 11, 4)
    writer.write("checkpoint")
    assert counts(lake) == (11, 11, 4)
    compare(lake)


@pytest.mark.parametrize("how", ["checkpoint", "closed"])
def test_a_file_that_was_changed_is_told_and_made_anew(lake: Lake, writer: Writer, caplog: pytest.LogCaptureFixture, how: str) -> None:
    writer.write("update marts.problem_counts set n = 99")
    writer.write("checkpoint")
    if how == "closed":
        writer.process.communicate()
    assert counts(lake) == (10, 10, 99)
    assert "another program has written into" in caplog.text and "difficulty-prior publish --home" in caplog.text
    add(lake, range(10, 11))
    publish(lake, SETTINGS)  # only what is new, were it not for that
    caplog.clear()
    assert counts(lake) == (11, 11, 4) and not caplog.text


def lock_as_another_machine(path: Path) -> int:
    """Hold a lock that names no process of this machine, as one of another machine does; gives the open file."""
    path.chmod(0o644)
    file = os.open(path, os.O_RDWR)
    whole = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    fcntl.fcntl(file, fcntl.F_OFD_SETLK, whole)
    return file


@pytest.mark.skipif(not hasattr(fcntl, "F_OFD_SETLK"), reason="needs Linux")
def test_a_file_that_another_machine_locks_is_read_and_published(lake: Lake) -> None:
    file = lock_as_another_machine(lake.warehouse)
    try:
        with pytest.raises(duckdb.IOException, match="Could not set lock"):
            duckdb.connect(str(lake.warehouse), read_only=True)
        assert counts(lake) == (10, 10, 4)
        add(lake, range(10, 11))
        publish_again(lake)
        assert counts(lake) == (11, 11, 4)
    finally:
        os.close(file)


LOCKLESS = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static int refused(int file, int command) {
    char link[64], path[4096] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    if (readlink(link, path, sizeof path - 1) < 0) return 0;
    return strstr(path, "home/warehouse.duckdb") && (command == F_SETLK || command == F_SETLKW || command == F_GETLK); }
#define REFUSING(name) int name(int file, int command, ...) { \\
    va_list rest; va_start(rest, command); void *value = va_arg(rest, void *); va_end(rest); \\
    if (refused(file, command)) { errno = ENOLCK; return -1; } \\
    return ((int (*)(int, int, ...)) dlsym(RTLD_NEXT, #name))(file, command, value); }
REFUSING(fcntl)
REFUSING(fcntl64)
"""


@pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc to make a machine without locks")
def test_a_file_system_without_locks_is_read_and_published(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "lockless.c").write_text(LOCKLESS)
    library = tmp_path / "lockless.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, tmp_path / "lockless.c", "-ldl"], check=True)
    code = """
import sys, duckdb
from pathlib import Path
from tests.lake.test_published import Lake, add, counts, publish_again
lake = Lake(Path(sys.argv[1]))
try:
    duckdb.connect(str(lake.warehouse), read_only=True)
except duckdb.IOException as error:
    assert "No locks available" in str(error), error
else:
    raise AssertionError("it could be locked")
assert counts(lake) == (10, 10, 4)
add(lake, range(10, 11))
publish_again(lake)
assert counts(lake) == (11, 11, 4)
"""
    environment = {**os.environ, "LD_PRELOAD": str(library)}
    done = subprocess.run([sys.executable, "-c", code, str(lake.home)], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_room_for_a_private_copy_is_one_line(lake: Lake, writer: Writer, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    (small_disk / "full").write_bytes(bytes(1 << 19))
    with pytest.raises(
        InputError, match=r"warehouse\.duckdb is held by another program.*cannot be copied to .*No space left.*TMPDIR"
    ) as told:
        counts(lake)
    assert "\n" not in str(told.value)


def test_a_file_that_is_no_database_is_told_and_made_anew(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    lake.warehouse.chmod(0o644)
    lake.warehouse.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(InputError, match="cannot read .*difficulty-prior publish --whole"):
        counts(lake)
    publish_again(lake)
    assert counts(lake) == (10, 10, 4)
    (lake.home / "aside" / "published.json").unlink()
    lake.warehouse.chmod(0o644)
    lake.warehouse.write_bytes(b"nor is this" * 1000)
    publish_again(lake)
    assert counts(lake) == (10, 10, 4) and "the default ones are used" in caplog.text


# lakes at odd places
def test_a_lake_whose_path_has_a_question_mark_is_published_updated_and_moved(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """DuckDB takes what stands behind a `?` for the query of an address."""
    made = Lake(tmp_path / "runs? [a] *?x=1" / "it's #1 %20 é")
    add(made, range(10))
    publish(made, SETTINGS)
    add(made, range(10, 11))
    publish(made, SETTINGS)
    assert counts(made) == (11, 11, 4) and not [record for record in caplog.records if record.levelname == "WARNING"]
    (tmp_path / "what?").mkdir()
    there = moved(made, tmp_path / "what?", "mv")
    assert counts(there) == (11, 11, 4)
    publish(there, SETTINGS)
    assert counts(there) == (11, 11, 4) and read_meta(there.warehouse)["home"] == str(there.home)


# copied and moved lakes


def moved(lake: Lake, folder: Path, how: str) -> Lake:
    """The lake somewhere else; where it was only copied, the original goes on and has other rows."""
    place = folder / "another [place] it's *"
    if how == "mv":
        lake.home.rename(place)
        return Lake(place)
    shutil.copytree(lake.home, place, copy_function=shutil.copy2 if how == "cp -a" else shutil.copy)
    if how == "cp -r, and the old one deleted":
        shutil.rmtree(lake.home)
    else:
        add(lake, range(50, 57))
    return Lake(place)


@pytest.mark.parametrize(
    ("how", "compacted"), [("mv", False), ("cp -r", False), ("cp -r, and the old one deleted", False), ("cp -a", True), ("mv", True)]
)
def test_a_lake_elsewhere_reads_its_own_files(lake: Lake, tmp_path: Path, how: str, compacted: bool) -> None:
    if compacted:
        add(lake, range(3, 5), first=4, known=True)
        compact(lake, CompactionSettings(min_shards=2, keep_hours=0))
        publish(lake, SETTINGS)
        sweep_retired(lake, CompactionSettings(min_shards=2, keep_hours=0))
    expected = (10, 10, 8 if compacted else 4)
    there = moved(lake, tmp_path, how)
    before = (there.warehouse.stat().st_ino, there.warehouse.stat().st_mtime_ns)
    assert counts(there) == expected  # a look leaves it as it is:
    assert (there.warehouse.stat().st_ino, there.warehouse.stat().st_mtime_ns) == before
    assert f"was published in {lake.home}: commands read a private copy until the next publish" in about(there.home)
    publish_again(there)
    assert counts(there) == expected and about(there.home) == "with a published warehouse"
    with duckdb.connect(str(there.warehouse), read_only=True) as session:  # by now people's own tools read it too
        assert session.sql(COUNTS).fetchall() == [expected]
    assert there.warehouse.stat().st_mode & 0o777 == 0o444
    add(there, range(20, 21))
    publish_again(there)
    assert counts(there) == (11, 11, expected[2]) and read_meta(there.warehouse)["home"] == str(there.home)


def test_what_was_moved_is_still_updated(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.warehouse import incremental

    there, done = moved(lake, tmp_path, "mv"), []
    real = incremental.Update.run
    monkeypatch.setattr(incremental.Update, "run", lambda self: (done.append("update"), real(self))[1])
    assert counts(there) == (10, 10, 4)
    add(there, range(20, 21))
    publish_again(there)
    assert done == ["update"] and counts(there) == (11, 11, 4)


def test_another_name_of_the_same_folder_changes_nothing(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(lake.home)
    monkeypatch.chdir(lake.home.parent)
    before = lake.warehouse.stat().st_ino
    for name in (str(tmp_path / "link"), "home", "./home/../home"):
        assert counts(Lake(Path(name))) == (10, 10, 4)
    assert lake.warehouse.stat().st_ino == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_moved_lake_that_cannot_be_written_is_read_from_a_private_copy(lake: Lake, small_disk: Path) -> None:
    there, disk = small_disk / "there", str(small_disk)
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    shutil.copytree(lake.home, there)
    shutil.rmtree(lake.home)
    before = (there / "warehouse.duckdb").stat()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    try:
        assert counts(Lake(there)) == (10, 10, 4)
        assert (there / "warehouse.duckdb").stat().st_mtime_ns == before.st_mtime_ns
    finally:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)


def test_a_moved_lake_that_is_held_for_writing_is_read(lake: Lake, tmp_path: Path) -> None:
    there = moved(lake, tmp_path, "cp -a")
    holding = Writer(there.warehouse)
    try:
        assert counts(there) == (10, 10, 4)
    finally:
        holding.kill()
