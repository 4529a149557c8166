"""A run's settings: the rooms' own settings composed, read from YAML. An unknown key is an error that names it and its place."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, ValidationError, field_validator, model_validator
from pydantic_core import CoreSchema

from flows.beside import look_beside
from flows.changes import apply_changes
from flows.stages import Stages, bring_over, default_stages
from tasks.base.errors import InputError, did_you_mean
from tasks.base.settings import Settings, all_keys, keys_at
from tasks.base.yaml_text import read_yaml_file
from tasks.curation.settings import CurationSettings
from tasks.estimates.settings import BANDS, AdaptiveSettings, DifficultySettings
from tasks.evaluation.settings import EvaluationSettings
from tasks.grading.second.prompts import template
from tasks.grading.settings import GradingSettings
from tasks.grading.workers.verifier import find_verifier
from tasks.policy.identity import PolicySettings
from tasks.problems.settings import Overlap, SourceSettings
from tasks.prompting.prompt import check_templates
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.imported.settings import ImportSettings
from tasks.sampling.settings import SamplingSettings
from tasks.similarity.settings import SimilaritySettings
from tasks.starter.settings import STARTER_DATASETS, StarterDatasetSettings
from tasks.training.answered import untold

S = TypeVar("S", bound=Settings)
KINDS = {
    "tuple_type": "a list is needed here, such as [a, b]",
    "model_type": "keys with values are needed here; leave it out for the defaults",
    "dict_type": "keys with values are needed here",
}
"""What pydantic says of Python's types, in YAML's words."""
RECIPES = Path(__file__).resolve().parent.parent / "deployments" / "recipes"


class ProblemsSettings(Settings):
    """Sources of the problems to train on, to hold out for the evaluation, and to watch training with (`validation`, which neither trains
    nor evaluates); `starter` adds the two synthetic datasets shipped with the project.

    `overlap` says what happens where one of them lies in two of these: an error before anything is sampled, or it is dropped from those to
    train on ("drop_train") or from those held out ("drop_heldout"); validation problems give way to both. A problem whose prompt has more
    than `max_prompt_tokens` is set aside; so is, always, one whose prompt and longest response would not fit into the policy's context.
    """

    starter: StarterDatasetSettings | None = None
    train: tuple[SourceSettings, ...] = ()
    heldout: tuple[SourceSettings, ...] = ()
    validation: tuple[SourceSettings, ...] = ()
    overlap: Overlap = "error"
    max_prompt_tokens: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def some_problems(self) -> "ProblemsSettings":
        if not self.starter and not self.train:
            raise ValueError("no problems to train on: give `train` sources, or `starter: {}` for the synthetic datasets")
        return self

    @property
    def datasets(self) -> list[str]:
        """The names of all datasets."""
        sources = (*self.train, *self.heldout, *self.validation)
        return list(dict.fromkeys([*(STARTER_DATASETS if self.starter else ()), *(source.name for source in sources)]))

    @property
    def can_validate(self) -> bool:
        """Whether there are problems for validation."""
        return bool(self.validation or (self.starter and self.starter.n_validation))

    @property
    def can_evaluate(self) -> bool:
        """Whether there are held-out problems: without any, a run ends with its report and no evaluation."""
        return bool(self.heldout or (self.starter and self.starter.n_heldout))


class ReprofileSettings(Settings):
    """How the stages after the first are chosen: by how hard the problems are for the policy that the stage before left.

    `source` says what tells that. "groups": the stage's own groups of the share `within` of its last steps, as far as they were drawn as
    a profile draws (without a hint, from the same distribution, judged by the same grader); problems without any are left out.
    "rollouts": new answers to every problem, `rounds` of each (null: as many as at first). "auto": groups where they hold as many answers
    as that, new answers to all other problems. "first": the first difficulty stands, and what the stage has mastered since is for a rule
    that reads its `groups` to drop (`unmastered`). What the paper does not do; the mart `difficulty_drift` shows what new answers find.
    """

    source: Literal["auto", "groups", "rollouts", "first"] = "auto"
    rounds: int | None = Field(default=None, ge=1)
    within: float = Field(default=0.25, gt=0, le=1)


def switched(given: Any) -> Any:
    """What a switch stands for where settings may be: the default ones, or none."""
    return {True: {}, False: None}[given] if isinstance(given, bool) else given


class RecurationSettings(Settings):
    """When `recurate` changes the sets in use: when their drift beyond what chance alone gives, from 0 to 1, is above `bound`.

    `measure` "membership" is the share of a stage's problems that would be exchanged, "band" the share that has left its thresholds (or is
    gone). `policy` is whose difficulty counts: the recipe's "base", or the "latest" that its stages have left. All of it is ours.
    """

    bound: float = Field(default=0.03, ge=0, le=1)
    measure: Literal["membership", "band"] = "membership"
    policy: Literal["base", "latest"] = "base"


class Recipe(Settings):
    """Everything that decides what a run does. Equal recipes over equal data make equal artifacts.

    `panel` gives the difficulty to curate by from responses made elsewhere; without it the base policy is sampled. `stages` are trained in
    the order in which they stand, each from the policy that the one before left; a recipe that names none has the paper's two
    (deployments/stages.yaml). `reprofile` measures difficulty anew before each but the first (null or false: all are chosen by the first
    difficulty, as in the paper), `recuration` says when sets in use are changed. `seed` is the one that every other seed is derived from.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    seed: int = Field(default=0, ge=-(2**63), lt=2**63)  # as wide as a column
    policy: PolicySettings = PolicySettings()
    problems: ProblemsSettings
    similarity: SimilaritySettings = SimilaritySettings()
    prompting: PromptingSettings = PromptingSettings()
    panel: ImportSettings | None = None
    sampling: SamplingSettings = SamplingSettings()
    grading: GradingSettings = GradingSettings()
    difficulty: DifficultySettings = DifficultySettings()
    curation: CurationSettings = CurationSettings()
    stages: Stages = Field(default_factory=default_stages)  # fields, which are checked like given ones
    reprofile: Annotated[ReprofileSettings | None, BeforeValidator(switched)] = ReprofileSettings()
    recuration: RecurationSettings = RecurationSettings()
    evaluation: EvaluationSettings = EvaluationSettings()

    @property
    def anew(self) -> ReprofileSettings | None:
        """How the stages after the first are chosen anew; None where there are none, or where they are chosen by the first difficulty."""
        return self.reprofile if len(self.stages) > 1 else None

    @property
    def chosen_first(self) -> list[str]:
        """The stages that are chosen by the first difficulty: all, or the first where later ones are chosen anew."""
        return list(self.stages)[: 1 if self.anew else None]

    @property
    def adaptive(self) -> AdaptiveSettings | None:
        """The rule of adaptive rounds; one that weighs what a round may change in the choice of problems knows what the stages keep."""
        rule = self.sampling.adaptive
        if rule is None or rule.rule != "value" or rule.ranges or rule.edges:
            return rule
        rules = [choose for name in self.chosen_first if (choose := self.stages[name].choose).rule != "random"]
        return rule.model_copy(update={"ranges": tuple(sorted({(rule.low, rule.high) for rule in rules})) or None})

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """An object, no more: Prefect asks three times a flow when it is imported, which with every setting in it takes a second in all.
        The form of a deployment is that of flows/service/forms.py."""
        return {"title": "Recipe", "type": "object"}

    @model_validator(mode="after")
    def stages_can_be_told_apart(self) -> "Recipe":
        if self.panel and self.panel.panel in self.stages:
            raise ValueError(f"stage {self.panel.panel} is called like the panel, whose answers are kept under that name; rename the stage")
        if self.reprofile and "reprofile" in self.model_fields_set and not self.anew:
            raise ValueError(f"reprofile chooses the stages after the first anew, but {min(self.stages)} is the only one; leave it out")
        return self

    @model_validator(mode="after")
    def groups_can_tell(self) -> "Recipe":
        for name, stage in list(self.stages.items())[:-1] if self.anew and self.anew.source == "groups" else ():
            if why := untold(stage.train, self.sampling, self.grading):
                raise ValueError(
                    f"reprofile.source groups: those of {name} do not tell how hard problems are: {why}; take source rollouts, or auto"
                )
        return self

    @model_validator(mode="after")
    def estimates_have_profiles(self) -> "Recipe":
        for name, stage in list(self.stages.items())[1:] if not self.anew else ():
            if stage.train.sampler.chooses and not (stage.train.sampler.profiled or stage.train.sampler.is_blind):
                raise ValueError(
                    f"stages.{name}.train.sampler {stage.train.sampler.model} starts from how hard problems are for the policy that the "
                    "stage before leaves, which nobody measures without reprofile; give that, or say whose profile is meant: sampler: "
                    f"{{model: {stage.train.sampler.model}, prior: {{from: base}}}}"
                )
        return self

    @model_validator(mode="after")
    def live_hints_have_bands(self) -> "Recipe":
        for name, stage in self.stages.items():
            if stage.train.hints == "live" and not self.prompting.hints.by_band:
                raise ValueError(
                    f"stages.{name}.train.hints live would never act: prompting.hints.by_band gives no band a hint; name some, such as "
                    "{hard: hard, medium: medium}, or set hints to false"
                )
        return self

    @model_validator(mode="after")
    def validation_has_problems(self) -> "Recipe":
        for name, stage in self.stages.items():
            if stage.train.validation and not self.problems.can_validate:
                raise ValueError(
                    f"stages.{name}.train.validation has no problems to ask: give problems.validation sources "
                    "(or problems.starter.n_validation), or set it to null"
                )
        return self

    @model_validator(mode="after")
    def datasets_are_there(self) -> "Recipe":
        known = self.problems.datasets
        for name in self.grading.by_dataset:
            if name not in known:
                raise ValueError(
                    f"grading.by_dataset names {name!r}, which is no dataset of problems{did_you_mean(name, known)}; "
                    f"they are {', '.join(known)}"
                )
        return self

    @field_validator("grading")
    @classmethod
    def verifier_can_be_called(cls, grading: GradingSettings) -> GradingSettings:
        """Checked here, like the prompts, for the same reason."""
        for place, verifier in grading.verifiers.items():
            find_verifier(verifier, f"grading.{place}")
        if grading.second:
            template(grading.second.prompt)
        return grading

    @field_validator("prompting")
    @classmethod
    def prompts_can_be_written(cls, prompting: PromptingSettings) -> PromptingSettings:
        """Checked here, where a recipe begins, and not in the settings, which the lake keeps longer than a person keeps a template."""
        for band in prompting.hints.by_band:
            if band not in BANDS:
                meant = did_you_mean(band, BANDS)
                raise ValueError(f"hints.by_band names {band!r}, which is no band of difficulty{meant}; use {', '.join(BANDS)}")
        check_templates(prompting)
        return prompting


