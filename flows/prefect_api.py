"""The Prefect API that is configured, if any: whether it answers, and whether its server is new enough for this client."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import prefect
from packaging.version import Version
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import WorkPool
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_CLOUD_API_URL,
    temporary_settings,
)

from tasks.errors import InputError

SECONDS = 5.0


def api_url() -> str | None:
    """The address of the configured API; None where a run starts a temporary server of its own."""
    return PREFECT_API_URL.value() or None


@contextmanager
def asking(url: str) -> Iterator[SyncPrefectClient]:
    """A client of the API at this address that gives up soon. Raises InputError, with the way out, where it cannot be asked."""
    try:
        with (
            temporary_settings({PREFECT_API_URL: url, PREFECT_CLIENT_MAX_RETRIES: 0}),
            get_client(httpx_settings={"timeout": SECONDS}, sync_client=True) as client,
        ):
            yield client
    except (PrefectHTTPStatusError, httpx.HTTPStatusError) as error:
        raise InputError(refusal(url, error.response.status_code)) from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise InputError(
            f"the Prefect API at {url} does not answer ({said(error)}): start its server (`prefect server start`), correct "
            "PREFECT_API_URL, or unset it (also `prefect config unset PREFECT_API_URL`) and runs start a temporary server"
        ) from error


def said(error: Exception) -> str:
    """What an error of the network says, in short."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def refusal(url: str, status: int) -> str:
    """What is wrong when a server answers with an error, and what to do."""
    if status in (401, 403):
        return (
            f"the Prefect API at {url} refuses us ({status}): set PREFECT_API_AUTH_STRING (or PREFECT_API_KEY) to what its server expects"
        )
    return f"{url} answers {status}: that is no Prefect API; PREFECT_API_URL ends in /api, as in http://127.0.0.1:4200/api"


def server_version(url: str) -> Version | None:
    """The version of the server behind an API; None for Prefect Cloud, which goes with every client."""
    if url.startswith(PREFECT_CLOUD_API_URL.value()):
        return None
    with asking(url) as client:
        return Version(client.api_version())


def too_old(version: Version | None) -> str | None:
    """What is wrong with a server of this version: Prefect wants it at least as new as its clients, minor versions counting."""
    ours = Version(prefect.__version__)
    if version is None or version.release[:2] >= ours.release[:2]:
        return None
    return (
        f"the Prefect server has version {version}, older than this client's {ours}: upgrade the server "
        f"(pip install 'prefect=={ours}', then restart it), or unset PREFECT_API_URL to use a temporary one"
    )


def check_api() -> None:
    """Raise InputError where the configured API does not answer, or its server is too old. Where none is configured, nothing is asked."""
    if (url := api_url()) and (fault := too_old(server_version(url))):
        raise InputError(fault)


def pools_without_workers(client: SyncPrefectClient) -> dict[str, str]:
    """Each work pool that nobody works for, with why: it never had a worker, or when its last one was heard of."""
    pools = [pool for pool in client.read_work_pools(limit=200) if not pool.is_push_pool and not pool.is_managed_pool]
    return {pool.name: why for pool in pools if (why := why_nobody_works(client, pool))}


def why_nobody_works(client: SyncPrefectClient, pool: WorkPool) -> str:
    """Why runs that are sent to a pool would wait; "" where a worker is online."""
    workers = client.read_workers_for_work_pool(pool.name)
    if any(worker.status == "ONLINE" for worker in workers):
        return "it is paused" if pool.is_paused else ""
    heard = max((worker.last_heartbeat_time for worker in workers if worker.last_heartbeat_time), default=None)
    return f"its last worker was heard of at {heard:%Y-%m-%d %H:%M} UTC" if heard else "it never had a worker"
