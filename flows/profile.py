"""Profile: read the problems, sample each several rounds with a policy (or bring in answers), grade, and measure difficulty."""

from dataclasses import dataclass, replace
from pathlib import Path

from flows.plannable import flow
from flows.recipe import Recipe
from tasks.admission.settings import Limits
from tasks.admission.task import AdmissionRequest, admitted, find_refused
from tasks.difficulty.task import DifficultyRequest, StopsRequest, find_stops, measure_difficulty
from tasks.grading.task import GradeRequest, grade_rollouts
from tasks.lake.artifacts import Artifact
from tasks.policy.chat import check_has_template
from tasks.policy.identity import Policy, base_policy
from tasks.problems.overlap import Parts
from tasks.problems.overlap_task import set_apart
from tasks.problems.settings import SourceSettings
from tasks.problems.task import IngestRequest, ingest_problems
from tasks.reporting.task import show_new
from tasks.sampling.engines import declared
from tasks.sampling.import_task import ImportRequest, import_panel, say_notes
from tasks.sampling.task import SampleRequest, sample_rollouts
from tasks.sampling.worker import load_soon
from tasks.similarity.task import SimilarityRequest, find_near_duplicates
from tasks.starter.datasets import DATASETS
from tasks.starter.task import DatasetsRequest, draw_datasets
from tasks.steps.planning import PLANNER, is_known
from tasks.warehouse.home import open_home
from tasks.warehouse.task import publish_warehouse


@dataclass(frozen=True)
class Profiled:
    """The problems of a recipe by what they are for, which of them are nearly the same, and how hard those to train on are."""

    train: tuple[Artifact, ...]
    heldout: tuple[Artifact, ...]
    validation: tuple[Artifact, ...]
    similarity: Artifact
    base: Policy
    graded: Artifact
    difficulty: Artifact


@flow(name="profile", flow_run_name="profile {recipe.name}", validate_parameters=True)
def profile(recipe: Recipe, home: Path, trained: bool = False) -> Profiled:
    """Measure how hard every training problem is, and publish it. Where policies are `trained` and evaluated after it, only problems that
    those can be asked, too, are looked at."""
    home = open_home(home)
    profiled = profile_problems(recipe, home, trained)
    publish_warehouse(home, recipe.difficulty, recipe.adaptive)
    show_new(recipe.name, profiled.difficulty)
    return profiled


def profile_problems(recipe: Recipe, home: Path, trained: bool) -> Profiled:
    """Read the problems, look for those that are nearly the same, and measure how hard those to train on are."""
    base = base_policy(recipe.policy)
    if not (recipe.panel or PLANNER.get()):
        check_has_template(base, recipe.prompting.chat_template)
        load_soon(base, recipe.sampling, home)
    parts = read_problems(recipe, home)
    similarity = find_near_duplicates(SimilarityRequest(home=home, problems=parts.sources, settings=recipe.similarity))
    if recipe.panel is None:
        parts = admissible(recipe, home, base, parts, limits_of(recipe) if trained else sampling_limits(recipe))
    # a panel has answered both parts; a policy is sampled on the problems held out when it is evaluated
    profiled = (*parts.train, *parts.heldout) if recipe.panel else parts.train
    graded = first_answers(recipe, home, base, profiled)
    difficulty = measured(recipe, home, graded, profiled)
    return Profiled(parts.train, parts.heldout, parts.validation, similarity, base, graded, difficulty)


def admissible(recipe: Recipe, home: Path, policy: Policy, parts: Parts, limits: Limits) -> Parts:
    """The problems that a policy can be asked: prompt, images and the longest response fit."""
    asked = {"policy": policy, "problems": parts.sources, "prompting": recipe.prompting, "limits": limits}
    return admitted(home, parts, find_refused(AdmissionRequest(home=home, **asked, elsewhere=not declared(recipe.sampling).cards)))


def sampling_limits(recipe: Recipe) -> Limits:
    """What must fit for a problem to be sampled."""
    engine = declared(recipe.sampling)
    return Limits(
        max_tokens=recipe.sampling.max_tokens,
        context=engine.context(recipe.sampling),
        max_prompt_tokens=recipe.problems.max_prompt_tokens,
        images=engine.images(recipe.sampling),
    )


def limits_of(recipe: Recipe) -> Limits:
    """What must fit wherever a recipe asks a problem: in sampling, in each stage, and when policies are evaluated."""
    sampling, stages = sampling_limits(recipe), [stage.train for stage in recipe.stages.values()]
    contexts = [context for context in (sampling.context, *(stage.rollouts.context for stage in stages)) if context]
    wider = {
        "max_tokens": max(sampling.max_tokens, *(stage.max_tokens for stage in stages)),
        "context": min(contexts, default=None),
        "hints": recipe.evaluation.hints or any(stage.hints for stage in stages),
    }
    return sampling.model_copy(update=wider)


