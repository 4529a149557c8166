"""Several processes: the launch configs by name or path, how many processes one starts, and becoming `accelerate launch`.

The launcher takes this process's place, and its processes are tied to its life, so that all of them end with the run that started them.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.base.errors import InputError, did_you_mean
from tasks.base.extras import EXTRAS
from tasks.base.process import PARENT, PROJECT, module_command
from tasks.base.yaml_text import read_yaml_file
from tasks.training.settings import StageSettings

if TYPE_CHECKING:
    from accelerate.commands.config.config_args import ClusterConfig

CONFIGS = PROJECT / "deployments" / "accelerate"
LAUNCHED = "DIFFICULTY_PRIOR_LAUNCHED"
MACHINE = "DIFFICULTY_PRIOR_MACHINE_RANK"


def launch_config(given: Path) -> Path:
    """The file of a launch config, given as a path or as the name of a shipped one. Raises InputError that lists these."""
    for path in (given, CONFIGS / f"{given}.yaml"):
        if path.is_file():
            return path.absolute()
    shipped = sorted(path.stem for path in CONFIGS.glob("*.yaml"))
    meant = did_you_mean(str(given), shipped)
    raise InputError(
        f"train.accelerate: there is no file {given.absolute()}, and {str(given)!r}{meant} is none of the shipped configs "
        f"({', '.join(shipped)}); "
        "give one of them or a config of `accelerate launch`, or leave it out"
    )


def read_config(path: Path) -> "ClusterConfig":
    """A launch config as accelerate reads it. Raises InputError, naming the file, for what it does not understand or cannot start here."""
    from accelerate.commands.config.config_args import ClusterConfig, load_config_from_file
    from accelerate.utils import DistributedType, is_deepspeed_available

    read_yaml_file(path, f"train.accelerate: {path}")  # accelerate would keep the last of what stands twice
    try:
        config = load_config_from_file(str(path))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"train.accelerate: {path} is not a config of `accelerate launch`: {error}") from error
    if not isinstance(config, ClusterConfig):
        raise InputError(f"train.accelerate: {path} is for SageMaker; give one with compute_environment LOCAL_MACHINE")
    if config.distributed_type == DistributedType.DEEPSPEED and not is_deepspeed_available():
        raise InputError(f"train.accelerate: {path} asks for DeepSpeed, which is not installed: {EXTRAS['deepspeed'].install}")
    return config


def process_count(config: "ClusterConfig", wanted: int | None, gpus: int) -> int:
    """How many processes to start over all machines: `wanted`, else the config's number, else one for each of a machine's `gpus`."""
    if not config.use_cpu and not gpus:
        raise InputError("train.accelerate: the launch config is for GPUs, and this machine has none; give cpu_2, or leave it out")
    return wanted or (config.num_processes if config.num_processes > 0 else gpus * config.num_machines)


def launch_command(path: Path, config: "ClusterConfig", processes: int, worker: list[str]) -> list[str]:
    """The command that starts `python -m WORKER…` once per process. On the machines that join a launch, MACHINE holds their rank."""
    machine = ["--machine_rank", os.environ[MACHINE]] if MACHINE in os.environ else []
    port = ["--main_process_port", "0"] if config.num_machines <= 1 and config.main_process_port is None else []  # a free one
    options = ["--config_file", str(path), "--num_processes", str(processes), *machine, *port]
    return module_command("accelerate.commands.launch", *options, "-m", *worker)


def launch(settings: StageSettings, worker: list[str]) -> None:
    """Become `accelerate launch` with the stage's config. Raises InputError where it cannot be, or the batch does not fit the processes."""
    import torch

    assert settings.accelerate is not None
    path = launch_config(settings.accelerate)
    config = read_config(path)
    processes = process_count(config, settings.processes, torch.cuda.device_count())
    settings.split(processes)
    os.environ[LAUNCHED] = "1"
    os.environ[PARENT] = str(os.getpid())  # this process becomes the parent of those that it starts
    if config.use_cpu:
        os.environ["ACCELERATE_USE_CPU"] = "true"  # the launcher itself tells only a single process
    command = launch_command(path, config, processes, worker)
    os.execv(command[0], command)
