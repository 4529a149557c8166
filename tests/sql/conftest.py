import pytest

from tasks.lake.lake import Lake
from tests.once import made_once
from tests.sql.mixed import the_mixed_lake
from tests.sql.whole import whole_lake


@pytest.fixture(scope="package")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A published lake that has something of everything, to be read only: the same for all test processes."""
    return Lake(made_once(tmp_path_factory, "whole-lake", lambda folder: whole_lake(folder / "runs")) / "runs")


@pytest.fixture(scope="package")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A published lake that has everything twice, to be counted by hand."""
    return the_mixed_lake(tmp_path_factory)
