"""Run by `test_processes.py` in each of two processes: the advantages of this process are its slice of the weighted ones of all.

A group of eight completions lies half in one process and half in the other. Arguments: a stage's spec and the folder for the verdict.
"""

import sys
from pathlib import Path

import numpy as np

from tasks.grading.pool import Grader
from tasks.training.checkpoints import Checkpoints
from tasks.training.records import Records
from tasks.training.rewards import Rewards
from tasks.training.spec import StageSpec
from tasks.training.stage import build_trainer, stage_problems
from tasks.training.weighting import advantages, weigh


def main() -> None:
    spec = StageSpec.model_validate_json(Path(sys.argv[1]).read_text())
    records = Records("stage")
    with Grader(spec.grading) as grader:
        trainer = build_trainer(spec, stage_problems(spec), Rewards(grader), records, Checkpoints(spec.folder, 1))
        batch = [{"index": index} for index in (0, 3, 5) for _ in range(8)]
        rank = trainer.accelerator.process_index
        output = trainer._generate_and_score_completions(batch[rank * 12 : (rank + 1) * 12])
    rewards = trainer._gathered_rewards.double().numpy().reshape(3, 8, 2)
    weights = weigh(rewards[:, :, 0].mean(axis=1), "linear", high=2.0, low=0.5)
    expected = advantages(rewards @ [1.0, 0.5], weights, mode="replace_std").flatten()
    assert [row["problem_id"] for row in records.groups] == ["p0", "p3", "p5"]
    assert np.allclose(output["advantages"].numpy(), expected[rank * 12 : (rank + 1) * 12], atol=1e-5)
    assert np.abs(expected).max() > 0
    Path(sys.argv[2], f"right-{rank}-of-{trainer.accelerator.num_processes}").touch()


if __name__ == "__main__":
    main()
