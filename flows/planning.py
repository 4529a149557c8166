"""`--plan`: what a flow would do with a recipe, and what is missing for it, without running or asking anything elsewhere."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flows.recipe import RECIPES, Recipe
from tasks.curation.rules import rule_path
from tasks.errors import InputError
from tasks.home import open_home
from tasks.planning import State, Step, planning
from tasks.policy import STARTER, Policy, base_policy

LAUNCH_CONFIGS = RECIPES.parent / "accelerate"
EXTRAS = {"vllm": "vllm", "prefect_ray": "ray"}


@dataclass(frozen=True)
class Plan:
    """Every task in order, what is missing before they can all run, and sums over what is left to be sampled (None: some unknown)."""

    recipe: str
    home: Path
    steps: list[Step]
    missing: list[str]
    completions: int | None
    most_tokens: int | None

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON has it."""
        return {**asdict(self), "home": str(self.home)}


def plan_flow(flow: Callable[..., Any], recipe: Recipe, home: Path) -> Plan:
    """Dry-run a flow."""
    home = open_home(home)
    with planning() as planner:
        flow(recipe=recipe, home=home)
    faults = [line for step in planner.steps for line in missing_for_step(step)]
    works = [step.work for step in planner.steps if step.work]
    missing = list(dict.fromkeys([*faults, *missing_here(recipe)]))
    completions, tokens = total([work.left for work in works]), total([work.most_tokens for work in works])
    return Plan(recipe.name, home, planner.steps, missing, completions, tokens)


def missing_for_step(step: Step) -> list[str]:
    """What keeps a step from being run, or even from being named."""
    if step.state is State.unknown:
        source = step.settings["source"]
        return [f"{source['name']}: {source['path']} is not on this machine; the first run asks the Hugging Face hub for it"]
    return step.why if step.state is State.missing else []


def total(parts: list[int | None]) -> int | None:
    """The sum, or None where a part is not known."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def missing_here(recipe: Recipe) -> list[str]:
    """What the recipe needs of this machine and does not find: packages, variables, files, a GPU, a model."""
    return [*missing_for_sampling(recipe), *missing_for_training(recipe), *missing_for_policy(base_policy(recipe.policy))]


def missing_for_sampling(recipe: Recipe) -> Iterator[str]:
    """Packages, and the server's key."""
    sampling, key = recipe.sampling, recipe.sampling.server.key_variable
    trains = any(stage.rollouts.engine == "vllm" for stage in recipe.training.stages.values())
    needed = {"vllm": sampling.engine == "vllm" or trains, "prefect_ray": sampling.ray is not None}
    for package, extra in EXTRAS.items():
        if needed[package] and find_spec(package) is None:
            yield f"the package {package} is not installed: pip install 'difficulty-prior[{extra}]'"
    if sampling.engine == "server" and key and not os.environ.get(key):
        yield f"sampling.server.key_variable: the environment variable {key} is not set; export it"


def missing_for_training(recipe: Recipe) -> Iterator[str]:
    """Configs of `accelerate launch` and rules of curation."""
    for name, rule in recipe.curation.stages.items():
        try:
            rule_path(rule.rule)
        except InputError as error:
            yield f"curation.{name}: {error}"
    for name, stage in recipe.training.stages.items():
        if stage.accelerate and not stage.accelerate.is_file() and not (LAUNCH_CONFIGS / f"{stage.accelerate}.yaml").is_file():
            yield f"training.{name}.accelerate: {str(stage.accelerate)!r} is neither a file nor one of {LAUNCH_CONFIGS}"


def missing_for_policy(policy: Policy) -> Iterator[str]:
    """A model that is still to be downloaded, and a GPU for all but the shipped policy."""
    if not Path(policy.model).is_dir():
        from huggingface_hub import try_to_load_from_cache

        if not isinstance(try_to_load_from_cache(policy.model, "config.json", revision=policy.revision), str):
            yield f"policy.model: {policy.model} is not in the Hugging Face cache of this machine; the first run downloads it"
    if policy.model != str(STARTER) and shutil.which("nvidia-smi") is None and not Path("/dev/kfd").exists():
        yield "no GPU is seen here: everything would run on the CPU, which is for small policies only"
