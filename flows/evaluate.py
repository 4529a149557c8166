"""Evaluate: the base policy and what every stage left, on the held-out problems, hints off and on."""

from dataclasses import dataclass
from pathlib import Path

from flows.plannable import flow
from flows.profile import Profiled, answered, measured
from flows.recipe import Recipe
from flows.train import Trained, train
from tasks.base.errors import InputError
from tasks.evaluation.comparison import EvaluationArm
from tasks.evaluation.task import EvaluationRequest, evaluate_policies
from tasks.lake.artifacts import Artifact
from tasks.policy.identity import Policy
from tasks.reporting.task import show_new
from tasks.warehouse.home import open_home


@dataclass(frozen=True)
class Evaluated:
    """The trained policies and how they compare on the held-out problems; None of a recipe that holds nothing out."""

    trained: Trained
    evaluation: Artifact | None


@flow(name="evaluate", flow_run_name="evaluate {recipe.name}", validate_parameters=True)
def evaluate(recipe: Recipe, home: Path) -> Evaluated:
    """Train what is not trained yet, and evaluate every policy. Raises InputError, before anything is done, where nothing is held out."""
    check_held_out(recipe)
    home = open_home(home)
    trained = train(recipe, home)
    evaluation = compare_policies(recipe, home, trained.curated.profiled, trained.policies, trained.sets)
    show_new(recipe.name, trained.curated.profiled.difficulty, *trained.sets, evaluation)
    return Evaluated(trained, evaluation)


def check_held_out(recipe: Recipe) -> None:
    """Raise InputError where a recipe holds nothing out, for what is about its evaluation alone, before it samples and trains for that."""
    if not recipe.problems.can_evaluate:
        raise InputError(
            f"recipe {recipe.name}: problems.heldout names no problems, so there is nothing to evaluate on; give it sources, or let "
            "`difficulty-prior run` do all that needs none: profile, curate, train and report"
        )


def compare_policies(recipe: Recipe, home: Path, profiled: Profiled, policies: tuple[Policy, ...], sets: tuple[Artifact, ...]) -> Artifact:
    """The evaluation of these policies, the base policy first, all and without what is nearly the same as something in the `sets`."""
    heldout, samples = profiled.heldout, recipe.evaluation.samples
    plain = {policy.name: answered(recipe, home, policy, heldout, samples) for policy in policies}
    arms = [arm(policy, plain[policy.name]) for policy in policies]
    if recipe.evaluation.hints:
        difficulty = bands_for_hints(recipe, home, profiled)
        for policy in policies:
            hinted = answered(recipe, home, policy, heldout, samples, hints_from=difficulty)
            arms.append(arm(policy, hinted, fallback=plain[policy.name]))
    return evaluate_policies(EvaluationRequest(home=home, arms=tuple(arms), problems=heldout, similarity=profiled.similarity, sets=sets))


def bands_for_hints(recipe: Recipe, home: Path, profiled: Profiled) -> Artifact:
    """How hard the held-out problems are for the base policy, by draws that no arm is counted by. The draws that are compared would call a
    problem hard that was unlucky in them, and such problems do better the next time, even with a hint that does nothing."""
    apart = answered(recipe, home, profiled.base, profiled.heldout, recipe.evaluation.samples, for_bands=True)
    return measured(recipe, home, apart, profiled.heldout)


def arm(policy: Policy, graded: Artifact, fallback: Artifact | None = None) -> EvaluationArm:
    """One row of the comparison; with a `fallback` it is the policy with hints on."""
    return EvaluationArm(policy=policy.name, policy_id=policy.policy_id, hints=fallback is not None, graded=graded, fallback=fallback)
