"""Who works on a work pool, and why runs that are sent to one would wait: one idea of a live worker for `serve`, `submit`, `status` and
`doctor`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import Worker, WorkerStatus, WorkPool

MOST_POOLS = 200
MISSED, BEAT_S = 3, 30  # signs of life that a live worker may miss, and the seconds between two of them where it does not say


@dataclass(frozen=True)
class Pool:
    """A work pool: its type, the workers that are live, why runs sent to it wait ("" where they do not), and what then helps."""

    name: str
    type: str
    workers: int
    idle: str = ""
    way_out: str = ""

    @property
    def warning(self) -> str:
        """What keeps its runs waiting, with the way out."""
        return f"runs of the work pool {self.name} wait, since {self.idle}; {self.way_out}" if self.idle else ""


def pools(client: SyncPrefectClient) -> list[Pool]:
    """Every work pool of a server, and who works for it."""
    return [asked(client, pool) for pool in client.read_work_pools(limit=MOST_POOLS)]


def pool_named(client: SyncPrefectClient, name: str) -> Pool:
    """One work pool. Raises ObjectNotFound where the server has none of that name."""
    return asked(client, client.read_work_pool(name))


def asked(client: SyncPrefectClient, pool: WorkPool) -> Pool:
    """A work pool with its workers, all at the server's own time: its clock may not be ours."""
    answer = client.request("POST", "/work_pools/{work_pool_name}/workers/filter", path_params={"work_pool_name": pool.name}, json={})
    return standing(pool, [Worker.model_validate(worker) for worker in answer.json()], server_time(answer))


def server_time(answer: httpx.Response) -> datetime:
    """What time it was at a server when it answered; ours where it does not say."""
    said = answer.headers.get("date")
    return parsedate_to_datetime(said) if said else datetime.now(UTC)


def standing(pool: WorkPool, workers: Sequence[Worker], now: datetime) -> Pool:
    """How a pool stands with these workers. Those that Prefect Cloud runs by itself need none."""
    live = sum(is_live(worker, now) for worker in workers)
    if pool.is_paused:
        return Pool(pool.name, pool.type, live, "it is paused", f"go on with it: prefect work-pool resume {pool.name}")
    if live or pool.is_push_pool or pool.is_managed_pool:
        return Pool(pool.name, pool.type, live)
    way_out = f"start one: difficulty-prior serve, or prefect worker start --pool {pool.name}"
    return Pool(pool.name, pool.type, 0, why_nobody_works(workers), way_out)


def is_live(worker: Worker, now: datetime) -> bool:
    """Whether a worker takes runs: its server counts it as online, and it was heard of within MISSED of its own signs of life. The first
    alone is not enough: a server that was away, or has just been started, still counts workers that died meanwhile."""
    if worker.status is not WorkerStatus.ONLINE or worker.last_heartbeat_time is None:
        return False
    return (now - worker.last_heartbeat_time).total_seconds() <= MISSED * (worker.heartbeat_interval_seconds or BEAT_S)


def why_nobody_works(workers: Sequence[Worker]) -> str:
    """Why a pool has no live worker."""
    heard = [(worker.last_heartbeat_time, worker.name) for worker in workers if worker.last_heartbeat_time]
    if not heard:
        return "it never had a worker"
    when, name = max(heard)
    return f"its last worker, {name}, was heard of at {when:%Y-%m-%d %H:%M:%S} UTC"
