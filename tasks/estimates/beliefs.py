"""How likely votes for answers are where a policy believes in one of them: what tells a wrong gold answer from wrong responses.

A response gives the answer that the policy believes in with its `strength` s. Any other is a guess among the options, which hits each of
them, or of free answers another wrong one. What is left so is spread by a Dirichlet over the options (the less concentrated, the more does
one attract), or by Ewens' formula over answers that nobody listed (W. J. Ewens, Theoretical Population Biology 3, 1972). So
three things can be behind the votes: the policy believes in the gold answer; it believes in another one, a misconception; or the gold
answer is wrong, and it believes in another one as often and as strongly as it otherwise believes in right ones. The model is ours.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

NODES = 40  # strengths at which likelihoods are computed, closer together at both ends
EDGES = np.sin(np.linspace(0, np.pi / 2, NODES + 1)) ** 2  # of the cells around them
STRENGTHS = np.sin((np.arange(NODES) + 0.5) / NODES * np.pi / 2) ** 2
OF_OPTIONS = np.array([0.5, 1.5, 5.0, 20.0, 1000.0])  # concentrations of what is left over options: the last one guesses alike
OF_ANSWERS = np.array([0.3, 1.0, 3.0, 8.0, 25.0])  # and over free answers: the last one hardly gives any twice
RIGHT_GOLD = (0.5, 2.0)  # Beta of the share that a right gold answer has of what is left beside a misconception in free answers
WRONG_GOLD = (0.1, 1.0)  # and a wrong one beside the right answer: mostly none
MOST_BELIEVED = 3  # free answers of a problem that may be the believed one, those with most votes


@dataclass(frozen=True)
class Votes:
    """Votes of problems that all have `options` options (0: free answers): `gold` (problems,) for the gold answer, `wrong` (problems,
    answers) for each wrong one, the most first, filled up with 0. Responses without an answer are none of them."""

    options: int
    gold: Counts
    wrong: Counts


def likelihoods(votes: Votes) -> Numbers:
    """The logarithms of the likelihoods of the votes (problems, 3, NODES, 5): by what is behind them (the policy believes in the gold
    answer; a misconception; a wrong gold answer), strength of the belief, and concentration of what is left.

    Of the orders of the votes one is meant, so the three compare; nothing else is to be read off them.
    """
    return among_options(votes) if votes.options else among_answers(votes)


def among_options(votes: Votes) -> Numbers:
    """`likelihoods` where C options are known; more wrong answers than there are options count as so many options more."""
    size = max(votes.options, 1 + votes.wrong.shape[1])
    counts = np.zeros((len(votes.gold), size), dtype=np.int64)
    counts[:, 0], counts[:, 1 : 1 + votes.wrong.shape[1]] = votes.gold, votes.wrong
    split = dirichlet_parts(counts)
    right = believed(counts, 0, split)
    other = np.full_like(right, -np.inf)
    for place in range(1, size):
        other = np.logaddexp(other, believed(counts, place, split))
    other -= np.log(size - 1)
    return np.stack([right, other, other], axis=1)


def dirichlet_parts(counts: Counts) -> Numbers:
    """What each option's votes put into the likelihood under a Dirichlet, as a logarithm: (problems, options, 5)."""
    from scipy.special import gammaln

    return gammaln(counts[:, :, None] + OF_OPTIONS) - gammaln(OF_OPTIONS)


def believed(counts: Counts, place: int, parts: Numbers) -> Numbers:
    """The likelihood where the option at `place` is believed in: its votes are belief or guesses, those of the others guesses."""
    from scipy.special import gammaln

    votes, total, others = counts[:, place], counts.sum(axis=1), (counts.shape[1] - 1) * OF_OPTIONS
    pairs, where = np.unique(np.stack([votes, total - votes], axis=1), axis=0, return_inverse=True)
    spread = gammaln(others) - gammaln(others + (total - votes)[:, None]) + parts.sum(axis=1) - parts[:, place]
    return belief_or_guess(pairs, counts.shape[1])[where.ravel()] + spread[:, None, :]


def belief_or_guess(pairs: Counts, size: int) -> Numbers:
    """The likelihood of votes for the believed one of `size` options and for all others, pairs of them: (pairs, NODES, 5).

    Any number of the first may be guesses, whose share is the Dirichlet's of one option.
    """
    from scipy.special import betaln, gammaln

    (votes, others), guess = pairs.T[:, :, None, None], (OF_OPTIONS, (size - 1) * OF_OPTIONS)
    found = np.full((len(pairs), NODES, len(OF_OPTIONS)), -np.inf)
    for guesses in range(int(pairs[:, 0].max()) + 1):
        own = np.maximum(votes - guesses, 0)
        ways = gammaln(votes + 1) - gammaln(guesses + 1) - gammaln(own + 1)
        share = betaln(guess[0] + guesses, guess[1] + others) - betaln(*guess)
        term = ways + own * log_strength() + (others + guesses) * log_rest() + share
        found = np.logaddexp(found, np.where(votes >= guesses, term, -np.inf))
    return found


def among_answers(votes: Votes) -> Numbers:
    """`likelihoods` of free answers: what is left of a belief in the gold answer is wrong ones, and no guess hits it."""
    gold, wrong = votes.gold, votes.wrong
    right = held(gold, wrong.sum(axis=1)) + ewens(wrong)[:, None, :]
    return np.stack([right, believed_answers(gold, wrong, RIGHT_GOLD), believed_answers(gold, wrong, WRONG_GOLD)], axis=1)


def believed_answers(gold: Counts, wrong: Counts, share: tuple[float, float]) -> Numbers:
    """The likelihood where one of the wrong answers, or one that was never given, is believed in; Beta(*share) of what is left is the gold
    answer's."""
    from scipy.special import betaln

    found = np.full((len(gold), NODES, len(OF_ANSWERS)), -np.inf)
    for place in range(-1, min(MOST_BELIEVED, wrong.shape[1])):
        own = wrong[:, place] if place >= 0 else np.zeros_like(gold)
        rest = np.delete(wrong, place, axis=1) if place >= 0 else wrong
        hit = betaln(share[0] + gold, share[1] + rest.sum(axis=1)) - betaln(*share)
        term = held(own, gold + rest.sum(axis=1)) + (hit[:, None] + ewens(rest))[:, None, :]
        found = np.logaddexp(found, np.where((own > 0)[:, None, None] | (place < 0), term, -np.inf))
    return found


def held(votes: Counts, others: Counts) -> Numbers:
    """The likelihood that so many votes are belief and so many are not: (problems, NODES, 1)."""
    return votes[:, None, None] * log_strength() + others[:, None, None] * log_rest()


def ewens(counts: Counts) -> Numbers:
    """Ewens' likelihood of the answers' votes, by concentration: (problems, 5)."""
    from scipy.special import gammaln

    groups, total = (counts > 0).sum(axis=1), counts.sum(axis=1)
    sizes = np.where(counts > 0, gammaln(np.maximum(counts, 1)), 0.0).sum(axis=1)
    rising = gammaln(OF_ANSWERS) - gammaln(OF_ANSWERS + total[:, None])
    return groups[:, None] * np.log(OF_ANSWERS) + sizes[:, None] + rising


def log_strength() -> Numbers:
    """The logarithms of STRENGTHS, (NODES, 1)."""
    return np.log(STRENGTHS)[:, None]


def log_rest() -> Numbers:
    """The logarithms of 1 - STRENGTHS, (NODES, 1)."""
    return np.log1p(-STRENGTHS)[:, None]
