"""The automations that we keep on a server: notifications of changed sets, and the end of runs that no longer answer."""

from datetime import timedelta
from uuid import UUID

import httpx
from prefect.automations import AutomationCore, EventTrigger
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from flows.events import SETS_CHANGED
from tasks.base.errors import InputError

SILENT_S = 600  # longer than a server is away when it is started anew: meanwhile it hears of nobody
NOTIFY, ZOMBIES = "difficulty-prior: tell of changed sets", "difficulty-prior: end runs that no longer answer"


def make_automations(client: SyncPrefectClient, notify: str | None) -> None:
    """Make ours anew. Without `notify`, one that an earlier call was given stays."""
    put(client, zombies())
    if notify:
        put(client, notification(block_id(client, notify)))


def put(client: SyncPrefectClient, wanted: AutomationCore) -> None:
    """Put an automation in the place of those of its name."""
    for found in client.read_automations_by_name(wanted.name):
        try:
            client.delete_automation(found.id)
        except PrefectHTTPStatusError as error:  # another has just done so, or our first try had, whose answer was lost
            if error.response.status_code != httpx.codes.NOT_FOUND:
                raise
    client.create_automation(wanted)


def zombies(silent_s: float = SILENT_S) -> AutomationCore:
    """Runs whose process and machine are gone would be shown as running for ever; without heartbeats for a while they are crashed."""
    return AutomationCore(
        name=ZOMBIES,
        description="Makes a run that sends no heartbeat a crashed one, which can be retried: what it has done is cached.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={
                "prefect.flow-run.heartbeat",
                *(f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Cancelled", "Crashed")),
            },
            match=ResourceSpecification.model_validate({"prefect.resource.id": "prefect.flow-run.*"}),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=silent_s),
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                message=f"No sign of life for {silent_s:.0f} s. Retry it: what it has done is cached.",
            )
        ],
    )


def notification(block: UUID) -> AutomationCore:
    """A message through a block whenever re-curation has written new sets."""
    return AutomationCore(
        name=NOTIFY,
        description="Sends what a re-curation has changed.",
        trigger=EventTrigger(expect={SETS_CHANGED}, posture=Posture.Reactive, threshold=1, within=timedelta(seconds=0)),
        actions=[
            SendNotification(
                block_document_id=block,
                subject="Difficulty Prior: new sets for {{ event.payload['recipe'] }}",
                body="{{ event.payload['message'] }}",
            )
        ],
    )


def block_id(client: SyncPrefectClient, name: str) -> UUID:
    """The id of a notification block named TYPE/NAME, as `prefect block ls` shows it. Raises InputError where there is none."""
    kind, _, label = name.partition("/")
    try:
        return client.read_block_document_by_name(label, kind, include_secrets=False).id
    except ObjectNotFound as error:
        raise InputError(
            f"--notify: there is no block {name!r} on this server; make one in the UI (Blocks) and give it as TYPE/NAME, "
            "as in slack-webhook/team"
        ) from error
