"""The import task: responses made elsewhere, as a profile like any other. Cached by the files' and the problems' content."""

from pathlib import Path

from tasks.base.files import digest
from tasks.base.paths import expand_files
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import Lake
from tasks.policy.identity import Policy
from tasks.problems.tables import load_problems
from tasks.sampling.imported import ImportSettings, imported_rollouts, panel_id
from tasks.sampling.profile import write_profile
from tasks.steps.caching import room_task

VERSION = 1


def panel_policy(settings: ImportSettings) -> Policy:
    """The panel as a policy: it has rollouts and difficulty, but no model to run."""
    return Policy(policy_id=panel_id(settings, expand_files(settings.files)), name=settings.panel, model="", kind="panel")


def plan(home: Path, problems: tuple[Artifact, ...], settings: ImportSettings) -> Artifact:
    """The profile that `import_rollouts` makes of the same arguments."""
    inputs = {"version": VERSION, "panel": panel_policy(settings).policy_id, "problems": [source.content for source in problems]}
    return artifact(home, "profiles", inputs)


@room_task(plan, name="import rollouts", task_run_name="import the answers of {settings.panel}")
def import_rollouts(home: Path, problems: tuple[Artifact, ...], settings: ImportSettings) -> Artifact:
    """Append the panel's responses to the lake and name them as a profile of as many rounds as it has files."""
    target = plan(home, problems, settings)
    if target.is_complete:
        return target
    lake, files, policy = Lake(home), expand_files(settings.files), panel_policy(settings)
    sampling_id = digest(["imported", settings.panel])
    known = load_problems(problems)
    rows = imported_rollouts(files, settings.columns, known, policy.policy_id, sampling_id)
    policy.record(lake)
    lake.record("samplings", {"sampling_id": sampling_id, "template": "imported", "hints": False, "settings": settings.model_dump_json()})
    with lake.writing("rollouts", policy.policy_id, sampling_id) as partition:
        shard = lake.append(partition, "rollouts", rows, digest(rows["problem_id"].to_list()))
    facts = {"policy_id": policy.policy_id, "sampling_id": sampling_id, "rounds": len(files), "problems": [p.key for p in problems]}
    with building(target, {**facts, "policy_name": policy.name, "answers": len(rows), "files": [path.name for path in files]}) as folder:
        write_profile(folder, lake, rollouts=[shard], facts=facts)
    return target
