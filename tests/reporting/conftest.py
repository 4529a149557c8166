"""The made-up runs that tests of the report share."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.reporting.made import Run, Size, make


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """Makes a run; the same size is made once."""
    runs: dict[Size, Run] = {}

    def get(**changes: object) -> Run:
        size = replace(Size(), **changes)
        if size not in runs:
            runs[size] = make(tmp_path_factory.mktemp("lake"), size)
        return runs[size]

    return get
