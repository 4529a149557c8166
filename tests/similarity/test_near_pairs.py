"""A short version of what `make bench` measures: planted copies among many problems are found, and nothing else."""

from tasks.similarity.pairs import near_pairs
from tasks.similarity.settings import SimilaritySettings
from tests.bench.similarity import recall, simulated


def test_planted_copies_are_found_and_nothing_else():
    made = simulated(problems=3000, copies=200)
    found = near_pairs(made.problems, made.looks, SimilaritySettings())
    assert recall(made, found) >= 0.98
    assert len(found) <= 200
    assert found["kind"].unique().to_list() == ["near"]
