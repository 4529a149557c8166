"""What a sweep takes from a recipe: a stage's rule and groups, the seed, and the policy whose difficulty it is."""

from flows.recipe import Recipe
from tasks.base.errors import InputError, did_you_mean
from tasks.curation.settings import CurationSettings, StageRule
from tasks.curation.sweep import SweepSettings
from tasks.policy.identity import base_policy


def sweep_settings(recipe: Recipe | None, stage: str, rounds: int, sizes: tuple[int, ...]) -> tuple[SweepSettings, str | None]:
    """The settings of a sweep, and the policy that the recipe profiles (the panel's name, or the base policy's id)."""
    if recipe is None:
        usual = CurationSettings().stages.get(stage, StageRule())  # a stage's own default thresholds, not the first one's
        return SweepSettings(stage=stage, rule=usual, rounds=rounds, sizes=sizes), None
    rule, training = recipe.curation.stages.get(stage), recipe.training.stages.get(stage)
    if rule is None or training is None:
        raise InputError(
            f"recipe {recipe.name} has no {stage}{did_you_mean(stage, recipe.training.stages)}; it has {', '.join(recipe.training.stages)}"
        )
    policy = recipe.panel.panel if recipe.panel else base_policy(recipe.policy).policy_id
    settings = SweepSettings(stage=stage, rule=rule, group_size=training.group_size, rounds=rounds, sizes=sizes, seed=recipe.seed)
    return settings, policy
