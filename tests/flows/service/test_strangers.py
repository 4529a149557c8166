"""What keeps strangers out of `serve`, part by part: the password, addresses, the guard, the reports' port, the pools' template."""

import asyncio
import base64
import os
import pty
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import PrefectClient
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_SERVER_API_AUTH_STRING,
    PREFECT_SERVER_CORS_ALLOWED_ORIGINS,
    temporary_settings,
)
from prefect.workers.process import ProcessJobConfiguration

from flows.server import password
from flows.server.addresses import is_loopback, names_here
from flows.server.client import ApiError, api_url, chosen_password, password_for, trusted_password
from flows.server.guard import SIGN_IN, Guard
from flows.server.own import OwnServer, check_port, other_origins, own_server
from flows.service.pools import SETTABLE, closed_template
from flows.service.report_server import report_server
from flows.service.running import sign_in
from tasks.base.errors import InputError
from tests.flows.runs import command, environment

API = "http://127.0.0.1:4321/api"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A Prefect home of the test's own, and no password set."""
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    with temporary_settings(restore_defaults={PREFECT_API_AUTH_STRING, PREFECT_SERVER_API_AUTH_STRING}):
        yield tmp_path


@pytest.mark.process
def test_the_password_is_made_once_and_for_its_user_alone(home: Path) -> None:
    made = password.own_password()
    assert password.own_password() == made and len(made.partition(":")[2]) >= 32
    assert stat.S_IMODE(password.file().stat().st_mode) == 0o600
    assert [path.name for path in password.folder().iterdir()] == ["password"]


def test_two_that_make_it_at_once_have_the_same() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = {future.result() for future in [pool.submit(password.own_password) for _ in range(8)]}
    assert len(found) == 1


@pytest.mark.parametrize(
    ("text", "mode", "fault"),
    [
        ("a:b\n", 0o644, "can be read or written by others .mode 644.: chmod 600 .*, or remove it, and `serve` makes a new one"),
        ("a:b\n", 0o640, "mode 640"),
        ("a:b\n", 0o604, "mode 604"),
        ("a:b\n", 0o602, "mode 602"),
        ("", 0o600, "is empty: give it one line USER:PASSWORD"),
        ("\n", 0o600, "is empty"),
        ("word\n", 0o600, "holds no password"),
        ("a:b\nc:d\n", 0o600, "holds no password"),
        ("a: b\n", 0o600, "holds no password"),
        (":b", 0o600, "holds no password"),
        ("a:", 0o600, "holds no password"),
        ("a:pässword", 0o600, "holds no password"),
        ("a:b\0", 0o600, "holds no password"),
        (f"a:{'b' * 5000}\n\n", 0o600, "holds no password"),
    ],
)
def test_a_password_file_that_cannot_be_trusted(text: str, mode: int, fault: str) -> None:
    path = put(text, mode)
    with pytest.raises(InputError, match=fault) as error:
        password.own_password()
    assert str(path) in str(error.value) and "\n" not in str(error.value)
    assert "b" * 100 not in str(error.value)


@pytest.mark.parametrize("text", ["a:b", "a:b\n", "admin:p:q/#?'\"\n"])
def test_a_password_of_ones_own_in_the_file(text: str) -> None:
    put(text, 0o600)
    assert password.own_password() == text.strip()


def put(text: str, mode: int) -> Path:
    """The password file with this text and mode."""
    path = password.writable_folder() / password.FILE
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_password_file_of_another_user() -> None:
    path = put("a:b\n", 0o600)
    os.chown(path, 12345, -1)
    with pytest.raises(InputError, match="belongs to user 12345, not to you .0.: chown it"):
        password.own_password()


def test_a_password_file_that_is_none(home: Path) -> None:
    path = put("a:b\n", 0o600)
    path.rename(home / "elsewhere")
    path.symlink_to(home / "elsewhere")
    with pytest.raises(InputError, match="cannot be read .*symbolic"):
        password.own_password()
    path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(InputError, match="is no file"):
        password.own_password()
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match="is no file"):
        password.own_password()


