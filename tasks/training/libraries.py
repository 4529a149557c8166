"""What the training process imports and takes seconds, besides what every policy's does: for a fork server, which loads it once."""

import accelerate  # noqa: F401
import datasets  # noqa: F401
import peft  # noqa: F401

import tasks.policy.libraries  # noqa: F401
from tasks.training.without_vllm import leave_vllm_out

leave_vllm_out()

import trl.trainer.grpo_trainer  # noqa: E402, F401
