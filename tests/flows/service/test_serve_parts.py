"""The parts of `serve` without a server: ports, versions, disks that cannot be written, children that die."""

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from prefect.utilities.callables import parameter_schema

from flows.server.children import MOST_DEATHS, Child, end
from flows.server.client import check_version
from flows.server.own import check_port
from flows.service import entrypoints
from flows.service.submitting import parse
from tasks.base.errors import InputError, WorkerError
from tasks.lake.artifacts import check_writable

PARENT = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
print(child.pid, flush=True)
time.sleep(3600)
"""


def test_a_taken_port_is_named_with_its_owner() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            InputError, match=rf"port {port} of 127.0.0.1 is in use \(by process {os.getpid()}, .*choose another with --port"
        ):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="no address of this machine"):
        check_port("nowhere.invalid", 4200)


@contextmanager
def answering(body: object, status: int = 200) -> Iterator[str]:
    """An API that answers everything with this, as a server of another version does."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("3.2.1", 200, "has version 3.2.1, older than this client.* upgrade the server"),
        ("", 401, "refuses us .401.: set PREFECT_API_AUTH_STRING"),
        ("", 404, "no Prefect API: PREFECT_API_URL ends in /api"),
    ],
)
def test_a_server_that_does_not_fit_is_refused(body: str, status: int, words: str) -> None:
    with answering(body, status) as api, pytest.raises(InputError, match=words):
        check_version(api)


def test_a_newer_server_is_taken() -> None:
    with answering("3.9.0") as api:
        check_version(api)


def test_no_server_is_said() -> None:
    with pytest.raises(InputError, match="does not answer .*start its server"):
        check_version("http://127.0.0.1:9/api")


@pytest.mark.process
def test_a_full_disk_is_said_before_anything_starts(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(b"\0" * (1 << 20))
    with pytest.raises(InputError, match=r"cannot write .*the disk is full.*choose another --home"):
        check_writable(small_disk / "runs")


@pytest.mark.process
def test_a_read_only_disk_is_said_before_anything_starts(read_only_disk: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write .*the disk is read-only"):
        check_writable(read_only_disk / "runs")


def child(tmp_path: Path, code: str) -> Child:
    """A child that runs some Python."""
    made = Child("thing", [sys.executable, "-c", code], dict(os.environ), tmp_path / "log")
    made.start()
    return made


@pytest.mark.process
def test_a_child_that_dies_is_started_again_but_not_for_ever(tmp_path: Path) -> None:
    dying, said = child(tmp_path, "print('because', flush=True); raise SystemExit(3)"), list[str]()
    with pytest.raises(WorkerError, match=r"the thing ended with exit code 3, for the 5th time(.|\n)*because"):
        for _ in range(2000):
            dying.keep(said.append)
            time.sleep(0.01)
    assert said == ["the thing ended with exit code 3; it is started again"] * (MOST_DEATHS - 1)


@pytest.mark.process
def test_children_end_with_their_children(tmp_path: Path) -> None:
    parent = child(tmp_path, PARENT)
    while not (text := parent.log.read_text()).strip():
        time.sleep(0.01)
    end([parent], grace_s=0.5)
    with pytest.raises(ProcessLookupError):
        os.kill(int(text), 0)


def test_every_form_describes_each_of_its_fields() -> None:
    for name in ("pipeline", "profile", "curate", "train", "evaluate", "recurate", "study"):
        fields = parameter_schema(getattr(entrypoints, name)).properties
        assert fields and all(field["description"] for field in fields.values()), name
        assert all("Empty: as the recipe says." in field["description"] for field in fields.values() if field.get("default", 0) is None)


def test_parameters_are_yaml() -> None:
    assert parse(["recipe=starter", "rounds=16", "changes=[a.b=1, c=d]"]) == {
        "recipe": "starter",
        "rounds": 16,
        "changes": ["a.b=1", "c=d"],
    }
    with pytest.raises(InputError, match="'rounds' has no '='"):
        parse(["rounds"])
