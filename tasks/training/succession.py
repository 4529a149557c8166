"""How a stage follows on from the one before it: what that one hands over beside its policy, and what this one takes up.

Adam's two means and its count of steps say how large the gradients of certain parameters have been. They are carried over where both
stages train the same parameters by an Adam that averages alike; elsewhere Adam begins anew. Whole weights are carried over in float32,
the masters: a policy is saved in the dtype that it is sampled in, and rounding to bfloat16 loses most of an update at a learning rate of
1e-6. (An adapter is trained and saved in float32.)

What sizes the gradients (SIZING) may differ between the stages; it is said, and not refused. A step is learning rate × m / (sqrt(v) +
epsilon), so epsilon, the weight decay and the learning rate act after the means, and may differ without a word. m, the mean of gradients,
forgets in 1 / (1 - beta1) steps, about 10, and v, that of their squares, in 1 / (1 - beta2), about 1,000. So where gradients become five
times larger, steps are up to 3.7 times as long as the learning rate says, and still 1.9 times after 300; where they become five times
smaller, steps are a fifth as long, and half as long after 2,000 (by that recursion, of a steady gradient). The means are still those of
gradients of the same parameters, though, and another loss may size them alike: only who looks at the stages can tell whether to begin anew.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from tasks.base.yaml_text import read_yaml_file
from tasks.lake.artifacts import Artifact
from tasks.training.launch import launch_config
from tasks.training.objective import HELD
from tasks.training.settings import LoraSettings, StageSettings

HandedOver = Literal["policy", "masters", "optimizer"]
"""What a stage leaves to the next: its policy alone; its float32 weights, where the policy is saved in fewer bits; Adam's state as well."""

HANDED_OVER: tuple[HandedOver, ...] = get_args(HandedOver)  # the least first
HANDOVER, ADAM, MASTERS = "handover", "adam.safetensors", "masters"
"""The folder of a stage's artifact for what it hands over, and what lies in that."""

ADAMS = ("adamw_torch", "adamw_torch_fused")
STATE_BYTES, WEIGHT_BYTES = 8, 4  # of a parameter: Adam's two means, and a weight, in float32
SIZING = ("loss", "max_grad_norm", "batch", "format_reward", "beta")
SIZING_WEIGHTS = ("family", "high", "low", "mode", "normalise")
"""The settings, and those of `weighting`, by which gradients have another size, or another noise, which Adam's squares hold as well."""
FITTING = ("rank", "alpha", "dropout")  # of an adapter that a stage goes on with


class Succession(BaseModel):
    """What a stage takes up of what the stage `before` left, what it hands over itself, and the first of these in words; `doubt` is what
    keeps a state of Adam's that is carried over from meaning all that it meant, "" for nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: Artifact | None = None
    takes: HandedOver = "policy"
    hands_over: HandedOver = "policy"
    said: str = ""
    doubt: str = ""

    @property
    def told(self) -> str:
        """All that is to be said of it."""
        return "; ".join(filter(None, [self.said, self.doubt]))

    @property
    def taken(self) -> dict[str, str]:
        """The digests of the files that are taken up, by their names in the artifact of the stage before."""
        files: Mapping[str, str] = self.before.manifest["files"] if self.before and self.takes != "policy" else {}
        kinds = {f"{HANDOVER}/{MASTERS}/", *([f"{HANDOVER}/{ADAM}"] if self.takes == "optimizer" else [])}
        return {name: held for name, held in files.items() if name.startswith(tuple(kinds))}


def succession_of(stages: Mapping[str, StageSettings], name: str, before: Artifact | None) -> Succession:
    """How the stage of that name follows on among a recipe's stages, whose `optimizer` is settled; `before` is what the one before made."""
    names = list(stages)
    place = names.index(name)
    earlier = names[place - 1] if place else None
    following = stages[names[place + 1]] if place + 1 < len(names) else None
    takes = taken_by(stages[name], stages[earlier]) if earlier else "policy"
    return Succession(
        before=before if takes != "policy" else None,
        takes=takes,
        hands_over=taken_by(following, stages[name]) if following else "policy",
        said=begun(stages[name], earlier, stages[earlier] if earlier else None),
        doubt=resized(stages[name], earlier, stages[earlier]) if earlier and stages[name].optimizer == "carry" else "",
    )