def load_recipe(name: str, changes: Sequence[str] = ()) -> Recipe:
    """The recipe of that name in `deployments/recipes/`, or at that path, with `changes` such as "sampling.rounds=16" applied.

    Raises InputError, naming the file and the key, for what is not YAML, an unknown key, or a value that does not fit.
    """
    return load_settings(Recipe, name, changes)


def load_settings(kind: type[S], name: str, changes: Sequence[str]) -> S:
    """A YAML file of `deployments/recipes/`, or at that path, as settings of a kind. Raises InputError as `load_recipe` does."""
    path = recipe_path(name)
    said = f"{kind.__name__.lower()} {path}"
    fields = read_yaml_file(path, said)
    check_is_mapping(fields, said)
    for recipe in (fields, fields.get("recipe")):  # a study's lies in it
        bring_over(recipe, said)
    look_beside(fields, path)
    apply_changes(fields, changes)
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"{said}: {'; '.join(faults_of(error, kind))}") from error


def check_is_mapping(fields: Any, said: str) -> None:
    """Raise InputError where a file does not hold keys with values, as a recipe does."""
    if not isinstance(fields, dict):
        held = "nothing" if fields is None else f"a {'list' if isinstance(fields, list) else 'single value'}"
        raise InputError(f"{said} holds {held}; a recipe is keys with values, such as `name: mine` and `problems: {{starter: {{}}}}`")


