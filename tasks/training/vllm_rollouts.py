"""Rollouts by vLLM while training, as TRL has them: what they need, checked before anything is loaded, and what TRL is told.

TRL starts vLLM in the training processes or talks to `vllm serve`, sends it the new weights before each generation, and weighs each
completion by how probable the trained model finds what vLLM drew (`rollouts.correction`).
"""

import shutil
import time
from pathlib import Path
from typing import Any

import httpx
import torch
from huggingface_hub import snapshot_download
from transformers import PreTrainedModel

from tasks.base.errors import InputError
from tasks.base.extras import EXTRAS
from tasks.policy.identity import Policy
from tasks.policy.loading import Processor, is_local
from tasks.training.settings import RolloutSettings

PAUSE_S = 2.0
ANSWER_S = 10.0
SERVE = (
    'VLLM_SERVER_DEV_MODE=1 vllm serve MODEL --weight-transfer-config \'{"backend": "nccl"}\' --logprobs-mode processed_logprobs '
    "--max-logprobs -1 --enable-scale-out"
)
"""How TRL 1.16 wants a server of vLLM 0.31 to be started; with pixel limits in the recipe also with --mm-processor-kwargs."""
UNSAID = {"presence_penalty": 0.0, "frequency_penalty": 0.0}
"""What TRL leaves open, and a server would take from the checkpoint's generation settings. All else that vLLM reads there TRL says."""


def rollout_options(rollouts: RolloutSettings) -> dict[str, Any]:
    """TRL's options for generating rollouts; none where the trained model itself generates them."""
    if rollouts.engine == "transformers":
        return {}
    modes: dict[str, dict[str, Any]] = {
        "colocate": {
            "vllm_gpu_memory_utilization": rollouts.memory,
            "vllm_tensor_parallel_size": rollouts.tensor_parallel,
            "vllm_max_model_length": rollouts.context,
            "vllm_enable_sleep_mode": rollouts.sleep,
        },
        "server": {
            "vllm_server_base_url": rollouts.base_url,
            "vllm_server_timeout": rollouts.timeout_s,
            "vllm_group_port": rollouts.group_port,
        },
    }
    correction = rollouts.correction.in_trl if rollouts.correction else {"vllm_importance_sampling_correction": False}
    return {"use_vllm": True, "vllm_mode": rollouts.mode, "generation_kwargs": UNSAID, **correction, **modes[rollouts.mode]}


def check_rollouts(rollouts: RolloutSettings) -> None:
    """Raise InputError where vLLM is asked for and cannot be had: without a GPU, without vLLM, or without a server that takes weights."""
    if rollouts.engine == "transformers":
        return
    if not torch.cuda.is_available():
        raise InputError(
            "train.rollouts: engine vllm needs a GPU, and this machine has none (vLLM's CPU build takes no new weights while it runs); "
            "set engine to transformers"
        )
    if not EXTRAS["vllm"].is_installed:
        raise InputError(f"train.rollouts: vLLM is not installed: {EXTRAS['vllm'].install}, or set engine to transformers")
    if rollouts.mode == "server":
        assert rollouts.base_url
        check_server(rollouts.base_url.rstrip("/"), rollouts.timeout_s)


def check_server(base_url: str, timeout_s: float) -> None:
    """Wait until the server at `base_url` is healthy. Raises InputError when it is not after `timeout_s`, or cannot be trained with."""
    wait_for(base_url, timeout_s)
    answer = httpx.get(f"{base_url}/server_info", params={"config_format": "json"}, timeout=ANSWER_S)
    config = answer.json()["vllm_config"] if answer.is_success else {}
    faults = {
        "it does not show its configuration": not answer.is_success,
        "it takes no new weights": not config.get("weight_transfer_config"),
        "it tells probabilities from before temperature and top-p": config.get("model_config", {}).get("logprobs_mode")
        != "processed_logprobs",
    }
    if fault := next((words for words, found in faults.items() if found), ""):
        raise InputError(f"train.rollouts.base_url: {base_url} cannot be trained with: {fault}; start it with `{SERVE}`")


def wait_for(base_url: str, timeout_s: float) -> None:
    """Return once the server says that it is healthy. Raises InputError when it does not within `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while fault := unhealthy(base_url):
        if time.monotonic() + PAUSE_S > deadline:
            raise InputError(
                f"train.rollouts.base_url: no healthy server at {base_url} after {timeout_s:g} s ({fault}); start it, on GPUs of its "
                f"own, with `{SERVE}`"
            )
        time.sleep(PAUSE_S)


def unhealthy(base_url: str) -> str:
    """Why the server is not healthy, or ""."""
    try:
        answer = httpx.get(f"{base_url}/health", timeout=ANSWER_S)
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__
    return "" if answer.is_success else f"it answers {answer.status_code}"


def served_folder(policy: Policy, processor: Processor, folder: Path) -> Path:
    """A folder for TRL to start vLLM from: links to the policy's files at its revision, and its processor with the recipe's pixel limits.

    TRL hands vLLM nothing but a model's name, and vLLM would show images with the model's own limits: other pixels than are trained on.
    """
    source = Path(policy.model if is_local(policy) else snapshot_download(policy.model, revision=policy.revision))
    shutil.rmtree(folder, ignore_errors=True)
    processor.save_pretrained(folder)
    for file in source.iterdir():
        if not (folder / file.name).exists():
            (folder / file.name).symlink_to(file.resolve())
    return folder


def serve_from(model: PreTrainedModel, folder: Path) -> None:
    """Let TRL find `folder` where it looks for the name of the model that vLLM, and a reference model, are started from."""
    model.name_or_path = model.config._name_or_path = str(folder)
