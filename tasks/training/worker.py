"""The training process: `python -m tasks.training.worker SPEC.json`, alone or as one of several under `accelerate launch`.

The heavy imports wait until the variables are set that the libraries read when they are imported.
"""

import importlib
import os
import sys
from pathlib import Path

from tasks.base.process import worker_main
from tasks.training.launch import LAUNCHED, launch, launch_config
from tasks.training.settings import StageSettings
from tasks.training.spec import StageSpec
from tasks.training.trackers import tracker_variables


def library_variables(spec: StageSpec) -> dict[str, str]:
    """No telemetry, no network for a local policy, one GPU for one process, and trackers that write beside the lake."""
    network = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"} if Path(spec.policy.model).is_dir() else {}
    device = {} if spec.settings.accelerate else {"CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]}
    trackers = tracker_variables(spec.settings.report_to, spec.trackers) if spec.trackers else {}
    return {"HF_HUB_DISABLE_TELEMETRY": "1", **network, **device, **trackers}


def begin(settings: StageSettings) -> None:
    """Check what the settings need, and become a launch of several processes where they ask for one."""
    if settings.accelerate:
        launch_config(settings.accelerate)
    from tasks.training.preflight import check_machine

    check_machine(settings)
    if settings.accelerate:
        launch(settings, [__spec__.name, sys.argv[1]])


def leave_vllm_out() -> None:
    """Have TRL take vLLM for not installed: it would import it, seven seconds, though the trained model itself generates the rollouts."""
    importlib.import_module("trl.import_utils").is_vllm_available = lambda min_version=None: False  # type: ignore[attr-defined]


def run(spec_text: str) -> None:
    """Train the stage of a spec given as JSON text."""
    spec = StageSpec.model_validate_json(spec_text)
    os.environ.update(library_variables(spec))
    if LAUNCHED not in os.environ:
        begin(spec.settings)
    if spec.settings.rollouts.engine != "vllm":
        leave_vllm_out()
    from tasks.training.stage import run_stage

    run_stage(spec)


if __name__ == "__main__":
    worker_main(run)
