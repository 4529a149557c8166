"""Makes our work pools, which let a run set nothing that is code, and the limits of cards."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker

POOLS = {
    "gpu": "What samples or trains. Each run takes the card of its worker around what it computes.",
    "cpu": "What only counts and chooses.",
}
SETTABLE = ("stream_output",)  # not command, working_dir or env, which are code; the environment is the worker's


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
