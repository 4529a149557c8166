"""The page of a run, and that of a study: one self-contained HTML file, with no script, and nothing fetched.

Equal inputs give equal bytes, but for the engine's time in the costs: the page holds no date and no path of the machine it was made on.
"""

from tasks.lake.artifacts import Artifact
from tasks.reporting.inputs import Inputs
from tasks.reporting.measured import measured
from tasks.reporting.sections.calibration import calibration_section
from tasks.reporting.sections.cost import cost_section
from tasks.reporting.sections.curation import curation_section
from tasks.reporting.sections.dictionary import dictionary_section
from tasks.reporting.sections.difficulty import difficulty_section
from tasks.reporting.sections.drift import drift_section
from tasks.reporting.sections.evaluation import evaluation_section, headline
from tasks.reporting.sections.examples import examples_section
from tasks.reporting.sections.forecast import forecast_section
from tasks.reporting.sections.grader import grader_section
from tasks.reporting.sections.lineage import lineage_section
from tasks.reporting.sections.power import power_section, study_power_section
from tasks.reporting.sections.study import study_section
from tasks.reporting.sections.suspects import suspects_section
from tasks.reporting.sections.training import training_section
from tasks.reporting.templates import laid_out
from tasks.reporting.wording import label

REPORT, STUDY = "report.html.jinja", "study.html.jinja"


def render_report(inputs: Inputs) -> str:
    """The report of a run as HTML."""
    return laid_out(
        REPORT,
        name=label(inputs.name, 120),
        headline=headline(inputs),
        difficulty=difficulty_section(inputs, [*inputs.set_aside, *inputs.missing]),
        curation=curation_section(inputs),
        training=training_section(inputs),
        calibration=calibration_section(inputs),
        forecast=forecast_section(inputs),
        drift=drift_section(measured(inputs)),
        evaluation=evaluation_section(inputs),
        suspects=suspects_section(inputs),
        grader=grader_section(inputs),
        power=power_section(inputs),
        cost=cost_section(inputs),
        examples=examples_section(inputs),
        lineage=lineage_section(inputs),
        dictionary=dictionary_section(),
    )


def render_study(name: str, study: Artifact) -> str:
    """The page of a study as HTML."""
    return laid_out(STUDY, name=label(name, 120), study=study_section(study), power=study_power_section(study))
