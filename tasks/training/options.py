"""Which options TRL's GRPOConfig has, and which words some of them take, read from the source of the installed libraries: to import these
takes seconds, and a recipe is checked before that."""

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tasks.base.errors import InputError, did_you_mean
from tasks.training.settings import StageSettings

CLASSES = (("trl", "trainer/grpo_config.py"), ("trl", "trainer/base_config.py"), ("transformers", "training_args.py"))
CONFIGS = ("GRPOConfig", "_BaseConfig", "TrainingArguments")
TRAINER = ("trl", "trainer/grpo_trainer.py")
COMPARED = ("loss_type", "importance_sampling_level")
OPTIMIZERS = "OptimizerNames"


IDLE: dict[str, tuple[Callable[[StageSettings], bool], str]] = {
    "sapo_": (lambda stage: False, "it is of the loss sapo, which is none of a stage's"),
    "vespo_": (lambda stage: False, "it is of the loss vespo, which is none of a stage's"),
    "delta": (lambda stage: stage.iterations > 1, "with iterations 1 the ratio that it bounds is 1; set iterations to 2 or more"),
    "importance_sampling_level": (
        lambda stage: stage.iterations > 1 or stage.beta > 0,
        "with iterations 1 the ratio is 1, of tokens and of completions; set iterations to 2 or more",
    ),
    "off_policy_mask_threshold": (
        lambda stage: stage.iterations > 1 or stage.rollouts.engine == "vllm",
        "with iterations 1 and the trained model's own completions nothing is off-policy; set iterations to 2 or more, or use vllm",
    ),
    "use_bias_correction_kl": (lambda stage: stage.beta > 0, "it is of the KL penalty, whose weight is 0; set beta"),
    "sync_ref_model": (lambda stage: stage.beta > 0, "there is no reference model; set beta"),
    "ref_model_": (lambda stage: bool(stage.extra.get("sync_ref_model")), "the reference model stays as it is; set extra.sync_ref_model"),
    "entropy_coef_": (lambda stage: bool(stage.extra.get("use_adaptive_entropy")), "set extra.use_adaptive_entropy"),
    "entropy_target": (lambda stage: bool(stage.extra.get("use_adaptive_entropy")), "set extra.use_adaptive_entropy"),
    "vllm_": (lambda stage: stage.rollouts.engine == "vllm", "vLLM draws nothing here; set rollouts.engine to vllm"),
}
"""Options of TRL's, by how their names begin, that it takes and never uses but in the stages that the first value tells; and why."""


def check_stage_options(stage: StageSettings) -> None:
    """Raise InputError where TRL lacks what a stage asks for, or would take it and never use it."""
    losses = option_words("loss_type")
    if losses and stage.loss not in losses:
        raise InputError(f"loss {stage.loss}: the TRL that is installed has no such objective; it has {', '.join(sorted(losses))}")
    check_options(stage.extra)
    for name in stage.extra:
        acts, why = next((found for start, found in IDLE.items() if name.startswith(start)), (lambda stage: True, ""))
        if not acts(stage):
            raise InputError(f"extra.{name} would never act: {why}, or leave it out")


def check_options(extra: Mapping[str, Any]) -> None:
    """Raise InputError for an option that GRPOConfig does not have, and for a word that one of them does not take."""
    names = option_names() if extra else frozenset()
    for name, value in extra.items() if names else ():
        if name not in names:
            raise InputError(
                f"extra.{name}: TRL's GRPOConfig has no such option{did_you_mean(name, names)}; correct its spelling or remove it"
            )
        words = option_words(name)
        if isinstance(value, str) and words and value not in words:
            raise InputError(f"extra.{name}: {value!r} is none of {', '.join(sorted(words))}{did_you_mean(value, words)}")


@cache
def option_names() -> frozenset[str]:
    """The names of GRPOConfig's options; none where the libraries are laid out in a way not known here, and then nothing is checked."""
    found = [node for package, file in CLASSES for node in classes(package, file) if node.name in CONFIGS]
    if {node.name for node in found} != set(CONFIGS):
        return frozenset()
    fields = (part.target for node in found for part in node.body if isinstance(part, ast.AnnAssign))
    return frozenset(field.id for field in fields if isinstance(field, ast.Name))


@cache
def option_words(name: str) -> frozenset[str]:
    """The words that an option takes: optimizers by their names, and what the trainer compares some others with; none for all others."""
    if name == "optim":
        enums = (node for node in classes("transformers", "training_args.py") if node.name == OPTIMIZERS)
        return frozenset(str(part.value.value) for node in enums for part in node.body if is_word(part))  # type: ignore[attr-defined]
    return frozenset(compared_with(name)) if name in COMPARED else frozenset()


def is_word(part: ast.stmt) -> bool:
    """Whether a line of an enum gives a text its name."""
    return isinstance(part, ast.Assign) and isinstance(part.value, ast.Constant)


def compared_with(name: str) -> Iterator[str]:
    """The texts that the trainer compares an option of its own with."""
    for node in ast.walk(tree(*TRAINER)):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and node.left.attr == name:
            parts = [part for side in node.comparators for part in ast.walk(side)]
            yield from (part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


def classes(package: str, file: str) -> list[ast.ClassDef]:
    """The classes in a file of a package."""
    return [node for node in tree(package, file).body if isinstance(node, ast.ClassDef)]


@cache
def tree(package: str, file: str) -> ast.Module:
    """A file of a package, parsed; an empty one where there is none."""
    spec = find_spec(package)
    paths = [Path(place) / file for place in (spec.submodule_search_locations or ())] if spec else []
    return ast.parse(next((path.read_text(encoding="utf-8") for path in paths if path.is_file()), ""))
