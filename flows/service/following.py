"""How runs go on: those that have not ended, and of one that is waited for what it does now and how far that is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort

MOST_FLOWS, MOST_RUNS = 50, 200
NOT_ENDED = ("RUNNING", "PENDING", "SCHEDULED", "PAUSED", "CANCELLING")


@dataclass(frozen=True)
class UnfinishedRun:
    """A flow run that has not ended: `since` when it is in its state, `due` when it should begin, the `pool` that it was sent to."""

    name: str
    flow: str
    state: str
    since: datetime | None
    due: datetime | None
    pool: str | None


def unfinished_runs(client: SyncPrefectClient) -> list[UnfinishedRun]:
    """The flow runs that have not ended, those within another left out, the next to begin first."""
    wanted = FlowRunFilter.model_validate({"state": {"type": {"any_": NOT_ENDED}}, "parent_task_run_id": {"is_null_": True}})
    found = client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=MOST_RUNS)
    flows = {id: client.read_flow(id).name for id in {run.flow_id for run in found}}
    return [unfinished_run(run, flows[run.flow_id]) for run in found]


def unfinished_run(run: FlowRun, flow: str) -> UnfinishedRun:
    """A run of Prefect's, with its flow's name, as `status` tells of it."""
    since = run.state.timestamp if run.state else None
    return UnfinishedRun(run.name, flow, run.state_name or "", since, run.expected_start_time, run.work_pool_name)


def doing(client: SyncPrefectClient, run: FlowRun) -> str:
    """The tasks of a run, and of the flows in it, that are under way, each with how far it is where it says so; "" where none is."""
    flows = [str(run.id), *inner_flows(client, [str(run.id)])]
    far = progress_of(client, flows)
    return "; ".join(f"{task['name']}{far.get(task['id'], '')}" for task in tasks_under_way(client, flows))


def inner_flows(client: SyncPrefectClient, flows: list[str]) -> list[str]:
    """The flow runs within these that are under way, however deep."""
    body = {"flow_runs": {"parent_flow_run_id": {"any_": flows}, "state": {"type": {"any_": ["RUNNING"]}}}, "limit": MOST_FLOWS}
    found = [inner["id"] for inner in client.request("POST", "/flow_runs/filter", json=body).json()]
    return [*found, *inner_flows(client, found)] if found else []


def tasks_under_way(client: SyncPrefectClient, flows: list[str]) -> list[dict[str, Any]]:
    """The task runs of these flow runs that are under way, those left out that stand for a flow."""
    wanted = {"state": {"type": {"any_": ["RUNNING"]}}, "flow_run_id": {"any_": flows}, "subflow_runs": {"exists_": False}}
    return client.request("POST", "/task_runs/filter", json={"task_runs": wanted, "sort": "EXPECTED_START_TIME_ASC"}).json()


def progress_of(client: SyncPrefectClient, flows: list[str]) -> dict[str, str]:
    """How far tasks of these flow runs are, by their id: as their progress artifacts say, in percent and in words."""
    wanted = {"flow_run_id": {"any_": flows}, "type": {"any_": ["progress"]}}
    found = client.request("POST", "/artifacts/filter", json={"artifacts": wanted, "sort": "UPDATED_DESC"}).json()
    return {artifact["task_run_id"]: how_far(artifact) for artifact in reversed(found)}


def how_far(artifact: dict[str, Any]) -> str:
    """What a progress artifact says: "42%, 50/120 rollouts"."""
    words = str(artifact["description"] or "").rpartition(": ")[2]
    amount = f", {words}" if "/" in words else ""
    return f" ({float(artifact['data'] or 0):.0f}%{amount})"
