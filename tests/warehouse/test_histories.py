"""Publishing what is new gives what publishing everything gives, whatever befell the lake before: a few of the histories that the benchmark
`histories` runs by the hundred."""

from pathlib import Path

import pytest

from tests.warehouse.histories import History


@pytest.mark.parametrize("seed", range(6))
def test_an_update_gives_what_a_whole_build_gives(tmp_path: Path, seed: int) -> None:
    assert History(tmp_path / "home", seed).run(events=4) == []


def test_rollouts_of_an_interrupted_sampling_stop_nobody(tmp_path: Path) -> None:
    history = History(tmp_path / "home", 0)
    assert history.publish_and_compare() == []
    for _ in range(2):
        history.sample("base", "warm", ["p3", "p4"])
        assert history.publish_and_compare(compared=False) == []
    history.grade("strict", "base", "warm", 3)
    assert history.publish_and_compare() == []
