"""A tiny policy, a stage file, and one stage trained on them without a disturbance, each made once."""

from pathlib import Path

import pytest

from tasks.policy.identity import Policy
from tasks.training.spec import StageSpec
from tests.training.tiny import mixed_problems, policy_in, save_tiny_policy, stage_spec, write_stage


@pytest.fixture(scope="session")
def tiny_policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return policy_in(save_tiny_policy(tmp_path_factory.mktemp("tiny") / "policy"))


@pytest.fixture(scope="session")
def stage_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stage(tmp_path_factory.mktemp("curated") / "stage1.parquet", mixed_problems())


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_policy: Policy, stage_file: Path) -> StageSpec:
    """The spec of a stage whose training is done."""
    from tasks.training.stage import run_stage

    spec = stage_spec(tmp_path_factory.mktemp("stage"), tiny_policy, stage_file)
    run_stage(spec)
    return spec
