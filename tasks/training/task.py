"""The training task: one GRPO stage from a policy and a curated set, in a child process, as a `stages` artifact.

Cached by the policy's identity, the content of this stage's problems (not the other stages') and, where the stage validates, of the
validation problems, the settings, the content of what it takes up of the stage before, what it hands over to the next, the templates its
prompts use, the grader and the seed. Library versions are kept among the artifact's facts and are not part of the key: an upgrade would
otherwise silently train every stage again for hours, and a GPU does not repeat itself to the bit anyway.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
from prefect import get_run_logger

from tasks.base.errors import InputError
from tasks.base.files import digest
from tasks.base.workers import run_worker
from tasks.curation.validation_task import VALIDATION
from tasks.estimates.settings import DifficultySettings
from tasks.grading.settings import WHO, GradingSettings
from tasks.grading.verdict import grader_id
from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import Lake, read_parquet
from tasks.lake.layout import JUDGE_WORDS
from tasks.policy.identity import Policy, trained_policy
from tasks.policy.size import parameter_count
from tasks.prompting.prompt import template_digests
from tasks.prompting.settings import HintSettings, PromptingSettings
from tasks.sampling.settings import Distribution
from tasks.steps.caching import room_task
from tasks.steps.cards import cards_held
from tasks.steps.planning import Planned, Work
from tasks.steps.progress import progress_shown
from tasks.steps.request import StepRequest
from tasks.training.cautions import EVALUATION, PROFILE, Asking, Caution, asking, cautions
from tasks.training.optimised import optimised
from tasks.training.settings import StageSettings
from tasks.training.spec import StageSpec
from tasks.training.succession import ADAM, HANDED_OVER, HANDOVER, MASTERS, HandedOver, Succession
from tasks.training.worker import stage_job

VERSION = 6
LIBRARIES = ("torch", "transformers", "trl", "accelerate")
NO_EFFECT: dict[str, bool | set[str]] = {
    "save_every": True,
    "keep_checkpoints": True,
    "report_to": True,
    "rollouts": {"memory", "sleep", "base_url", "timeout_s", "group_port"},
}
CHOICE = 2
"""The version of how a stage draws problems of which nothing is known: 1 ranked them by what all others are like."""
NEVER_CHOOSES: dict[str, bool | set[str]] = {"sampler": {"floor"}}  # of a shuffled stage, whose key knows no floor


class StageRequest(StepRequest):
    """A policy, and the stage to train it in: on `<stage>.parquet` of `curated`, by which settings, put how, judged how, with which seed.

    `validation` is what `tasks.curation` wrote of the validation problems, for a stage that validates. `evaluated` is how the policy will
    be asked when it is evaluated: where the stage differs from that, from how its problems were measured, or from how large policies are
    trained, it is said first and kept as `warnings`. `succession` is what it takes up of the stage before, and hands over to the next.
    `bands` has the edges that live hints go by.
    """

    policy: Policy
    curated: Artifact
    stage: str
    settings: StageSettings
    prompting: PromptingSettings
    grading: GradingSettings
    seed: int
    validation: Artifact | None = None
    evaluated: Asking | None = None
    succession: Succession = Succession()
    bands: DifficultySettings = DifficultySettings()

    def target(self) -> Artifact:
        """The stage; one that is there and has kept more for a next stage than is asked for is as good."""
        enough = HANDED_OVER[HANDED_OVER.index(self.hands_over) :]
        named = [self.keeping(hands_over) for hands_over in enough]
        return next((stage for stage in named if stage.is_complete), named[0])

    def keeping(self, hands_over: HandedOver) -> Artifact:
        """The stage that keeps so much for the next."""
        used = used_prompting(self.prompting, self.settings)
        inputs = {
            "version": VERSION,
            "policy": [self.policy.policy_id, self.policy.dtype],
            "problems": self.curated.manifest["files"][f"{self.stage}.parquet"],
            "settings": self.settings.model_dump(exclude={**NO_EFFECT, **({} if self.settings.sampler.chooses else NEVER_CHOOSES)}),
            "prompting": used.model_dump(),
            "templates": template_digests(used),
            "grader": grader_id(self.grading.in_training),
            "grading": self.grading.model_dump(exclude={"workers", "start_timeout_s", "wait_s", *WHO}),
            "seed": stage_seed(self.seed, self.stage),
            "validation": self.validation.content if self.validation and self.settings.validation else None,
            "taken": self.succession.taken,
            "hands_over": hands_over,
            **({"bands": self.edges} if self.edges else {}),
            **({"choice": CHOICE} if self.draws_unknown else {}),
        }
        return artifact(self.home, "stages", inputs)

    @property
    def edges(self) -> dict[str, float] | None:
        """The edges of the bands, where hints go by the live ones."""
        return self.bands.model_dump(exclude={"confidence"}) if self.settings.hints == "live" else None

    @property
    def draws_unknown(self) -> bool:
        """Whether the stage chooses its problems, and knows nothing of some of them."""
        sampler = self.settings.sampler
        return sampler.chooses and (sampler.is_blind or has_unprofiled(self.curated.file(f"{self.stage}.parquet")))

    @property
    def hands_over(self) -> HandedOver:
        """What it keeps for the next stage: nothing but its policy where that holds the weights as they are trained."""
        wanted = self.succession.hands_over
        return "policy" if wanted == "masters" and self.policy.dtype == "float32" else wanted

    def said(self) -> str:
        return f"train {self.stage} from {self.policy.name}"

    def foretold(self) -> dict[str, Any]:
        return {"stage": self.stage, "parent_name": self.policy.name, "settings": self.settings.model_dump()}

    def work(self) -> Work:
        """The completions that a whole stage draws to learn from and to watch itself with (one that was cut off has some of them behind
        it); the tokens are those of every refill that it may try, too."""
        settings = self.settings
        learnt, watched = settings.completions, self.validation_completions()
        if watched is None:
            return Work()
        drawn, most = learnt + watched, (learnt * (1 + settings.refill.tries) + watched) * settings.max_tokens
        return Work(completions=drawn, left=drawn, most_tokens=most, up_to=isinstance(self.validation, Planned))

    def validation_completions(self) -> int | None:
        """How often the stage answers validation problems, at most: before the first step, every so many, and after the last. None: not
        known yet."""
        asked = self.settings.validation
        if asked is None or self.validation is None:
            return 0
        known = self.validation.problems if isinstance(self.validation, Planned) else int(self.validation.manifest["problems"])
        problems = min((count for count in (asked.problems, known) if count is not None), default=None)
        return None if problems is None else problems * asked.samples * asked.times(self.settings.steps)

    def spec(self, target: Artifact, folder: Path) -> StageSpec:
        """What the training process is told."""
        return StageSpec(
            stage_id=target.key,
            folder=folder,
            policy=self.policy,
            problems=self.curated.file(f"{self.stage}.parquet"),
            validation=self.validation.file(VALIDATION) if self.validation else None,
            settings=self.settings,
            prompting=self.prompting,
            grading=self.grading.in_training,
            seed=stage_seed(self.seed, self.stage),
            bands=self.bands,
            **self.taken_up(),
            hands_over=self.hands_over,
            trackers=target.home / "trackers" / f"{self.stage}-{target.key[:8]}",
            words=target.home / JUDGE_WORDS / "training",
        )

    def taken_up(self) -> dict[str, Path]:
        """Where that lies which the stage takes up of the one before. Raises FileNotFoundError where it is gone."""
        before, names = self.succession.before, self.succession.taken
        parts = {"adam": f"{HANDOVER}/{ADAM}", "masters": f"{HANDOVER}/{MASTERS}"}
        found = {part: name for part, name in parts.items() if any(taken.startswith(name) for taken in names)}
        return {part: before.file(name) for part, name in found.items()} if before else {}


@room_task(name="train", resume=True, retries=1)
def train_stage(request: StageRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Train the policy. A killed or failed attempt is taken up where its last checkpoint left it. Raises InputError where a stage validates
    and has no problems for it."""
    warnings = say(warned_of(request))
    with progress_shown(f"training {request.stage} from {request.policy.name}", folder) as on_progress:
        logger = get_run_logger()
        if request.succession.said:
            logger.info("%s: %s", request.stage, request.succession.said)
        with cards_held(logger.info):
            run_worker(stage_job(request.spec(target, folder)), logger.log, on_progress)
    return {**stage_facts(request), "warnings": warnings, "kept_step": kept_step(folder, request.settings)}


