"""The attack that `serve` must withstand, in a real browser: pages of other origins, a rebound name, forms; and who has the password.

Everything runs against one `serve`. The browser takes evil.example for this machine, as after DNS rebinding.
"""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from prefect.workers.process import ProcessWorker

from flows.service.pools import closed_template, make_pools
from tasks.lake.lake import Lake
from tests.chromium import NoChromium, chromium
from tests.flows.runs import artifacts, command, environment
from tests.flows.service.panel import panel_recipe
from tests.flows.service.serving import Served, serving
from tests.flows.service.ui import start_from_the_form
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process

TRIES = """async ([api, id, body]) => {
  const run = `${api}/deployments/${id}/create_flow_run`, json = {"Content-Type": "application/json"}, said = {};
  const tries = {
    list: () => fetch(`${api}/deployments/filter`, {method: "POST", headers: json, body: "{}"}),
    read: () => fetch(`${api}/admin/version`),
    run: () => fetch(run, {method: "POST", headers: json, body}),
    token: () => fetch(`${api}/csrf-token?client=evil`),
    signed: () => fetch(`${api}/admin/version`, {credentials: "include"}),
    plain: () => fetch(run, {method: "POST", body}),
    blind: () => fetch(run, {method: "POST", mode: "no-cors", headers: {"Content-Type": "text/plain"}, body}),
  };
  for (const [name, go] of Object.entries(tries))
    said[name] = await go().then(answer => answer.type == "opaque" ? "opaque" : `${answer.status}`, () => "refused");
  said.socket = await new Promise(done => {
    const socket = new WebSocket(api.replace("http", "ws") + "/events/out", "prefect");
    socket.onopen = () => done("open");
    socket.onerror = () => done("refused");
  });
  return said;
}"""
REFUSED = dict.fromkeys(("list", "read", "run", "token", "signed", "plain", "socket"), "refused") | {"blind": "opaque"}


@dataclass(frozen=True)
class Attacked:
    """A running `serve`, a browser that takes evil.example for this machine, and the port of a web server with a page of a stranger's."""

    served: Served
    browser: Any
    port: int
    folder: Path

    @property
    def ui(self) -> str:
        return self.served.api.removesuffix("/api")

    def at(self, name: str, after: int = 0) -> str:
        """The server's address, or that of a port after it, under another name."""
        return f"http://{name}:{int(self.ui.rpartition(':')[2]) + after}"

    def body(self) -> str:
        """A run that would leave a file, were its command taken."""
        return json.dumps({"parameters": {"recipe": "starter"}, "job_variables": {"command": f"touch {self.folder / 'pwned'}"}})

    def runs(self) -> int:
        return self.served.post("/flow_runs/count", flow_runs={"state": {"name": {"not_any_": ["Scheduled"]}}}).json()


