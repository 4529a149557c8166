"""What a recipe should cost in GPU memory and time: arithmetic over the recipe, the model's shape and somebody's measured rate.

`python -m flows.commands.costs paper` writes the tables of deployments/recipes/paper.md. Nothing here is measured by us; assumptions are
in deployments/costs/NAME.yaml, and the page says what it rests on.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import yaml
from pydantic import Field

from flows.recipe import RECIPES, Recipe, load_recipe
from flows.spending import anew, refills
from tasks.base.settings import Settings
from tasks.sampling.engines import declared
from tasks.training.settings import StageSettings

COSTS = RECIPES.parent / "costs"
BEGIN, END = "<!-- costs: begin -->", "<!-- costs: end -->"
GIB = 2**30
FULL, HALF = 4, 2  # bytes of a float32, of a bfloat16
STATES = 4  # weights, gradients and Adam's two moments
LAYER_BYTES = 34  # of activations per token and hidden value of a layer in 16 bits, without attention's matrix: arXiv 2205.05198, eq. 2
HOUR = 3600


class VisionShape(Settings):
    """A vision tower of Qwen2.5-VL: `patch_values` are the numbers of a patch, `merged` those of the patches merged into one token."""

    depth: int
    hidden: int
    intermediate: int
    patch_values: int
    merged: int

    def parameters(self, out: int) -> int:
        """The tower's parameters, its output being `out` wide."""
        attention = self.hidden * (3 * self.hidden) + 3 * self.hidden + self.hidden**2 + self.hidden
        mlp = 3 * self.hidden * self.intermediate + 2 * self.intermediate + self.hidden
        merger = self.hidden + self.merged**2 + self.merged + self.merged * out + out
        return self.patch_values * self.hidden + self.depth * (attention + mlp + 2 * self.hidden) + merger


class ModelShape(Settings):
    """A Qwen2.5-VL by its `name` on the hub: sizes of its language model, and its vision tower."""

    name: str
    vocabulary: int
    hidden: int
    intermediate: int
    layers: int
    kv_heads: int
    head_size: int
    vision: VisionShape

    @property
    def layer(self) -> int:
        """Parameters of one decoder layer."""
        kv = self.kv_heads * self.head_size
        attention = 2 * self.hidden**2 + self.hidden + 2 * (self.hidden * kv + kv)
        return attention + 3 * self.hidden * self.intermediate + 2 * self.hidden

    @property
    def ends(self) -> int:
        """Parameters of the embedding and of the output head."""
        return 2 * self.vocabulary * self.hidden

    @property
    def parameters(self) -> int:
        """Parameters of the language model and its vision tower."""
        return self.ends + self.layers * self.layer + self.hidden + self.vision.parameters(self.hidden)

    @property
    def kv_bytes(self) -> int:
        """Bytes of keys and values of one token."""
        return 2 * self.layers * self.kv_heads * self.head_size * HALF


class ProblemCounts(Settings):
    """How many problems each dataset has, to train on and held out."""

    train: dict[str, int]
    heldout: dict[str, int]


class MeasuredStep(Settings):
    """A whole training step somebody measured: how many completions, how long, on how many GPUs, at which rate, with how much memory."""

    gpus: int
    completions: int
    seconds: float
    tokens_per_gpu_second: float
    peak_gib: float

    @property
    def tokens(self) -> float:
        """Tokens of prompt and response of one completion."""
        return self.gpus * self.seconds * self.tokens_per_gpu_second / self.completions


class Assumptions(Settings):
    """What costs rest on beside the recipe: the model's shape, the datasets' sizes, the GPUs, and whole steps that somebody measured."""

    model: ModelShape
    problems: ProblemCounts
    prompt_tokens: int
    gpus: int
    gpu_gib: int
    measured: tuple[MeasuredStep, ...] = Field(min_length=1)

    @property
    def tokens(self) -> float:
        """Tokens of prompt and response of one completion, in the longest of the measured steps."""
        return max(step.tokens for step in self.measured)


def read_assumptions(name: str) -> Assumptions:
    """The assumptions that deployments/costs/ has for a recipe."""
    return Assumptions.model_validate(yaml.safe_load((COSTS / f"{name}.yaml").read_text(encoding="utf-8")))