def with_admissible(recipe: Recipe, home: Path, profiled: Profiled) -> Profiled:
    """A profile with those of its problems that the policy can be asked. A panel has answered whatever it was given; the policy that is
    trained on what it has answered may not."""
    if recipe.panel is None:
        return profiled
    parts = admissible(recipe, home, profiled.base, Parts(profiled.train, profiled.heldout, profiled.validation), limits_of(recipe))
    return replace(profiled, train=parts.train, heldout=parts.heldout, validation=parts.validation)


def first_answers(recipe: Recipe, home: Path, base: Policy, problems: tuple[Artifact, ...]) -> Artifact:
    """The graded answers that difficulty is measured on: the panel's where the recipe names one, else the base policy's own."""
    if recipe.panel:
        panel = import_panel(ImportRequest(home=home, problems=problems, settings=recipe.panel))
        say_notes(panel)
        return grade_rollouts(GradeRequest(home=home, profile=panel, problems=problems, settings=recipe.grading))
    return sampled_until_settled(recipe, home, base, problems)


def sampled_until_settled(recipe: Recipe, home: Path, policy: Policy, problems: tuple[Artifact, ...]) -> Artifact:
    """A policy's graded answers: all rounds at once, or, where the recipe's rounds are adaptive, in batches, each only of the problems
    that the ones before have not settled."""
    sampling = recipe.sampling.model_copy(update={"adaptive": recipe.adaptive})
    first, *later = sampling.checkpoints()
    graded = answered(recipe, home, policy, problems, first)
    for rounds in later:
        request = StopsRequest(home=home, graded=graded, problems=problems, settings=recipe.difficulty, sampling=sampling)
        stops = find_stops(request)
        undecided = stops.manifest["undecided"]
        if is_known(undecided) and not undecided:  # a plan, which cannot know, goes on to the last
            break
        graded = answered(recipe, home, policy, problems, rounds, stops=stops)
    return graded


def answered(
    recipe: Recipe, home: Path, policy: Policy, problems: tuple[Artifact, ...], rounds: int, **options: Artifact | bool | None
) -> Artifact:
    """A policy's graded answers to the problems over so many rounds; `options` are those of a `SampleRequest`."""
    sampling = recipe.sampling.model_copy(update={"rounds": rounds})
    asked = {"policy": policy, "problems": problems, "prompting": recipe.prompting, "sampling": sampling, "seed": recipe.seed}
    rollouts = sample_rollouts(SampleRequest(home=home, **asked, **options))
    return grade_rollouts(GradeRequest(home=home, profile=rollouts, problems=problems, settings=recipe.grading))


def measured(recipe: Recipe, home: Path, graded: Artifact, problems: tuple[Artifact, ...]) -> Artifact:
    """How hard the problems are, by the recipe's bands, for the policy whose graded answers these are."""
    return measure_difficulty(DifficultyRequest(home=home, graded=graded, problems=problems, settings=recipe.difficulty))


def read_problems(recipe: Recipe, home: Path) -> Parts:
    """The problems to train on, those held out and those to watch training with, no problem in two of them."""
    return set_apart(home, ingested(recipe, home), recipe.problems.overlap)


def ingested(recipe: Recipe, home: Path) -> Parts:
    """The problems by what they are for as they lie in their sources, where a problem may be in two of them."""
    sources = {"train": recipe.problems.train, "heldout": recipe.problems.heldout, "validation": recipe.problems.validation}
    starter = recipe.problems.starter
    if starter:
        datasets = draw_datasets(DatasetsRequest(home=home, settings=starter))
        counts = {"train": starter.n_train, "heldout": starter.n_heldout, "validation": starter.n_validation}
        for split, problems in counts.items():
            sources[split] = (*sources[split], *(starter_sources(datasets, split, problems) if problems else ()))

    def ingest(source: SourceSettings) -> Artifact:
        return ingest_problems(IngestRequest(home=home, source=source))

    return Parts(**{part: tuple(map(ingest, found)) for part, found in sources.items()})


def starter_sources(datasets: Artifact, split: str, problems: int) -> list[SourceSettings]:
    """The shipped synthetic datasets' split as sources, of so many problems each."""
    paths = {name: str(datasets.path / name / f"{split}.jsonl") for name in DATASETS}
    return [SourceSettings(name=name, path=path, split=split, limit=problems) for name, path in paths.items()]
