"""Make the starter policy again, from nothing: the flow that made the one shipped in `tasks/starter/policy/`."""

from pathlib import Path

from flows.plannable import flow
from tasks.lake.artifacts import Artifact
from tasks.starter.settings import StarterSettings
from tasks.starter.task import TeachRequest, teach_policy
from tasks.warehouse.home import open_home


@flow(name="starter", flow_run_name="make the starter policy from nothing", validate_parameters=True)
def starter(settings: StarterSettings, home: Path) -> Artifact:
    """Teach the starter policy; its model folder lies in the artifact."""
    home = open_home(home)
    return teach_policy(TeachRequest(home=home, settings=settings))
