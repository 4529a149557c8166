"""Checkpoints that ask for penalties, cuts and forbidden tokens in their generation settings, and whether two samples are of one policy."""

import json
import shutil
from collections import Counter
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

from scipy.stats import chi2_contingency

from tasks.policy.identity import STARTER, Policy, PolicySettings, base_policy

DIGITS = [json.loads((STARTER / "tokenizer.json").read_text())["model"]["vocab"][digit] for digit in "0123456789"]
HABITS: dict[str, dict[str, Any]] = {
    "as Qwen2.5-VL": {"do_sample": True, "repetition_penalty": 1.05, "temperature": 0.000001},
    "repetition": {"repetition_penalty": 1.5},
    "repetition of the prompt": {"encoder_repetition_penalty": 1.5},
    "n-grams": {"no_repeat_ngram_size": 2},
    "n-grams of the prompt": {"encoder_no_repeat_ngram_size": 2},
    "cuts": {"top_k": 1, "top_p": 0.1, "min_p": 0.9, "typical_p": 0.1, "epsilon_cutoff": 0.1, "eta_cutoff": 0.1, "top_h": 0.1},
    "temperature": {"do_sample": True, "temperature": 0.1},
    "forbidden tokens": {"suppress_tokens": DIGITS[:5], "begin_suppress_tokens": DIGITS[:5]},
    "forbidden words": {"bad_words_ids": [[token] for token in DIGITS[5:]]},
    "favoured words": {"sequence_bias": [[[DIGITS[7]], 9.0]]},
    "forced tokens": {"forced_bos_token_id": DIGITS[6], "forced_eos_token_id": DIGITS[7]},
    "lengths": {"min_new_tokens": 22, "min_length": 200, "max_new_tokens": 3, "max_length": 5},
    "ever longer": {"exponential_decay_length_penalty": [2, 1.9]},
    "beams": {"num_beams": 3, "length_penalty": 2.0, "early_stopping": True},
    "guidance": {"guidance_scale": 2.0},
    "stop": {"stop_strings": ["think"], "max_time": 0.001},
    "greedy, and yet a temperature": {"do_sample": False, "temperature": 0.3, "top_p": 0.5},
    "of servers": {
        "presence_penalty": 1.5,
        "frequency_penalty": 1.5,
        "repetition_penalty": 1.5,
        "top_k": 2,
        "min_p": 0.5,
        "max_new_tokens": 3,
    },
}
EVERYTHING: dict[str, Any] = {
    name: value
    for kind, fields in HABITS.items()
    if kind not in ("beams", "guidance", "stop", "greedy, and yet a temperature")
    for name, value in fields.items()
}
"""All that a checkpoint could ask for at once and still be loaded by every engine."""


def with_habits(folder: Path, fields: dict[str, Any]) -> Policy:
    """The shipped policy in `folder`, with more generation settings."""
    shutil.copytree(STARTER, folder)
    file = folder / "generation_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))
    return base_policy(PolicySettings(model=str(folder), dtype="float32"))


def same_policy(left: Sequence[Hashable], right: Sequence[Hashable], rare: int = 10) -> float:
    """The p-value of two samples being draws from one distribution: chi-square over what was drawn, all that was drawn fewer than `rare`
    times in both together as one."""
    counts = [Counter(left), Counter(right)]
    often = [drawn for drawn, count in (counts[0] + counts[1]).items() if count >= rare]
    table = [[*(count[drawn] for drawn in often), sum(count.values()) - sum(count[drawn] for drawn in often)] for count in counts]
    columns = [column for column in zip(*table, strict=True) if sum(column)]
    return float(chi2_contingency([list(row) for row in zip(*columns, strict=True)]).pvalue)
