"""How long what a plan leaves to be sampled should take: at the pace that this lake has measured, and on GPUs at a published one."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from flows.commands.costs import HOUR, read_assumptions, span
from flows.recipe import Recipe
from tasks.lake.lake import Lake
from tasks.policy.identity import Policy
from tasks.policy.size import parameter_count
from tasks.reporting.wording import duration
from tasks.steps.planning import Step

PUBLISHED = "paper"  # whose costs hold the rate
LEAST_HOURS = 0.1  # GPU-hours that are worth a word


def expected_hours(recipe: Recipe, policy: Policy, steps: Sequence[Step], home: Path) -> list[str]:
    """A sentence for each pace that is known; none where nothing is left, or nobody knows how much."""
    return [*at_measured_pace(recipe, policy, steps, home), *on_gpus(parameter_count(policy), steps)]


def at_measured_pace(recipe: Recipe, policy: Policy, steps: Sequence[Step], home: Path) -> Iterator[str]:
    """How long the engine takes for what is left to be profiled and evaluated, by what it took in this lake for the recipe's policy."""
    left = [step.work.left for step in steps if step.task == "sample" and step.work]
    drawn_so = {"policy_id": policy.policy_id, "engine": recipe.sampling.engine}
    draws = Lake(home).scan("draws").filter(pl.col("seconds") > 0, **drawn_so)
    seconds, responses = draws.select(pl.col("seconds", "responses").sum()).collect().row(0)
    known = [count for count in left if count is not None]
    if responses and seconds and any(known) and len(known) == len(left):
        yield (
            f"sampling should take about {duration(sum(known) * seconds / responses)}: {sum(known):,} completions at the "
            f"{responses / seconds:,.3g} a second that {recipe.sampling.engine} took for {policy.name} in this lake; training comes on top"
        )


def on_gpus(parameters: int | None, steps: Sequence[Step]) -> Iterator[str]:
    """At most how many GPU-hours all that is left takes, if time grows with the weights."""
    tokens = [step.work.most_tokens for step in steps if step.work]
    if parameters is None or any(count is None for count in tokens):
        return
    assumed = read_assumptions(PUBLISHED)
    share = sum(filter(None, tokens)) * parameters / assumed.model.parameters / HOUR
    hours = [share / step.tokens_per_gpu_second for step in assumed.measured]
    if max(hours) >= LEAST_HOURS:
        yield (
            f"at most {span(hours)} GPU-hours on H100s, if each does per weight what EasyR1 publishes of whole training steps of "
            "Qwen2.5-VL-7B (deployments/costs/paper.yaml); nobody has measured this recipe"
        )
