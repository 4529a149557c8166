"""Every argument of TRL that a stage trains with, held in a file: no default of a library's changes what is optimised without being seen.

`python -m tests.training.test_effective_arguments` writes the file anew; what changed in it is then to be read, and said in the commit.
"""

from dataclasses import fields
from enum import Enum
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import yaml
from trl import GRPOConfig

from flows.recipe import load_recipe
from tasks.training.objective import HELD
from tasks.training.settings import StageSettings
from tasks.training.trainer import training_arguments

GOLDEN = Path(__file__).with_name("effective_arguments.yaml")
OF_THE_MACHINE = {"bf16", "dataloader_pin_memory", "gradient_checkpointing", "logging_dir", "output_dir", "parallelism_config", "use_cpu"}
"""What follows from the machine's GPUs, or from where a run lies."""
SHAPING = {
    *("loss_type", "epsilon", "epsilon_high", "num_iterations", "beta", "mask_truncated_completions", "max_grad_norm", "scale_rewards"),
    *("learning_rate", "lr_scheduler_type", "warmup_steps", "adam_beta2", "reward_weights", "temperature", "top_p", *HELD),
}


def arguments(stage: StageSettings) -> dict[str, Any]:
    """The arguments of a stage by name, as text files hold values."""
    made = training_arguments(stage, Path(mkdtemp()), seed=0)
    found = {field.name: getattr(made, field.name) for field in fields(made) if field.init and field.name not in OF_THE_MACHINE}
    return {name: plain(value) for name, value in sorted(found.items())}


def plain(value: Any) -> Any:
    """A value as YAML has it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value if isinstance(value, str | int | float | dict | None) else str(value)


def effective() -> dict[str, dict[str, Any]]:
    """All arguments of a stage of defaults, and where the shipped recipes' first stages differ."""
    default = arguments(StageSettings())
    recipes = {name: arguments(next(iter(load_recipe(name).stages.values())).train) for name in ("paper", "starter")}
    return {
        "default": default,
        **{name: {key: value for key, value in found.items() if value != default[key]} for name, found in recipes.items()},
    }


def test_all_effective_arguments_are_as_they_were_read_last() -> None:
    held = yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))
    found = yaml.safe_load(yaml.safe_dump(effective()))
    changed = [
        f"{recipe}.{name}: {held.get(recipe, {}).get(name, 'not there')!r} before, {values.get(name, 'not there')!r} now"
        for recipe, values in found.items()
        for name in sorted({*values, *held.get(recipe, {})})
        if values.get(name, "not there") != held.get(recipe, {}).get(name, "not there")
    ]
    assert not changed, "read what changed, then run python -m tests.training.test_effective_arguments:\n" + "\n".join(changed)


def test_what_shapes_the_objective_is_said_and_never_left_to_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, Any] = {}
    monkeypatch.setattr(GRPOConfig, "__init__", lambda self, **given: said.update(given))
    training_arguments(StageSettings(), Path("nowhere"), seed=0)
    assert SHAPING - said.keys() == set()


if __name__ == "__main__":
    GOLDEN.write_text(yaml.safe_dump(effective(), sort_keys=True), encoding="utf-8")
