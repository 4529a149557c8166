"""The stages of a recipe: what each chooses and how it trains, in order, as many as the recipe likes.

Also how a recipe of the time when there were always two, under `training` and `curation`, is read, and what is said of such a key.
"""

import logging
import re
from collections.abc import Mapping
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BeforeValidator, field_validator

from tasks.base.errors import InputError, did_you_mean
from tasks.base.process import PROJECT
from tasks.base.settings import Settings
from tasks.curation.settings import StageRule
from tasks.training.cautions import check_masters
from tasks.training.launch import launch_config
from tasks.training.options import check_stage_options
from tasks.training.settings import StageSettings
from tasks.training.succession import settled
from tasks.warehouse.relations import sql_files

LOG = logging.getLogger(__name__)
DEFAULT = PROJECT / "deployments" / "stages.yaml"
KEY = "stages"
FORM = f"{KEY}: {{NAME: {{choose: {{…}}, train: {{…}}}}, …}}"
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
RESERVED = {
    "all": "all of an evaluation's datasets together",
    "base": "the policy that the first stage starts from",
    "choose": "a part of a stage",
    "curated": "the file with all stages of a set",
    "on_shortage": "a setting of `curation`",
    "train": "a part of a stage",
}
"""Names that mean something else where stages' names stand, too: policies, files of a set, keys."""


class Stage(Settings):
    """One stage: how it chooses its problems, and how it trains on them the policy that the stage before it left."""

    choose: StageRule = StageRule()
    train: StageSettings = StageSettings()

    @field_validator("choose")
    @classmethod
    def rule_can_be_asked(cls, choose: StageRule) -> StageRule:
        """Checked here, where a recipe begins, and not in the settings, which the lake keeps longer than a person keeps a rule's file."""
        if choose.rule not in sql_files("curation"):
            from tasks.curation.rules import check_rule  # brings DuckDB, for a rule of one's own

            check_rule(choose)
        return choose

    @field_validator("train")
    @classmethod
    def options_are_there(cls, train: StageSettings) -> StageSettings:
        """Checked here, for the same reason: launch configs are files, TRL's options those of the TRL that is installed, and bfloat16 was
        taken once."""
        if train.accelerate:
            launch_config(train.accelerate)
        check_stage_options(train)
        check_masters(train)
        return train


class Plain(yaml.SafeDumper):
    """Writes out what stands in several places, without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def default_stages() -> dict[str, Any]:
    """The stages of a recipe that names none, as their YAML has them."""
    return dict(yaml.safe_load(DEFAULT.read_text(encoding="utf-8")))


def named_well(given: Any) -> Any:
    """Check what stages are called, before what they hold. Raises ValueError."""
    if not isinstance(given, dict) or not given:
        raise ValueError(f"stages are given by name, in the order of training: {FORM}; leave them out for the paper's two")
    for name, stage in given.items():
        if fault := fault_of_name(name):
            raise ValueError(fault)
        if stage is None:
            raise ValueError(f"stage {name} holds nothing: write `{name}: {{}}` for one of defaults, or leave it out")
    return given


def following_on(stages: dict[str, Stage]) -> dict[str, Stage]:
    """Settle what a stage goes on with of the one before it. Raises ValueError where it asks for what there is not."""
    trained = settled({name: stage.train for name, stage in stages.items()})
    return {name: stage.model_copy(update={"train": trained[name]}) for name, stage in stages.items()}


Stages = Annotated[dict[str, Stage], BeforeValidator(named_well), AfterValidator(following_on)]


def fault_of_name(name: Any) -> str:
    """What is wrong with a stage's name; "" for a good one. Files, policies, runs and splits of an exported dataset are named after it."""
    if name in RESERVED:
        return f"no stage can be called {name}: that is {RESERVED[name]}; a recipe's stages are {FORM}"
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return f"no stage can be called {name!r}: take a small letter and then up to 39 small letters, digits or _, as in `warm_up`"
    return ""


