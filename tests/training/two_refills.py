"""Run by `two_processes.py` in each of two processes: a batch is refilled, with groups of one process put into places of the other.

A group of eight completions lies half in one process and half in the other.
"""

from pathlib import Path
from typing import Any

import numpy as np
from accelerate.utils import gather_object

from tasks.grading.judges import Judges
from tasks.training.checkpoints import Checkpoints
from tasks.training.records import Records
from tasks.training.rewards import Rewards
from tasks.training.spec import StageSpec
from tasks.training.stage import build_trainer, stage_problems
from tasks.training.trainer import DifficultyGRPOTrainer
from tasks.training.weighting import advantages, weigh

GROUP, HERE = 8, 12


def local_rows(problems: tuple[int, ...], rank: int) -> list[dict[str, Any]]:
    return [{"index": index} for index in problems for _ in range(GROUP)][rank * HERE : (rank + 1) * HERE]


def own_rewards(trainer: DifficultyGRPOTrainer) -> tuple[np.ndarray, np.ndarray]:
    """The rewards of each group's own completions, NaN elsewhere, [groups, GROUP, 2], and the places of each in the batch. Of a hinted
    problem the last two completions are a group of their own."""
    rewards = trainer._gathered_rewards.double().numpy()
    masks = []
    for start, problem in enumerate(gather_object([row["problem_id"] for row in trainer.asked])[::GROUP]):
        places = np.arange(start * GROUP, (start + 1) * GROUP)
        hinted = any(row["hinted"] for row in trainer.records.groups if row["problem_id"] == problem)
        masks += [np.isin(np.arange(len(rewards)), part) for part in ((places[:6], places[6:]) if hinted else (places,))]
    return np.where(np.array(masks)[:, :, None], rewards, np.nan), np.array(masks)


def check_weights(trainer: DifficultyGRPOTrainer, output: dict[str, Any]) -> None:
    """The advantages are this process's of those that the gathered rewards give."""
    rank = trainer.accelerator.process_index
    rewards, masks = own_rewards(trainer)
    judged = ~np.isnan(rewards).all(axis=2)
    with np.errstate(invalid="ignore"):
        accuracy = np.where(judged, rewards[:, :, 0], 0).sum(axis=1) / judged.sum(axis=1)
    weights = weigh(accuracy, "linear", high=2.0, low=0.5)
    combined = np.where(judged, rewards @ [1.0, 0.5], np.nan)
    expected = advantages(combined, rewards[:, :, 0], weights, mode="replace_std", normalise=True)[0].sum(axis=0)
    assert len(masks) > 3
    assert np.allclose(output["advantages"].numpy(), expected[rank * HERE : (rank + 1) * HERE], atol=1e-5)
    assert np.abs(expected).max() > 0


def check_refilling(trainer: DifficultyGRPOTrainer, records: Records) -> None:
    """Of a batch that no one can judge all places are refilled, the same in both processes, and each answer is to its own prompt."""
    output = trainer._generate_and_score_completions(local_rows((9, 9, 9), trainer.accelerator.process_index))
    check_weights(trainer, output)
    told = [(group["problem_id"], group["hinted"]) for group in records.groups]
    assert gather_object([told]) == [told, told]
    drawn = gather_object([example["problem_id"] for example in trainer.asked])[::GROUP]
    replaced = [problem for problem in drawn if problem != "p9"]
    assert trainer._metrics["train"]["refill/groups"] == [len(replaced)]
    assert len(replaced) > 1
    asked = gather_object([example["problem_id"] for example in trainer.asked])
    assert asked == [problem for problem in drawn for _ in range(GROUP)]
    prompts = gather_object([ids[mask.bool()].tolist() for ids, mask in zip(output["prompt_ids"], output["prompt_mask"], strict=True)])
    for place in range(0, len(prompts), GROUP):
        parts = prompts[place : place + 6], prompts[place + 6 : place + GROUP]
        assert all(prompt == part[0] for part in parts for prompt in part)
        assert (parts[0][0] != parts[1][0]) is ((drawn[place // GROUP], True) in told)


def refill_a_batch(spec: StageSpec, folder: Path) -> None:
    """Refill a batch of a stage, look whether it is right, and leave a file in the folder that says so."""
    records = Records("stage")
    with Judges(spec.grading) as grader:
        trainer = build_trainer(spec, stage_problems(spec), Rewards(grader), records, Checkpoints(spec.folder, 1))
        rank = trainer.accelerator.process_index
        check_refilling(trainer, records)
    (folder / f"right-{rank}-of-{trainer.accelerator.num_processes}").touch()
