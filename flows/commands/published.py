"""GPU-hours of what a plan leaves to be sampled and trained, at the rate that somebody has published of one model (deployments/costs/)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flows.commands.costs import Assumptions, completions, gpu_hours, read_assumptions, span
from flows.recipe import Recipe
from tasks.policy.identity import Policy
from tasks.policy.size import parameter_count
from tasks.steps.planning import Step

PUBLISHED = "paper"  # whose costs hold the rate
LEAST_HOURS = 0.1  # GPU-hours that are worth a word


@dataclass(frozen=True)
class Drawn:
    """Completions that are drawn, those that are drawn at most (all refills), and the most tokens of each, its prompt aside."""

    completions: int
    most: int
    max_tokens: int

    def usual(self, tokens: float, prompt: int) -> float:
        """All tokens, if a completion and its prompt have so many, but for what this one's `max_tokens` and the longest prompt forbid."""
        return self.completions * min(tokens, self.max_tokens + prompt)


def on_gpus(recipe: Recipe, policy: Policy, steps: Sequence[Step]) -> Iterator[str]:
    """How many GPU-hours these steps take, if time grows with tokens and weights, and at most; nothing where that is not worth a word."""
    assumed = read_assumptions(PUBLISHED)
    weights = assumed.model.parameters if policy.model == assumed.model.name else parameter_count(policy)
    parts = {"sampling": sampled(recipe, steps, assumed), "training": trained(recipe, steps)}
    known = {name: drawn for name, drawn in parts.items() if drawn}
    if not weights or not known:
        return
    scale, prompt = weights / assumed.model.parameters, longest_prompt(recipe, assumed)
    usual = {name: scale * sum(one.usual(assumed.tokens, prompt) for one in drawn) for name, drawn in known.items()}
    most = scale * sum(one.most * (one.max_tokens + prompt) for drawn in known.values() for one in drawn)
    if max(hours_of(most, assumed)) >= LEAST_HOURS:
        said = " and ".join(f"{name} {in_words(hours_of(tokens, assumed))}" for name, tokens in usual.items())
        yield (
            "GPU-hours on H100s, by the rate per weight that EasyR1 publishes of whole training steps of Qwen2.5-VL-7B "
            f"(deployments/costs/{PUBLISHED}.yaml): {said}; answers of max_tokens and all refills would take "
            f"{most / sum(usual.values()):.1f} times as many{where_from(recipe, steps, parts)}"
        )


def in_words(hours: Sequence[float]) -> str:
    """GPU-hours from the fewest to the most."""
    return f"about {span(hours)}" if max(hours) >= LEAST_HOURS / 2 else f"below {LEAST_HOURS}"


def where_from(recipe: Recipe, steps: Sequence[Step], parts: dict[str, list[Drawn] | None]) -> str:
    """What is to be said of parts that are not known before the problems are read."""
    unknown = " and ".join(name for name, drawn in parts.items() if drawn is None)
    if unknown:
        return f"; what {unknown} draws is not known before the problems are read"
    read = all(step.work.left is not None for step in steps if step.task == "sample" and step.work)
    return "" if read else "; the problems are as many as their datasets' cards say"


def sampled(recipe: Recipe, steps: Sequence[Step], assumed: Assumptions) -> list[Drawn] | None:
    """What is left to be sampled; of problems that are not read yet, by the cards of their datasets (None: nobody knows)."""
    counts = [step.work.left for step in steps if step.task == "sample" and step.work]
    count = counted_by_cards(recipe, steps, assumed) if None in counts else sum(filter(None, counts))
    if count is None:
        return None
    return [Drawn(count, count, recipe.sampling.max_tokens)] if count else []


def counted_by_cards(recipe: Recipe, steps: Sequence[Step], assumed: Assumptions) -> int | None:
    """What a plan of these steps samples of datasets of which only the cards are known; None where those are of others."""
    sources, counted = (recipe.problems.train, recipe.problems.heldout), (assumed.problems.train, assumed.problems.heldout)
    whole = not (recipe.panel or recipe.problems.starter or any(source.limit for part in sources for source in part))
    if not whole or any({source.name for source in part} != {*counts} for part, counts in zip(sources, counted, strict=True)):
        return None
    tasks = {step.task for step in steps}
    of = {"profile": "sample", "re-profile": "train", "evaluation": "evaluate", "bands of": "evaluate"}
    needed = tuple(part for part, task in of.items() if task in tasks)
    return sum(count for part, count in completions(recipe, assumed).items() if part.startswith(needed))


def trained(recipe: Recipe, steps: Sequence[Step]) -> list[Drawn] | None:
    """What the stages that are left draw (None: not known of one)."""
    found = []
    for step in steps:
        if step.task == "train" and step.work:
            longest, work = recipe.stages[step.settings["stage"]].train.max_tokens, step.work
            if work.completions is None or work.most_tokens is None:
                return None
            found.append(Drawn(work.completions, work.most_tokens // longest, longest))
    return found


def longest_prompt(recipe: Recipe, assumed: Assumptions) -> int:
    """The most tokens of a prompt: what the recipe allows, where it says that, and else an image and a text of some length."""
    return min(assumed.prompt_tokens, recipe.problems.max_prompt_tokens or assumed.prompt_tokens)


def hours_of(tokens: float, assumed: Assumptions) -> list[float]:
    """GPU-hours of so many tokens of the model that was measured, prompts included, at the pace of each measured step."""
    return [gpu_hours(tokens / assumed.tokens, step) for step in assumed.measured]
