"""Writes the modules that train elsewhere: the text of `training/weighting.py` and of `adapters.py`, so that no formula is there twice."""

import ast
import inspect
from pprint import pformat
from types import ModuleType
from typing import Any

from tasks.base.errors import InputError
from tasks.exporting import adapters
from tasks.training import weighting
from tasks.training.settings import StageSettings

ESTIMATOR, REWARD = "difficulty_estimator.py", "difficulty_reward.py"

VERL_ESTIMATOR = """
for stage, options in STAGES.items():
    register_adv_est(f"difficulty_{stage}")(partial(difficulty_advantage, options=options))
"""
VERL_REWARD = """
def compute_score(data_source, solution_str, ground_truth, extra_info=None, **_):
    return compute_verl_score(data_source, solution_str, ground_truth, extra_info or {}, stages=STAGES)
"""
EASYR1_REWARD = """
REWARD_NAME, REWARD_TYPE = "difficulty", "batch"


def compute_score(reward_inputs, **_):
    return compute_easyr1_scores(reward_inputs, stages=STAGES)
"""


def verl_estimator(stages: dict[str, StageSettings]) -> str:
    """A module that registers the estimator `difficulty_STAGE` of each stage with verl when it is imported."""
    about = "Difficulty-weighted advantages for verl: set VERL_USE_EXTERNAL_MODULES=difficulty_estimator, and algorithm.adv_estimator."
    imports = "from functools import partial\n\nfrom verl.trainer.ppo.core_algos import register_adv_est"
    return written(about, imports, stages, VERL_ESTIMATOR)


def verl_reward(stages: dict[str, StageSettings]) -> str:
    """verl's custom reward function. Raises InputError where a kept format would be worth a right answer."""
    for name, stage in stages.items():
        if stage.format_reward >= 1:
            raise InputError(
                f"stages.{name}.train.format_reward is {stage.format_reward}: verl's estimator sees one score, in which a kept format of "
                "1 or more looks like a right answer; set it below 1"
            )
    return written("The reward for verl: reward.custom_reward_function.path is this file.", "", stages, VERL_REWARD)


def easyr1_reward(stages: dict[str, StageSettings]) -> str:
    """EasyR1's batch reward function, which carries the weights."""
    about = "The reward for EasyR1, with the difficulty weights in it: use it with adv_estimator rloo."
    return written(about, "", stages, EASYR1_REWARD)


def written(about: str, imports: str, stages: dict[str, StageSettings], end: str) -> str:
    """A module of: what it is about, imports, the weights' formulas, the stages' settings, the adapters, and what it defines at last.

    Raises InputError where weights are to shrink towards an estimate that only our trainer keeps.
    """
    for name, stage in stages.items():
        if stage.weighting.prior == "live":
            raise InputError(
                f"stages.{name}.train.weighting.prior is live: no other trainer keeps that estimate, and the rows have the stored one; "
                f"export with --set stages.{name}.train.weighting.prior=stored"
            )
    made = "Written by `difficulty-prior export`; needs numpy only, and the grader where answers are judged."
    options = pformat({name: stage_options(stage) for name, stage in stages.items()}, width=100, sort_dicts=False)
    parts = [f'"""{about}\n\n{made}\n"""', imports, body(weighting), body(adapters), f"STAGES = {options}", end.strip()]
    return "\n\n\n".join(part for part in parts if part) + "\n"


def stage_options(stage: StageSettings) -> dict[str, Any]:
    """What the adapters need of a stage."""
    weights = stage.weighting
    how: dict[str, Any] = {"mode": weights.applied}
    if weights.normalise and weights.family != "none":
        how["normalise"] = True
    named = weights.model_dump(include={"family", "high", "low", "prior_strength"})
    return {**named, "advantages": how, "format_reward": stage.format_reward}


def body(module: ModuleType) -> str:
    """A module's text after its docstring, without its imports from this project."""
    text = inspect.getsource(module)
    docstring, *rest = ast.parse(text).body
    left_out = [docstring, *(node for node in rest if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tasks."))]
    lines = text.splitlines()
    for node in left_out:
        lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)
    return "\n".join(lines).strip()
