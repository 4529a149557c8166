"""Re-profile: how hard the problems are for the policy that a stage has just left, which the next stage is chosen by.

What training itself has answered in its last steps is not asked again; the other problems are sampled. A count is of one of the two, and
`sources.parquet` of the difficulty says of which.
"""

from pathlib import Path

from flows.profile import Profiled, answered, measured
from flows.recipe import Recipe
from tasks.difficulty.renewed_task import RenewedRequest, measure_renewed
from tasks.lake.artifacts import Artifact
from tasks.policy.identity import Policy
from tasks.steps.planning import is_known
from tasks.training.answered import untold
from tasks.training.answered_task import AnsweredRequest, find_answered


def measured_anew(recipe: Recipe, home: Path, profiled: Profiled, stage: Artifact, policy: Policy) -> Artifact:
    """How hard the problems are for the policy that a trained stage has left, which is called like it; for the first one where the recipe
    asks no more of it."""
    asked = recipe.anew
    assert asked
    problems, rounds = profiled.train, asked.rounds or recipe.sampling.rounds
    if asked.source == "first":
        return profiled.difficulty
    if asked.source == "rollouts" or untold(recipe.stages[policy.name].train, recipe.sampling, recipe.grading):
        return measured(recipe, home, answered(recipe, home, policy, problems, rounds), problems)
    known = training_answered(recipe, home, profiled, stage, policy)
    undecided = known.manifest["undecided"]
    is_sampled = asked.source == "auto" and (not is_known(undecided) or undecided > 0)
    graded = answered(recipe, home, policy, problems, rounds, stops=known) if is_sampled else None
    return measure_renewed(RenewedRequest(home=home, answered=known, graded=graded, problems=problems, settings=recipe.difficulty))


def training_answered(recipe: Recipe, home: Path, profiled: Profiled, stage: Artifact, policy: Policy) -> Artifact:
    """What the stage's own groups say of the policy, as far as the recipe counts them."""
    asked = recipe.anew
    assert asked
    how = {name: getattr(recipe, name) for name in ("prompting", "sampling", "grading", "seed")}
    least = 1 if asked.source == "groups" else asked.rounds or recipe.sampling.rounds
    of = {"stage": stage, "policy": policy, "problems": profiled.train}
    return find_answered(AnsweredRequest(home=home, **of, **how, within=asked.within, least=least))
