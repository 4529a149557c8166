"""Exports a curated set for those who train elsewhere: rows with ready prompts, the weights in the framework's own form, and its lineage.

What is exported is the stages of a set as a recipe would train them: with the hints of the stages that give them, and their weights.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from pydantic_core import to_jsonable_python

from tasks.base.errors import InputError
from tasks.base.files import write_text
from tasks.exporting import configs, source
from tasks.exporting.rows import RowForm, write_rows
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import Lake, read_parquet
from tasks.policy.identity import STARTER
from tasks.prompting.settings import PromptingSettings
from tasks.training.problems import load_problems
from tasks.training.settings import StageSettings

LOG = logging.getLogger(__name__)
LINEAGE = "difficulty_prior.json"
CARD = "README.md"
USE = {
    "datasets": "TRL reads the rows as they are (`prompt`, `images`).",
    "verl": f"`bash {{first}}.sh` trains with verl 0.9.1: `{source.ESTIMATOR}` registers the weights, `{source.REWARD}` is the reward.",
    "easyr1": "In this folder, `python3 -m verl.trainer.main config={first}.yaml` trains with EasyR1; the weights are in the reward.",
    "openrlhf": "OpenRLHF reads `--data.prompt_dataset {first}.parquet --data.input_key prompt --data.label_key label "
    "--data.apply_chat_template{pictures}`; the weights are not in the rows (`prior` is how often the policy is expected to solve it).",
    "lmm-r1": "LMM-R1 reads `--prompt_data {first}.parquet --input_key message --label_key answer`, without `--apply_chat_template`; the "
    "weights are not in the rows (`prior` is how often the policy is expected to solve it).",
    "ms-swift": "`swift rlhf --rlhf_type grpo --dataset {first}.parquet --reward_funcs accuracy` trains with ms-swift; the weights are not "
    "in the rows (`prior` is how often the policy is expected to solve it).",
}
WITH_WEIGHTS = ("verl", "easyr1")
"""Whose export carries the weights, and with them our reward."""


@dataclass(frozen=True)
class Exported:
    """What is exported: the set given for each stage, the stages' settings, how problems are put, and the `model` that the first trains."""

    sets: dict[str, Artifact]
    stages: dict[str, StageSettings]
    prompting: PromptingSettings
    model: str


def export_set(asked: Exported, *, to: str, out: Path) -> list[Path]:
    """Write each stage's problems, out of the set given for it, into `out` in the form `to`; gives the files.

    What no export carries of a stage is logged as a warning and stands in the card. Raises InputError where `out` holds something else, or
    where prompts are to change as training goes on.
    """
    sets, prompting = asked.sets, asked.prompting
    found = {name: asked.stages[name] for name, curated in sets.items() if f"{name}.parquet" in curated.manifest["files"]}
    check_hints_stay(found)
    check_folder(out)
    most = max((most_images(sets[name].file(f"{name}.parquet")) for name in found), default=0)
    texts = {**texts_for(to, found, prompting, asked.model), CARD: card(to, found, most), LINEAGE: lineage(sets, found, prompting, to)}
    form = RowForm(to, pictured=most > 0)
    for name, stage in found.items():
        path = sets[name].file(f"{name}.parquet")
        problems = load_problems(path, prompting, hints=bool(stage.hints), sees_images=True)
        write_rows(problems, read_parquet(path, columns=["dataset"])["dataset"].to_list(), name, form, out / f"{name}.parquet")
    for said in left_out(found):
        LOG.warning("%s", said)
    for name, text in texts.items():
        write_text(out / name, text)
    return sorted([*(out / f"{name}.parquet" for name in found), *(out / name for name in texts)])


def most_images(path: Path) -> int:
    """How many images the problem with the most of them has, in a stage's file."""
    images = pl.scan_parquet(path, glob=False).select(pl.col("images").list.len().max())
    return int(images.collect().item() or 0)


def check_hints_stay(stages: dict[str, StageSettings]) -> None:
    """Raise InputError for a stage whose hints follow an estimate that only our trainer keeps: rows have one prompt."""
    for name, stage in stages.items():
        if stage.hints == "live":
            raise InputError(
                f"stages.{name}.train.hints is live: no other trainer keeps that estimate, and a row's hint is that of the stored band; "
                f"export with --set stages.{name}.train.hints=true"
            )


def check_folder(out: Path) -> None:
    """Make the folder. Raises InputError, so that nothing of anyone's is overwritten, where it holds anything but an earlier export."""
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / LINEAGE).is_file()):
        raise InputError(f"--out {out} holds something that is no export; give an empty folder or a new one")
    out.mkdir(parents=True, exist_ok=True)


