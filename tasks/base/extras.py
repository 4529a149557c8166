"""The optional packages, each behind an extra of this project: the module that it brings, what it is for, and how it is installed."""

from dataclasses import dataclass
from importlib.util import find_spec

PROJECT_NAME = "difficulty-prior"


@dataclass(frozen=True)
class Extra:
    """One extra of `pyproject.toml`."""

    name: str
    module: str
    purpose: str

    @property
    def is_installed(self) -> bool:
        """Whether its module can be imported; it is not imported for that."""
        return find_spec(self.module) is not None

    @property
    def install(self) -> str:
        """The command that installs it."""
        return f"pip install '{PROJECT_NAME}[{self.name}]'"

    @property
    def missing(self) -> str:
        """What is said where it is needed and not there."""
        return f"the package {self.module} is not installed: {self.install}"


EXTRAS = {
    extra.name: extra
    for extra in (
        Extra("vllm", "vllm", "fast sampling on GPUs"),
        Extra("ray", "ray", "sampling on a Ray cluster"),
        Extra("s3", "s3fs", "a lake on object storage"),
        Extra("qlora", "bitsandbytes", "4-bit adapters"),
        Extra("liger", "liger_kernel", "faster kernels in training"),
        Extra("deepspeed", "deepspeed", "ZeRO training over many GPUs"),
        Extra("tensorboard", "tensorboard", "training curves there"),
    )
}
