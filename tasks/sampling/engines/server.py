"""The `server` engine: asks OpenAI-compatible endpoints, several at once, and goes on with the others when one dies.

Everything happens in one event loop. As many requests are in hand as all servers together take. One that no server answers well within its
tries, or that is refused for what it is, is handed back with the reason; the others go on. Responses are drawn with their own seeds by the
servers: two runs agree as far as a server's arithmetic does, in distribution and not to the byte.
"""

import asyncio
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from itertools import chain

import httpx

from tasks.base.errors import InputError
from tasks.policy.chat import PLAIN
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines.answers import check_answer, model_names
from tasks.sampling.engines.chat import Reply, endpoint, read_reply, request_body
from tasks.sampling.engines.faults import Garbage, Late, OtherModel, Unfit, lost
from tasks.sampling.engines.fleet import Fleet, Journey, Server
from tasks.sampling.engines.prompt_check import PromptCheck
from tasks.sampling.requests import Completion, Finished, Outcome, Refusal, Request
from tasks.sampling.settings import SamplingSettings

CONNECT_S = 10.0
MOST_UNANSWERED = 16  # in a row, without one good answer between them
SHOWN_MODELS = 10


class ServerEngine:
    """Knows the servers, the key and the policy's name there; each `generate` opens its own connections."""

    def __init__(self, policy: Policy, prompting: PromptingSettings, sampling: SamplingSettings) -> None:
        self.policy, self.prompting, self.sampling = policy, prompting, sampling
        self.model, self.key = served_name(policy, sampling), key_of(sampling.server.key_variable)

    def generate(self, shards: Iterable[Sequence[Request]], finished: Finished) -> None:
        """The responses as they come. Raises InputError when a server refuses everything, or none is left."""
        with asyncio.Runner() as runner:
            dispatch = Dispatch(self, chain.from_iterable(shards), finished)
            try:
                runner.run(dispatch.run())
            finally:
                runner.run(dispatch.close())


