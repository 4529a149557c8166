"""What a stage's settings need of this machine, checked before anything is loaded or started."""

import torch

from tasks.base.errors import InputError
from tasks.base.extras import EXTRAS
from tasks.training.packages import check_packages
from tasks.training.settings import StageSettings
from tasks.training.vllm_rollouts import check_rollouts


def check_machine(settings: StageSettings) -> None:
    """Raise InputError, with the way out, for a package, a GPU or a server that the settings need and that is not there."""
    check_packages(settings)
    if settings.liger is True and not liger_runs():
        raise InputError("train.liger: true needs a GPU, and this machine has none; `auto` uses Liger's kernels only where they can run")
    check_rollouts(settings.rollouts)


def liger_runs() -> bool:
    """Whether Liger's kernels are installed and there is a GPU to run them on."""
    return EXTRAS["liger"].is_installed and torch.cuda.is_available()
