"""What of a policy is trained: all weights, all but the vision tower, or a LoRA adapter on frozen and perhaps quantized weights.

A policy that has an adapter already, as the one that a stage leaves, goes on with that adapter on the same base. Merging it and beginning
another would need a copy of the whole model per stage, could not be undone in 4 bits, and would leave nothing small to serve.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftConfig, PeftModel
from safetensors import SafetensorError
from torch import nn
from transformers import BitsAndBytesConfig, PreTrainedModel
from transformers.integrations import is_deepspeed_zero3_enabled

from tasks.base.errors import InputError
from tasks.policy.identity import ADAPTER, Policy
from tasks.policy.loading import is_local, load_weights, with_adapter
from tasks.training.settings import LoraSettings, StageSettings

DEFAULT = "default"  # PEFT's name of the adapter that is trained
SETS = ("target_modules", "exclude_modules", "modules_to_save")


def trainable_model(policy: Policy, settings: StageSettings, masters: Path | None = None) -> tuple[Any, LoraConfig | None]:
    """The model in the dtype of training, and the adapter that the trainer must still put on it (None: it has what is trained).

    It is wherever it was loaded to: the trainer moves or shards it. `masters` is the folder of the policy's weights in float32, where the
    policy itself is saved in fewer bits. Raises InputError when policy, adapter and settings do not fit.
    """
    dtype = training_dtype(settings)
    policy = policy.model_copy(update={"dtype": dtype})
    if settings.lora is None:
        if policy.adapter and settings.beta:
            raise InputError(
                f"beta {settings.beta:g} holds the policy to {policy.name}, but TRL's reference model would lack its adapter "
                f"{policy.adapter}; train with `lora`, which keeps adapter and reference, or set beta to 0"
            )
        exact = policy.model_copy(update={"model": str(masters), "revision": None}) if masters else policy
        model = with_adapter(load_weights(exact), policy).requires_grad_(True)  # PEFT freezes what it merges into
        if settings.freeze_vision:
            freeze_vision(model)
        return model, None
    base = load_weights(policy, **quantization(settings.lora, getattr(torch, dtype)))
    if policy.adapter is None:
        return base, lora_config(base, settings.lora)
    return continued(base, policy, settings.lora), None


def training_dtype(settings: StageSettings) -> str:
    """The dtype to load weights in for training. "auto": float32 for weights that are trained and on a CPU, where bfloat16 is slow;
    bfloat16 for those that an adapter freezes on a GPU (PEFT keeps the adapter itself in float32)."""
    if settings.dtype != "auto":
        return settings.dtype
    return "bfloat16" if settings.lora and torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "float32"


def vision_tower(model: nn.Module) -> tuple[str, nn.Module] | None:
    """Name and module of the part that sees; None in a text model."""
    tower = model.get_encoder(modality="image")  # type: ignore[operator]
    return next(((name, module) for name, module in model.named_modules() if name and module is tower and module is not model), None)


def freeze_vision(model: nn.Module) -> None:
    """Leave the vision tower as it is while the rest is trained."""
    if found := vision_tower(model):
        found[1].requires_grad_(False)


def lora_config(model: PreTrainedModel, lora: LoraSettings) -> LoraConfig:
    """PEFT's configuration for this model. Layers are named by patterns: a set of names would be saved in another order every time."""
    tower = vision_tower(model)
    frozen = rf"{re.escape(tower[0])}\..*" if tower and not lora.vision else None
    linear = [name for name in linear_layers(model) if not (frozen and re.fullmatch(frozen, name))]
    names = sorted({name.rpartition(".")[2] for name in linear})
    wanted = names if lora.targets == "all-linear" else sorted(set(lora.targets))
    if unknown := sorted(set(wanted) - set(names)):
        raise InputError(f"train.lora.targets: the policy has no linear layer {', '.join(unknown)}; it has {', '.join(names)}")
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,  # type: ignore[arg-type]  # a float does as well
        lora_dropout=lora.dropout,
        target_modules=rf"(?:.*\.)?(?:{'|'.join(map(re.escape, wanted))})",
        exclude_modules=frozen,
    )


