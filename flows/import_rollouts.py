"""Import: responses made elsewhere become rollouts, verdicts and difficulty, as if we had sampled them."""

from pathlib import Path

from flows.plannable import flow
from tasks.difficulty.task import measure
from tasks.estimates.settings import DifficultySettings
from tasks.grading.settings import GradingSettings
from tasks.grading.task import grade
from tasks.lake.artifacts import Artifact
from tasks.problems.settings import SourceSettings
from tasks.problems.task import ingest
from tasks.sampling.import_task import import_rollouts as bring_in
from tasks.sampling.imported import ImportSettings
from tasks.similarity.settings import SimilaritySettings
from tasks.similarity.task import find_near_duplicates
from tasks.warehouse.home import open_home
from tasks.warehouse.task import publish_warehouse


@flow(name="import-rollouts", flow_run_name="import answers to {source.name} made elsewhere", validate_parameters=True)
def import_rollouts(source: SourceSettings, panels: tuple[ImportSettings, ...], home: Path) -> list[Artifact]:
    """Grade each panel's responses to the source's problems, measure their difficulty for it, and publish."""
    home = open_home(home)
    problems = (ingest(home, source),)
    find_near_duplicates(home, problems, SimilaritySettings())
    grading, difficulty = GradingSettings(), DifficultySettings()
    measured = [measure(home, grade(home, bring_in(home, problems, panel), problems, grading), problems, difficulty) for panel in panels]
    publish_warehouse(home, difficulty)
    return measured