def warned_of(request: StageRequest) -> list[Caution]:
    """What is to be heard before the stage starts. Raises InputError where its problems were measured under other pixel limits, or, of a
    stage that chooses its problems by their profile, for somebody else."""
    settings, prompting = request.settings, request.prompting
    measured = measured_as(Lake(request.home), request.curated)
    check_same_pixels(request.curated, measured, prompting)
    check_own_profile(request)
    others = {who: other for who, other in ((PROFILE, measured), (EVALUATION, request.evaluated)) if other}
    own = asking(prompting, settings, *settings.prompts_hinted)
    found = cautions(request.stage, settings, own, others, parameter_count(request.policy))
    return [*found, *([Caution(f"{request.stage}: {doubt}")] if (doubt := request.succession.doubt) else [])]


def stage_policy(stage: Artifact, name: str, parent: Policy) -> Policy:
    """The policy that a stage left, under the name `name`; in a dry run of a stage that is not trained, what stands for it."""
    if isinstance(stage, Planned):
        lineage = {"name": name, "kind": "stage", "parent_id": parent.policy_id}  # its own ids are not known
        return parent.model_copy(update={**lineage, "policy_id": "", "stage_id": "", "model": str(stage.file("policy"))})
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


def has_unprofiled(file: Path) -> bool:
    """Whether a stage's file has problems without a profile."""
    estimates = ["logit_mean", "logit_variance"]
    if not {*estimates} <= {*pl.read_parquet_schema(file)}:
        return True
    is_known = pl.all_horizontal(pl.all().cast(pl.Float64).is_finite().fill_null(False))
    return not read_parquet(file, columns=estimates).select(is_known.all()).item()


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


