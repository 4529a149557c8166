"""A stage's settings in the words of other trainers: options of verl 0.9.1's `main_ppo`, a config of EasyR1 (at b44b311).

What a stage decides is said; what depends on the machine (GPUs, micro-batches, parallelism, loggers) is left to whoever trains. Both
have no Adam beta2 in the same words, and a learning-rate schedule of their own: those are said where they have a word for it. Neither
leaves cut-off answers out of the loss, and EasyR1 averages dr_grpo as dapo.
"""

import math
from pathlib import Path
from shlex import quote
from typing import Any

import yaml

from tasks.exporting.source import ESTIMATOR, REWARD
from tasks.prompting.settings import PromptingSettings
from tasks.training.settings import StageSettings

FORMAT_PROMPT = "prompt.jinja"
AVERAGES = {"dapo": "token-mean", "bnpo": "token-mean", "grpo": "seq-mean-token-mean", "dr_grpo": "seq-mean-token-sum-norm"}
"""verl's words for what a loss is divided by."""
SCHEDULES = {"cosine": "cosine", "constant_with_warmup": "constant"}
LONGEST_PROMPT = 4096
ENDLESS_EPOCHS = 1_000_000  # the number of steps ends the run


def verl_options(name: str, stage: StageSettings, prompting: PromptingSettings, model: str) -> dict[str, Any]:
    """The options of `python -m verl.trainer.main_ppo` for a stage; ${HERE} is the folder of the export."""
    limits = {"min_pixels": prompting.min_pixels, "max_pixels": prompting.max_pixels}
    return {
        "algorithm.adv_estimator": f"difficulty_{name}",
        "algorithm.use_kl_in_reward": False,
        "data.train_files": f"${{HERE}}/{name}.parquet",
        "data.val_files": f"${{HERE}}/{name}.parquet",
        "data.train_batch_size": stage.batch // stage.group_size,
        "data.max_prompt_length": LONGEST_PROMPT,
        "data.max_response_length": stage.max_tokens,
        **{f"+data.mm_processor_kwargs.{limit}": pixels for limit, pixels in limits.items() if pixels},
        "actor_rollout_ref.model.path": model,
        "actor_rollout_ref.actor.optim.lr": stage.learning_rate,
        "actor_rollout_ref.actor.optim.lr_warmup_steps": stage.warmup_steps,
        "actor_rollout_ref.actor.optim.lr_scheduler_type": SCHEDULES.get(stage.lr_schedule, "constant"),
        "actor_rollout_ref.actor.optim.betas": f"[0.9,{stage.adam_beta2}]",
        "actor_rollout_ref.actor.optim.clip_grad": stage.max_grad_norm or math.inf,
        "actor_rollout_ref.actor.loss_agg_mode": AVERAGES[stage.loss],
        "actor_rollout_ref.actor.clip_ratio_low": stage.clip_low,
        "actor_rollout_ref.actor.clip_ratio_high": stage.clip_high,
        "actor_rollout_ref.actor.ppo_epochs": stage.iterations,
        "actor_rollout_ref.actor.ppo_mini_batch_size": stage.batch // stage.group_size,
        "actor_rollout_ref.actor.use_kl_loss": stage.beta > 0,
        "actor_rollout_ref.actor.kl_loss_coef": stage.beta,
        "actor_rollout_ref.rollout.name": "vllm",
        "actor_rollout_ref.rollout.n": stage.group_size,
        "actor_rollout_ref.rollout.temperature": stage.temperature,
        "actor_rollout_ref.rollout.top_p": stage.top_p,
        "reward.custom_reward_function.path": f"${{HERE}}/{REWARD}",
        "trainer.total_training_steps": stage.steps,
        "trainer.total_epochs": ENDLESS_EPOCHS,
        "trainer.experiment_name": name,
        "trainer.val_before_train": False,
        "trainer.test_freq": -1,
    }


def verl_script(name: str, stage: StageSettings, prompting: PromptingSettings, model: str | None) -> str:
    """A shell script that trains a stage with verl, from `model`, or where that is None from the variable MODEL."""
    default = f"MODEL=${{MODEL:-{quote(model)}}}" if model else 'MODEL="${MODEL:?set it to the policy that the stage before left}"'
    options = verl_options(name, stage, prompting, "${MODEL}")
    lines = [f'  "{option}={str(value).lower() if isinstance(value, bool) else value}" \\' for option, value in options.items()]
    return "\n".join(
        [
            "#!/usr/bin/env bash",
            f"# GRPO {name} with verl 0.9.1. Options of the machine (GPUs, micro-batches, validation, …) go behind it, as arguments.",
            "set -euo pipefail",
            'HERE="$(cd "$(dirname "$0")" && pwd)"',
            default,
            f'export PYTHONPATH="$HERE${{PYTHONPATH:+:$PYTHONPATH}}" VERL_USE_EXTERNAL_MODULES={Path(ESTIMATOR).stem}',
            "exec python3 -m verl.trainer.main_ppo \\",
            *lines,
            '  "$@"',
            "",
        ]
    )


def easyr1_config(name: str, stage: StageSettings, prompting: PromptingSettings, model: str | None) -> str:
    """A config for `python -m verl.trainer.main config=…` of EasyR1, its paths relative to the folder of the export.

    It trains `model`, or where that is None what the variable MODEL names.
    """
    limits = {"min_pixels": prompting.min_pixels, "max_pixels": prompting.max_pixels}
    keys = {"prompt_key": "problem", "answer_key": "ground_truth", "image_key": "images", "format_prompt": FORMAT_PROMPT}
    lengths = {"max_prompt_length": LONGEST_PROMPT, "max_response_length": stage.max_tokens}
    problems = stage.batch // stage.group_size
    config = {
        "data": {
            "train_files": f"{name}.parquet",
            "val_files": f"{name}.parquet",
            **keys,
            **lengths,
            "rollout_batch_size": problems,
            **{limit: pixels for limit, pixels in limits.items() if pixels},
        },
        "algorithm": {
            "adv_estimator": "rloo",
            "disable_kl": not stage.beta,
            "use_kl_loss": stage.beta > 0,
            "kl_coef": stage.beta,
            "filter_key": "accuracy",
        },
        "worker": {
            "actor": {
                "global_batch_size": problems,
                "max_grad_norm": stage.max_grad_norm or math.inf,
                "loss_avg_mode": "seq" if stage.loss == "grpo" else "token",
                "clip_ratio_low": stage.clip_low,
                "clip_ratio_high": stage.clip_high,
                "ppo_epochs": stage.iterations,
                "model": {"model_path": model or "${oc.env:MODEL}", "enable_gradient_checkpointing": bool(stage.gradient_checkpointing)},
                "optim": {"lr": stage.learning_rate, "lr_warmup_ratio": stage.warmup_steps / stage.steps},
            },
            "rollout": {"n": stage.group_size, "temperature": stage.temperature, "top_p": stage.top_p},
            "reward": {"reward_function": f"{REWARD}:compute_score"},
        },
        "trainer": {"max_steps": stage.steps, "total_epochs": ENDLESS_EPOCHS, "experiment_name": name},
    }
    return yaml.safe_dump(config, sort_keys=False)
