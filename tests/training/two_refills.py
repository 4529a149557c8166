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


def check_weights(trainer: DifficultyGRPOTrainer, output: dict[str, Any]) -> None:
    """The advantages are this process's of those that the gathered rewards give."""
    rank = trainer.accelerator.process_index
    rewards = trainer._gathered_rewards.double().numpy().reshape(3, GROUP, 2)
    judged = ~np.isnan(rewards).all(axis=2)
    with np.errstate(invalid="ignore"):
        accuracy = np.where(judged, rewards[:, :, 0], 0).sum(axis=1) / judged.sum(axis=1)
    weights = weigh(accuracy, "linear", high=2.0, low=0.5)
    combined = np.where(judged, rewards @ [1.0, 0.5], np.nan)
    expected = advantages(combined, rewards[:, :, 0], weights, mode="replace_std", normalise=True)[0].flatten()
    assert np.allclose(output["advantages"].numpy(), expected[rank * HERE : (rank + 1) * HERE], atol=1e-5)
    assert np.abs(expected).max() > 0


def check_refilling(trainer: DifficultyGRPOTrainer, records: Records) -> None:
    """Of a batch that no one can judge all places are refilled, the same in both processes, and each answer is to its own prompt."""
    output = trainer._generate_and_score_completions(local_rows((9, 9, 9), trainer.accelerator.process_index))
    check_weights(trainer, output)
    drawn = [group["problem_id"] for group in records.groups]
    assert gather_object([drawn]) == [drawn, drawn]
    replaced = [problem for problem in drawn if problem != "p9"]
    assert trainer._metrics["train"]["refill/groups"] == [len(replaced)]
    assert len(replaced) > 1
    asked = gather_object([example["problem_id"] for example in trainer.asked])
    assert asked == [problem for problem in drawn for _ in range(GROUP)]
    prompts = gather_object([ids[mask.bool()].tolist() for ids, mask in zip(output["prompt_ids"], output["prompt_mask"], strict=True)])
    for place in range(0, len(prompts), GROUP):
        assert all(prompt == prompts[place] for prompt in prompts[place : place + GROUP])


def refill_a_batch(spec: StageSpec, folder: Path) -> None:
    """Refill a batch of a stage, look whether it is right, and leave a file in the folder that says so."""
    records = Records("stage")
    with Judges(spec.grading) as grader:
        trainer = build_trainer(spec, stage_problems(spec), Rewards(grader), records, Checkpoints(spec.folder, 1))
        rank = trainer.accelerator.process_index
        check_refilling(trainer, records)
    (folder / f"right-{rank}-of-{trainer.accelerator.num_processes}").touch()