def linear_layers(model: PreTrainedModel) -> list[str]:
    """The names of the linear layers but the output head, whose weights GRPO's loss reads past any adapter."""
    head = model.get_output_embeddings()
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear) and module is not head]


def quantization(lora: LoraSettings, dtype: torch.dtype) -> dict[str, Any]:
    """The options that load frozen weights in 4 bits on this process's device; none without quantization."""
    if lora.quantize is None:
        return {}
    from accelerate import PartialState

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
        bnb_4bit_quant_storage=dtype,  # FSDP shards only weights that are stored in one dtype
    )
    return {"quantization_config": config, "device_map": {"": PartialState().device}}


def continued(base: PreTrainedModel, policy: Policy, lora: LoraSettings) -> PeftModel:
    """The base with the policy's own adapter, to be trained on. Raises InputError when it does not fit the base or the settings."""
    place = f"policy.adapter: the adapter {policy.adapter} of {policy.name}"
    assert policy.adapter is not None
    ours = lora_config(base, lora)
    expected = {name for name in linear_layers(base) if matches(ours, name)}
    try:
        model = PeftModel.from_pretrained(base, policy.adapter, is_trainable=True, autocast_adapter_dtype=not is_deepspeed_zero3_enabled())
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise InputError(f"{place} cannot be put onto {policy.model}: {error}") from error
    model.peft_config[DEFAULT].base_model_name_or_path = base.name_or_path  # PEFT would look its short name up on the hub at each save
    if differing := list(differences(model, ours, expected)):
        raise InputError(
            f"{place} goes on in this stage, but has {'; '.join(differing)}: give lora the same rank, alpha, targets and vision in both "
            "stages, or leave lora out, which merges the adapter and trains all weights"
        )
    return model


def differences(model: PeftModel, ours: LoraConfig, expected: set[str]) -> Iterator[str]:
    """In what a policy's adapter is another than the settings ask for."""
    theirs: Any = model.peft_config[DEFAULT]
    for name in ("r", "lora_alpha", "lora_dropout"):
        if getattr(theirs, name) != getattr(ours, name):
            yield f"{name} {getattr(theirs, name)} (the settings say {getattr(ours, name)})"
    part = ".lora_A"
    layers = {name.removesuffix(part).removeprefix("base_model.model.") for name, _ in model.named_modules() if name.endswith(part)}
    if layers != expected:
        yield f"{len(layers)} layers (the settings name {len(expected)}; {min(layers ^ expected)} is in only one of the two)"


def matches(config: LoraConfig, name: str) -> bool:
    """Whether the adapter of `config` is on the layer of that name."""
    excluded = isinstance(config.exclude_modules, str) and re.fullmatch(config.exclude_modules, name)
    return not excluded and re.fullmatch(str(config.target_modules), name) is not None


def save_adapter(model: PeftModel, policy: Policy, weights: dict[str, torch.Tensor], folder: Path) -> None:
    """Save the trained adapter so that equal ones are equal files: no card, no machine's paths, and sets in one order."""
    model.save_pretrained(str(folder), selected_adapters=[DEFAULT], state_dict=weights)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / ADAPTER
    config = json.loads(path.read_text(encoding="utf-8"))
    base = Path(policy.model).name if is_local(policy) else policy.model
    sets = {name: sorted(config[name]) for name in SETS if isinstance(config.get(name), list)}
    told = {**config, **sets, "base_model_name_or_path": base, "revision": policy.revision}
    path.write_text(json.dumps(told, indent=1, sort_keys=True), encoding="utf-8")


def check_adapter_fits(checkpoint: Path, model: PeftModel) -> None:
    """Raise ValueError when the adapter of a checkpoint is not of this model's kind."""
    saved: Any = PeftConfig.from_pretrained(str(checkpoint))
    own: Any = model.peft_config[DEFAULT]
    if (saved.peft_type, saved.r) != (own.peft_type, own.r):
        raise ValueError(f"its adapter is a {saved.peft_type} of rank {saved.r}, the stage's a {own.peft_type} of rank {own.r}")
