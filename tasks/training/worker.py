"""The training process: `python -m tasks.training.worker SPEC.json`, alone or as one of several under `accelerate launch`.

The heavy imports wait until the variables are set that the libraries read when they are imported.
"""

import os
import sys

from tasks.base.events import worker_main
from tasks.base.workers import Job
from tasks.policy.identity import without_network
from tasks.training.launch import LAUNCHED, launch, launch_config
from tasks.training.settings import StageSettings
from tasks.training.spec import StageSpec
from tasks.training.trackers import tracker_variables
from tasks.training.without_vllm import leave_vllm_out

LIBRARIES = "tasks.training.libraries"


def stage_job(spec: StageSpec) -> Job:
    """The job of training a stage. A launch of several processes starts fresh interpreters; vLLM's and trackers' own processes and
    variables want one, too."""
    own = spec.settings
    fresh = own.accelerate or own.rollouts.engine == "vllm" or own.report_to
    return Job(__name__, spec, spec.folder, variables=without_network(spec.policy.model), libraries="" if fresh else LIBRARIES)


def library_variables(spec: StageSpec) -> dict[str, str]:
    """No telemetry, no network for a local policy, one GPU for one process, and trackers that write beside the lake."""
    device = {} if spec.settings.accelerate else {"CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]}
    trackers = tracker_variables(spec.settings.report_to, spec.trackers) if spec.trackers else {}
    return {"HF_HUB_DISABLE_TELEMETRY": "1", **without_network(spec.policy.model), **device, **trackers}


def begin(settings: StageSettings) -> None:
    """Check what the settings need, and become a launch of several processes where they ask for one."""
    if settings.accelerate:
        launch_config(settings.accelerate)
    from tasks.training.preflight import check_machine

    check_machine(settings)
    if settings.accelerate:
        launch(settings, [__spec__.name, sys.argv[1]])


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