def recipe_path(name: str) -> Path:
    """The file of a recipe. Raises InputError that lists the shipped ones."""
    for path in (RECIPES / f"{name}.yaml", Path(name)):
        if what_lies_at(path) == "file":
            return path
    shipped = sorted(path.stem for path in RECIPES.glob("*.yaml"))
    meant = f"{did_you_mean(name, shipped)}: give one of {', '.join(shipped)}"
    place = Path(name).absolute()
    looked = "it is a folder:" if what_lies_at(place) == "folder" else "looked at"
    raise InputError(f"no recipe {name!r}{meant}, or the path of a YAML file ({looked} {place})")


def what_lies_at(path: Path) -> str:
    """ "file", "folder", or "" for neither, also where nothing can be called so."""
    try:
        return "file" if path.is_file() else "folder" if path.is_dir() else ""
    except OSError:  # a name that is too long
        return ""


def faults_of(error: ValidationError, kind: type[Settings] = Recipe) -> list[str]:
    """Each fault of settings of a kind in words: its key, what is wrong, and for an unknown key that it is one."""
    return [fault_of(fault["loc"], fault, kind) for fault in error.errors()]


def fault_of(place: tuple[int | str, ...], fault: Any, kind: type[Settings]) -> str:
    """One fault in words."""
    key = ".".join(map(str, place)) or "recipe"
    if fault["type"] == "extra_forbidden":
        return f"unknown key `{key}`{meant_key(place, kind)}; remove it or correct its spelling"
    given = "" if isinstance(fault["input"], dict | Settings) else f" (given: {fault['input']!r})"
    known = meant_choice(fault)
    if fault["type"] == "string_type" and isinstance(fault["input"], int | float | date):
        return f"`{key}`: a text is needed here, and YAML reads a {type(fault['input']).__name__}{given}; put it into quotes"
    said = KINDS.get(fault["type"]) or fault["msg"].removeprefix("Value error, ")
    return f"`{key}`: {said}{given}{known}"


def meant_key(place: tuple[int | str, ...], kind: type[Settings]) -> str:
    """Which key may have been meant by an unknown one: one spelled like it at its place, or one called like it elsewhere."""
    *parents, last = place
    if like := did_you_mean(str(last), keys_at(kind, parents)):
        before = "".join(f"{part}." for part in parents)
        return like.replace("`", f"`{before}", 1)
    elsewhere = [key for key in all_keys(kind) if key.rpartition(".")[2] == str(last)]
    return f" (did you mean `{elsewhere[0]}`?)" if elsewhere else ""


def meant_choice(fault: Any) -> str:
    """Which value may have been meant where one of some words is expected."""
    words = re.findall(r"'([^']*)'", fault["msg"]) if fault["type"] in ("literal_error", "enum") else []
    return did_you_mean(fault["input"], words) if isinstance(fault["input"], str) else ""
