"""A lake that was copied says of itself what the original said, whether that is gone or has other rows by now."""

import shutil
from pathlib import Path

import pytest

from tasks.lake.published import kept_in
from tests.flows.finished.conftest import Finished
from tests.flows.moved import said_by_all
from tests.lake.test_opening import traces

pytestmark = pytest.mark.process


def test_every_reading_command_says_the_same_of_a_copy(finished: Finished, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there [it's]"
    shutil.copytree(finished.home, here)
    before = said_by_all(here, finished.recipe, tmp_path / "out-before")
    shutil.copytree(here, there, copy_function=shutil.copy)
    untouched, kept = traces(there), kept_in(there)
    assert {said[0] for said in before.values()} == {"0"}, before
    assert kept
    for original, gone in {"changed": ["rollouts", "verdicts", "policies", "stages"], "deleted": ["."]}.items():
        for folder in gone:
            shutil.rmtree(here / folder)
        after = said_by_all(there, finished.recipe, tmp_path / f"out-{original}")
        assert after == before and traces(there) == untouched, original
        told = [name for name, said in after.items() if str(here) in said or kept["facts"]["home"] in said]
        assert told == ["doctor"], original  # which says where the warehouse was published, until it is published here
