"""What everything rests on: policies, sampling, grader, sets and stages by their identities, so that a number can be traced."""

import json
from typing import Any

from tasks.curation.stages import stages_of
from tasks.lake.artifacts import Artifact
from tasks.reporting.inputs import Inputs
from tasks.reporting.sections.training import stage_title
from tasks.reporting.table import Table, table
from tasks.reporting.wording import label, policy_title, printable


def lineage_section(inputs: Inputs) -> dict[str, Any]:
    """What was made from what, the policies, the artifacts, how responses were drawn and graded, and every stage's settings."""
    return {
        "chain": chain(inputs),
        "policies": policies(inputs),
        "artifacts": artifacts(inputs),
        "measured": measured(inputs),
        "settings": [(stage_title(stage), written(stage.manifest.get("settings", {}))) for stage in inputs.stages],
        "libraries": libraries(inputs.stages),
    }


def chain(inputs: Inputs) -> list[tuple[str, str, str]]:
    """Each link from the problems to the evaluation: what it is, how much of it there is, and its identity where it has one."""
    graded, sizes = inputs.graded, inputs.curated.group_by("stage").len().sort("stage")["len"]
    answers = int(inputs.by_problem["n"].sum())
    rounds = inputs.difficulty.manifest.get("rounds")
    return [
        ("Problems", f"{len(inputs.by_problem):,} in {inputs.by_problem['dataset'].n_unique():,} datasets", ""),
        ("Answers, graded", f"{answers:,} in {rounds} rounds" if rounds else f"{answers:,}", graded.key if graded else ""),
        ("Difficulty", "how often each was solved", inputs.difficulty.key),
        ("Curated sets", " + ".join(f"{size:,}" for size in sizes) + " problems", inputs.sets[-1].key if inputs.sets else ""),
        *((stage_title(stage), f"{(inputs.groups['stage_id'] == stage.key).sum():,} groups", stage.key) for stage in inputs.stages),
        ("Evaluation", evaluated(inputs), inputs.evaluation.key if inputs.evaluation else ""),
    ]


def evaluated(inputs: Inputs) -> str:
    """How many problems the policies were compared on."""
    if inputs.evaluation is None:
        return "none: no problems are held out"
    return f"{int(inputs.summary['problems'].max() or 0):,} held-out problems"  # type: ignore[arg-type]


def policies(inputs: Inputs) -> Table:
    """Each policy's identity."""
    return table("Policies", ("policy", "policy_id"), [(policy_title(name), policy_id) for policy_id, name in inputs.policy_names.items()])


def artifacts(inputs: Inputs) -> Table:
    """Every artifact that this report read."""
    named = [
        *(("problems", label(source.manifest.get("source", "").split(" from ")[0]), source) for source in inputs.problems),
        ("difficulty", "of the training problems", inputs.difficulty),
        *(("curated sets", ", ".join(stages_of(item)), item) for item in inputs.sets),
        *((stage_title(stage), "stage_id", stage) for stage in inputs.stages),
        *([("evaluation", "evaluation_id", inputs.evaluation)] if inputs.evaluation else []),
    ]
    return table("Artifacts", ("what", "which", "key"), [(what, which, f"{item.kind}/{item.key}") for what, which, item in named])


def measured(inputs: Inputs) -> list[tuple[str, str]]:
    """How difficulty was measured, name and value."""
    found = [(name, ", ".join(inputs.by_problem[name].unique().sort())) for name in ("policy_id", "sampling_id", "grader_id")]
    edges = [(name, f"{value:g}") for name, value in inputs.edges.model_dump().items()]
    drawn = [(name, printable(str(value))) for name, value in inputs.sampling().items() if name != "sampling_id"]
    return [*found, *drawn, *edges]


def libraries(stages: tuple[Artifact, ...]) -> list[str]:
    """The versions that stages were trained with, each once."""
    found = [f"{name} {version}" for stage in stages for name, version in sorted(stage.manifest.get("libraries", {}).items())]
    return list(dict.fromkeys(found))


def written(settings: dict[str, Any]) -> str:
    """Settings as people can read and copy them."""
    return printable(json.dumps(settings, indent=2, sort_keys=True, ensure_ascii=False))
