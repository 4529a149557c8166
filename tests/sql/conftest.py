import pytest

from tasks.lake.lake import Lake
from tests.sql.mixed import mixed_lake
from tests.sql.whole import whole_lake


@pytest.fixture(scope="package")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A published lake that has something of everything."""
    return whole_lake(tmp_path_factory.mktemp("whole") / "runs")


@pytest.fixture(scope="package")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A published lake that has everything twice, to be counted by hand."""
    return mixed_lake(tmp_path_factory.mktemp("mixed") / "runs")
