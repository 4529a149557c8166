"""A lake that was copied says of itself what the original said, whether that is gone or has other rows by now."""

import shutil
from pathlib import Path

import pytest

from tasks.lake.published import kept_in
from tests.flows.finished.conftest import Finished
from tests.flows.moved import said_by_all
from tests.lake.test_opening import traces

pytestmark = pytest.mark.process


@pytest.mark.parametrize("original", ["changed", "deleted"])
def test_every_reading_command_says_the_same_of_a_copy(finished: Finished, tmp_path: Path, original: str) -> None:
    here, there = tmp_path / "here", tmp_path / "there [it's]"
    shutil.copytree(finished.home, here)
    before = said_by_all(here, finished.recipe, tmp_path / "out-before")
    shutil.copytree(here, there, copy_function=shutil.copy)
    if original == "deleted":
        shutil.rmtree(here)
    else:
        for folder in ("rollouts", "verdicts", "policies", "stages"):
            shutil.rmtree(here / folder)
    untouched = traces(there)
    after = said_by_all(there, finished.recipe, tmp_path / "out-after")
    assert {said[0] for said in before.values()} == {"0"}, before
    assert after == before and traces(there) == untouched
    kept = kept_in(there)
    assert kept
    told = [name for name, said in after.items() if str(here) in said or kept["facts"]["home"] in said]
    assert told == ["doctor"]  # which says where the warehouse was published, until it is published here