def taken_by(stage: StageSettings, before: StageSettings) -> HandedOver:
    """What a stage takes up of what the one before it left."""
    if stage.optimizer == "carry":
        return "optimizer"
    whole = stage.lora is None and before.lora is None
    return "masters" if whole and not by_deepspeed(before) else "policy"


def begun(stage: StageSettings, earlier: str | None, before: StageSettings | None) -> str:
    """With which Adam, and with which weights, a stage begins."""
    if earlier is None or before is None:
        return "Adam begins anew, with the first stage"
    weights = f"; the weights are those of {earlier} in float32" if stage.lora is None and taken_by(stage, before) != "policy" else ""
    if stage.optimizer == "carry":
        return f"Adam goes on from {earlier}, its means and its count of steps carried over{weights}"
    return f"Adam begins anew: {obstacle(stage, earlier, before) or 'optimizer is fresh'}{weights}"


def settled(stages: Mapping[str, StageSettings]) -> dict[str, StageSettings]:
    """The stages with `optimizer` filled in where it is left open. Raises ValueError, naming the stage and the key, for one that asks for a
    state of Adam's that there is not, or for an adapter that does not fit."""
    found: dict[str, StageSettings] = {}
    earlier: str | None = None
    for name, stage in stages.items():
        before = stages[earlier] if earlier else None
        try:
            optimizer = optimizer_of(stage, earlier, before)
        except ValueError as error:
            raise ValueError(f"{name}.train.{error}") from error
        found[name] = stage.model_copy(update={"optimizer": optimizer})
        earlier = name
    return found


def optimizer_of(stage: StageSettings, earlier: str | None, before: StageSettings | None) -> Literal["carry", "fresh"]:
    """Whether Adam's state is carried over to a stage: where it says so, and by default where that can be."""
    if earlier is None or before is None:
        if stage.optimizer == "carry":
            raise ValueError("optimizer: carry, but no stage comes before this one; leave it out")
        return "fresh"
    check_adapter_fits(stage, earlier, before)
    if stage.optimizer == "fresh":
        return "fresh"
    if why := obstacle(stage, earlier, before):
        if stage.optimizer == "carry":
            raise ValueError(f"optimizer: carry, but {why}; leave it out, and Adam begins anew, or make both stages agree")
        return "fresh"
    if holder := holder_of(stage) or holder_of(before):
        raise ValueError(
            f"optimizer: Adam's state would be carried over from {earlier}, but {holder} holds it in a form of its own; give "
            "optimizer: fresh, or train both stages with ddp or fsdp2"
        )
    return "carry"


def check_adapter_fits(stage: StageSettings, earlier: str, before: StageSettings) -> None:
    """Raise ValueError where a stage would go on with the adapter of the one before and asks for another."""
    if stage.lora and before.lora:
        for field in FITTING:
            asked, there = getattr(stage.lora, field), getattr(before.lora, field)
            if asked != there:
                raise ValueError(
                    f"lora.{field}: {asked}, but the stage goes on with the adapter of {earlier}, whose {field} is {there}; make them "
                    "equal, or leave lora out, which merges the adapter and trains all weights"
                )


def obstacle(stage: StageSettings, earlier: str, before: StageSettings) -> str:
    """Why Adam's state of the stage before would mean nothing in this one; "" where it means what it meant."""
    if what_is_trained(stage) != what_is_trained(before):
        return f"{earlier} trained {what_is_trained(before)}, and this stage trains {what_is_trained(stage)}"
    here, there = adam_of(stage), adam_of(before)
    for name, value in here.items():
        if value != there[name]:
            return f"{name} is {there[name]} in {earlier} and {value} here, so that its means are of another kind"
    if here["extra.optim"] not in ADAMS:
        return f"extra.optim {here['extra.optim']} is no Adam whose state is known; these are {', '.join(ADAMS)}"
    return ""


