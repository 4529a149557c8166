"""Who works on a pool: a worker is live while its server counts it as online and it is heard of as often as it says; the rest are told."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import Worker, WorkPool
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.commands.status import look
from flows.service.workers import is_live, pool_named, pools, server_time, standing
from tests.prefect_server import PrefectServer

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def worker(name: str, age: float | None, status: str = "ONLINE", beat: int | None = None) -> Worker:
    """A worker that was last heard of so many seconds ago."""
    heard = None if age is None else NOW - timedelta(seconds=age)
    told = {"name": name, "last_heartbeat_time": heard, "status": status, "heartbeat_interval_seconds": beat}
    return Worker.model_validate({"id": uuid4(), "work_pool_id": uuid4(), "created": NOW, "updated": NOW, **told})


def pool(kind: str = "process", paused: bool = False) -> WorkPool:
    """A pool of that type."""
    return WorkPool.model_validate({"name": "gpu", "type": kind, "is_paused": paused, "default_queue_id": uuid4()})


@pytest.mark.parametrize(
    ("age", "status", "beat", "live"),
    [
        (5, "ONLINE", None, True),
        (89, "ONLINE", 30, True),
        (91, "ONLINE", 30, False),  # the server was away, and counts it still
        (91, "ONLINE", 60, True),  # one that says so less often
        (91, "ONLINE", None, False),
        (5, "OFFLINE", 30, False),
        (None, "ONLINE", 30, False),
        (-3, "ONLINE", 30, True),  # its last word came while we asked
    ],
)
def test_a_live_worker_is_one_that_is_heard_of(age: float | None, status: str, beat: int | None, live: bool) -> None:
    assert is_live(worker("a", age, status, beat), NOW) is live


@pytest.mark.parametrize(
    ("found", "workers", "live", "words"),
    [
        (pool(), [worker("a", 5)], 1, []),
        (pool(), [worker("a", 5), worker("b", 4000)], 1, []),
        (pool(), [], 0, ["gpu wait, since it never had a worker", "prefect worker start --pool gpu"]),
        (pool(), [worker("a", 4000), worker("b", 100)], 0, ["its last worker, b, was heard of at 2026-01-01 11:58:20 UTC", "start one"]),
        (pool(paused=True), [worker("a", 5)], 1, ["gpu wait, since it is paused", "prefect work-pool resume gpu"]),
        (pool("ecs:push"), [], 0, []),
        (pool("prefect:managed"), [], 0, []),
    ],
)
def test_a_pool_says_why_its_runs_wait(found: WorkPool, workers: list[Worker], live: int, words: list[str]) -> None:
    stands = standing(found, workers, NOW)
    assert (stands.workers, bool(stands.idle), bool(stands.warning)) == (live, bool(words), bool(words))
    assert all(word in stands.warning for word in words)


def test_ages_are_told_by_the_clock_of_the_server() -> None:
    assert server_time(httpx.Response(200, headers={"date": "Thu, 01 Jan 2026 12:00:00 GMT"})) == NOW
    assert abs((server_time(httpx.Response(200)) - datetime.now(UTC)).total_seconds()) < 5


@pytest.mark.process
def test_every_command_means_the_same_by_a_live_worker(shared_server: PrefectServer, tmp_path) -> None:
    server = shared_server.api
    for name in ("unmanned", "manned-now"):
        httpx.post(f"{server}/work_pools/", json={"name": name, "type": "process"}).raise_for_status()
    httpx.post(f"{server}/work_pools/manned-now/workers/heartbeat", json={"name": "worker"}).raise_for_status()
    with temporary_settings({PREFECT_API_URL: server}), get_client(sync_client=True) as client:
        told = {found.name: found for found in pools(client)}
        assert [told[name].workers for name in ("unmanned", "manned-now")] == [0, 1]
        assert all(pool_named(client, name) == found for name, found in told.items())
        shown = look(tmp_path).server
    assert shown and {found.name: found for found in shown.pools} == told
