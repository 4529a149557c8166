"""A lake on a real S3 server of this machine: the tables of a local run, nothing drawn twice, and what is lost on the way is made good."""

import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import httpx
import pytest
from polars.testing import assert_frame_equal

from tasks.base.errors import InputError
from tasks.lake.lake import Lake
from tasks.lake.looking import looking
from tasks.lake.storage import copy_of, storage
from tasks.warehouse.home import at_hand, open_home
from tasks.warehouse.querying import query
from tests.flows.runs import command, environment, run, tables, tiny_recipe
from tests.lake.test_opening import traces

pytestmark = pytest.mark.process

s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed: pip install 'difficulty-prior[s3]'")
KEYS = {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
PROFILE = ("sampling.shard_size=40", "problems.starter={n_train: 24, n_heldout: 8}", "sampling.rounds=2")


@dataclass
class Server:
    """An S3 server with a bucket `lakes`."""

    url: str
    process: subprocess.Popen

    def allow(self, requests: float) -> None:
        """So many more requests are served to anyone; then only known keys are good, and there are none."""
        httpx.post(f"{self.url}/moto-api/reset-auth", content=str(requests)).raise_for_status()


@pytest.fixture(scope="module")
def started() -> Iterator[list[Server]]:
    """The servers so far; the last one serves until a test kills it."""
    servers: list[Server] = []
    yield servers
    for server in servers:
        server.process.kill()
        server.process.wait()


def start(folder: Path) -> Server:
    """A server that answers."""
    process = subprocess.Popen([sys.executable, "-m", "tests.s3_server"], stdout=subprocess.PIPE, text=True, env=environment(folder))
    assert process.stdout
    return Server(process.stdout.readline().strip(), process)


@pytest.fixture
def server(started: list[Server], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """One that has an empty bucket and serves anyone."""
    if not started or started[-1].process.poll() is not None:
        started.append(start(tmp_path))
    server = started[-1]
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": server.url, "DIFFICULTY_PRIOR_CACHE": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)
    server.allow(math.inf)
    httpx.post(f"{server.url}/moto-api/reset").raise_for_status()
    forget()
    storage().mkdir("lakes")
    yield server
    forget()


def forget() -> None:
    """Forget the connection of this process: another server, or another machine, comes next."""
    storage.cache_clear()
    s3fs.S3FileSystem.clear_instance_cache()


def objects() -> dict[str, str]:
    """Every object of the lake and when it was last written."""
    return {name: str(info["LastModified"]) for name, info in storage().find("lakes/a", detail=True).items()}


def on_another_machine(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """The lake opened where nothing of it has been."""
    monkeypatch.setenv("DIFFICULTY_PRIOR_CACHE", str(folder))
    forget()
    return open_home(Path("s3://lakes/a"))


def profile(home: Path | str, folder: Path, prefect_home: Path) -> subprocess.CompletedProcess[str]:
    return run(Path(home), tiny_recipe(folder), prefect_home, *PROFILE, flow="profile")


def test_a_profile_on_s3(server: Server, tmp_path: Path, prefect_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local, done = profile(tmp_path / "local", tmp_path, prefect_home), profile("s3://lakes/a", tmp_path, prefect_home)
    assert local.returncode == done.returncode == 0, done.stdout + done.stderr
    expected = tables(tmp_path / "local")
    first = objects()
    assert {name.split("/")[2] for name in first} >= {"images", "rollouts", "verdicts", "problems", "difficulty", "warehouse.duckdb"}
    assert not [name for name in first if "/." in name or "/aside/" in name or name.endswith(".lock")]

    # a machine that has nothing of it sees the same, in its files and in the warehouse's views
    other = on_another_machine(monkeypatch, tmp_path / "other")
    for relation, rows in tables(other).items():
        assert_frame_equal(rows, expected[relation])
    sql = "select count(*) as rollouts, (select count(*) from difficulty) as problems from rollouts"
    assert query(Lake(other), sql).rows() == query(Lake(tmp_path / "local"), sql).rows()

    # and draws nothing again
    again = profile("s3://lakes/a", tmp_path, prefect_home)
    assert again.returncode == 0, again.stderr
    same = {name for name, written in objects().items() if first.get(name) == written}
    assert first.keys() - same == {"lakes/a/warehouse.duckdb"} and objects().keys() == first.keys()
    assert not list(other.glob("profiles/*/.sampling-*.log"))

    # what is on the storage can be asked from anywhere, without a copy
    connection = duckdb.connect()
    connection.register_filesystem(storage())
    [(rollouts,)] = connection.sql("select count(*) from read_parquet('s3://lakes/a/rollouts/*/*.parquet')").fetchall()
    assert rollouts == len(expected["rollouts"])
    storage().get("lakes/a/warehouse.duckdb", str(tmp_path / "warehouse.duckdb"))
    with duckdb.connect(tmp_path / "warehouse.duckdb", read_only=True) as published:
        published.register_filesystem(storage())
        assert published.sql("select count(*) from verdicts").fetchall() == [(len(expected["verdicts"]),)]

    # an artifact whose sending broke off before its manifest is not read; what is complete here is sent again
    [manifest] = [name for name in first if "/graded/" in name and name.endswith("manifest.json")]
    [shard, *_] = [name for name in first if "/rollouts/" in name and "_schema" not in name]
    storage().rm([manifest, shard])
    assert not list(on_another_machine(monkeypatch, tmp_path / "third").glob("graded/*"))
    on_another_machine(monkeypatch, tmp_path / "other")
    assert objects().keys() == first.keys()


def test_what_could_not_be_sent_is_sent_at_the_next_opening(server: Server, tmp_path: Path) -> None:
    lake = Lake(open_home(Path("s3://lakes/a")))
    server.allow(0)
    with pytest.raises(InputError, match=r"s3://lakes/a: access denied .*stays in .* the next run sends it"):
        lake.record("policies", dict.fromkeys(("policy_id", "name", "kind", "model", "parent_id", "stage_id"), "x"))
    server.allow(math.inf)
    assert not [name for name in objects() if "/policies/" in name and "_schema" not in name]
    open_home(Path("s3://lakes/a"))
    assert len([name for name in objects() if "/policies/" in name and "_schema" not in name]) == 1


def test_an_artifact_made_again_leaves_nothing_of_the_one_before(server: Server) -> None:
    from tasks.lake.artifacts import artifact, building

    home = open_home(Path("s3://lakes/a"))
    target = artifact(home, "curated", {"x": 1})
    for name in ("one", "two"):
        with building(target, {}) as folder:
            (folder / name).write_text(name)
    assert sorted(name.rsplit("/", 1)[1] for name in objects() if target.key in name) == ["manifest.json", "two"]


def test_faults_of_the_storage_are_one_message(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(home: str) -> str:
        done = subprocess.run(command("sync", "--home", home), env=environment(tmp_path), capture_output=True, text=True, check=False)
        assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
        return " ".join(done.stderr.split())

    assert "s3://nowhere/a: The specified bucket does not exist; create the bucket nowhere, or choose another --home" in fault(
        "s3://nowhere/a"
    )
    assert "only s3:// addresses and local folders can hold a lake" in fault("gs://lakes/a")
    server.allow(0)
    assert "access denied" in fault("s3://lakes/a") and KEYS["AWS_SECRET_ACCESS_KEY"] not in fault("s3://lakes/a")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert "no credentials; set AWS_ACCESS_KEY_ID" in fault("s3://lakes/a")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    server.process.kill()
    server.process.wait()
    assert f"{server.url} does not answer" in fault("s3://lakes/a")


def test_a_look_is_at_the_copy_that_a_run_brought_up_to_date(server: Server) -> None:
    home = Path("s3://lakes/a")
    assert "has no copy here" in at_hand(home).unknown and not at_hand(home).folder.exists()
    lake = Lake(open_home(home))
    assert objects() and "last brought up to date at 20" in at_hand(home).unknown
    server.process.kill()
    server.process.wait()
    before = traces(lake.home)
    with looking():
        assert open_home(home) == open_home(lake.home) == lake.home
    assert lake.scan("rollouts").collect().is_empty() and traces(lake.home) == before


def test_a_lake_of_a_newer_version_on_the_storage_is_refused(server: Server) -> None:
    storage().pipe_file("lakes/a/lake/version.json", b'{"version": 99}')
    for opened in (open_home, at_hand):  # by then the copy knows it, too
        with pytest.raises(InputError, match="has layout 99, made by a newer"):
            opened(Path("s3://lakes/a"))
    assert list(objects()) == ["lakes/a/lake/version.json"]


def test_the_copy_of_an_address_has_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIFFICULTY_PRIOR_CACHE", str(tmp_path))
    assert copy_of("lakes/a/b") != copy_of("lakes/a-b") and copy_of("lakes/a/b").parent == tmp_path
    monkeypatch.chdir(tmp_path)
    assert open_home(Path("some/folder")) == tmp_path / "some/folder"
    monkeypatch.chdir("/")
    shutil.rmtree(tmp_path)
    assert os.fspath(open_home(tmp_path)) == str(tmp_path)
