"""What a person should hear before a stage starts: where it draws in another way than its problems were measured, or are evaluated, and
settings that are far from those at which large models learn. None of it is an error: a recipe may want it, and says so by doing it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tasks.base.errors import InputError
from tasks.base.settings import Settings
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.settings import Distribution
from tasks.training.objective import HELD
from tasks.training.settings import LORA_RATE, WHOLE_RATE, StageSettings

LARGE = 100_000_000
MOST_RATE = {False: 1e-5, True: 1e-4}
"""The highest learning rate of whole weights, and of an adapter, that is not told as far off."""
LEAST_BETA2, LEAST_NORM, MOST_AT_ONCE = 0.99, 0.5, 8
PROFILE, EVALUATION = "the profile", "the evaluation"
MEANING = {
    "template": "another prompt is another task, with a difficulty of its own",
    "min_pixels": "another image is another task, with a difficulty of its own",
    "max_pixels": "another image is another task, with a difficulty of its own",
    "temperature": "a policy is right more or less often at another temperature",
    "top_p": "a policy is right more or less often when its rarer tokens are cut off",
    "max_tokens": "answers that are cut off in one of them and not in the other count as wrong in one of them alone",
    "hints": "a hint makes a problem easier",
}
DRAWING = ("top_k", "min_p", "repetition_penalty", "generation_kwargs")
"""What `extra` can hold that changes the distribution of completions."""


class Asking(Settings):
    """How problems are put to a policy and answers drawn (None: the processor's own pixel limits; of the distribution, not known).
    `hints`: False without, True with, both where both are asked."""

    template: str
    min_pixels: int | None
    max_pixels: int | None
    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    hints: tuple[bool, ...]


@dataclass(frozen=True)
class Caution:
    """A line to be said before a stage starts. `expected`: it is part of the method, and no cause for alarm."""

    text: str
    expected: bool = False


def asking(prompting: PromptingSettings, drawn: Distribution, *hints: bool) -> Asking:
    """How problems are put and answers drawn where prompting and distribution are these."""
    shown = prompting.model_dump(include={"template", "min_pixels", "max_pixels"})
    return Asking(**shown, **drawn.model_dump(include={"temperature", "top_p", "max_tokens"}), hints=hints)


def cautions(name: str, stage: StageSettings, own: Asking, others: dict[str, Asking], parameters: int | None) -> list[Caution]:
    """All that is to be said of the stage `name`, which asks as `own`, where PROFILE and EVALUATION (as far as there are) ask as `others`
    and the policy has so many `parameters` (None: nobody knows)."""
    large = far_off(stage) if parameters and parameters > LARGE else ()
    size = f"{name} trains a policy of {amount(parameters)} weights" if parameters else ""
    return [
        *(Caution(f"{size} with {said}") for said in large),
        *(Caution(f"{name}: {said}") for said in drawn_otherwise(stage)),
        *differences(name, stage, own, others),
    ]


def differences(name: str, stage: StageSettings, own: Asking, others: dict[str, Asking]) -> Iterator[Caution]:
    """Where a stage asks in another way than others, each with both values and what it means."""
    for field, meaning in MEANING.items():
        theirs = {who: getattr(other, field) for who, other in others.items() if differs(own, other, field)}
        if theirs:
            same = len(set(theirs.values())) == 1
            places = {" and ".join(theirs): next(iter(theirs.values()))} if same else theirs
            where = ", ".join(f"{word(field, value)} in {who}" for who, value in places.items())
            shrunk = stage.weighting.prior_strength > 0
            by_design = field == "hints" and theirs.keys() == {PROFILE} and not shrunk
            more = f"; prior_strength {stage.weighting.prior_strength:g} mixes the two" if field == "hints" and shrunk else ""
            yield Caution(f"{name}: {field} {word(field, getattr(own, field))} in training, but {where}: {meaning}{more}", by_design)


def differs(own: Asking, other: Asking, field: str) -> bool:
    """Whether a stage's value of a field is not (or, of hints, not among) another's."""
    if field == "hints":
        return not set(own.hints) <= set(other.hints)
    theirs = getattr(other, field)
    known = theirs is not None or field not in Distribution.model_fields
    return bool(known and theirs != getattr(own, field))


def word(field: str, value: Any) -> str:
    """A value as a person reads it."""
    if field == "hints":
        return " and ".join("on" if shown else "off" for shown in value)
    return "the processor's own" if value is None else str(value)


def drawn_otherwise(stage: StageSettings) -> Iterator[str]:
    """What `extra` makes of the distribution that completions are drawn from, which no other step knows."""
    for field in DRAWING:
        if field in stage.extra:
            yield f"extra.{field} {stage.extra[field]} shapes what training draws, but not {PROFILE} or {EVALUATION}"


def far_off(stage: StageSettings) -> Iterator[str]:
    """Settings far from those at which large models learn, each with why."""
    adapted = stage.lora is not None
    what, usual = ("an adapter", LORA_RATE) if adapted else ("all weights", WHOLE_RATE)
    if stage.learning_rate > MOST_RATE[adapted]:
        yield f"learning_rate {stage.learning_rate:g} for {what}: usual is about {usual:g}, and steps so large ruin a pretrained policy"
    if stage.adam_beta2 < LEAST_BETA2:
        yield (
            f"adam_beta2 {stage.adam_beta2:g}: Adam then knows only the last {1 / (1 - stage.adam_beta2):.0f} gradients, too few to scale "
            "steps by where most groups are noise; usual is 0.999"
        )
    if stage.max_grad_norm is not None and stage.max_grad_norm < LEAST_NORM:
        yield f"max_grad_norm {stage.max_grad_norm:g}: such a clip binds on most steps, which weights then hardly tell apart; usual is 1.0"
    yield from costly(stage, adapted)


def costly(stage: StageSettings, adapted: bool) -> Iterator[str]:
    """Settings that a GPU pays for without need."""
    if not stage.autocast and (stage.dtype == "float32" or (stage.dtype == "auto" and not adapted)):
        yield "autocast false: all of it is computed in float32, several times slower on a GPU than bfloat16 and with twice the memory"
    elif stage.dtype == "float32" and adapted:
        yield "dtype float32 for weights that lora freezes: twice the memory of bfloat16 on a GPU, for nothing that is trained"
    if stage.gradient_checkpointing is False:
        yield "gradient_checkpointing false: on a GPU every layer's activations are kept, mostly more than it has room for"
    share = stage.batch // (stage.processes or 1)
    if stage.micro_batch is None and share > MOST_AT_ONCE:
        yield (
            f"micro_batch left open: a process takes {share} completions of up to {stage.max_tokens} tokens through the model at once, "
            "mostly more than a GPU has room for; give a few, such as 4"
        )


def check_masters(stage: StageSettings) -> None:
    """Raise InputError where whole weights would be trained in bfloat16: its 8 bits of precision hold no change below 1 in 256."""
    if stage.dtype == "bfloat16" and stage.lora is None:
        raise InputError(
            f"dtype bfloat16 has no room for steps as small as learning_rate {stage.learning_rate:g} takes in whole weights, so that most "
            "are lost: leave dtype out (float32 masters; autocast, on by default, computes in bfloat16), or train with lora"
        )


def check_gradient_moves(stage: StageSettings, parameters: int | None) -> None:
    """Raise InputError for a clip so low that a clipped gradient's entries, max_grad_norm / sqrt(parameters) in the root mean square, are
    below the epsilon that Adam adds to their size before it divides by it: no weight would move as the learning rate says."""
    least = stage.extra.get("adam_epsilon", HELD["adam_epsilon"]) * (parameters or 0) ** 0.5
    if stage.max_grad_norm is not None and stage.max_grad_norm < least:
        raise InputError(
            f"train.max_grad_norm: {stage.max_grad_norm:g} is so low a clip that nothing moves: of {amount(parameters or 0)} weights, Adam "
            f"takes a gradient of a norm below {least:.1g} for none; usual is 1.0, and null clips nothing"
        )


def trained_as(name: str, stage: StageSettings, parameters: int | None) -> str:
    """How a stage trains, in the values that are in use."""
    whole = "all weights but the vision tower" if stage.freeze_vision else "all weights"
    what = f"an adapter of rank {stage.lora.rank}" if stage.lora else whole
    size = f" of a policy of {amount(parameters)} weights" if parameters else ""
    rates = f"learning_rate {stage.learning_rate:g}, adam_beta2 {stage.adam_beta2:g}, max_grad_norm {stage.clip_words}"
    asked = f", {stage.without_hint} of a hinted problem's {stage.group_size} completions without the hint" if stage.hint_dropout else ""
    return f"{name} trains {what}{size}: {rates}, dtype {stage.dtype}, autocast {str(stage.autocast).lower()}{asked}"


def amount(count: int) -> str:
    """A number of weights as people say it."""
    return f"{count / 1e9:.3g} billion" if count >= 1e9 else f"{count / 1e6:.3g} million"
