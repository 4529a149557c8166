"""What a stage needs of the machine is checked before anything is loaded, and each lack has a way out."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import torch
from transformers import AutoProcessor

from tasks.base import extras
from tasks.base.errors import InputError
from tasks.policy.identity import Policy
from tasks.policy.loading import load_processor
from tasks.prompting.settings import PromptingSettings
from tasks.training import trackers
from tasks.training.preflight import check_machine
from tasks.training.settings import CorrectionSettings, LoraSettings, RolloutSettings, StageSettings
from tasks.training.trainer import training_arguments
from tasks.training.vllm_rollouts import check_server, served_folder
from tasks.training.worker import begin
from tests.training.tiny import SETTINGS


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_vllm_without_a_gpu_is_an_error_before_anything_is_started() -> None:
    with pytest.raises(InputError, match=r"engine vllm needs a GPU, and this machine has none .* set engine to transformers"):
        begin(StageSettings(rollouts=RolloutSettings(engine="vllm"), accelerate=Path("cpu_2")))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"report_to": ["wandb"]}, "report_to: wandb is not installed: pip install wandb"),
        ({"liger": True}, "true needs Liger's kernels"),
        ({"lora": LoraSettings(quantize="4bit")}, r"4bit needs bitsandbytes: pip install 'difficulty-prior\[qlora\]'"),
    ],
)
def test_a_package_that_is_missing_is_named(settings: dict, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is installed here, the packages count as missing."""
    for module in (extras, trackers):
        monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=words):
        check_machine(StageSettings(**settings))
    check_machine(StageSettings(liger="auto"))


class Answers(BaseHTTPRequestHandler):
    """A server that says what a `vllm serve` says of itself; which one is the first part of the path."""

    def do_GET(self) -> None:
        kind = self.path.split("/")[1]
        transfer, mode = (None if kind == "fixed" else {"backend": "nccl"}), "raw_logprobs" if kind == "raw" else "processed_logprobs"
        config = {"vllm_config": {"weight_transfer_config": transfer, "model_config": {"logprobs_mode": mode}}}
        missing = kind == "sick" or (kind == "closed" and "server_info" in self.path)
        self.send_response(404 if missing else 200)
        self.end_headers()
        self.wfile.write(json.dumps(config).encode() if "server_info" in self.path else b"")

    def log_message(self, *_: object) -> None:
        """Nothing to the log."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answers) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("sick", r"no healthy server at .*sick after 1 s \(it answers 404\); start it, on GPUs of its own, with `VLLM_SERVER_DEV_MODE=1"),
        ("closed", "does not show its configuration"),
        ("fixed", "takes no new weights; start it with .*--weight-transfer-config"),
        ("raw", "probabilities from before temperature and top-p; start it with .*--logprobs-mode processed_logprobs"),
    ],
)
def test_a_server_that_cannot_be_trained_with_is_named(server: str, kind: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_server(f"{server}/{kind}", timeout_s=1)
    check_server(f"{server}/good", timeout_s=1)


def test_rollouts_reach_trl(tmp_path: Path) -> None:
    """With a correction for what vLLM's probabilities differ by, or none."""
    colocate = SETTINGS.model_copy(update={"rollouts": RolloutSettings(engine="vllm", memory=0.4, context=2048, sleep=True)})
    asked = training_arguments(colocate, tmp_path, seed=0)
    assert (asked.use_vllm, asked.vllm_mode, asked.vllm_gpu_memory_utilization) == (True, "colocate", 0.4)
    assert (asked.vllm_max_model_length, asked.vllm_enable_sleep_mode, asked.vllm_tensor_parallel_size) == (2048, True, 1)
    assert asked.vllm_importance_sampling_correction
    assert (asked.vllm_importance_sampling_mode, asked.vllm_importance_sampling_clip_max) == ("sequence_mask", 3.0)
    address = RolloutSettings(engine="vllm", mode="server", base_url="http://10.0.0.7:8000", timeout_s=5)
    asked = training_arguments(SETTINGS.model_copy(update={"rollouts": address}), tmp_path, seed=0)
    assert (asked.vllm_mode, asked.vllm_server_base_url, asked.vllm_server_timeout) == ("server", "http://10.0.0.7:8000", 5)
    bounded = address.model_copy(update={"correction": CorrectionSettings(level="token", beyond="truncate", most=2.0, least=0.5)})
    asked = training_arguments(SETTINGS.model_copy(update={"rollouts": bounded}), tmp_path, seed=0)
    assert (asked.vllm_importance_sampling_mode, asked.vllm_importance_sampling_clip_max) == ("token_truncate", 2.0)
    assert asked.vllm_importance_sampling_clip_min == 0.5
    free = address.model_copy(update={"correction": None})
    assert not training_arguments(SETTINGS.model_copy(update={"rollouts": free}), tmp_path, seed=0).vllm_importance_sampling_correction


def test_vllm_is_started_with_the_recipe_s_pixel_limits(tiny_policy: Policy, tmp_path: Path) -> None:
    processor = load_processor(tiny_policy, PromptingSettings(max_pixels=1024))
    folder = served_folder(tiny_policy, processor, tmp_path / "vllm")
    assert AutoProcessor.from_pretrained(folder).image_processor.size["longest_edge"] == 1024
    assert (folder / "model.safetensors").resolve() == Path(tiny_policy.model, "model.safetensors")
    assert AutoProcessor.from_pretrained(tiny_policy.model).image_processor.size["longest_edge"] == 4096
