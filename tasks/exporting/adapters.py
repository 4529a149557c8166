"""What the exported modules do with the weights. Their text is this module's: `source.py` copies it, with that of `training/weighting.py`
in front, into files that need neither. So nothing here may use anything else of the project at import.

verl 0.9.1 (`verl/trainer/ppo/ray_trainer.py`, `compute_advantage`) calls a registered estimator with `token_level_rewards`,
`response_mask`, `index` (the uid of each row's group) and `config`, and passes `non_tensor_batch` to none but its own `gdpo`.

EasyR1 (hiyouga/EasyR1 at b44b311) takes only its own estimators, but a reward function sees the whole batch (`REWARD_TYPE` of its module;
"batch" is the default, as it was when a config said so). Its
`rloo` gives r_i - sum_{j != i} r_j / (n - 1), which is n / (n - 1) r_i where a group's rewards add up to 0: rewards that are advantages
times (n - 1) / n therefore come out as these very advantages.
"""

import json
from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from tasks.training.weighting import Array, advantages, shrink, weigh

CORRECT = 1.0 - 1e-6
"""The least score of a right answer: 1, and a kept format adds less than 1 to a wrong one's 0."""


def group_rows(index: Sequence[Hashable]) -> list[list[int]]:
    """The rows of each group, groups in the order of their first row."""
    groups: dict[Hashable, list[int]] = {}
    for row, group in enumerate(index):
        groups.setdefault(group, []).append(row)
    return list(groups.values())


def weighted(rewards: Array, correct: Array, index: Sequence[Hashable], prior: Array, options: Mapping[str, Any]) -> Array:
    """The weighted advantage of each row [rows], whose groups may differ in size and lie in any order.

    `rewards` combined (NaN does not count), `correct` whether the answer is right, `prior` the problem's offline estimate (NaN: unknown),
    `options` the weighting's settings.
    """
    groups = group_rows(index)
    table = np.full((len(groups), max(map(len, groups))), np.nan)
    solved = np.zeros_like(table)
    for place, rows in enumerate(groups):
        table[place, : len(rows)], solved[place, : len(rows)] = rewards[rows], correct[rows]
    judged = (~np.isnan(table)).sum(axis=1)
    right = [np.sum(correct[rows] & ~np.isnan(rewards[rows])) for rows in groups]
    accuracy = shrink(right, judged, [prior[rows[0]] for rows in groups], options["prior_strength"])
    weights = weigh(accuracy, options["family"], high=options["high"], low=options["low"])
    values, _ = advantages(table, solved, weights, **options["advantages"])
    found = np.zeros(len(rewards))
    for place, rows in enumerate(groups):
        found[rows] = values[place, : len(rows)]
    return found


def priors(non_tensor_batch: Mapping[str, Any] | None, rows: int, strength: float) -> Array:
    """The offline estimate of the accuracy of each row's problem, out of its `extra_info`; unknown where the prior has no strength."""
    if not strength:
        return np.full(rows, np.nan)
    if non_tensor_batch is None or "extra_info" not in non_tensor_batch:
        raise ValueError(
            f"prior_strength is {strength}, but this trainer gives its advantage estimators no `non_tensor_batch` with `extra_info`, "
            'where the priors are: in its compute_advantage, add adv_kwargs["non_tensor_batch"] = data.non_tensor_batch (and `extra_info` '
            "to the fields that it is filled with), or export with prior_strength 0"
        )
    known = [info.get("prior") for info in non_tensor_batch["extra_info"]]
    return np.array([np.nan if prior is None else prior for prior in known], dtype=np.float64)


def difficulty_advantage(
    token_level_rewards: Any,
    response_mask: Any,
    index: Sequence[Hashable],
    non_tensor_batch: Mapping[str, Any] | None = None,
    *,
    options: Mapping[str, Any],
    **_: Any,
) -> tuple[Any, Any]:
    """verl's form of the weighted advantages: two tensors [rows, tokens], advantages and returns, which are the same.

    A row's score is the sum of its tokens' rewards; the answer is right where that is at least 1.
    """
    scores = token_level_rewards.sum(dim=-1).detach().cpu().double().numpy()
    prior = priors(non_tensor_batch, len(scores), options["prior_strength"])
    values = weighted(scores, scores >= CORRECT, list(index), prior, options)
    found = token_level_rewards.new_tensor(values)[:, None] * response_mask
    return found, found


@cache
def grader() -> Any:
    """The grader of this process. Raises ModuleNotFoundError, with the way out, where Difficulty Prior is not installed."""
    try:
        from tasks.grading.grader import Grader
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"answers are judged by Difficulty Prior's grader, which is not installed here ({error.name} is missing): "
            "pip install --no-deps difficulty-prior && pip install math-verify pydantic, or put a judge of your own into `judge`"
        ) from error
    return Grader()


def judge(responses: Sequence[str], truths: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """Accuracy (NaN where nobody can tell: a time-out, an answer key that cannot be scored) and format of each response, 0 or 1."""
    known = grader()
    from tasks.grading.verdict import Gold, Verdict
    from tasks.problems.gold.several import joined

    right = [joined(truth.get("answers") or [truth["answer"]]) for truth in truths]
    golds = [Gold(text, tuple(truth["choices"] or ()), truth["precision"]) for text, truth in zip(right, truths, strict=True)]
    worth = {Verdict.correct: 1.0, Verdict.incorrect: 0.0, Verdict.unparseable: 0.0}
    return [(worth.get(grade.verdict, np.nan), float(grade.format_ok)) for grade in known.grade(list(responses), golds)]


def compute_verl_score(
    data_source: str, solution_str: str, ground_truth: str, extra_info: Mapping[str, Any], *, stages: Mapping[str, Any], **_: Any
) -> dict[str, float]:
    """verl's form of the reward of one response; what nobody can judge counts as wrong there, as a group cannot leave a row out."""
    [(accuracy, kept)] = judge([solution_str], [{**extra_info, "answer": ground_truth}])
    right = float(np.nan_to_num(accuracy))
    return {"score": right + stages[extra_info["stage"]]["format_reward"] * kept, "acc": right, "format": kept}


def compute_easyr1_scores(reward_inputs: Sequence[Mapping[str, Any]], *, stages: Mapping[str, Any]) -> list[dict[str, float]]:
    """EasyR1's form of the rewards of a batch: `overall` is what makes `rloo` give the weighted advantages.

    A response that is alone in its group, as in validation, has its plain reward as `overall`.
    """
    truths = [json.loads(item["ground_truth"]) for item in reward_inputs]
    options = stages[truths[0]["stage"]]
    accuracy, kept = np.array(judge([item["response"] for item in reward_inputs], truths)).T
    prior = np.array([np.nan if truth["prior"] is None else truth["prior"] for truth in truths])
    rewards = accuracy + options["format_reward"] * kept
    overall = to_rloo(rewards, accuracy == 1, [truth["problem_id"] for truth in truths], prior, options)
    columns = zip(overall, kept, np.nan_to_num(accuracy), strict=True)
    return [{"overall": float(whole), "format": float(form), "accuracy": float(right)} for whole, form, right in columns]


def to_rloo(rewards: Array, correct: Array, index: Sequence[Hashable], prior: Array, options: Mapping[str, Any]) -> Array:
    """The rewards [rows] whose `rloo` advantages are the weighted advantages; a row that is alone in its group keeps its own."""
    values = weighted(rewards, correct, index, prior, options)
    for rows in group_rows(index):
        values[rows] = values[rows] * (len(rows) - 1) / len(rows) if len(rows) > 1 else np.nan_to_num(rewards[rows])
    return values
