import shutil
from pathlib import Path

import pytest

from tasks.lake.lake import Lake
from tests.auditing.made import made_lake


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published lake that nobody has audited."""
    return made_lake(tmp_path_factory.mktemp("made") / "runs").home


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Lake:
    """A copy of it, to audit."""
    return Lake(Path(shutil.copytree(made, tmp_path / "runs")))