def test_only_the_server_of_a_serve_that_runs_is_told_the_password(home: Path) -> None:
    made = password.own_password()
    assert password_for(API) is None
    with password.noted(API, own=True):
        assert password_for(API) == made
        others = ("http://127.0.0.1:4322/api", "http://127.0.0.2:4321/api", "http://evil.example:4321/api", "https://127.0.0.1:4321/api")
        assert [password_for(url) for url in others] == [None] * 4
        with temporary_settings({PREFECT_API_URL: "http://localhost:4321/api"}):
            assert api_url() == API  # nobody else who listens on another address of that name is asked
        with temporary_settings({PREFECT_API_AUTH_STRING: "mine:own"}):
            assert password_for(API) == "mine:own"
    assert password_for(API) is None
    with password.noted(API, own=False):
        assert password_for(API) is None
        with temporary_settings({PREFECT_SERVER_API_AUTH_STRING: "mine:own"}):
            assert password_for(API) == "mine:own"
    note = password.note_of(API)
    note.write_text(f'{{"api": "{API}", "pid": {os.getpid()}, "began": 1.5, "own": true}}')  # a process of that number, later
    assert password_for(API) is None


def test_a_file_that_others_can_read_is_a_fault_of_the_server_for_commands() -> None:
    put("a:b\n", 0o644)
    with password.noted(API, own=True), pytest.raises(ApiError) as error:
        trusted_password(API)
    assert "mode 644" in error.value.said and error.value.fix.startswith("chmod 600")


def test_what_the_user_has_set_wins() -> None:
    for setting in (PREFECT_API_AUTH_STRING, PREFECT_SERVER_API_AUTH_STRING):
        with temporary_settings({setting: "mine:own"}):
            server = own_server("127.0.0.1", 4321, ())
            assert (server.password, server.made) == ("mine:own", False)
    assert not password.file().exists()
    two = temporary_settings({PREFECT_API_AUTH_STRING: "a:b", PREFECT_SERVER_API_AUTH_STRING: "a:c"})
    with two, pytest.raises(InputError, match="different passwords of one server"):
        chosen_password()
    for text in (" ", "a:b ", "\ta:b", "a:b\n"):
        with temporary_settings({PREFECT_API_AUTH_STRING: text}), pytest.raises(InputError, match="PREFECT_API_AUTH_STRING is .* spaces"):
            chosen_password()
    with temporary_settings({PREFECT_API_AUTH_STRING: ""}):
        assert chosen_password() is None
    assert "mine:own" not in repr(OwnServer("127.0.0.1", 4321, "mine:own", made=False))


TEMPORARY = """
import httpx
from flows.server.client import check_api
check_api()
from prefect.client.orchestration import get_client
with get_client(sync_client=True) as client:
    client.read_deployments()
    url = f"{str(client.api_url).rstrip('/')}/deployments/filter"
    answer = httpx.post(url, json={}, headers={"Origin": "http://evil.example"})
    print(answer.status_code, answer.headers.get("Access-Control-Allow-Origin"))
"""


@pytest.mark.process
def test_a_run_s_temporary_server_is_closed_to_others(own_prefect_home: Path) -> None:
    words = [sys.executable, "-c", TEMPORARY]
    done = subprocess.run(words, env=environment(own_prefect_home), capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["401 None"], done.stdout + done.stderr


def test_only_a_terminal_is_told_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    server = OwnServer("127.0.0.1", 4321, "a:b", made=True)
    assert sign_in(server) == "deployments"
    terminal, other = pty.openpty()
    with os.fdopen(terminal), os.fdopen(other, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        assert sign_in(server) == "sign-in#a:b"
        assert sign_in(replace(server, made=False)) == "deployments"
        monkeypatch.undo()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2", "127.1", "::ffff:127.0.0.1"])
def test_loopback_needs_no_password_of_the_users(host: str) -> None:
    assert is_loopback(host)
    assert own_server(host, 4321, ()).made


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "0", "192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1", "0x0"])
def test_other_addresses_do(host: str) -> None:
    with pytest.raises(InputError, match="open to other machines, and no password is set: export PREFECT_SERVER_API_AUTH_STRING="):
        own_server(host, 4321, ())
    with temporary_settings({PREFECT_SERVER_API_AUTH_STRING: "mine:own"}):
        assert own_server(host, 4321, ()).password == "mine:own"


@pytest.mark.parametrize("host", ["", " ", "nowhere.invalid", "a" * 300])
def test_what_is_no_address(host: str) -> None:
    with pytest.raises(InputError, match="no address of this machine"):
        own_server(host, 4321, ())


@pytest.mark.parametrize("name", ["*", "*.example.org", "a,b", "http://", "a b", "[oops"])
def test_what_is_no_name_of_a_host(name: str) -> None:
    with pytest.raises(InputError, match="--allow-host: .* is no name of a host"):
        own_server("127.0.0.1", 4321, [name])