class Dispatch:
    """One run over the servers: a connection pool, the fleet, and as many hands as the servers take requests."""

    def __init__(self, engine: ServerEngine, requests: Iterator[Request], finished: Finished) -> None:
        self.sampling, self.settings, self.model, self.key = engine.sampling, engine.sampling.server, engine.model, engine.key
        self.plain = engine.prompting.chat_template == PLAIN
        self.requests, self.finished, self.open = requests, finished, AsyncExitStack()
        self.unanswered = 0
        self.check = PromptCheck(engine.policy, engine.prompting, self.settings)

    async def run(self) -> None:
        """Open the connections, and let the hands work until no request is left, or one of them fails."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        # a connection for each request: kept ones made httpx three times as slow at 64 in flight, and some it closed while they were in use
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        timeout = httpx.Timeout(None, connect=CONNECT_S)  # the rest of an exchange is timed as a whole
        self.client = await self.open.enter_async_context(httpx.AsyncClient(headers=headers, limits=limits, timeout=timeout))
        self.open.callback(self.check.close)
        self.fleet = Fleet(self.settings, self.ask)
        self.open.push_async_callback(self.fleet.close)
        hands = [asyncio.create_task(self.hand()) for _ in range(self.settings.concurrency * len(self.settings.base_urls))]
        try:
            await asyncio.gather(*hands)
        finally:
            for hand in hands:
                hand.cancel()
            await asyncio.gather(*hands, return_exceptions=True)

    async def close(self) -> None:
        """Close what was opened."""
        await self.open.aclose()

    async def hand(self) -> None:
        """Take one request after the other, and hand over what comes of it."""
        while request := next(self.requests, None):
            try:
                outcome: Outcome = await self.complete(request)
            except Refusal as refusal:
                outcome = refusal
            self.finished(request, outcome)

    async def complete(self, request: Request) -> Completion:
        """One request's completion, from whichever server gives it. Raises Refusal when none does within its tries."""
        body, journey = body_of(request, self.model, self.sampling, self.plain), Journey()
        while True:
            async with self.fleet.turn(journey) as server:
                reply = await self.attempt(server, request, body, journey)
            if reply:
                await self.check.agrees(request, reply.prompt_tokens, server.url)
                return reply.completion

    async def attempt(self, server: Server, request: Request, body: bytes, journey: Journey) -> Reply | None:
        """One try on one server; None when another may go better. Raises Refusal when the request has used up its tries.

        Servers that die under a request are counted apart from those that answer badly, and are bounded too: it may be what kills them.
        """
        sent, tries = asyncio.get_running_loop().time(), self.settings.tries
        try:
            reply = await self.post(server.url, request, body)
        except Unfit as why:
            self.fleet.failed(server, journey, sent, why)
            if max(journey.failed, journey.lost) < tries:
                return None
            what = "had no good answer in" if journey.failed == tries else "was cut off, perhaps by what it does to a server, in"
            words = (
                f"problem {request.problem_id} {what} {tries} tries (sampling.server.tries), the last on {server.url}: {why}. "
                "See that server's log"
            )
            raise self.given_up(words) from why
        self.fleet.answered(server)
        self.unanswered = 0
        return reply

    def given_up(self, words: str) -> InputError:
        """What a request without a good answer means: that it is at fault, or, after as many in a row, that the servers are."""
        self.unanswered += 1
        return Refusal(words) if self.unanswered < MOST_UNANSWERED else InputError(f"{MOST_UNANSWERED} requests in a row: {words}")

    async def post(self, url: str, request: Request, body: bytes) -> Reply:
        """One exchange. Raises Unfit where another try may help, else InputError."""
        headers, limit = {"Content-Type": "application/json"}, self.settings.timeout_s
        try:
            async with asyncio.timeout(limit):
                answer = await self.client.post(f"{url}/{endpoint(self.plain)}", content=body, headers=headers)
            check_answer(answer, self.settings.key_variable, self.key, images=len(request.images))
            return read_reply(answer.text, self.sampling.max_tokens)
        except TimeoutError as error:
            raise Late(f"it did not answer within {limit:g} s (sampling.server.timeout_s)") from error
        except httpx.TransportError as error:
            raise lost(error) from error
        except httpx.DecodingError as error:
            raise Garbage(f"its reply cannot be decompressed: {error}") from error
        except InputError as fault:
            raise type(fault)(f"problem {request.problem_id}: {url}: {fault}") from fault

    async def ask(self, url: str) -> None:
        """Whether a server is up and serves the policy. Raises Unfit where it may be later, InputError where that needs a person."""
        try:
            async with asyncio.timeout(CONNECT_S):
                answer = await self.client.get(f"{url}/models")
            names = model_names(answer, self.settings.key_variable, self.key)
        except (httpx.RequestError, TimeoutError) as error:
            raise lost(error) from error
        except InputError as fault:
            raise InputError(f"sampling.server.base_urls: {url}: {fault}") from fault
        if self.model not in names:
            raise OtherModel(f"it serves {', '.join(map(repr, names[:SHOWN_MODELS]))}, not {self.model!r}")


def body_of(request: Request, model: str, sampling: SamplingSettings, plain: bool) -> bytes:
    """The JSON of a request. Raises Refusal where one of its images cannot be read."""
    try:
        return request_body(request, model, sampling, plain)
    except (OSError, ValueError) as error:
        raise Refusal(f"problem {request.problem_id}: an image cannot be read: {error}") from error


def served_name(policy: Policy, sampling: SamplingSettings) -> str:
    """The policy's name on the servers: the recipe's for the base policy only, lest the base's responses be taken for a trained one's."""
    if sampling.server.model and policy.kind == "base":
        return sampling.server.model
    return policy.adapter or policy.model


def key_of(variable: str | None) -> str:
    """The key in an environment variable; empty without one. Raises InputError when it is not set, or is no key."""
    if variable is None:
        return ""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise InputError(
            f"sampling.server.key_variable: the environment variable {variable} is not set; export it, or leave the setting out"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InputError(
            f"sampling.server.key_variable: what {variable} holds is no key: it has spaces or characters that a header may not have"
        )
    return key