def texts_for(to: str, stages: dict[str, StageSettings], prompting: PromptingSettings, model: str) -> dict[str, str]:
    """The modules and configs that the framework needs, by file name. The first stage trains `model`, others what the one before left."""
    first = next(iter(stages), "")
    if to == "verl":
        scripts = {
            f"{name}.sh": configs.verl_script(name, stage, prompting, model if name == first else None) for name, stage in stages.items()
        }
        return {source.REWARD: source.verl_reward(stages), source.ESTIMATOR: source.verl_estimator(stages), **scripts}
    if to == "easyr1":
        files = {
            f"{name}.yaml": configs.easyr1_config(name, stage, prompting, model if name == first else None)
            for name, stage in stages.items()
        }
        return {source.REWARD: source.easyr1_reward(stages), configs.FORMAT_PROMPT: "{{ content }}\n", **files}
    return {}


def card(to: str, stages: dict[str, StageSettings], most: int) -> str:
    """A dataset card, by which `datasets.load_dataset(FOLDER)` finds the stages as splits, and how to go on; `most` images in a row."""
    splits = "\n".join(f"  - split: {name}\n    path: {name}.parquet" for name in stages)
    first, *later = stages
    onward = f" Then {', '.join(f'`{name}`' for name in later)}: a stage asks for what the one before left, in the variable MODEL."
    pictures = f" --data.image_key images --data.max_images_per_prompt {most}" if most else ""
    use = USE[to].format(first=first, pictures=pictures) + (onward if later and to in WITH_WEIGHTS else "")
    about = " ".join([f"Written by `difficulty-prior export --to {to}`. {use} Where it comes from is in `{LINEAGE}`.", *left_out(stages)])
    return f"---\nconfigs:\n- config_name: default\n  data_files:\n{splits}\n---\n\n# A curated set of Difficulty Prior\n\n{about}\n"


def left_out(stages: dict[str, StageSettings]) -> list[str]:
    """A sentence for each stage whose problems or prompts our trainer draws in a way that no export tells another to."""
    sentences = []
    for name, stage in stages.items():
        drawn = {
            "sampler": stage.sampler.model if stage.sampler.chooses else None,
            "order": stage.order if stage.order != "shuffled" else None,
            "refill.tries": stage.refill.tries or None,
            "hint_dropout": stage.hint_dropout or None,
        }
        if said := ", ".join(f"{setting} {value}" for setting, value in drawn.items() if value):
            sentences.append(
                f"No export carries how {name} draws ({said}): the trainer draws its problems and prompts in a way of its own."
            )
    return sentences


def lineage(sets: dict[str, Artifact], stages: dict[str, StageSettings], prompting: PromptingSettings, to: str) -> str:
    """What the export was made of: each stage's set with that one's own lineage, the prompts, and each stage's settings."""
    kept = ("policy_id", "sampling_id", "grader_id", "rounds", "difficulty", "settings", "stages", "warnings")
    of_sets = {name: {"set_id": sets[name].key, **{fact: sets[name].manifest.get(fact) for fact in kept}} for name in stages}
    facts: dict[str, Any] = {"to": to, "prompting": prompting, "training": stages, "sets": of_sets}
    return json.dumps(to_jsonable_python(facts), indent=1)


def find_set(home: Path, name: str) -> Artifact | None:
    """The complete curated set whose id begins with `name`; None where there is none. Raises InputError where several do."""
    found = sorted(path.parent.name for path in (home / "curated").glob(f"{name}*/manifest.json")) if name.isalnum() else []
    if len(found) > 1:
        raise InputError(f"{len(found)} curated sets begin with {name!r}: {', '.join(found)}; give more of the id")
    return Artifact(home=home, kind="curated", key=found[0]) if found else None


def measured_prompting(home: Path, curated: Artifact) -> PromptingSettings:
    """How problems were put to the policy that a set's difficulty was measured with; the defaults for answers made elsewhere."""
    sampled = pl.col("sampling_id") == curated.manifest["sampling_id"], pl.col("template") != "imported"
    known = Lake(home).scan("samplings").filter(*sampled).select("settings").collect()["settings"]
    return PromptingSettings.model_validate_json(known[0]) if len(known) else PromptingSettings()


def model_name(model: str) -> str:
    """A policy as other trainers name it: a hub id or a folder."""
    return str(STARTER) if model == "starter" else model
