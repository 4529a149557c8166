"""The order in which a whole run goes through its problems, where none is chosen by what the run has taught."""

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass

import torch
from torch.utils.data import Sampler

from tasks.base.errors import InputError
from tasks.training.sampler import Order


@dataclass(eq=False)
class WholeRunSampler(Sampler):
    """Indices of a whole run in generation batches: the problems in one random order after another, no problem left out of any.

    Each batch of `problems` indices comes `uses` times, each index `group_size` times in a row. TRL's own sampler yields the same in the
    first order but starts anew in a resumed run, whichever order the run had come to. With `weights` (one a problem) an order still has
    `total` places, but a problem has as many of them as its share of the weights, rounded up or down by chance. With `ranks` (one a
    problem) each order goes from the lowest rank to the highest, and is random among equal ones.
    """

    total: int
    _: KW_ONLY
    batches: int
    problems: int
    group_size: int
    uses: int
    seed: int
    weights: list[float] | None = None
    ranks: list[float] | None = None

    def __len__(self) -> int:
        return self.batches * self.problems * self.group_size * self.uses

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed)
        waiting: list[int] = []
        for _ in range(self.batches):
            while len(waiting) < self.problems:
                waiting += self.order(generator).tolist()
            batch, waiting = waiting[: self.problems], waiting[self.problems :]
            for _ in range(self.uses):
                yield from (index for index in batch for _ in range(self.group_size))

    def order(self, generator: torch.Generator) -> torch.Tensor:
        """The problems of one order."""
        shuffled = self.shuffled(generator)
        if self.ranks is None:
            return shuffled
        return shuffled[torch.tensor(self.ranks, dtype=torch.float64)[shuffled].argsort(stable=True)]

    def shuffled(self, generator: torch.Generator) -> torch.Tensor:
        """The problems of one order, shuffled. Weighted ones by systematic resampling: evenly spaced points on the stacked weights."""
        shuffled = torch.randperm(self.total, generator=generator)
        if self.weights is None:
            return shuffled
        shares = torch.tensor(self.weights, dtype=torch.float64)
        points = torch.arange(self.total) + torch.rand(1, generator=generator, dtype=torch.float64)
        places = torch.searchsorted((shares / shares.sum() * self.total).cumsum(0), points, right=True)
        return places.clamp(max=self.total - 1)[shuffled]


def ranks(priors: Sequence[float | None], order: Order) -> list[float] | None:
    """What an order sorts problems by, given the accuracy expected of each (None: unknown, which stands where the mean of the others does);
    None where nothing is sorted. Raises InputError where no accuracy is known."""
    if order == "shuffled":
        return None
    known = [prior for prior in priors if prior is not None]
    if not known:
        raise InputError(f"order {order}: none of {len(priors)} problems has a prior to be ordered by; profile them, or leave order out")
    sign, mean = (-1.0 if order == "easy_to_hard" else 1.0), sum(known) / len(known)
    return [sign * (mean if prior is None else prior) for prior in priors]
