"""`--plan`: what a flow would do with a recipe, and what is missing for it, without running or asking anything elsewhere."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from flows.commands.doctor import has_gpu
from flows.commands.hours import expected_hours, total
from flows.recipe import Recipe
from flows.train import evaluated_as
from tasks.base.errors import InputError
from tasks.base.extras import EXTRAS
from tasks.policy.chat import check_has_template
from tasks.policy.identity import STARTER, Policy, base_policy
from tasks.policy.size import parameter_count
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines import declared
from tasks.steps.planning import State, Step, planning
from tasks.training.cautions import EVALUATION, PROFILE, asking, cautions, check_gradient_moves, trained_as
from tasks.training.settings import StageSettings
from tasks.training.succession import kept_on_disk, succession_of
from tasks.warehouse.home import at_hand


@dataclass(frozen=True)
class Plan:
    """Every task in order, what is missing before they can all run, what to be warned of, what to note, and sums over what is left to be
    sampled (None: some unknown)."""

    recipe: str
    home: Path
    steps: list[Step]
    missing: list[str]
    warnings: list[str]
    notes: list[str]
    completions: int | None
    most_tokens: int | None

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON has it; `up_to` says that `completions` are at most so many."""
        up_to = any(step.work.up_to for step in self.steps if step.work and step.work.left)
        return {**asdict(self), "home": str(self.home), "up_to": up_to}


def plan_flow(flow: Callable[..., Any], recipe: Recipe, home: Path) -> Plan:
    """What a flow would do in a lake as it lies on this machine: nothing is written, fetched, asked or ended."""
    lake = at_hand(home)
    with planning() as planner:
        flow(recipe=recipe, home=lake.folder)
    faults = [line for step in planner.steps for line in missing_for_step(step)]
    works = [step.work for step in planner.steps if step.work]
    missing = list(dict.fromkeys([*faults, *missing_here(recipe)]))
    completions, tokens = total([work.left for work in works]), total([work.most_tokens for work in works])
    warnings, notes = remarks(recipe, planner.steps)
    unknown = [lake.unknown] if lake.unknown else []
    notes += expected_hours(recipe, base_policy(recipe.policy), planner.steps, lake.folder)
    return Plan(recipe.name, lake.folder, planner.steps, missing, [*unknown, *warnings], notes, completions, tokens)


def remarks(recipe: Recipe, steps: list[Step]) -> tuple[list[str], list[str]]:
    """Warnings and notes about the stages that are still to be trained, and about a judge that is still to be asked."""
    names = [step.settings["stage"] for step in steps if step.task == "train" and step.state is not State.cached]
    warnings: list[str] = []
    notes: list[str] = []
    parameters = parameter_count(base_policy(recipe.policy))
    profile = {} if recipe.panel else {PROFILE: asking(recipe.prompting, recipe.sampling, False)}
    others = {**profile, **({EVALUATION: evaluated_as(recipe)} if recipe.problems.can_evaluate else {})}
    for name in dict.fromkeys(names):
        stage = recipe.stages[name].train
        check_gradient_moves(stage, parameters)
        succession = succession_of({other: held.train for other, held in recipe.stages.items()}, name, None)
        said = [trained_as(name, stage, parameters), succession.said, kept_on_disk(stage, succession.hands_over, parameters)]
        notes.append("; ".join(filter(None, said)))
        warnings += [f"{name}: {succession.doubt}"] if succession.doubt else []
        for caution in cautions(name, stage, asking(recipe.prompting, stage, *stage.prompts_hinted), others, parameters):
            (notes if caution.expected else warnings).append(caution.text)
    second = recipe.grading.second
    if second and any(step.task == "grade" and step.state is not State.cached for step in steps):
        notes.append(
            f"{second.model} (grading.second) is asked about at most {second.limit:.0%} of the responses that are graded"
            + ("; in training too" if second.in_training else "")
        )
    if not recipe.problems.can_evaluate and any(step.task == "report" for step in steps):
        notes.append("no problems are held out (problems.heldout): nothing is evaluated, and the report says so")
    return warnings, notes


def missing_for_step(step: Step) -> list[str]:
    """What keeps a step from being run, or even from being named."""
    if step.state is State.unknown:
        source = step.settings["source"]
        return [f"{source['name']}: {source['path']} is not on this machine; the first run asks the Hugging Face hub for it"]
    return step.why if step.state is State.missing else []


def missing_here(recipe: Recipe) -> list[str]:
    """What the recipe needs of this machine and does not find: packages, variables, files, a GPU, a model."""
    for_policy = missing_for_policy(base_policy(recipe.policy), recipe.prompting)
    return [*missing_for_sampling(recipe), *missing_for_judge(recipe), *missing_for_training(recipe), *for_policy]


def missing_for_sampling(recipe: Recipe) -> Iterator[str]:
    """What the recipe's engine, and its cluster, need and do not find."""
    yield from declared(recipe.sampling).missing(recipe.sampling)
    if recipe.sampling.ray and not EXTRAS["ray"].is_installed:
        yield EXTRAS["ray"].missing


def missing_for_judge(recipe: Recipe) -> Iterator[str]:
    """The key of the judge's servers, where it is not set. They themselves are asked when responses are graded, as a plan asks nobody."""
    if recipe.grading.second and recipe.grading.second.key_missing:
        yield recipe.grading.second.key_missing


def missing_for_training(recipe: Recipe) -> Iterator[str]:
    """What the stages would be refused for before they train."""
    for name, stage in recipe.stages.items():
        yield from refused(f"stages.{name}", partial(check_stage, stage.train))


def refused(place: str, check: Callable[[], Any]) -> Iterator[str]:
    """What a check says against something, if anything."""
    try:
        check()
    except InputError as error:
        yield f"{place}: {error}"


def check_stage(stage: StageSettings) -> None:
    """The check that a stage starts with, but for a server, which a plan does not ask. Loads torch only where there is need."""
    usual = StageSettings()
    if all(getattr(stage, name) == getattr(usual, name) for name in ("rollouts", "liger", "lora", "report_to")):
        return
    from tasks.training.preflight import check_machine

    check_machine(stage.model_copy(update={"rollouts": stage.rollouts.model_copy(update={"mode": "colocate"})}))


def missing_for_policy(policy: Policy, prompting: PromptingSettings) -> Iterator[str]:
    """A model that is still to be downloaded, a chat template, and a GPU for all but the shipped policy."""
    yield from refused("prompting", partial(check_has_template, policy, prompting.chat_template))
    if not Path(policy.model).is_dir():
        from huggingface_hub import try_to_load_from_cache

        if not isinstance(try_to_load_from_cache(policy.model, "config.json", revision=policy.revision), str):
            yield f"policy.model: {policy.model} is not in the Hugging Face cache of this machine; the first run downloads it"
    if policy.model != str(STARTER) and not has_gpu():
        yield "no GPU is seen here: everything would run on the CPU, which is for small policies only"
