"""Puts the completions that an engine hands over one by one into the shards that they are of, each appended when it is whole.

What was finished before a process was killed is not asked for again. A request that the engine refuses leaves its shard without it, and is
told of in a file beside the profile in the making.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from tasks.base.errors import InputError
from tasks.lake.lake import Lake
from tasks.sampling.holes import note_holes
from tasks.sampling.journal import Journal
from tasks.sampling.requests import Completion, Key, Outcome, Prompts, Refusal, Request, requests_for, rollout_rows, shard_name
from tasks.sampling.shard_queue import Shard

MOST_REFUSED = 16
TELL_S = 0.2


@dataclass
class Basket:
    """A shard in hand: its requests, how many of them another process has finished, and what has come of them."""

    shard: Shard
    requests: list[Request]
    earlier: int
    outcomes: dict[Key, Outcome] = field(default_factory=dict)

    @property
    def completed(self) -> list[Request]:
        """The requests that were answered, in their order."""
        return [request for request in self.requests if isinstance(self.outcomes[request.key], Completion)]


@dataclass
class Place:
    """Where rollouts go: the partition of the lake, the ids of its policy and way of sampling, the journal of what is not whole yet, and
    the folder that tells of refusals."""

    lake: Lake
    ids: tuple[str, str]
    partition: Path
    journal: Journal
    told: Path


class Gathering:
    """The shards in hand. `done` and `tokens` count what was drawn here, `settled` also what was finished earlier and is appended now."""

    def __init__(self, place: Place, prompts: Prompts, seed: int, on_progress: Callable[[int, int, str], None]) -> None:
        self.place, self.prompts, self.seed, self.on_progress = place, prompts, seed, on_progress
        self.baskets: dict[Key, Basket] = {}
        self.done, self.tokens, self.settled, self.asked, self.refused, self.told = 0, 0, 0, 0, 0, 0.0

    def open(self, shard: Shard) -> list[Request]:
        """Take a shard in hand; gives those of its requests that are not answered yet."""
        requests = requests_for(shard.keys, self.prompts, seed=self.seed)
        earlier = self.place.journal.of_earlier(request.key for request in requests)
        basket = Basket(shard, requests, len(earlier), dict(earlier))
        left = [request for request in requests if request.key not in earlier]
        self.asked += len(requests)
        self.baskets |= {request.key: basket for request in left}
        if not left:
            self.close(basket)
        return left

    def put(self, request: Request, outcome: Outcome) -> None:
        """Take in what has come of a request. Raises InputError where all are refused."""
        basket = self.baskets.pop(request.key)
        basket.outcomes[request.key] = outcome
        if isinstance(outcome, Completion):
            self.place.journal.put(request, outcome)
            self.done, self.tokens, self.settled = self.done + 1, self.tokens + outcome.n_tokens, self.settled + 1
        else:
            self.refuse(outcome)
        if len(basket.outcomes) == len(basket.requests):
            self.close(basket)
        elif time.monotonic() - self.told > TELL_S:
            self.tell()

    def refuse(self, fault: Refusal) -> None:
        """Count a refusal; where nothing but refusals has ever come, it is the engine or its settings that are at fault."""
        self.refused += 1
        if self.refused == MOST_REFUSED and not self.done and not self.place.lake.shards(self.place.partition):
            raise InputError(f"the first {MOST_REFUSED} requests were all refused, the last one so: {fault}")

    def close(self, basket: Basket) -> None:
        """Append a shard of which nothing is left to be asked."""
        place, completed = self.place, basket.completed
        if completed:
            answers = [outcome for request in completed if isinstance(outcome := basket.outcomes[request.key], Completion)]
            rows = rollout_rows(completed, answers, *place.ids)
            place.lake.append(place.partition, "rollouts", rows, shard_name(rows))
        note_holes(place.told, reasons(basket))
        basket.shard.finished()
        place.journal.forget(request.key for request in completed)
        self.settled += basket.earlier
        self.tell()

    def tell(self) -> None:
        """Say how many are settled."""
        self.told = time.monotonic()
        self.on_progress(self.settled, self.asked, "rollouts")


def reasons(basket: Basket) -> pl.DataFrame:
    """The keys of a shard that were refused, each with the reason."""
    rows = [(*key, str(outcome)) for key, outcome in basket.outcomes.items() if isinstance(outcome, Refusal)]
    return pl.DataFrame(rows, schema=["problem_id", "round", "sample", "reason"], orient="row")
