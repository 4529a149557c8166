"""The servers of a run: which is up, which takes the next request, and how long one that fails is left alone.

A request goes to the server with the fewest requests in flight among those that are up, have room, and have not failed it before.
A server that answers 429, 5xx or garbage rests (exponential back-off with full jitter, or what it asks for) and is then tried with one
request at a time until it answers well; one that breaks off or falls silent is down until it says that it serves the model.
"""

import asyncio
import logging
import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tasks.base.errors import InputError
from tasks.sampling.servers.faults import Late, Lost, OtherModel, Unfit
from tasks.sampling.settings import Servers

LOG = logging.getLogger(__name__)
LATE_S = 0.01  # a timer may ring a moment early by the clock that it is compared with


@dataclass(eq=False)
class Server:
    """One endpoint. `limit` requests may be in flight; `failures` counts failures in a row; times are the event loop's, in seconds."""

    url: str
    limit: float
    up: bool = False
    why: Unfit | None = None
    in_flight: int = 0
    failures: int = 0
    failed_at: float = -math.inf
    rest_until: float = -math.inf

    def has_room(self, now: float) -> bool:
        """Whether it may be given a request; one that has just failed gets one at a time."""
        return self.up and now >= self.rest_until and self.in_flight < (1 if self.failures else int(self.limit))


@dataclass(eq=False)
class Journey:
    """What has befallen a request: how often it `failed` and was `lost` with its server, and the servers where it was."""

    failed: int = 0
    lost: int = 0
    unlucky_at: set[Server] = field(default_factory=set)


class Fleet:
    """Deals out the servers. `ask` asks a server whether it serves the model: returns, or raises Unfit, or InputError to end the run."""

    def __init__(self, settings: Servers, ask: Callable[[str], Awaitable[None]]) -> None:
        self.settings, self.ask = settings, ask
        self.servers = [Server(url, settings.concurrency) for url in settings.base_urls]
        self.waiting: list[tuple[Journey, asyncio.Future[Server]]] = []
        self.fault: BaseException | None = None
        self.asking: set[asyncio.Task[None]] = set()
        self.patience: asyncio.TimerHandle | None = None
        self.loop = asyncio.get_running_loop()
        for server in self.servers:
            self.ask_until_up(server)
        self.lose_patience_later()

    async def close(self) -> None:
        """Stop asking."""
        for task in self.asking:
            task.cancel()
        await asyncio.gather(*self.asking, return_exceptions=True)
        if self.patience:
            self.patience.cancel()

    @asynccontextmanager
    async def turn(self, journey: Journey) -> AsyncIterator[Server]:
        """A server's time for one request; waits for one that has room. Raises what ended the run."""
        future: asyncio.Future[Server] = self.loop.create_future()
        self.waiting.append((journey, future))
        self.deal()
        server = await future
        try:
            yield server
        finally:
            server.in_flight -= 1
            self.deal()

    def deal(self) -> None:
        """Give every waiting request a server as far as there is room, those that failed most often first."""
        if self.fault:
            self.end(self.fault)
        for entry in sorted(self.waiting, key=lambda entry: -entry[0].failed - entry[0].lost):
            journey, future = entry
            server = None if future.done() else self.choice(journey)
            if server:
                server.in_flight += 1
                future.set_result(server)
            if future.done():
                self.waiting.remove(entry)

    def choice(self, journey: Journey) -> Server | None:
        """The least loaded server with room, of those that have not failed this request unless all that are up have."""
        up = [server for server in self.servers if server.up]
        fresh = [server for server in up if server not in journey.unlucky_at] or up
        now = self.loop.time()
        roomy = [server for server in fresh if server.has_room(now)]
        return min(roomy, key=lambda server: (server.failures > 0, server.in_flight), default=None)

    def answered(self, server: Server) -> None:
        """A good answer: the server is well, and may have a little more in flight again after an overload."""
        server.failures = 0
        server.limit = min(self.settings.concurrency, server.limit + 1 / server.limit)

    def failed(self, server: Server, journey: Journey, sent: float, why: Unfit) -> None:
        """A try, sent at `sent`, came to nothing. One that broke off or is late takes the server down until it says that it is up."""
        fresh = sent >= server.failed_at  # else it was in flight beside one that failed: the same failure
        journey.unlucky_at.add(server)
        if isinstance(why, Lost):
            journey.lost += 1
        else:
            journey.failed += 1
        self.rest(server, fresh, why)
        if isinstance(why, Lost | Late) and fresh and server.up:
            server.up, server.why = False, why
            LOG.warning("server %s is down (%s); its work goes to the others", server.url, why)
            self.ask_until_up(server)
            self.lose_patience_later()

    def rest(self, server: Server, fresh: bool, why: Unfit) -> None:
        """Leave a server alone for as long as it asks, or for a random time below a bound that doubles with each failure in a row."""
        now, wait = self.loop.time(), why.wait
        if fresh:
            server.failures, server.failed_at = server.failures + 1, now
            server.limit = max(1.0, server.limit / 2) if why.overloaded else server.limit
            longest = min(self.settings.backoff_limit_s, self.settings.backoff_s * 2.0 ** min(server.failures - 1, 30))
            wait = random.uniform(0, longest) if wait is None else wait
        if wait is not None:
            server.rest_until = max(server.rest_until, now + min(wait, self.settings.patience_s))
            self.loop.call_at(server.rest_until + LATE_S, self.deal)

    def ask_until_up(self, server: Server) -> None:
        """Start asking a server whether it is up."""
        task = self.loop.create_task(self.until_up(server))
        self.asking.add(task)
        task.add_done_callback(self.asked)

    async def until_up(self, server: Server) -> None:
        """Ask at once and then every `health_s` seconds, until the server is up."""
        while True:
            try:
                await self.ask(server.url)
                break
            except Unfit as why:
                if str(why) != str(server.why):
                    LOG.warning("server %s is not in use: %s", server.url, why)
                server.why = why
                self.check_some_model()
            await asyncio.sleep(self.settings.health_s)
        if server.why:
            LOG.warning("server %s is up again", server.url)
        server.up, server.why = True, None
        if self.patience:
            self.patience.cancel()
        self.deal()

    def asked(self, task: asyncio.Task[None]) -> None:
        """An end of asking; what it raised ends the run."""
        self.asking.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            self.end(fault)

    def check_some_model(self) -> None:
        """Raise InputError when every server answers and none serves the model."""
        if all(isinstance(server.why, OtherModel) for server in self.servers):
            raise InputError(f"no server serves the model: {self.reasons()}. {self.settings.wrong_model}")

    def lose_patience_later(self) -> None:
        """End the run when no server has been up for `patience_s` seconds from now."""
        if any(server.up for server in self.servers):
            return
        if self.patience:
            self.patience.cancel()
        self.patience = self.loop.call_later(self.settings.patience_s, self.give_up)

    def give_up(self) -> None:
        """End the run: all servers have been down for too long."""
        self.end(
            InputError(
                f"no server has been up for {self.settings.patience_s:g} s ({self.settings.place}.patience_s): {self.reasons()}. Start "
                f"them or correct {self.settings.place}.base_urls, then run again to go on from what is already written"
            )
        )

    def reasons(self) -> str:
        """Each server with why it is not in use."""
        return "; ".join(f"{server.url}: {server.why or 'no answer yet'}" for server in self.servers)

    def end(self, fault: BaseException) -> None:
        """Let everything that waits for a server fail."""
        self.fault = self.fault or fault
        for _, future in self.waiting:
            if not future.done():
                future.set_exception(self.fault)
        self.waiting.clear()
