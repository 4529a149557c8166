"""The beliefs by the names that a recipe gives them."""

from collections.abc import Callable

from tasks.base.errors import InputError, did_you_mean
from tasks.estimates.live.ability import Ability
from tasks.estimates.live.belief import Belief, Prior
from tasks.estimates.live.rivals import Counts, FadingCounts, Learnability, Pools

BELIEFS: dict[str, Callable[[Prior, int], Belief]] = {
    "live": Ability,
    "beta": FadingCounts,
    "pools": Pools,
    "learnability": Learnability,
    "static": Counts,
}
"""`static`, the profile alone, is there to be scored: by its ranks a stage would draw the same few problems for ever."""


def belief_of(sampler: str, prior: Prior, group_size: int) -> Belief:
    """The belief of that name, before any group. Raises InputError that lists those there are."""
    if sampler not in BELIEFS:
        raise InputError(f"no sampler is named {sampler!r}{did_you_mean(sampler, BELIEFS)}; use one of {', '.join(BELIEFS)}")
    return BELIEFS[sampler](prior, group_size)