def test_an_address_of_another_machine_is_not_called_taken() -> None:
    with pytest.raises(InputError, match="'192.0.2.7' is no address of this machine"):
        check_port("192.0.2.7", 4321)


def test_every_page_of_the_web_is_no_list_of_origins() -> None:
    assert other_origins() == []
    with temporary_settings({PREFECT_SERVER_CORS_ALLOWED_ORIGINS: "https://a.example, https://b.example"}):
        assert other_origins() == ["https://a.example", "https://b.example"]
    with temporary_settings({PREFECT_SERVER_CORS_ALLOWED_ORIGINS: "*"}), pytest.raises(InputError, match="lets every web page ask"):
        own_server("127.0.0.1", 4321, ())


@pytest.mark.process
@pytest.mark.parametrize(
    ("host", "mode", "said"),
    [
        ("0.0.0.0", 0o600, "open to other machines, and no password is set: export PREFECT_SERVER_API_AUTH_STRING="),
        ("127.0.0.1", 0o644, "can be read or written by others (mode 644): chmod 600"),
    ],
)
def test_serve_refuses_before_it_starts_anything(home: Path, host: str, mode: int, said: str) -> None:
    put("a:b\n", mode)
    words = command("serve", "--host", host, "--home", str(home / "runs"))
    done = subprocess.run(words, env=environment(home), capture_output=True, text=True, check=False)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1 and not done.stdout


def test_the_names_of_a_server() -> None:
    loopback = {"127.0.0.1", "localhost", "::1"}
    assert names_here("127.0.0.1", ["Prior.example.org", "https://gpu.example.org:8443/x", ""]) == loopback | {
        "prior.example.org",
        "gpu.example.org",
    }
    assert names_here("0.0.0.0", ()) >= loopback | {socket.gethostname().lower()}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """What the guard stands before: says yes to all."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"yes"})


def asked(guard: Guard, *headers: tuple[str, str], path: str = "/api/x", kind: str = "http") -> list[dict[str, Any]]:
    """What the guard sends for a request with these headers."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": f"{kind}.connect"}

    scope = {"type": kind, "path": path, "method": "GET", "headers": [(a.encode(), b.encode("latin-1")) for a, b in headers]}
    asyncio.run(guard(scope, receive, send))
    return sent


NAMES = frozenset({"127.0.0.1", "localhost", "::1", "prior.example.org"})


@pytest.mark.process
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("host", "127.0.0.1:4200")], 200),
        ([("host", "LOCALHOST:4200")], 200),
        ([("host", "[::1]:4200")], 200),
        ([("host", "localhost.")], 200),
        ([("host", "prior.example.org")], 200),
        ([("host", "evil.example:4200")], 421),
        ([("host", "127.0.0.1.evil.example:4200")], 421),
        ([("host", "evil.example@127.0.0.1")], 421),
        ([("host", "127.0.0.1:4200@evil.example")], 421),
        ([("host", "127.0.0.1/evil.example")], 421),
        ([("host", "10.0.0.7:4200")], 421),
        ([("host", "[::2]")], 421),
        ([("host", "")], 421),
        ([], 421),
        ([("host", "127.0.0.1"), ("host", "evil.example")], 421),
        ([("host", "127.0.0.1:4200"), ("origin", "http://127.0.0.1:4200")], 200),
        ([("host", "prior.example.org"), ("origin", "https://prior.example.org")], 200),
        ([("host", "127.0.0.1:4200"), ("origin", "https://ui.example.org")], 200),
        ([("host", "127.0.0.1:4200"), ("origin", "http://127.0.0.1:8888")], 403),
        ([("host", "127.0.0.1:4200"), ("origin", "http://evil.example")], 403),
        ([("host", "127.0.0.1:4200"), ("origin", "null")], 403),
        ([("host", "127.0.0.1:4200"), ("origin", "file://127.0.0.1:4200")], 403),
        ([("host", "127.0.0.1:4200"), ("origin", "http://127.0.0.1:4200"), ("origin", "http://evil.example")], 403),
    ],
)
def test_the_guard(headers: list[tuple[str, str]], status: int) -> None:
    guard = Guard(app, NAMES, ["https://ui.example.org"])
    assert asked(guard, *headers)[0]["status"] == status
    [opened] = asked(guard, *headers, kind="websocket")
    assert opened["type"] == ("websocket.accept" if status == 200 else "websocket.close")


@pytest.mark.process
def test_a_server_that_others_reach_answers_to_every_address_and_to_no_other_name() -> None:
    guard = Guard(app, NAMES, addresses=True)
    assert [asked(guard, ("host", host))[0]["status"] for host in ("10.0.0.7:4200", "[2001:db8::1]:4200", "evil.example")] == [
        200,
        200,
        421,
    ]