class Evil(BaseHTTPRequestHandler):
    """A stranger's web server: an empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>evil</title>")

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Attacked]:
    """All of it; skipped without a Chromium."""
    folder, server = tmp_path_factory.mktemp("attacked"), HTTPServer(("127.0.0.1", 0), Evil)
    shutil.copytree(migrated, folder / "prefect")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with chromium("--host-resolver-rules=MAP *.example 127.0.0.1") as browser, serving(folder) as served:
            yield Attacked(served, browser, server.server_port, folder)
    except NoChromium as error:
        pytest.skip(str(error))
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def client(attacked: Attacked) -> Iterator[SyncPrefectClient]:
    """A client as a notebook has one, with the password."""
    ours = {PREFECT_API_URL: attacked.served.api, PREFECT_API_AUTH_STRING: attacked.served.password}
    with temporary_settings(ours), get_client(sync_client=True) as client:
        yield client


def signed_in(attacked: Attacked, context: Any) -> Any:
    """A page of somebody who has opened the address that `serve` prints in a terminal."""
    page = context.new_page()
    page.goto(f"{attacked.ui}/sign-in#{attacked.served.password}")
    page.wait_for_url("**/deployments")
    return page


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost"])
def test_a_page_of_another_origin_gets_nothing(attacked: Attacked, host: str) -> None:
    """Another site; and another port of this machine, whose pages a browser counts as of the same site. The victim is signed in."""
    before = attacked.runs()
    with attacked.browser.new_context() as context:
        signed_in(attacked, context).close()
        page = context.new_page()
        page.goto(f"http://{host}:{attacked.port}/")
        tried = [attacked.served.api, attacked.served.deployment("profile")["id"], attacked.body()]
        assert page.evaluate(TRIES, tried) == REFUSED
        framed = page.evaluate(
            """url => new Promise(done => {
              const frame = document.createElement("iframe");
              frame.onload = () => { try { done(frame.contentDocument ? "empty" : "closed") } catch { done("closed") } };
              frame.src = url;
              document.body.append(frame);
            })""",
            f"{attacked.ui}/deployments",
        )
        assert framed == "closed" and [frame.url for frame in page.frames if frame.url.startswith(attacked.ui)] == []
    assert attacked.runs() == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_of_another_origin_starts_nothing(attacked: Attacked, kind: str) -> None:
    before, identity = attacked.runs(), attacked.served.deployment("profile")["id"]
    with attacked.browser.new_context() as context:
        page = context.new_page()
        page.goto(f"http://evil.example:{attacked.port}/")
        with page.expect_response("**/create_flow_run") as answered:
            page.evaluate(
                """([url, kind, body]) => {
                  const form = document.createElement("form"), field = document.createElement("input");
                  [form.method, form.action, form.enctype] = ["post", url, kind];
                  [field.name, field.value] = [body.slice(0, -1) + ', "x": "', '"}'];
                  form.append(field); document.body.append(form); form.submit();
                }""",
                [f"{attacked.served.api}/deployments/{identity}/create_flow_run", kind, attacked.body()],
            )
        assert answered.value.status == 403
    assert attacked.runs() == before


def test_a_rebound_name_is_not_answered(attacked: Attacked) -> None:
    """The page's own name now means this machine: to the browser, page and API are of one origin."""
    with attacked.browser.new_context() as context:
        page = context.new_page()
        assert page.goto(f"{attacked.at('evil.example')}/").status == 421
        tried = [f"{attacked.at('evil.example')}/api", attacked.served.deployment("profile")["id"], attacked.body()]
        said = page.evaluate(TRIES, tried)
        assert {name: said[name] for name in said if name != "socket"} == {name: "421" for name in said if name != "socket"}
        assert said["socket"] == "refused"
        assert page.goto(f"{attacked.at('evil.example', after=1)}/").status == 421
        assert page.goto(f"{attacked.at('127.0.0.1', after=1)}/").status == 200
    assert not (attacked.folder / "pwned").exists()


def test_the_ui_works_with_the_password_and_not_without(attacked: Attacked) -> None:
    with attacked.browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{attacked.ui}/deployments")
        page.wait_for_url("**/login**")
        page.goto(f"{attacked.ui}/sign-in#difficulty-prior:wrong")
        page.get_by_text("This is not the password of this server.").wait_for()
        assert page.url == f"{attacked.ui}/sign-in" and page.evaluate("localStorage.getItem('prefect-password')") is None
        signed_in(attacked, context).locator("a[title=curate]").wait_for()
    with attacked.browser.new_context() as context:  # through a tunnel, or by another of its names
        page = context.new_page()
        page.goto(f"{attacked.at('localhost')}/sign-in#{attacked.served.password}")
        page.locator("a[title=curate]").wait_for()


def test_submit_workers_and_a_notebook_work_with_the_password(attacked: Attacked, client: SyncPrefectClient) -> None:
    served, recipe = attacked.served, panel_recipe(attacked.folder)
    variables = environment(served.prefect) | {"PREFECT_API_URL": served.api.replace("127.0.0.1", "localhost")}
    done = ran(variables, attacked.folder, "submit", "curate", f"recipe={recipe}", "--wait")
    assert done.returncode == 0, done.stdout + done.stderr + served.said()
    assert len(artifacts(served.home)["curated"]) == 1
    assert {item.name for item in client.read_deployments()} >= {"curate", "profile"}
    nobody = temporary_settings({PREFECT_API_AUTH_STRING: None})
    with nobody, get_client(sync_client=True) as stranger, pytest.raises(PrefectHTTPStatusError, match="401"):
        stranger.read_deployments()


