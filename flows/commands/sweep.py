"""What a sweep takes from a recipe: a stage's rule and groups, the seed, and the policy whose difficulty it is."""

from flows.recipe import Recipe
from flows.stages import Stage, default_stages
from tasks.base.errors import InputError, did_you_mean
from tasks.curation.sweep import SweepSettings
from tasks.policy.identity import base_policy


def sweep_settings(recipe: Recipe | None, stage: str | None, rounds: int, sizes: tuple[int, ...]) -> tuple[SweepSettings, str | None]:
    """The settings of a sweep of one stage (None: the first), and the policy that the recipe profiles (the panel's name, or the base
    policy's id). Without a recipe the stages are those that a recipe has by default."""
    stages = recipe.stages if recipe else {name: Stage.model_validate(fields) for name, fields in default_stages().items()}
    name = stage or next(iter(stages))
    if name not in stages:
        whose = f"recipe {recipe.name} has" if recipe else "without a recipe there is"
        raise InputError(f"{whose} no stage {name!r}{did_you_mean(name, stages)}; there is {', '.join(stages)}")
    rule, group_size = stages[name].choose, stages[name].train.group_size
    settings = SweepSettings(stage=name, rule=rule, group_size=group_size, rounds=rounds, sizes=sizes, seed=recipe.seed if recipe else 0)
    if recipe is None:
        return settings, None
    return settings, recipe.panel.panel if recipe.panel else base_policy(recipe.policy).policy_id


def chosen_otherwise(recipe: Recipe | None, stage: str) -> str:
    """What to say of a sweep over the first difficulty of a stage that is chosen by a later one; "" of any other stage."""
    if recipe is None or stage in recipe.chosen_first:
        return ""
    return (
        f"{stage} is chosen by what its policy solves when the stage before is trained (reprofile), and this is the first difficulty: "
        "take it for how many problems there were, and not for how many there will be"
    )
