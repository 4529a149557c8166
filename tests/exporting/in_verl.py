"""Runs inside a verl environment without this project: `python in_verl.py ASK.json`, the answers as JSON on the last line of its output.

Everything goes through verl's own code: the registry (`VERL_USE_EXTERNAL_MODULES` has imported the exported estimator), the trainer's
`compute_advantage`, and the dataset that its trainers read.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from omegaconf import OmegaConf
from transformers import AutoProcessor
from verl import DataProto
from verl.trainer.ppo.core_algos import get_adv_estimator_fn
from verl.trainer.ppo.ray_trainer import compute_advantage
from verl.utils.dataset.rl_dataset import RLHFDataset


def by_trainer(estimator: str, scores: list[float], uids: list[str]) -> list[list[float]]:
    """Advantages [rows, tokens] as verl's trainer computes them; a row's score stands on its last token, as in verl."""
    tokens, rows = 3, len(scores)
    rewards, mask = torch.zeros(rows, tokens), torch.ones(rows, tokens)
    for row, score in enumerate(scores):
        last = row % tokens
        rewards[row, last], mask[row, last + 1 :] = score, 0
    batch = DataProto.from_dict({"token_level_rewards": rewards, "response_mask": mask}, non_tensors={"uid": np.array(uids, dtype=object)})
    return compute_advantage(batch, adv_estimator=estimator, config=OmegaConf.create({})).batch["advantages"].tolist()


def with_priors(estimator: str, scores: list[float], uids: list[str], known: list[float | None]) -> list[float]:
    """Advantages of rows of one token where the trainer hands its estimators the rows."""
    rewards = torch.tensor(scores)[:, None]
    rows = {"extra_info": np.array([{"prior": prior} for prior in known], dtype=object)}
    fn = get_adv_estimator_fn(estimator)
    found, _ = fn(token_level_rewards=rewards, response_mask=torch.ones_like(rewards), index=np.array(uids), non_tensor_batch=rows)
    return found[:, 0].tolist()


def rows_of(file: str, processor: str, *, sees_images: bool = True) -> list[dict]:
    """What verl's dataset makes of a stage's file: each prompt's parts, and what its reward function will get. Prompts are measured, as
    by default, but where that takes the package that verl looks at images with."""
    reader = AutoProcessor.from_pretrained(processor)
    limits = {"filter_overlong_prompts": not sees_images, "max_prompt_length": 4096, "filter_overlong_prompts_workers": 1}
    config = OmegaConf.create({**limits, "cache_dir": str(Path(file).parent / "cache")})
    data = RLHFDataset(file, reader.tokenizer, config, reader if sees_images else None)
    rows = []
    for row in (data[index] for index in range(len(data))):
        content = row["raw_prompt"][0]["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        shown = [part["text"] if part["type"] == "text" else list(part["image"].getpixel((0, 0))) for part in parts]
        rows.append({"parts": shown, "reward_model": row["reward_model"], "extra_info": row["extra_info"], "source": row["data_source"]})
    return rows


def main() -> None:
    ask = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    answers = {
        "advantages": by_trainer(*ask["advantages"]),
        "with_priors": with_priors(*ask["with_priors"]),
        "rloo": by_trainer("rloo", *ask["rloo"]),
        "rows": rows_of(*ask["rows"]),
        "texts": rows_of(*ask["texts"], sees_images=False),
        "installed": [name for name in ("tasks", "flows") if name in sys.modules],
    }
    try:
        by_trainer(ask["with_priors"][0], *ask["with_priors"][1:3])
    except ValueError as error:
        answers["without_rows"] = str(error)
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