def check_own_profile(request: StageRequest) -> None:
    """Raise InputError where a sampler would start from a profile of another policy or grader than the stage's, or than the one that its
    recipe says. Sets that were not measured here say nothing of it and pass."""
    sampler, facts = request.settings.sampler, request.curated.manifest
    if not sampler.chooses or sampler.is_blind or "policy_id" not in facts:
        return
    names = policy_names(Lake(request.home), facts["policy_id"])
    said = f"stage {request.stage}: sampler {sampler.model} starts from the profile of curated set {request.curated.path}, which is of"
    if sampler.profiled:
        if sampler.profiled not in (*names, facts["policy_id"]):
            raise InputError(f"{said} {names[0]}, and not of {sampler.profiled}, as sampler.prior.from says; correct that name")
        return
    way_out = "profile anew (`reprofile`), or say that it is meant: sampler.prior: {from: " + names[0] + "}"
    if facts["policy_id"] != request.policy.policy_id:
        raise InputError(f"{said} the policy {names[0]}, but the stage trains {request.policy.name}: that solves other problems; {way_out}")
    if facts["grader_id"] not in (grader_id(request.grading), grader_id(request.grading.in_training)):
        raise InputError(f"{said} the grader {facts['grader_id']}, but {grader_id(request.grading)} judges now; {way_out}")


def policy_names(lake: Lake, policy_id: str) -> list[str]:
    """What a policy of the lake is called; its id where it has no name there."""
    known = lake.scan("policies").filter(pl.col("policy_id") == policy_id).collect()
    return sorted(set(known["name"])) or [policy_id]


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


def stage_facts(request: StageRequest) -> dict[str, Any]:
    """What the manifest tells people about the stage."""
    return {
        "stage": request.stage,
        "parent": request.policy.policy_id,
        "parent_name": request.policy.name,
        "curated": request.curated.key,
        "settings": request.settings.model_dump(),
        "optimised": [list(part) for part in (*optimised(request.settings), ("Adam", request.succession.told))],
        "hands_over": request.hands_over,
        **({"bands": request.edges} if request.edges else {}),
        "prompting": request.prompting.model_dump(),
        "grader_id": grader_id(request.grading.in_training),
        "seed": request.seed,
        "libraries": {library: version(library) for library in LIBRARIES},
    }
