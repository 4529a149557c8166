"""Starts runs of deployments, with the reason where the server refuses one, and a warning where nobody would pick it up."""

import os
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, StateType

from flows.service.following import doing
from flows.service.workers import pool_named
from tasks.base.errors import InputError, did_you_mean
from tasks.base.yaml_text import read_yaml

LOOK_S = 1.0
REFUSED = (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_REQUEST)


def parse(parameters: Sequence[str]) -> dict[str, Any]:
    """Parameters given as KEY=VALUE, values in YAML. Raises InputError for one without `=`."""
    found = {}
    for text in parameters:
        key, separator, value = text.partition("=")
        if not separator:
            raise InputError(f"{text!r} has no '='; give parameters as KEY=VALUE, as in rounds=16")
        found[key] = read_yaml(value, f"{text!r}: {value!r}")
    return found


def start(name: str, parameters: dict[str, Any], say: Callable[[str], None]) -> FlowRun:
    """Start a run of a deployment. Raises InputError, with the server's reason, for parameters that it refuses."""
    with get_client(sync_client=True) as client:
        deployment = deployment_named(client, name)
        try:
            run = client.create_flow_run_from_deployment(deployment["id"], parameters=parameters)
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in REFUSED:
                raise
            raise InputError(f"{name}: {reason(error.response)}; its parameters: {', '.join(schema(deployment))}") from error
        say(f"{run.name}: {os.environ['PREFECT_API_URL'].removesuffix('/api')}/runs/flow-run/{run.id}")
        pool = deployment["work_pool_name"]
        if pool and (warning := pool_named(client, pool).warning):
            say(f"warning: {warning}")
        return run


def deployment_named(client: SyncPrefectClient, name: str) -> dict[str, Any]:
    """The deployment of a name. Raises InputError that lists those there are."""
    found = {deployment["name"]: deployment for deployment in client.request("POST", "/deployments/filter", json={}).json()}
    if name not in found:
        there = f"it has {', '.join(sorted(found))}" if found else "it has none; `difficulty-prior deploy` makes ours"
        raise InputError(f"no deployment {name!r}{did_you_mean(name, found)} on the server {os.environ['PREFECT_API_URL']}: {there}")
    return found[name]


def schema(deployment: dict[str, Any]) -> list[str]:
    """The names of a deployment's parameters."""
    return list(deployment["parameter_openapi_schema"].get("properties", {}))


def reason(response: httpx.Response) -> str:
    """Why a server refused, in its words."""
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError):
        return response.text


def await_end(run: FlowRun, say: Callable[[str], None]) -> bool:
    """Wait for the end of a run, saying how it goes and what it is at; whether it completed. Its last message says where its report is."""
    said: str | None = None
    at: str = ""
    with get_client(sync_client=True) as client:
        while True:
            run = client.read_flow_run(run.id)
            state = run.state
            if state and state.name != said:
                said = state.name
                say(f"{run.name}: {said}{f' ({state.message})' if state.message else ''}")
            if state and state.is_final():
                return state.type == StateType.COMPLETED
            if (now := doing(client, run)) and now != at:
                at = now
                say(f"  {now}")
            time.sleep(LOOK_S)
