"""The training task: one GRPO stage from a policy and a curated set, in a child process, as a `stages` artifact.

Cached by the policy's identity, the content of this stage's problems (not the other stages') and, where the stage validates, of the
validation problems, the settings, the templates its prompts use, the grader and the seed. Library versions are kept among the artifact's
facts and are not part of the key: an upgrade would otherwise silently train every stage again for hours, and a GPU does not repeat itself
to the bit anyway.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
from prefect import get_run_logger

from tasks.base.errors import InputError
from tasks.base.files import digest
from tasks.base.process import run_worker
from tasks.curation.validation_task import VALIDATION
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import grader_id
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import Lake, read_parquet
from tasks.policy.identity import Policy, trained_policy
from tasks.policy.size import parameter_count
from tasks.prompting.prompt import template_digests
from tasks.prompting.settings import HintSettings, PromptingSettings
from tasks.sampling.settings import Distribution
from tasks.steps.caching import room_task
from tasks.steps.cards import cards_held
from tasks.steps.planning import Planned, Work
from tasks.steps.progress import progress_shown
from tasks.training.cautions import EVALUATION, PROFILE, Asking, Caution, asking, cautions
from tasks.training.settings import StageSettings
from tasks.training.spec import StageSpec

VERSION = 3
LIBRARIES = ("torch", "transformers", "trl", "accelerate")
NO_EFFECT: dict[str, bool | set[str]] = {
    "save_every": True,
    "keep_checkpoints": True,
    "report_to": True,
    "rollouts": {"memory", "sleep", "base_url", "timeout_s", "group_port"},
}


def plan(
    home: Path,
    policy: Policy,
    curated: Artifact,
    stage: str,
    settings: StageSettings,
    prompting: PromptingSettings,
    grading: GradingSettings,
    seed: int,
    validation: Artifact | None = None,
    evaluated: Asking | None = None,
) -> Artifact:
    """The stage that `train` makes of the same arguments."""
    used = used_prompting(prompting, settings)
    inputs = {
        "version": VERSION,
        "policy": [policy.policy_id, policy.dtype],
        "problems": curated.manifest["files"][f"{stage}.parquet"],
        "settings": settings.model_dump(exclude=NO_EFFECT),
        "prompting": used.model_dump(),
        "templates": template_digests(used),
        "grader": grader_id(grading),
        "grading": grading.model_dump(exclude={"workers", "start_timeout_s", "verifier"}),
        "seed": stage_seed(seed, stage),
        "validation": validation.content if validation and settings.validation else None,
    }
    return artifact(home, "stages", inputs)


def work(
    home: Path,
    policy: Policy,
    curated: Artifact,
    stage: str,
    settings: StageSettings,
    prompting: PromptingSettings,
    grading: GradingSettings,
    seed: int,
    validation: Artifact | None = None,
    evaluated: Asking | None = None,
) -> Work:
    """The completions that a whole stage draws to learn from and to watch itself with (one that was cut off has some of them behind it);
    the tokens are those of every refill that it may try, too."""
    learnt = settings.steps * settings.batch // settings.extra.get("num_iterations", 1)
    watched = validation_completions(settings, validation)
    if watched is None:
        return Work()
    most = (learnt * (1 + settings.refill.tries) + watched) * settings.max_tokens
    return Work(completions=learnt + watched, left=learnt + watched, most_tokens=most)


def validation_completions(settings: StageSettings, validation: Artifact | None) -> int | None:
    """How often a stage answers validation problems: before the first step, every so many, and after the last. None: not known yet."""
    if settings.validation is None or validation is None:
        return 0
    known = validation.problems if isinstance(validation, Planned) else int(validation.manifest["problems"])
    problems = min((count for count in (settings.validation.problems, known) if count is not None), default=None)
    times = 1 + -(-settings.steps // settings.validation.every)
    return None if problems is None else problems * settings.validation.samples * times


@room_task(plan, work=work, name="train", task_run_name="train {stage} from {policy.name}", retries=1)
def train(
    home: Path,
    policy: Policy,
    curated: Artifact,
    stage: str,
    settings: StageSettings,
    prompting: PromptingSettings,
    grading: GradingSettings,
    seed: int,
    validation: Artifact | None = None,
    evaluated: Asking | None = None,
) -> Artifact:
    """Train `policy` on `<stage>.parquet` of `curated`. A killed or failed attempt is taken up where its last checkpoint left it.

    `validation` is what `tasks.curation` wrote of the validation problems, for a stage that validates. Raises InputError without it.
    `evaluated` is how the policy will be asked when it is evaluated: where the stage differs from that, from how its problems were
    measured, or from how large policies are trained, it is said first and kept as `warnings`.
    """
    target = plan(home, policy, curated, stage, settings, prompting, grading, seed, validation)
    if target.is_complete:
        return target
    measured = measured_as(Lake(home), curated)
    check_same_pixels(curated, measured, prompting)
    others = {who: other for who, other in ((PROFILE, measured), (EVALUATION, evaluated)) if other}
    found = cautions(stage, settings, asking(prompting, settings, settings.hints), others, parameter_count(policy))
    facts = {**stage_facts(policy, curated, stage, settings, prompting, grading, seed), "warnings": say(found)}
    with building(target, facts, resume=True) as folder, progress_shown(f"training {stage} from {policy.name}", folder) as on_progress:
        spec = StageSpec(
            stage_id=target.key,
            folder=folder,
            policy=policy,
            problems=curated.file(f"{stage}.parquet"),
            validation=validation.file(VALIDATION) if validation else None,
            settings=settings,
            prompting=prompting,
            grading=grading,
            seed=stage_seed(seed, stage),
            trackers=target.home / "trackers" / f"{stage}-{target.key[:8]}",
        )
        logger = get_run_logger()
        with cards_held(logger.info):
            run_worker("tasks.training.worker", spec, folder, log=logger.log, on_progress=on_progress)
        facts["kept_step"] = kept_step(folder, settings)
    return target


def stage_policy(stage: Artifact, name: str, parent: Policy) -> Policy:
    """The policy that a stage left, under the name `name`; in a dry run of a stage that is not trained, what stands for it."""
    if isinstance(stage, Planned):
        lineage = {"name": name, "kind": "stage", "parent_id": parent.policy_id, "stage_id": stage.key}
        return parent.model_copy(update={**lineage, "policy_id": "", "model": str(stage.file("policy"))})
    return trained_policy(stage.file("policy"), name=name, stage_id=stage.key, parent=parent)


def kept_step(folder: Path, settings: StageSettings) -> int:
    """The step whose policy a stage left: the last one unless validation found a better."""
    if not (settings.validation and settings.validation.keep_best):
        return settings.steps
    metrics = read_parquet(folder / "metrics" / "metrics.parquet")
    return int(metrics.filter(pl.col("name") == "validation/kept_step")["value"].item())


def measured_as(lake: Lake, curated: Artifact) -> Asking | None:
    """How the problems of a curated set were asked when their difficulty was measured; None where that was not done by us."""
    sampled = pl.col("sampling_id") == curated.manifest.get("sampling_id", ""), pl.col("template") != "imported"
    row = next(lake.scan("samplings").filter(*sampled).collect().iter_rows(named=True), None)
    if row is None:
        return None
    shown = PromptingSettings.model_validate_json(row["settings"]).model_dump(include={"min_pixels", "max_pixels"})
    drawn = {name: row[name] for name in Distribution.model_fields}
    return Asking(template=row["template"], **shown, **drawn, hints=(bool(row["hints"]),))


def check_same_pixels(curated: Artifact, measured: Asking | None, prompting: PromptingSettings) -> None:
    """Raise InputError when a set was measured under other pixel limits than training shows: its difficulty would be of another task.

    Sets that were not sampled by us (imported answers) say nothing about pixels and pass.
    """
    for limit in ("min_pixels", "max_pixels"):
        if measured and getattr(measured, limit) != getattr(prompting, limit):
            raise InputError(
                f"curated set {curated.path} was measured with prompting.{limit}={getattr(measured, limit)}, but training would show "
                f"images with {limit}={getattr(prompting, limit)}, which is another task; profile again, or use the same limit"
            )


def say(found: list[Caution]) -> list[str]:
    """Log what is to be heard before a stage starts; gives what was a warning."""
    logger = get_run_logger()
    for caution in found:
        (logger.info if caution.expected else logger.warning)(caution.text)
    return [caution.text for caution in found if not caution.expected]


def used_prompting(prompting: PromptingSettings, settings: StageSettings) -> PromptingSettings:
    """The part of the prompting that this stage shows: without hints their wording does not matter, so changing it retrains nothing."""
    return prompting if settings.hints else prompting.model_copy(update={"hints": HintSettings(by_band={})})


def stage_seed(seed: int, stage: str) -> int:
    """The stage's own seed (below 2^32, which numpy asks for)."""
    return int(digest(["stage", seed, stage])[:8], 16)


def stage_facts(
    policy: Policy,
    curated: Artifact,
    stage: str,
    settings: StageSettings,
    prompting: PromptingSettings,
    grading: GradingSettings,
    seed: int,
) -> dict[str, Any]:
    """What the manifest tells people about the stage."""
    return {
        "stage": stage,
        "parent": policy.policy_id,
        "parent_name": policy.name,
        "curated": curated.key,
        "settings": settings.model_dump(),
        "prompting": prompting.model_dump(),
        "grader_id": grader_id(grading),
        "seed": seed,
        "libraries": {library: version(library) for library in LIBRARIES},
    }
