"""The `server` engine: asks OpenAI-compatible endpoints, several at once, and goes on with the others when one dies.

Everything happens in one event loop. As many requests are in hand as all servers together take. One that no server answers well within its
tries, or that is refused for what it is, is handed back with the reason; the others go on. Responses are drawn with their own seeds by the
servers: two runs agree as far as a server's arithmetic does, in distribution and not to the byte.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from itertools import chain

from tasks.policy.chat import PLAIN
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines.chat import Reply, endpoint, read_reply, request_body
from tasks.sampling.engines.prompt_check import PromptCheck
from tasks.sampling.requests import Completion, Finished, Outcome, Refusal, Request
from tasks.sampling.servers.exchange import Exchange, Line, Question, by_hands
from tasks.sampling.settings import SamplingSettings


class ServerEngine:
    """Knows the servers, the key and the policy's name there; each `generate` opens its own connections."""

    def __init__(self, policy: Policy, prompting: PromptingSettings, sampling: SamplingSettings) -> None:
        self.policy, self.prompting, self.sampling = policy, prompting, sampling
        self.plain = prompting.chat_template == PLAIN
        server, read = sampling.server, partial(read_reply, max_tokens=sampling.max_tokens)
        self.line: Line[Reply] = Line(server, server.key(), served_name(policy, sampling), endpoint(self.plain), read)

    def generate(self, shards: Iterable[Sequence[Request]], finished: Finished) -> None:
        """The responses as they come. Raises InputError when a server refuses everything, or none is left."""
        with asyncio.Runner() as runner:
            dispatch = Dispatch(self, chain.from_iterable(shards), finished)
            try:
                runner.run(dispatch.run())
            finally:
                runner.run(dispatch.close())


class Dispatch:
    """One run over the servers: an open exchange with them, and as many hands as they take requests."""

    def __init__(self, engine: ServerEngine, requests: Iterator[Request], finished: Finished) -> None:
        self.engine, self.sampling = engine, engine.sampling
        self.requests, self.finished, self.open = requests, finished, AsyncExitStack()
        self.check = PromptCheck(engine.policy, engine.prompting, engine.sampling.server)

    async def run(self) -> None:
        """Open the connections, and let the hands work until no request is left, or one of them fails."""
        self.open.callback(self.check.close)
        self.exchange = await self.open.enter_async_context(Exchange(self.engine.line))
        await by_hands(self.hand, self.exchange.hands)

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
        body = body_of(request, self.engine.line.model, self.sampling, self.engine.plain)
        question = Question(f"problem {request.problem_id}", body, images=len(request.images))
        reply, url = await self.exchange.answer(question)
        await self.check.agrees(request, reply.prompt_tokens, url)
        return reply.completion


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
