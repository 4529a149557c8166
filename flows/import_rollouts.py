"""Import: responses made elsewhere become rollouts, verdicts and difficulty, as if we had sampled them."""

from pathlib import Path

from flows.plannable import flow
from tasks.difficulty.task import DifficultyRequest, measure_difficulty
from tasks.estimates.settings import DifficultySettings
from tasks.grading.settings import GradingSettings
from tasks.grading.task import GradeRequest, grade_rollouts
from tasks.lake.artifacts import Artifact
from tasks.problems.settings import SourceSettings
from tasks.problems.task import IngestRequest, ingest_problems
from tasks.sampling.import_task import ImportRequest, import_panel, say_notes
from tasks.sampling.imported.settings import ImportSettings
from tasks.similarity.settings import SimilaritySettings
from tasks.similarity.task import SimilarityRequest, find_near_duplicates
from tasks.warehouse.home import open_home
from tasks.warehouse.task import publish_warehouse


@flow(name="import-rollouts", flow_run_name="import answers to {source.name} made elsewhere", validate_parameters=True)
def import_rollouts(source: SourceSettings, panels: tuple[ImportSettings, ...], home: Path) -> list[Artifact]:
    """Grade each panel's responses to the source's problems, measure their difficulty for it, and publish."""
    home = open_home(home)
    problems = (ingest_problems(IngestRequest(home=home, source=source)),)
    find_near_duplicates(SimilarityRequest(home=home, problems=problems, settings=SimilaritySettings()))
    measured = [measured_panel(home, problems, panel) for panel in panels]
    publish_warehouse(home, DifficultySettings())
    return measured


def measured_panel(home: Path, problems: tuple[Artifact, ...], panel: ImportSettings) -> Artifact:
    """How hard the problems are for one panel."""
    profile = import_panel(ImportRequest(home=home, problems=problems, settings=panel))
    say_notes(profile)
    graded = grade_rollouts(GradeRequest(home=home, profile=profile, problems=problems, settings=GradingSettings()))
    return measure_difficulty(DifficultyRequest(home=home, graded=graded, problems=problems, settings=DifficultySettings()))