def entered(recipe: dict[str, Any], inner: list[str], said: str) -> Any:
    """A recipe's fields of its stages, for a change of the key `inner` in them: those of a recipe that names none are written out first.

    Raises InputError, beginning with what was `said`, for a part of a stage that is not there.
    """
    stages = recipe.setdefault(KEY, default_stages())
    if len(inner) > 1:
        check_there(stages, inner[0], said)
    return stages


def leave_out(stages: dict[str, Any], name: str, said: str) -> None:
    """Take a stage out of a recipe's fields, in place. Raises InputError where it is not there."""
    check_there(stages, name, said)
    del stages[name]


def check_there(stages: Any, name: str, said: str) -> None:
    """Raise InputError where a recipe's fields have no stage of that name."""
    if isinstance(stages, dict) and name not in stages:
        there = [str(stage) for stage in stages]
        raise InputError(
            f"{said}: there is no stage {name!r}{did_you_mean(name, there)}; there is {', '.join(there)}. "
            f"A new one is given whole: {KEY}.{name}={{choose: {{…}}, train: {{…}}}}"
        )


def key_now(key: str) -> str:
    """How the key of a setting of the time of two stages is spelt now; "" for one that was none of a stage."""
    start, dot, inner = key.partition("recipe.") if key.startswith("recipe.") else ("", "", key)
    section, _, rest = inner.partition(".")
    name, _, rest = rest.partition(".")
    part = {"training": "train", "curation": "choose"}.get(section)
    if part is None or (part == "choose" and name not in default_stages()):
        return ""
    return ".".join(filter(None, [f"{start}{dot}{KEY}", name or "NAME", part, rest]))


def bring_over(recipe: Any, said: str) -> None:
    """Bring the fields of a recipe of the time of two stages to their form of now, in place, and warn with the line to put into it.

    It means what it meant then. Raises InputError for one that holds both forms, and for a stage that it could not have had.
    """
    if not isinstance(recipe, dict):
        return
    training, rules = (part if isinstance(part := recipe.get(name), dict) else {} for name in ("training", "curation"))
    old = [*(["training"] if "training" in recipe else []), *(f"curation.{name}" for name in default_stages() if name in rules)]
    if not old:
        return
    if KEY in recipe:
        raise InputError(f"{said}: {', '.join(old)}: what belongs to one stage stands in `{KEY}` now, which is there, too: {FORM}")
    check_old(recipe.get("training"), rules, said)
    stages = brought_over(training, rules)
    written = yaml.dump(stages, Dumper=Plain, default_flow_style=True, sort_keys=False, width=10**6).strip()
    LOG.warning(
        "%s: stages are a list now, and it is read so; in the place of %s put this line: %s: %s", said, ", ".join(old), KEY, written
    )
    recipe.pop("training", None)
    for name in default_stages():
        rules.pop(name, None)
    recipe[KEY] = stages


def check_old(training: Any, rules: Mapping[str, Any], said: str) -> None:
    """Raise InputError for a part of a recipe of two stages that is not one of theirs, which would be lost in the new form."""
    known = list(default_stages())
    trained = training if isinstance(training, dict) else {}
    parts = {"training": training, **{f"training.{name}": part for name, part in trained.items()}}
    parts |= {f"curation.{name}": rules[name] for name in known if name in rules}
    for key, part in parts.items():
        name = key.partition(".")[2]
        if name and name not in known:
            raise InputError(f"{said}: {key}: there were the stages {' and '.join(known)} then; give all stages as {FORM}")
        if not isinstance(part, dict | None):
            raise InputError(f"{said}: {key} is {part!r} and not keys with values; give the stages as {FORM}")


def brought_over(training: Mapping[str, Any], rules: Mapping[str, Any]) -> dict[str, Any]:
    """Stages with the settings of a recipe of the time of two, and what was their own default; one that was null is left out."""
    found = {}
    for name, usual in default_stages().items():
        given = {"choose": rules.get(name, {}), "train": training.get(name, {})}
        if None not in given.values():
            found[name] = {part: {**usual.get(part, {}), **own} for part, own in given.items() if own or part in usual}
    return found
