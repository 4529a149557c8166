"""Run by `test_processes.py` in two processes and in one: a stage that learns from given completions, and what it makes of them.

A group of eight completions lies half in one process and half in the other. Arguments: the spec of that stage, that of one whose batch the
two then refill (`two_refills.py`: a start of two processes is dear), and the folder for the results.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tasks.grading.judges import Judges
from tasks.training.checkpoints import Checkpoints
from tasks.training.records import Records
from tasks.training.rewards import Rewards
from tasks.training.spec import StageSpec
from tasks.training.stage import build_trainer, stage_problems
from tasks.training.trainer import DifficultyGRPOTrainer
from tests.training.tiny import WORDS
from tests.training.two_refills import refill_a_batch


def give_completions(trainer: DifficultyGRPOTrainer) -> None:
    """Let the trainer learn from completions that depend on nothing but the step and their place among those of all processes."""
    tokenizer = trainer.processing_class.tokenizer
    words = tokenizer.convert_tokens_to_ids(WORDS)

    def given(prompt_ids: list, *_: Any, **__: Any) -> tuple[list[list[int]], None]:
        first = trainer.accelerator.process_index * len(prompt_ids)
        draws = [np.random.default_rng([trainer.state.global_step, first + place]) for place in range(len(prompt_ids))]
        return [[*draw.choice(words, size=draw.integers(1, 4)).tolist(), tokenizer.eos_token_id] for draw in draws], None

    trainer._generate_single_turn = given


def keep_advantages(trainer: DifficultyGRPOTrainer) -> list[list[float]]:
    """The advantages that this process gets, step by step, once it has been trained."""
    kept: list[list[float]] = []
    score = trainer._generate_and_score_completions

    def scored(inputs: list[dict]) -> dict:
        output = score(inputs)
        kept.append(output["advantages"].tolist())
        return output

    trainer._generate_and_score_completions = scored
    return kept


def train_on_given(spec: StageSpec, folder: Path) -> None:
    """Train, and write the process's advantages, the groups and the metrics to `result-<rank>-of-<processes>.json`."""
    records = Records("stage")
    with Judges(spec.grading) as grader:
        trainer = build_trainer(spec, stage_problems(spec), Rewards(grader), records, Checkpoints(spec.folder, 1))
        give_completions(trainer)
        advantages = keep_advantages(trainer)
        trainer.train()
    rank, processes = trainer.accelerator.process_index, trainer.accelerator.num_processes
    result = {"advantages": advantages, "groups": records.groups, "metrics": records.metrics}
    (folder / f"result-{rank}-of-{processes}.json").write_text(json.dumps(result))


if __name__ == "__main__":
    learning, refilling = (StageSpec.model_validate_json(Path(path).read_text()) for path in sys.argv[1:3])
    train_on_given(learning, Path(sys.argv[3]))
    refill_a_batch(refilling, Path(sys.argv[3]))
