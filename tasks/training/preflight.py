"""What a stage's settings need of this machine, checked before anything is loaded or started."""

import torch

from tasks.base.errors import InputError
from tasks.base.extras import EXTRAS
from tasks.training.settings import StageSettings
from tasks.training.trackers import check_trackers
from tasks.training.vllm_rollouts import check_rollouts


def check_machine(settings: StageSettings) -> None:
    """Raise InputError, with the way out, for a package, a GPU or a server that the settings need and that is not there."""
    check_trackers(settings.report_to)
    if settings.liger is True and not liger_runs():
        raise InputError(
            f"train.liger: true needs a GPU and Liger's kernels ({EXTRAS['liger'].install}); `auto` uses them only where they are"
        )
    if settings.lora and settings.lora.quantize and not EXTRAS["qlora"].is_installed:
        raise InputError(f"train.lora.quantize: {settings.lora.quantize} needs bitsandbytes: {EXTRAS['qlora'].install}, or leave it out")
    check_rollouts(settings.rollouts)


def liger_runs() -> bool:
    """Whether Liger's kernels are installed and there is a GPU to run them on."""
    return EXTRAS["liger"].is_installed and torch.cuda.is_available()