def adam_of(stage: StageSettings) -> dict[str, Any]:
    """What Adam's means are, by the keys that say it. (The learning rate, epsilon and weight decay act after them.)"""
    own = {**HELD, **stage.extra}
    optim = ADAMS[0] if own["optim"] in ADAMS else own["optim"]
    found = {"extra.optim": optim, "extra.optim_args": own.get("optim_args"), "extra.adam_beta1": own["adam_beta1"]}
    return {**found, "adam_beta2": stage.adam_beta2}


def resized(stage: StageSettings, earlier: str, before: StageSettings) -> str:
    """Which settings give the gradients another size, or noise, than Adam's means from the stage before remember; "" for none."""
    here, there = sizes(stage), sizes(before)
    changed = [f"{name} {there[name]} (here {here[name]})" for name in here if name in there and here[name] != there[name]]
    if not changed:
        return ""
    return (
        f"Adam's means from {earlier} are of gradients with {' and '.join(changed)}: until they have caught up, over about "
        f"{1 / (1 - stage.adam_beta2):,.0f} steps, steps are longer or shorter than learning_rate says; make both stages agree, or give "
        "optimizer: fresh"
    )


def sizes(stage: StageSettings) -> dict[str, Any]:
    """What sizes a stage's gradients, by the keys that say it; `max_tokens` where the loss divides by it."""
    names = (*SIZING, "max_tokens") if stage.loss == "dr_grpo" else SIZING
    found = {name: getattr(stage, name) for name in names}
    return {**found, **{f"weighting.{name}": getattr(stage.weighting, name) for name in SIZING_WEIGHTS}}


def what_is_trained(stage: StageSettings) -> str:
    """The parameters that a stage trains."""
    if stage.lora is None:
        return "all weights but the vision tower" if stage.freeze_vision else "all weights"
    return f"an adapter of rank {stage.lora.rank} on {layers_of(stage.lora)}"


def layers_of(lora: LoraSettings) -> str:
    """Which layers carry an adapter."""
    named = "all linear layers" if lora.targets == "all-linear" else ", ".join(sorted(set(lora.targets)))
    return f"{named}, the vision tower's, too" if lora.vision else named


def holder_of(stage: StageSettings) -> str:
    """What holds a stage's Adam in a form that no other stage can go on with; "" where nothing does. (FSDP 1, accelerate's default, names
    and cuts parameters in its own way.)"""
    if by_deepspeed(stage):
        return "DeepSpeed"
    config = launched_by(stage)
    own = config.get("fsdp_config")
    version = own.get("fsdp_version", 1) if isinstance(own, dict) else 1
    is_old = config.get("distributed_type") == "FSDP" and str(version) == "1"
    return "FSDP 1" if is_old or stage.extra.get("fsdp") else ""


def by_deepspeed(stage: StageSettings) -> bool:
    """Whether DeepSpeed trains a stage."""
    return bool(stage.extra.get("deepspeed")) or launched_by(stage).get("distributed_type") == "DEEPSPEED"


def launched_by(stage: StageSettings) -> Mapping[str, Any]:
    """A stage's launch config as its file has it; empty without one."""
    if stage.accelerate is None:
        return {}
    path = launch_config(stage.accelerate)
    config = read_yaml_file(path, f"train.accelerate: {path}")
    return config if isinstance(config, dict) else {}


def kept_on_disk(stage: StageSettings, handed_over: HandedOver, parameters: int | None) -> str:
    """What a stage keeps for the next beside its policy, with its size where the policy has so many `parameters`; "" for nothing."""
    if handed_over == "policy":
        return ""
    adam = "Adam's state" if handed_over == "optimizer" else ""
    if stage.lora:
        return f"it keeps {adam} for the next stage, two numbers for each of the adapter's"
    masters = f"float32 weights{size_of(WEIGHT_BYTES, parameters)} where its policy is saved in fewer bits"
    sized = f"{adam}{size_of(STATE_BYTES, parameters)}, and " if adam else ""
    return f"it keeps {sized}{masters}, for the next stage"


def size_of(each: int, parameters: int | None) -> str:
    """The size on the disk of so many bytes a parameter, in brackets; "" where nobody knows how many there are."""
    return f" ({each * parameters / 1e9:,.3g} GB)" if parameters else ""
