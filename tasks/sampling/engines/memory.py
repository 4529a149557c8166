"""Fits a batch into memory: halves it when it does not, and says what to change when not even one response fits."""

import gc
import logging
from collections.abc import Callable
from typing import TypeVar

import torch

from tasks.base.errors import InputError

T = TypeVar("T")
LOG = logging.getLogger(__name__)

SIGNS = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory", "no available memory")


class TooLarge(InputError):
    """Not even one response fits into memory."""


def fit_in_memory(attempt: Callable[[int], T], size: int, setting: str) -> tuple[int, T]:
    """`attempt(size)`, with `size` halved until it fits; gives the size that did and what came of it.

    Raises TooLarge, naming `setting`, when not even a size of 1 fits; other errors are passed on.
    """
    while True:
        try:
            return size, attempt(size)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            fault = str(error).splitlines()[0]
        if size == 1:
            raise TooLarge(
                f"memory ran out with {setting} at 1: {fault}. Lower sampling.max_tokens or prompting.max_pixels, "
                "or use a smaller policy or a larger machine; what was sampled before stays"
            )
        gc.collect()
        torch.cuda.empty_cache()
        LOG.warning(f"memory ran out with {setting}={size}: going on with {size // 2} ({fault})")
        size //= 2


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or what caused it, says that memory ran out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or any(sign in str(error).lower() for sign in SIGNS):
        return True
    return error.__cause__ is not None and is_out_of_memory(error.__cause__)
