"""TRL without vLLM, which it imports where it is installed: seven seconds, though the trained model itself generates the rollouts."""

import importlib


def leave_vllm_out() -> None:
    """Have TRL take vLLM for not installed, in this process."""
    importlib.import_module("trl.import_utils").is_vllm_available = lambda min_version=None: False  # type: ignore[attr-defined]
