"""The training process: `python -m tasks.training.worker SPEC.json`, alone or as one of several under `accelerate launch`.

The heavy imports wait until the variables are set that the libraries read when they are imported.
"""

import logging
import os
import sys
from pathlib import Path

from tasks.errors import InputError
from tasks.process import worker_main
from tasks.training.spec import StageSpec

LAUNCHED = "DIFFICULTY_PRIOR_LAUNCHED"


def library_variables(spec: StageSpec) -> dict[str, str]:
    """No telemetry, no network for a local policy, and one GPU for one process."""
    network = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"} if Path(spec.policy.model).is_dir() else {}
    device = {} if spec.settings.accelerate else {"CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]}
    return {"HF_HUB_DISABLE_TELEMETRY": "1", **network, **device}


def launch(config: Path) -> None:
    """Become `accelerate launch`, which starts this worker once per process. Raises InputError when there is no such config."""
    if not config.is_file():
        raise InputError(
            f"training.accelerate: there is no file {config.absolute()}; give a config of `accelerate launch`, or leave it out"
        )
    os.environ[LAUNCHED] = "1"
    os.execv(
        sys.executable, [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(config), "-m", __spec__.name, sys.argv[1]]
    )


def run(spec_text: str) -> None:
    """Train the stage of a spec given as JSON text."""
    spec = StageSpec.model_validate_json(spec_text)
    logging.basicConfig(format="%(message)s")
    logging.getLogger("tasks").setLevel(logging.INFO)
    os.environ.update(library_variables(spec))
    if spec.settings.accelerate and LAUNCHED not in os.environ:
        launch(spec.settings.accelerate)
    from tasks.training.stage import train_stage

    train_stage(spec)


if __name__ == "__main__":
    worker_main(run)
