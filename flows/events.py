"""What we tell Prefect has happened, so that automations can act on it: one event a kind, about a recipe by name.

An event is told, not asked for: a server that is away misses it, and the run goes on.
"""

from typing import Any

from prefect.events import emit_event

STAGE_FINISHED = "difficulty-prior.stage.finished"
DATASET_CHANGED = "difficulty-prior.dataset.changed"
SETS_CHANGED = "difficulty-prior.sets.changed"


def tell(event: str, recipe: str, **payload: Any) -> None:
    """Emit an event about a recipe."""
    resource = {"prefect.resource.id": f"difficulty-prior.recipe.{recipe}", "prefect.resource.name": recipe}
    emit_event(event=event, resource=resource, payload={"recipe": recipe, **payload})
