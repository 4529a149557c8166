"""The reporting tasks: one HTML page about a run, or about a study, and the notices that the Prefect UI shows.

Cached by the content and lineage of every artifact it reads, and by every module and template of this room,
and every SQL file that the data dictionary is made of.
"""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.context import FlowRunContext, TaskRunContext

from tasks.base.files import digest, file_digest, write_text
from tasks.lake.artifacts import Artifact, artifact, folder_digests
from tasks.lake.layout import EMPTY, MANIFEST
from tasks.steps.caching import room_task
from tasks.steps.request import StepRequest
from tasks.warehouse.relations import RELATION_FOLDERS, SQL

if TYPE_CHECKING:
    from tasks.reporting.inputs import Inputs
    from tasks.reporting.notices import Notice

VERSION = 1
PAGE = "report.html"
ROOM = Path(__file__).parent
SOURCES = {".py", ".jinja", ".css"}


class ReportRequest(StepRequest):
    """A recipe's name, and all that its page shows; `evaluation` None is that of a recipe which holds no problems out, `others` are the
    problems held out and those to watch training with."""

    name: str
    difficulty: Artifact
    sets: tuple[Artifact, ...]
    stages: tuple[Artifact, ...]
    evaluation: Artifact | None
    problems: tuple[Artifact, ...]
    others: tuple[Artifact, ...] = ()

    def target(self) -> Artifact:
        """Manifests are digested whole, since the page shows their facts too."""
        evaluated = [self.evaluation] if self.evaluation else []
        read = (self.difficulty, *self.sets, *self.stages, *evaluated, *self.problems, *self.others)
        inputs = {
            "version": VERSION,
            "name": self.name,
            "artifacts": [digest(item.manifest) for item in read],
            "answers": self.difficulty.manifest.get("graded"),
            "audits": audits_in(self.home),
            "sources": room_digests(),
            "dictionary": {folder: folder_digests(SQL / folder) for folder in RELATION_FOLDERS},
        }
        return artifact(self.home, "reports", inputs)

    def said(self) -> str:
        return f"report on {self.name}"

    @cached_property
    def inputs(self) -> "Inputs":
        """The artifacts with their tables, each read once, as the page's sections and the notices want them."""
        from tasks.reporting.inputs import Inputs  # draws charts; reruns never do

        return Inputs(self.difficulty, self.home, self.name, self.sets, self.stages, self.evaluation, self.problems, self.others)


def tell_of_run(request: ReportRequest, made: Artifact) -> None:
    """List the new page in the index over all reports, and where this is a Prefect run tell the UI about it."""
    from tasks.reporting.index import write_index
    from tasks.reporting.notices import notices

    write_index(made.home)
    if TaskRunContext.get():
        for notice in notices(request.inputs, made.file(PAGE)):
            tell(notice)


@room_task(name="report", then=tell_of_run)
def report_run(request: ReportRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write `report.html`, the page about a run."""
    from tasks.reporting.page import render_report
    from tasks.reporting.sections.evaluation import score

    inputs = request.inputs
    write_text(folder / PAGE, render_report(inputs))
    return {"name": request.name, "evaluation": request.evaluation and request.evaluation.key, "score": score(inputs)}


class StudyReportRequest(StepRequest):
    """A study's name, and its tables."""

    name: str
    study: Artifact

    def target(self) -> Artifact:
        inputs = {"version": VERSION, "name": self.name, "study": self.study.content, "sources": room_digests()}
        return artifact(self.home, "reports", inputs)

    def said(self) -> str:
        return f"report on the study {self.name}"


def tell_of_study(request: StudyReportRequest, made: Artifact) -> None:
    """List the new page in the index over all reports, and where this is a Prefect run show the study's table in the UI."""
    from tasks.reporting.index import write_index
    from tasks.reporting.notices import study_notice

    write_index(made.home)
    if TaskRunContext.get():
        tell(study_notice(request.name, request.study))


@room_task(name="report study", then=tell_of_study)
def report_study(request: StudyReportRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write the page of a study."""
    from tasks.reporting.page import render_study
    from tasks.reporting.sections.study import score

    write_text(folder / PAGE, render_study(request.name, request.study))
    return {"name": request.name, "study": request.study.key, "score": score(request.study)}


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


def audits_in(home: Path) -> list[str]:
    """The audits of graders in a lake, and the files of labels, by their names, which are digests of what they hold."""
    return sorted(path.name for folder in ("audits", "labels") for path in (home / folder).glob("*") if EMPTY not in path.name)


def room_digests() -> dict[str, str]:
    """Digest of every module and template of this room."""
    files = sorted(path for path in ROOM.rglob("*") if path.suffix in SOURCES)
    return {path.relative_to(ROOM).as_posix(): file_digest(path) for path in files}
