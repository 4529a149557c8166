"""The card (or cards) that a worker computes on: one run at a time has it, and another waits, which the Prefect UI shows as a limit.

`DIFFICULTY_PRIOR_CARDS` names the global concurrency limits of the worker's cards, one slot each; without it nothing is guarded. A slot is
leased, so that of a killed run is free again a minute later. As server and run may lose each other, and a lease then end too early, whoever
has the slot also holds a lock of the operating system, which ends with the process and not before: two runs never share a card of one
machine, whatever happens to the server. The threads of one run share its cards.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from threading import Event, Lock, Thread
from uuid import UUID

import httpx
from filelock import FileLock
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import ConcurrencyLeaseHolder
from prefect.context import FlowRunContext

from tasks.base.errors import InputError
from tasks.base.files import digest

CARDS = "DIFFICULTY_PRIOR_CARDS"
LEASE_S = 60.0  # the shortest that Prefect grants
RENEW_S = 15.0
ASK_AGAIN_S = 2.0


@dataclass
class Held:
    """What this process holds, and how many of its threads use it."""

    users: int = 0
    stack: ExitStack = field(default_factory=ExitStack)
    lock: Lock = field(default_factory=Lock)


HELD = Held()


def cards() -> list[str]:
    """The names of the limits of this process's cards."""
    return sorted(name.strip() for name in os.environ.get(CARDS, "").split(",") if name.strip())


@contextmanager
def cards_held(log: Callable[[str], None]) -> Iterator[None]:
    """Have the worker's cards inside; wait for them first, saying so. Raises InputError where the server has no limits of their names."""
    names = cards()
    if not names:
        yield
        return
    with HELD.lock:
        if not HELD.users:
            HELD.stack = taken(names, log)
        HELD.users += 1
    try:
        yield
    finally:
        with HELD.lock:
            HELD.users -= 1
            if not HELD.users:
                HELD.stack.close()
                log(f"gave back {', '.join(names)}")


def taken(names: list[str], log: Callable[[str], None]) -> ExitStack:
    """The slots and the locks of these cards."""
    said = ", ".join(names)
    log(f"waiting for {said}")
    with ExitStack() as stack:
        stack.enter_context(slots_leased(names))
        for name in names:
            stack.enter_context(FileLock(lock_file(name), thread_local=False))
        log(f"computing on {said}")
        return stack.pop_all()


def lock_file(name: str) -> Path:
    """The lock of a card, the same for all runs on this machine."""
    return Path(tempfile.gettempdir()) / f"difficulty-prior-{digest(name)[:12]}.lock"


@contextmanager
def slots_leased(names: list[str]) -> Iterator[None]:
    """One slot of each limit, leased from the server for as long as this lasts. A server that is away is waited for to begin with;
    later it neither stops what is inside, nor is it waited for."""
    with get_client(sync_client=True) as client:
        lease, ended = leased(client, names), Event()
        renewing = Thread(target=keep_renewed, args=(lease, ended), name="card lease", daemon=True)
        renewing.start()
        try:
            yield
        finally:
            ended.set()
            with suppress(httpx.HTTPError), get_client(sync_client=True) as other:  # a new one does not wait; the lease ends by itself
                other.release_concurrency_slots_with_lease(lease_id=lease)


def leased(client: SyncPrefectClient, names: list[str]) -> UUID:
    """The lease of a slot of each limit, once all are free and the server answers."""
    run = FlowRunContext.get()
    holder = ConcurrencyLeaseHolder(type="flow_run", id=run.flow_run.id) if run and run.flow_run else None
    while True:
        try:
            answer = client.increment_concurrency_slots_with_lease(names, 1, "concurrency", LEASE_S, holder).json()
        except httpx.HTTPStatusError as error:
            if error.response.status_code != HTTPStatus.LOCKED:
                raise
        except httpx.TransportError:
            pass
        else:
            if missing := set(names) - {limit["name"] for limit in answer["limits"]}:
                client.release_concurrency_slots_with_lease(lease_id=UUID(answer["lease_id"]))
                raise InputError(
                    f"{CARDS} names {', '.join(sorted(missing))}, but the Prefect server has no global concurrency limit of that name; "
                    "`difficulty-prior deploy --card NAME` makes it"
                )
            return UUID(answer["lease_id"])
        time.sleep(ASK_AGAIN_S)


def keep_renewed(lease: UUID, ended: Event) -> None:
    """Renew a lease until the event; a server that does not answer, or has let the lease go, is asked again."""
    with get_client(sync_client=True) as client:
        while not ended.wait(RENEW_S):
            with suppress(httpx.HTTPError):
                client.renew_concurrency_lease(lease, LEASE_S)
