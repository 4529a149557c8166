"""Cuts shards into single requests for engines that work on many at once, and puts the completions together again."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tasks.sampling.requests import Completion, Request


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request in hand: its shard's place, and its own place in the shard."""

    shard: int
    place: int


class Assembly:
    """The requests of shards one by one, and the shards whose completions are all there. Holds the shards in flight only."""

    def __init__(self, shards: Iterable[Sequence[Request]]) -> None:
        self._requests = self._cut(shards)
        self._open: dict[int, dict[int, Completion]] = {}
        self._sizes: dict[int, int] = {}

    def _cut(self, shards: Iterable[Sequence[Request]]) -> Iterator[tuple[Ticket, Request]]:
        for number, shard in enumerate(shards):
            self._open[number], self._sizes[number] = {}, len(shard)
            for place, request in enumerate(shard):
                yield Ticket(number, place), request

    def next(self) -> tuple[Ticket, Request] | None:
        """The next request with its ticket; None when there is none left."""
        return next(self._requests, None)

    def put(self, ticket: Ticket, completion: Completion) -> tuple[int, list[Completion]] | None:
        """Take a completion in; the shard's place and all its completions when this was its last, else None."""
        done = self._open[ticket.shard]
        done[ticket.place] = completion
        if len(done) < self._sizes[ticket.shard]:
            return None
        del self._open[ticket.shard]
        return ticket.shard, [done[place] for place in range(self._sizes.pop(ticket.shard))]
