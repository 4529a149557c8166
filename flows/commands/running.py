"""Runs a flow for a command: checks first what a run would only trip over, then runs it, or shows what it would do."""

import os
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from flows.commands.options import Asked, opened
from flows.commands.printing.console import print_json, printed
from flows.server.early import start_early
from tasks.base.output import outlive_readers
from tasks.lake.layout import default_home

if TYPE_CHECKING:
    from flows.recipe import Recipe


def prefect_defaults() -> None:
    """Prefect's settings where the user has none: no telemetry, and time for the temporary server to start on a busy machine."""
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")


def ready(home: Path | None) -> Path:
    """The folder of a lake that can be written to, with a Prefect API that answers. Raises InputError, in the first seconds, else."""
    prefect_defaults()
    outlive_readers()
    start_early()
    from flows.server.client import check_api

    check_api()
    return opened(home)


def run_flow(name: str, asked: Asked, **options: Any) -> Any:
    """Run the flow of that name on a recipe, with `options` of its own; or print what that would do, and end."""
    from flows.recipe import load_recipe

    recipe = load_recipe(asked.recipe, asked.changes or ())
    if asked.plan:
        os.environ["HF_HUB_OFFLINE"] = "1"  # a plan asks nothing elsewhere; the hub's client reads this when it is imported
        show_plan(partial(flow_named(name), **options), recipe, asked.home or default_home(), asked.as_json)
        raise typer.Exit()
    place = ready(asked.home)
    return flow_named(name)(recipe=recipe, home=place, **options)


def flow_named(name: str) -> Any:
    """A flow, which is called like its module. Imported late: Prefect takes a second, and reads its settings then."""
    return getattr(import_module(f"flows.{name}"), name)


def show_plan(flow: Callable[..., Any], recipe: "Recipe", home: Path, as_json: bool) -> None:
    """Dry-run a flow, and print its plan."""
    from flows.commands.plan import plan_flow
    from flows.commands.printing.plan import print_plan, print_remarks

    plan = plan_flow(flow, recipe, home)
    if as_json:
        print_json(plan.as_json())
    else:
        print_plan(printed(), plan.steps, plan.missing, plan.completions, plan.most_tokens)
        print_remarks(printed(), plan.warnings, plan.notes)
