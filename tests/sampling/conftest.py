"""The shipped policy, requests with real images, and an adapter, for tests of the engines."""

import pytest
import torch

from tasks.policy.identity import Policy, PolicySettings, base_policy
from tasks.policy.loading import load_model
from tasks.sampling.requests import Request
from tasks.starter.datasets import write_starter_datasets

QUESTIONS = [
    "<image>What is it?",
    "<image>A longer question, so that the batch is padded?",
    "Text only?",
    "<image><image>Which of two?",
]


@pytest.fixture(scope="session")
def policy() -> Policy:
    return base_policy(PolicySettings(model="starter", dtype="float32"))


@pytest.fixture(scope="session")
def requests(tmp_path_factory: pytest.TempPathFactory) -> list[Request]:
    """Four prompts: one image, one image, none, two images."""
    folder = tmp_path_factory.mktemp("starter")
    write_starter_datasets(folder, n_train=2, n_heldout=2)
    images = sorted(folder.glob("*/images/train-*.png"))
    pictures = [images[:1], images[1:2], [], images[:2]]
    return [Request(f"p{n}", 0, 0, 1000 + n, text, tuple(files)) for n, (text, files) in enumerate(zip(QUESTIONS, pictures, strict=True))]


@pytest.fixture(scope="session")
def adapted(policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """The policy with a LoRA adapter whose weights are not zero."""
    from peft import LoraConfig, get_peft_model

    folder = tmp_path_factory.mktemp("adapter")
    torch.manual_seed(0)
    modules = r".*language_model.*\.(q_proj|v_proj|o_proj)"
    model = get_peft_model(load_model(policy), LoraConfig(r=4, lora_alpha=8, target_modules=modules, init_lora_weights=False))
    model.save_pretrained(folder)
    return base_policy(PolicySettings(model="starter", dtype="float32", adapter=str(folder)))
