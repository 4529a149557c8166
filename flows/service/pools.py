"""Work pools, the limits of cards, and whether anybody works on a pool."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.objects import Worker
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker

POOLS = {
    "gpu": "What samples or trains. Each run takes the card of its worker around what it computes.",
    "cpu": "What only counts and chooses.",
}
SETTABLE = ("stream_output",)  # not command, working_dir or env, which are code; the environment is the worker's
STALE_S = 90.0  # three heartbeats


@dataclass(frozen=True)
class Crew:
    """The workers of a pool: those that answer, and those that have stopped to, with the seconds since they last did."""

    pool: str
    paused: bool
    online: tuple[str, ...]
    stale: tuple[tuple[str, float], ...]


def closed_template() -> dict[str, Any]:
    """The template of our pools' jobs: a run sets what SETTABLE names, and nothing else reaches its process.

    The server refuses other variables where it looks at them, which is not everywhere; what a worker starts is filled in from
    `job_configuration` alone. An `env` there, even an empty one, would be merged with whatever a run brings along.
    """
    known = ProcessWorker.get_default_base_job_template()["variables"]["properties"]
    variables = {"type": "object", "properties": {name: known[name] for name in SETTABLE}, "additionalProperties": False}
    return {"variables": variables, "job_configuration": {name: f"{{{{ {name} }}}}" for name in SETTABLE}}


def make_pools(client: SyncPrefectClient, say: Callable[[str], None], names: Iterable[str] = POOLS) -> None:
    """Make the work pools that are not there yet, and close those of processes that are, saying so; those of other types stay."""
    template = closed_template()
    for name in names:
        try:
            found = client.read_work_pool(name)
        except ObjectNotFound:
            client.create_work_pool(WorkPoolCreate(name=name, type="process", description=POOLS.get(name, ""), base_job_template=template))
            continue
        if found.type == "process" and found.base_job_template != template:
            client.update_work_pool(name, WorkPoolUpdate(base_job_template=template))
            gone = ", ".join(own_defaults(found.base_job_template))
            lost = f"; what the pool itself has set ({gone}) is gone: set it where its workers are started" if gone else ""
            say(f"the work pool {name} lets runs set no command, folder or environment any more{lost}")


def own_defaults(template: Mapping[str, Any]) -> list[str]:
    """The names of the variables for which a pool's template has a value other than Prefect's."""
    known = ProcessWorker.get_default_base_job_template()["variables"]["properties"]
    variables = template.get("variables", {}).get("properties", {})
    return sorted(name for name, field in variables.items() if field.get("default") not in (None, {}, known.get(name, {}).get("default")))


def make_limits(client: SyncPrefectClient, cards: Sequence[str]) -> None:
    """Make a global concurrency limit of one slot for each card that has none."""
    for card in cards:
        try:
            client.read_global_concurrency_limit_by_name(card)
        except ObjectNotFound:
            client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=card, limit=1, active=True))


def crew_of(client: SyncPrefectClient, pool: str, now: datetime | None = None) -> Crew:
    """Who works on a pool. Raises ObjectNotFound without such a pool."""
    found = client.read_work_pool(pool)
    workers = client.request("POST", "/work_pools/{work_pool_name}/workers/filter", path_params={"work_pool_name": pool}, json={}).json()
    return crew(pool, found.is_paused, [Worker.model_validate(worker) for worker in workers], now or datetime.now(UTC))


def crew(pool: str, paused: bool, workers: Sequence[Worker], now: datetime) -> Crew:
    """The workers of a pool, by how long ago they were last heard of."""
    ages = {worker.name: (now - worker.last_heartbeat_time).total_seconds() for worker in workers if worker.last_heartbeat_time}
    online = tuple(sorted(name for name, age in ages.items() if age <= STALE_S))
    return Crew(pool, paused, online, tuple(sorted((name, age) for name, age in ages.items() if age > STALE_S)))


def faults(crew: Crew) -> list[str]:
    """What keeps a pool's runs waiting, with the way out; nothing when all is well."""
    if crew.paused:
        return [f"the work pool {crew.pool} is paused: its runs wait until `prefect work-pool resume {crew.pool}`"]
    if crew.online:
        return []
    way_out = f"start one: `difficulty-prior serve`, or `prefect worker start --pool {crew.pool}` where its runs shall be"
    if not crew.stale:
        return [f"the work pool {crew.pool} has no worker: its runs wait until there is one; {way_out}"]
    name, age = min(crew.stale, key=lambda worker: worker[1])
    return [f"the work pool {crew.pool} has no worker that answers ({name} fell silent {age:.0f} s ago): its runs wait; {way_out}"]
