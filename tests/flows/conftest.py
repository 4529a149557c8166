"""A real Prefect server for the tests of flows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.prefect_server import prefect_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[str]:
    """The API address of a server with a database of its own: what other tests left running is not in it."""
    with prefect_server(tmp_path_factory.mktemp("server"), migrated) as server:
        server.up()
        yield server.api
