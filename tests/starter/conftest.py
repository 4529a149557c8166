"""The starter's datasets, written once, and its shipped policy, loaded once."""

from pathlib import Path

import pytest

from tasks import starter
from tasks.starter.datasets import write_starter_datasets

POLICY = Path(starter.__file__).parent / "policy"


@pytest.fixture(scope="session")
def starter_datasets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("starter")
    write_starter_datasets(folder, seed=3, n_train=150, n_heldout=120)
    return folder


@pytest.fixture(scope="session")
def processor():
    from transformers import AutoProcessor

    return AutoProcessor.from_pretrained(POLICY)


@pytest.fixture(scope="session")
def policy():
    from transformers import AutoModelForImageTextToText

    return AutoModelForImageTextToText.from_pretrained(POLICY, dtype="float32").eval()
