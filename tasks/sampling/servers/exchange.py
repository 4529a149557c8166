"""Puts bodies of JSON to OpenAI-compatible servers until each has a good answer: the `server` engine and a judge ask through it.

One event loop, one connection a request, as many in hand as the servers take. A try that fails goes to another server; a question without
a good answer after its tries is refused, and what makes all questions impossible is raised.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import httpx

from tasks.base.errors import InputError
from tasks.sampling.requests import Refusal
from tasks.sampling.servers.answers import check_answer, model_names
from tasks.sampling.servers.faults import Garbage, Late, OtherModel, Unfit, lost
from tasks.sampling.servers.fleet import Fleet, Journey, Server
from tasks.sampling.settings import Servers

CONNECT_S = 10.0
MOST_UNANSWERED = 16  # in a row, without one good answer between them
SHOWN_MODELS = 10
R = TypeVar("R")


@dataclass(frozen=True)
class Question:
    """What is put to a server: what a person knows it by, its JSON, and how many images are in that."""

    name: str
    body: bytes
    images: int = 0


@dataclass(frozen=True)
class Line(Generic[R]):
    """Where and how is asked: the servers and their key, the model, the endpoint behind a base address, and what makes a reply of a text
    (raises Unfit where another try may help, InputError where none will)."""

    settings: Servers
    key: str
    model: str
    endpoint: str
    read: Callable[[str], R]


class Exchange(Generic[R]):
    """An open line to the servers; an async context manager."""

    def __init__(self, line: Line[R]) -> None:
        self.line, self.settings, self.key = line, line.settings, line.key
        self.open = AsyncExitStack()
        self.unanswered = 0

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        # a connection for each request: kept ones made httpx three times as slow at 64 in flight, and some it closed while they were in use
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        timeout = httpx.Timeout(None, connect=CONNECT_S)  # the rest of an exchange is timed as a whole
        self.client = await self.open.enter_async_context(httpx.AsyncClient(headers=headers, limits=limits, timeout=timeout))
        self.fleet = Fleet(self.settings, self.ask)
        self.open.push_async_callback(self.fleet.close)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.open.aclose()

    @property
    def hands(self) -> int:
        """How many questions all servers together may have in hand."""
        return self.settings.concurrency * len(self.settings.base_urls)

    async def answer(self, question: Question) -> tuple[R, str]:
        """The reply to a question and the server that gave it. Raises Refusal when none does within its tries."""
        journey = Journey()
        while True:
            async with self.fleet.turn(journey) as server:
                reply = await self.attempt(server, question, journey)
            if reply:
                return reply[0], server.url

    async def attempt(self, server: Server, question: Question, journey: Journey) -> tuple[R] | None:
        """One try on one server; None when another may go better. Raises Refusal when the question has used up its tries.

        Servers that die under a question are counted apart from those that answer badly, and are bounded too: it may be what kills them.
        """
        sent, tries = asyncio.get_running_loop().time(), self.settings.tries
        try:
            reply = await self.post(server.url, question)
        except Unfit as why:
            self.fleet.failed(server, journey, sent, why)
            if max(journey.failed, journey.lost) < tries:
                return None
            what = "had no good answer in" if journey.failed == tries else "was cut off, perhaps by what it does to a server, in"
            bound = f"{tries} tries ({self.settings.place}.tries)"
            words = f"{question.name} {what} {bound}, the last on {server.url}: {why}. See that server's log"
            raise self.given_up(words) from why
        self.fleet.answered(server)
        self.unanswered = 0
        return (reply,)

    def given_up(self, words: str) -> InputError:
        """What a question without a good answer means: that it is at fault, or, after as many in a row, that the servers are."""
        self.unanswered += 1
        return Refusal(words) if self.unanswered < MOST_UNANSWERED else InputError(f"{MOST_UNANSWERED} requests in a row: {words}")

    async def post(self, url: str, question: Question) -> R:
        """One exchange. Raises Unfit where another try may help, else InputError."""
        headers, limit = {"Content-Type": "application/json"}, self.settings.timeout_s
        try:
            async with asyncio.timeout(limit):
                answer = await self.client.post(f"{url}/{self.line.endpoint}", content=question.body, headers=headers)
            check_answer(answer, self.settings, self.key, images=question.images)
            return self.line.read(answer.text)
        except TimeoutError as error:
            raise Late(f"it did not answer within {limit:g} s ({self.settings.place}.timeout_s)") from error
        except httpx.TransportError as error:
            raise lost(error) from error
        except httpx.DecodingError as error:
            raise Garbage(f"its reply cannot be decompressed: {error}") from error
        except InputError as fault:
            raise type(fault)(f"{question.name}: {url}: {fault}") from fault

    async def ask(self, url: str) -> None:
        """Whether a server is up and serves the model. Raises Unfit where it may be later, InputError where that needs a person."""
        try:
            async with asyncio.timeout(CONNECT_S):
                answer = await self.client.get(f"{url}/models")
            names = model_names(answer, self.settings, self.key)
        except (httpx.RequestError, TimeoutError) as error:
            raise lost(error) from error
        except InputError as fault:
            raise InputError(f"{self.settings.place}.base_urls: {url}: {fault}") from fault
        if self.line.model not in names:
            raise OtherModel(f"it serves {', '.join(map(repr, names[:SHOWN_MODELS]))}, not {self.line.model!r}")


async def by_hands(hand: Callable[[], Coroutine[Any, Any, None]], hands: int) -> None:
    """Let so many hands work until all have nothing left to do; where one fails the others stop, and what it raised is raised."""
    tasks = [asyncio.create_task(hand()) for _ in range(hands)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