def completions(recipe: Recipe, assumed: Assumptions) -> dict[str, int]:
    """How many completions each part of a run draws; validation, whose problems no card counts, aside."""
    train, heldout = (sum(counts.values()) for counts in (assumed.problems.train, assumed.problems.heldout))
    stages = {f"training, {name}": stage.train.completions for name, stage in recipe.stages.items()}
    beside = {"refills, at most": refills(recipe), "re-profile, at most": anew(recipe, train)}
    asked = heldout * recipe.evaluation.samples * (1 + len(stages))
    bands = heldout * recipe.evaluation.samples
    hinted = {"evaluation with hints, at most": asked, "bands of these hints": bands} if recipe.evaluation.hints else {}
    drawn_beside = {name: count for name, count in beside.items() if count}
    return {"profile": train * recipe.sampling.rounds, **stages, **drawn_beside, "evaluation": asked, **hinted}


def gpu_hours(count: float, measured: MeasuredStep) -> float:
    """GPU-hours of so many completions at the pace of a measured training step. Sampling alone is a part of one, and so faster."""
    return count * measured.gpus * measured.seconds / measured.completions / HOUR


def span(hours: Sequence[float]) -> str:
    """The fewest and the most of these hours, as one number where they read alike."""
    return "–".join(dict.fromkeys((f"{min(hours):.1f}", f"{max(hours):.1f}")))


def training_memory(stage: StageSettings, assumed: Assumptions) -> dict[str, float]:
    """Bytes on each GPU while a stage trains under FSDP2: float32 weights, gradients and moments sharded, bfloat16 computation."""
    model, micro = assumed.model, stage.micro_batch or stage.batch
    tokens = micro * (assumed.prompt_tokens + stage.max_tokens)
    return {
        "weights, gradients, Adam's moments (float32, sharded)": STATES * FULL * model.parameters / assumed.gpus,
        "gathered at once: embedding, head, two layers": FULL * (model.ends + 2 * model.layer),
        "activations kept between layers (checkpointing)": tokens * model.hidden * HALF * model.layers,
        "activations of the layer in hand": tokens * model.hidden * LAYER_BYTES,
        "logits and their gradient (float32)": 2 * FULL * micro * stage.max_tokens * model.vocabulary,
        f"vLLM's share (`rollouts.memory` {stage.rollouts.memory})": stage.rollouts.memory * assumed.gpu_gib * GIB,
    }


def largest_memory(recipe: Recipe, assumed: Assumptions) -> dict[str, float]:
    """The same for the stage that takes the most."""
    return max((training_memory(stage.train, assumed) for stage in recipe.stages.values()), key=lambda parts: sum(parts.values()))


def sampling_memory(recipe: Recipe, assumed: Assumptions) -> dict[str, float]:
    """Bytes on each GPU while vLLM samples, one copy of the model a GPU; what is left holds keys and values."""
    weights = HALF * assumed.model.parameters
    share = declared(recipe.sampling).memory(recipe.sampling) * assumed.gpu_gib * GIB
    return {"weights (bfloat16)": weights, "keys and values": share - weights}


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table, all but the first column to the right."""
    lines = [head, ("---", *("---:" for _ in head[1:])), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def time_table(recipe: Recipe, assumed: Assumptions) -> str:
    """What each part of a run samples, and how long that should take."""
    parts = completions(recipe, assumed)
    parts["together"] = sum(parts.values())
    rows = []
    for name, count in parts.items():
        hours = [gpu_hours(count, step) for step in assumed.measured]
        tokens = f"{count * assumed.tokens / 1e6:,.0f} M"
        rows.append((name, f"{count:,}", tokens, span(hours), span([of_all / assumed.gpus for of_all in hours])))
    return table(("part", "completions", "tokens, prompts included", "GPU-hours", f"hours on {assumed.gpus} GPUs"), rows)


def memory_table(parts: dict[str, float]) -> str:
    """What lies on each GPU, in GiB."""
    whole = {**parts, "together": sum(parts.values())}
    return table(("on each GPU", "GiB"), [(name, f"{size / GIB:.1f}") for name, size in whole.items()])


def tables(name: str) -> str:
    """The tables of a recipe's page."""
    recipe, assumed = load_recipe(name), read_assumptions(name)
    sampling = sampling_memory(recipe, assumed)
    held = int(sampling["keys and values"] / assumed.model.kv_bytes)
    return "\n\n".join(
        [
            f"The model has {assumed.model.parameters:,} parameters, a completion {assumed.tokens:.0f} tokens with its prompt.",
            time_table(recipe, assumed),
            f"Memory while a stage trains, {assumed.gpus} GPUs of {assumed.gpu_gib} GiB:",
            memory_table(largest_memory(recipe, assumed)),
            f"Memory while vLLM samples; the keys and values of {held:,} tokens fit:",
            memory_table(sampling),
        ]
    )


def write_tables(page: Path, text: str) -> None:
    """Put the tables between the marks of a page."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    write_tables(RECIPES / f"{sys.argv[1]}.md", tables(sys.argv[1]))
