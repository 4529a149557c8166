"""The reporting tasks: one HTML page about a run, or about a study, and the notices that the Prefect UI shows.

Cached by the content and lineage of every artifact it reads, and by every module and template of this room,
and every SQL file that the data dictionary is made of.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.context import FlowRunContext, TaskRunContext

from tasks.base.files import digest, file_digest, write_text
from tasks.lake.artifacts import Artifact, artifact, building, folder_digests
from tasks.lake.layout import MANIFEST
from tasks.steps.caching import room_task
from tasks.warehouse.relations import RELATION_FOLDERS, SQL

if TYPE_CHECKING:
    from tasks.reporting.notices import Notice

VERSION = 1
PAGE = "report.html"
ROOM = Path(__file__).parent
SOURCES = {".py", ".jinja", ".css"}


def plan(
    home: Path,
    name: str,
    difficulty: Artifact,
    sets: tuple[Artifact, ...],
    stages: tuple[Artifact, ...],
    evaluation: Artifact,
    problems: tuple[Artifact, ...],
) -> Artifact:
    """The report that `report` makes of the same arguments. Manifests are digested whole, since the page shows their facts too."""
    read = (difficulty, *sets, *stages, evaluation, *problems)
    inputs = {
        "version": VERSION,
        "name": name,
        "artifacts": [digest(item.manifest) for item in read],
        "answers": difficulty.manifest.get("graded"),
        "sources": room_digests(),
        "dictionary": {folder: folder_digests(SQL / folder) for folder in RELATION_FOLDERS},
    }
    return artifact(home, "reports", inputs)


@room_task(plan, name="report", task_run_name="report on {name}")
def report(
    home: Path,
    name: str,
    difficulty: Artifact,
    sets: tuple[Artifact, ...],
    stages: tuple[Artifact, ...],
    evaluation: Artifact,
    problems: tuple[Artifact, ...],
) -> Artifact:
    """Write `report.html` and the index over all reports, and where this is a Prefect run tell the UI about it."""
    target = plan(home, name, difficulty, sets, stages, evaluation, problems)
    if target.is_complete:
        return target
    from tasks.reporting.index import write_index
    from tasks.reporting.inputs import Inputs
    from tasks.reporting.notices import notices
    from tasks.reporting.page import render_report  # draws charts; reruns never do
    from tasks.reporting.sections.evaluation import score

    inputs = Inputs(difficulty, Path(home), name, sets, stages, evaluation, problems)
    with building(target, {"name": name, "evaluation": evaluation.key, "score": score(inputs)}) as folder:
        write_text(folder / PAGE, render_report(inputs))
    write_index(target.home)
    if TaskRunContext.get():
        for notice in notices(inputs, target.file(PAGE)):
            tell(notice)
    return target


def study_plan(home: Path, name: str, study: Artifact) -> Artifact:
    """The page that `report_study` makes of the same arguments."""
    return artifact(home, "reports", {"version": VERSION, "name": name, "study": study.content, "sources": room_digests()})


@room_task(study_plan, name="report study", task_run_name="report on the study {name}")
def report_study(home: Path, name: str, study: Artifact) -> Artifact:
    """Write the page of a study and the index over all reports, and where this is a Prefect run show its table in the UI."""
    target = study_plan(home, name, study)
    if target.is_complete:
        return target
    from tasks.reporting.index import write_index
    from tasks.reporting.notices import study_notice
    from tasks.reporting.page import render_study
    from tasks.reporting.sections.study import score

    with building(target, {"name": name, "study": study.key, "score": score(study)}) as folder:
        write_text(folder / PAGE, render_study(name, study))
    write_index(target.home)
    if TaskRunContext.get():
        notice = study_notice(name, study)
        tell(notice)
    return target


def show_new(name: str, *made: Artifact) -> None:
    """Tell the UI of those artifacts that the flow run in hand has made, where it runs alone: the whole pipeline's report tells of all."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or context.flow_run.parent_task_run_id is not None:
        return
    began = context.start_time.timestamp()
    for item in made:
        if (item.path / MANIFEST).stat().st_mtime >= began:
            from tasks.reporting.notices import notices_of  # draws charts; reruns never do

            for notice in notices_of(name, item):
                tell(notice)


def tell(notice: "Notice") -> None:
    """Show a notice in the Prefect UI."""
    if notice.rows:
        create_table_artifact(table=notice.rows, key=notice.key, description=notice.about)
    else:
        create_markdown_artifact(markdown=notice.text, key=notice.key, description=notice.about)


def room_digests() -> dict[str, str]:
    """Digest of every module and template of this room."""
    files = sorted(path for path in ROOM.rglob("*") if path.suffix in SOURCES)
    return {path.relative_to(ROOM).as_posix(): file_digest(path) for path in files}