def test_a_wrong_password_is_one_line(attacked: Attacked) -> None:
    variables = environment(attacked.served.prefect) | {"PREFECT_API_URL": attacked.served.api, "PREFECT_API_AUTH_STRING": "a:wrong"}
    asked = {
        "submit": ("submit", "curate"),
        "serve": ("serve", "--server", attacked.served.api, "--home", str(attacked.folder / "other")),
        "status": ("status", "--home", str(attacked.folder / "other")),
    }
    started = {
        name: subprocess.Popen(
            command(*words), env=variables, cwd=attacked.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for name, words in asked.items()
    }
    for name, process in started.items():
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == (0 if name == "status" else 2), name
        said = [line for line in (out + err).splitlines() if "refuses our password (401): set PREFECT_API_AUTH_STRING" in line]
        assert len(said) == 1 and "Traceback" not in out + err and "wrong" not in out + err, name
        assert name == "status" or err.count("\n") == 1, name


def test_nothing_that_a_run_brings_along_is_its_command(attacked: Attacked, client: SyncPrefectClient) -> None:
    """With the password: the server refuses such variables where it looks at them, and workers do not look at them where it does not."""
    served, mark = attacked.served, attacked.folder / "pwned"
    profile = served.deployment("profile")
    place = f"{served.api}/deployments/{profile['id']}"
    for variables in ({"command": f"touch {mark}"}, {"working_dir": "/"}, {"env": {"PYTHONPATH": "/evil"}}, {"env.LD_PRELOAD": "/evil.so"}):
        answer = served.post(f"/deployments/{profile['id']}/create_flow_run", job_variables=variables)
        assert answer.status_code == 422 and "dditional properties" in answer.text, variables
        served.client.patch(place, json={"job_variables": variables}).raise_for_status()  # which it looks at only when a run is started
        assert served.post(f"/deployments/{profile['id']}/create_flow_run").status_code == 422, variables
    evil = {"command": f"touch {mark}", "working_dir": "/", "env": {"PYTHONPATH": "/evil", "PREFECT_API_URL": "http://127.0.0.1:9"}}
    served.client.patch(place, json={"job_variables": evil}).raise_for_status()
    run = {"flow_id": profile["flow_id"], "deployment_id": profile["id"], "work_pool_name": "cpu", "state": {"type": "SCHEDULED"}}
    wrong = {"recipe": "starter", "changes": ["sampling.roundz=3"]}
    answer = served.post("/flow_runs/", **run, parameters=wrong, job_variables={**evil, "env.LD_PRELOAD": "/evil.so"})
    assert answer.status_code == 201, answer.text
    ended = served.ended(answer.json())
    assert "unknown key `sampling.roundz`" in ended["state"]["message"]  # our entry point has run, in our environment
    served.client.patch(place, json={"job_variables": {}}).raise_for_status()
    assert not mark.exists()


def test_the_pools_of_an_older_version_are_closed(attacked: Attacked, client: SyncPrefectClient) -> None:
    older, said = ProcessWorker.get_default_base_job_template(), list[str]()
    client.update_work_pool("cpu", WorkPoolUpdate(base_job_template=older))
    older["variables"]["properties"]["env"]["default"] = {"HF_HOME": "/models"}
    client.update_work_pool("gpu", WorkPoolUpdate(base_job_template=older))
    make_pools(client, said.append)
    assert [client.read_work_pool(name).base_job_template for name in ("cpu", "gpu")] == [closed_template()] * 2
    lost = {line.split()[3]: "(env) is gone" in line for line in said}
    assert lost == {"cpu": False, "gpu": True}
    make_pools(client, said.append)
    assert len(said) == 2


def test_the_password_is_in_no_log_and_no_run(attacked: Attacked) -> None:
    served, word = attacked.served, attacked.served.password.partition(":")[2]
    assert (served.prefect / "difficulty-prior" / "password").stat().st_mode & 0o777 == 0o600
    assert word not in served.log.read_text()
    texts = [path for path in [*served.prefect.rglob("*"), *served.home.rglob("*")] if path.is_file() and path.name != "password"]
    assert len(texts) > 5 and [path for path in texts if word.encode() in path.read_bytes()] == []


def test_a_password_file_that_others_can_read_ends_commands_with_its_way_out(attacked: Attacked) -> None:
    path = attacked.served.prefect / "difficulty-prior" / "password"
    path.chmod(0o644)
    try:
        variables = environment(attacked.served.prefect) | {"PREFECT_API_URL": attacked.served.api}
        done = ran(variables, attacked.folder, "submit", "curate")
    finally:
        path.chmod(0o600)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"{path} can be read or written by others (mode 644): chmod 600 {path}" in done.stderr


def ran(variables: dict[str, str], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of ours that has ended."""
    return subprocess.run(command(*arguments), env=variables, cwd=folder, capture_output=True, text=True, check=False)


def test_the_server_alone_says_that_it_is_there(attacked: Attacked) -> None:
    """What a stranger on this machine gets without the password: health, the UI's files, and nothing else."""
    assert httpx.get(f"{attacked.served.api}/health").json() is True
    assert httpx.get(f"{attacked.served.api}/admin/settings").status_code == 401
    assert httpx.post(f"{attacked.served.api}/flow_runs/filter", json={}).status_code in (401, 403)


def test_a_run_is_started_from_the_form(attacked: Attacked, tmp_path: Path) -> None:
    """What the browser is for when nobody attacks."""
    before = set(attacked.served.home.glob("difficulty/*"))
    start_from_the_form(attacked.served, attacked.browser, tmp_path)
    [made] = set(attacked.served.home.glob("difficulty/*")) - before
    assert pl.read_parquet(made / "difficulty.parquet")["n"].max() == 3
    assert Lake(attacked.served.home).scan("groups").select(pl.col("step").max()).collect().item() == 2
