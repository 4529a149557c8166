"""Asks an engine for shards, and puts together what it hands over."""

from collections.abc import Iterable, Sequence

from tasks.sampling.engines import Engine
from tasks.sampling.requests import Completion, Outcome, Refusal, Request


def outcomes(engine: Engine, requests: Sequence[Request]) -> list[Outcome]:
    """What comes of each request, in their order. Fails where one is handed over twice, or not at all."""
    found: dict[int, Outcome] = {}

    def finished(request: Request, outcome: Outcome) -> None:
        assert id(request) not in found
        found[id(request)] = outcome

    engine.generate([requests], finished)
    return [found[id(request)] for request in requests]


def completions(engine: Engine, shards: Iterable[Sequence[Request]]) -> dict[int, list[Completion]]:
    """The completions of each shard, in the order of its requests. Raises the first refusal."""
    asked: list[Sequence[Request]] = []
    found: dict[int, Completion] = {}

    def pulled() -> Iterable[Sequence[Request]]:
        for shard in shards:
            asked.append(shard)
            yield shard

    def finished(request: Request, outcome: Outcome) -> None:
        assert id(request) not in found
        if isinstance(outcome, Refusal):
            raise outcome
        found[id(request)] = outcome

    engine.generate(pulled(), finished)
    return {place: [found[id(request)] for request in shard] for place, shard in enumerate(asked)}