@pytest.mark.process
def test_no_other_page_frames_the_ui() -> None:
    headers = dict(asked(Guard(app, NAMES), ("host", "localhost"))[0]["headers"])
    assert headers == {b"x-frame-options": b"DENY", b"content-security-policy": b"frame-ancestors 'none'"}
    page = asked(Guard(app, NAMES), ("host", "localhost"), path=SIGN_IN)
    assert b"localStorage" in page[1]["body"] and dict(page[0]["headers"])[b"x-frame-options"] == b"DENY"
    assert asked(Guard(app, NAMES), ("host", "evil.example"), path=SIGN_IN)[0]["status"] == 421


@pytest.fixture
def reports(tmp_path: Path) -> Iterator[int]:
    """The port of a server of a folder with a page and a link out of it."""
    folder = tmp_path / "reports"
    (folder / "key").mkdir(parents=True)
    (folder / "index.html").write_text("index")
    (folder / "key" / "report.html").write_text("report")
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    server = report_server("127.0.0.1", 0, folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def raw(port: int, request: str) -> str:
    """The first line of the answer to a request as it stands."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as there:
        there.sendall(request.encode())
        return there.makefile("rb").readline().decode().strip().split(" ", 1)[1]


def test_the_reports_port_answers_to_its_own_name_alone(reports: int) -> None:
    def status(host: str) -> str:
        return raw(reports, f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")[:3]

    assert [status(f"{name}:{reports}") for name in ("127.0.0.1", "localhost", "[::1]", "LocalHost")] == ["200"] * 4
    others = (f"evil.example:{reports}", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1:{reports}.evil.example", f"10.0.0.7:{reports}", "")
    assert [status(host) for host in others] == ["421"] * 6
    assert raw(reports, "GET / HTTP/1.0\r\n\r\n")[:3] == "421"
    assert raw(reports, f"HEAD / HTTP/1.1\r\nHost: evil.example:{reports}\r\n\r\n")[:3] == "421"


def test_the_reports_port_gives_files_of_its_folder_and_takes_nothing(reports: int) -> None:
    def status(path: str, method: str = "GET") -> str:
        return raw(reports, f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{reports}\r\nConnection: close\r\n\r\n")[:3]

    assert [status(path) for path in ("/", "/index.html", "/key/report.html")] == ["200"] * 3
    assert [status(path) for path in ("/link", "/key/", "/../secret", "/%2e%2e/secret", "//../secret", "/none")] == ["404"] * 6
    assert [status("/", method) for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH")] == ["501"] * 5
    answer = httpx.get(f"http://127.0.0.1:{reports}/")
    assert (answer.headers["X-Frame-Options"], answer.headers["X-Content-Type-Options"]) == ("DENY", "nosniff")


@pytest.mark.process
@pytest.mark.parametrize(
    "values",
    [
        {"command": "touch pwned"},
        {"working_dir": "/"},
        {"env": {"PYTHONPATH": "/evil", "LD_PRELOAD": "/evil.so", "PATH": "/evil", "PREFECT_API_URL": "http://evil.example"}},
        {"env.PYTHONPATH": "/evil"},
        {"env.LD_PRELOAD": "/evil.so", "env": {"PATH": "/evil"}},
        {"env": {"DIFFICULTY_PRIOR_HOME": "/evil"}},
        {"job_configuration": {"command": "touch pwned"}},
        {"command.x": "touch pwned"},
        {"name": "{{ command }}", "labels": {"a": "b"}, "stream_output": False},
        {"stream_output": True, "command": None, "env": None},
    ],
)
def test_a_run_s_variables_reach_nothing_of_its_process(values: dict[str, Any]) -> None:
    """As a worker fills the template in, with what a server let pass that looked at nothing."""

    nobody = PrefectClient("http://127.0.0.1:9/api")
    found = asyncio.run(ProcessJobConfiguration.from_template_and_values(closed_template(), values, client=nobody))
    assert (found.command, found.working_dir, found.env) == (None, None, {})
    assert found.model_fields_set <= set(SETTABLE)


@pytest.mark.process
def test_the_password_is_not_in_the_sign_in_page() -> None:
    word = password.own_password()
    body = asked(Guard(app, NAMES), ("host", "localhost"), path=SIGN_IN)[1]["body"].decode()
    assert word not in body and base64.b64encode(word.encode()).decode() not in body
