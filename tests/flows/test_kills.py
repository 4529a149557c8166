"""The kill benchmark's short version: a worker, a flow and a Prefect server killed over one profile."""

import shutil
from pathlib import Path

import pytest

from tests.bench.kills import killed_profile

pytestmark = pytest.mark.process


def test_a_profile_survives_kills_of_its_worker_its_flow_and_its_server(tmp_path: Path, migrated: Path) -> None:
    shutil.copytree(migrated, tmp_path / "prefect")
    hits = killed_profile(tmp_path, kills=3, problems=60, rounds=8, shard=32, clock=False)
    assert {target for target, count in hits.items() if count} == {"worker", "flow", "server"}
