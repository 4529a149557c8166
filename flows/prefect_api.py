"""The Prefect API that is configured, if any: whether it answers, and whether its server is new enough for this client."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import prefect
from packaging.version import Version
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import Worker, WorkPool
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_CLOUD_API_URL,
    PREFECT_HOME,
    temporary_settings,
)

from tasks.errors import InputError

SECONDS = 5.0
MOST_RUNS = 200
OPEN_STATES = ("RUNNING", "PENDING", "SCHEDULED", "PAUSED", "CANCELLING")


def api_url() -> str | None:
    """The address of the configured API; None where a run starts a temporary server of its own."""
    return PREFECT_API_URL.value() or None


def prefect_home() -> Path:
    """The folder with Prefect's profiles, and the history of servers that keep it in SQLite."""
    return PREFECT_HOME.value()


@contextmanager
def talking_to(url: str) -> Iterator[None]:
    """Ask this API inside, and let what is started there ask it, too. Prefect reads its environment once, when it is imported."""
    os.environ["PREFECT_API_URL"] = url
    with temporary_settings({PREFECT_API_URL: url}):
        yield


@dataclass(frozen=True)
class ServerRun:
    """A flow run that has not ended: `since` when it is in its state, `due` when it should begin, the `pool` that it was sent to."""

    name: str
    flow: str
    state: str
    since: datetime | None
    due: datetime | None
    pool: str | None


@dataclass(frozen=True)
class Pool:
    """A work pool: its type, the workers that are online, and why runs sent to it wait ("" where they do not)."""

    name: str
    type: str
    workers: int
    idle: str


class ApiError(InputError):
    """What is wrong with the configured API, and the fix."""

    def __init__(self, said: str, fix: str) -> None:
        super().__init__(f"{said}: {fix}")
        self.said, self.fix = said, fix


@contextmanager
def asking(url: str) -> Iterator[SyncPrefectClient]:
    """A client of the API at this address that gives up soon. Raises ApiError where it cannot be asked."""
    try:
        with (
            temporary_settings({PREFECT_API_URL: url, PREFECT_CLIENT_MAX_RETRIES: 0}),
            get_client(httpx_settings={"timeout": SECONDS}, sync_client=True) as client,
        ):
            yield client
    except (PrefectHTTPStatusError, httpx.HTTPStatusError) as error:
        raise refusal(url, error.response.status_code) from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise ApiError(
            f"the Prefect API at {url} does not answer ({said(error)})",
            "start its server (`difficulty-prior serve`), correct PREFECT_API_URL, or unset it (also `prefect config unset "
            "PREFECT_API_URL`) and runs start a temporary server",
        ) from error


def said(error: Exception) -> str:
    """What an error of the network says, in short."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def refusal(url: str, status: int) -> ApiError:
    """What is wrong when a server answers with an error."""
    if status in (401, 403):
        fix = "set PREFECT_API_AUTH_STRING (or PREFECT_API_KEY) to what its server expects"
        return ApiError(f"the Prefect API at {url} refuses us ({status})", fix)
    return ApiError(f"{url} answers {status}, so it is no Prefect API", "PREFECT_API_URL ends in /api, as in http://127.0.0.1:4200/api")


def server_version(url: str) -> Version | None:
    """The version of the server behind an API; None for Prefect Cloud, which goes with every client."""
    if url.startswith(PREFECT_CLOUD_API_URL.value()):
        return None
    with asking(url) as client:
        return Version(client.api_version())


def too_old(version: Version | None) -> ApiError | None:
    """What is wrong with a server of this version: Prefect wants it at least as new as its clients, minor versions counting."""
    ours = Version(prefect.__version__)
    if version is None or version.release[:2] >= ours.release[:2]:
        return None
    fix = f"upgrade the server (pip install 'prefect=={ours}', and restart it), or unset PREFECT_API_URL to use a temporary one"
    return ApiError(f"the Prefect server has version {version}, older than this client's {ours}", fix)


def check_api() -> None:
    """Raise ApiError where the configured API does not answer, or its server is too old. Where none is configured, nothing is asked."""
    if (url := api_url()) and (fault := too_old(server_version(url))):
        raise fault


def open_runs(client: SyncPrefectClient) -> list[ServerRun]:
    """The flow runs that have not ended, those within another left out, the next to begin first."""
    wanted = FlowRunFilter.model_validate({"state": {"type": {"any_": OPEN_STATES}}, "parent_task_run_id": {"is_null_": True}})
    found = client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=MOST_RUNS)
    flows = {id: client.read_flow(id).name for id in {run.flow_id for run in found}}
    return [
        ServerRun(
            run.name,
            flows[run.flow_id],
            run.state_name or "",
            run.state.timestamp if run.state else None,
            run.expected_start_time,
            run.work_pool_name,
        )
        for run in found
    ]


def pools(client: SyncPrefectClient) -> list[Pool]:
    """Every work pool, and whether somebody works for it."""
    return [pool_standing(pool, client.read_workers_for_work_pool(pool.name)) for pool in client.read_work_pools(limit=MOST_RUNS)]


def pool_standing(pool: WorkPool, workers: list[Worker]) -> Pool:
    """A pool with its workers; those that Prefect Cloud runs by itself need none."""
    online = sum(worker.status == "ONLINE" for worker in workers)
    return Pool(pool.name, pool.type, online, "" if pool.is_push_pool or pool.is_managed_pool else why_nobody_works(pool, workers, online))


def why_nobody_works(pool: WorkPool, workers: list[Worker], online: int) -> str:
    """Why runs that are sent to a pool would wait; "" where they would not."""
    if pool.is_paused:
        return "it is paused"
    if online:
        return ""
    heard = max((worker.last_heartbeat_time for worker in workers if worker.last_heartbeat_time), default=None)
    return f"its last worker was heard of at {heard:%Y-%m-%d %H:%M} UTC" if heard else "it never had a worker"
