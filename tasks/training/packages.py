"""The packages that a stage's settings need, looked for without importing any, before anything is sampled for it."""

from tasks.base.errors import InputError
from tasks.base.extras import EXTRAS
from tasks.training.settings import StageSettings
from tasks.training.trackers import check_trackers


def check_packages(settings: StageSettings) -> None:
    """Raise InputError, with the command that installs it, for a package that is not there."""
    check_trackers(settings.report_to)
    if settings.liger is True and not EXTRAS["liger"].is_installed:
        raise InputError(f"train.liger: true needs Liger's kernels: {EXTRAS['liger'].install}; `auto` uses them only where they are")
    if settings.lora and settings.lora.quantize and not EXTRAS["qlora"].is_installed:
        raise InputError(f"train.lora.quantize: {settings.lora.quantize} needs bitsandbytes: {EXTRAS['qlora'].install}, or leave it out")
