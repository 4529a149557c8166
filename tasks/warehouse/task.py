"""The task that publishes the warehouse. Never cached: it shows the lake as it is, whichever recipe wrote it."""

from pathlib import Path

from tasks.estimates.settings import AdaptiveSettings, DifficultySettings
from tasks.lake.lake import Lake
from tasks.lake.layout import WAREHOUSE
from tasks.steps.caching import uncached_task
from tasks.steps.progress import still_at
from tasks.steps.runs import keep_steps
from tasks.warehouse.home import send_warehouse
from tasks.warehouse.publishing import publish


def plan(home: Path, settings: DifficultySettings, adaptive: AdaptiveSettings | None = None) -> Path:
    """Where the warehouse will be."""
    return home.absolute() / WAREHOUSE


@uncached_task(plan, name="publish warehouse", task_run_name="publish the warehouse")
def publish_warehouse(home: Path, settings: DifficultySettings, adaptive: AdaptiveSettings | None = None) -> Path:
    """Build the warehouse beside the published one and put it in its place; gives its path."""
    keep_steps()
    with still_at("publishing the warehouse"):
        path = publish(Lake(home), settings, adaptive)
        send_warehouse(home)
    return path
