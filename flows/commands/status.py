"""`difficulty-prior status`: what is being made in a lake and its estimated time remaining, what could not be had, how far a recipe is, and
what Prefect's server has running or waiting. The lake says all but the last by itself; where no API is configured, or it does not answer,
that is all there is.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flows.recipe import Recipe
from flows.server.api_settings import api_may_be_set
from tasks.lake.artifacts import Artifact
from tasks.lake.layout import ASIDE, MANIFEST, PROGRESS
from tasks.sampling.holes import shortfall_of
from tasks.steps.how_far import read_how_far
from tasks.steps.planning import State, Step
from tasks.warehouse.home import at_hand

if TYPE_CHECKING:
    from flows.service.following import UnfinishedRun
    from flows.service.workers import Pool


@dataclass(frozen=True)
class UnderWay:
    """A step that is being made, or was when it was cut off: its artifact, how far it is, its estimated time remaining (None: unknown)."""

    title: str
    kind: str
    key: str
    running: bool
    done: int
    total: int
    what: str
    seconds_left: float | None
    quiet_s: float


@dataclass(frozen=True)
class StepStanding:
    """A step of a recipe: its state (`running` beside those of a plan), and of its work how much is done and how long the rest may take
    (`up_to`: at most so much and so long, since it is not known yet)."""

    number: int
    name: str
    state: str
    done: int | None = None
    total: int | None = None
    seconds_left: float | None = None
    up_to: bool = False


@dataclass(frozen=True)
class RecipeStanding:
    """How far a recipe is. `seconds_left` adds up the steps whose pace is known; `unknown` counts the others that are still to do."""

    name: str
    steps: list[StepStanding]
    done: int
    seconds_left: float
    unknown: int


@dataclass(frozen=True)
class ServerStanding:
    """What the configured API says; `fault` where it could not be asked."""

    url: str
    fault: str = ""
    version: str = ""
    runs: list["UnfinishedRun"] = field(default_factory=list)
    pools: list["Pool"] = field(default_factory=list)


@dataclass(frozen=True)
class Status:
    """All of it. `unknown` says what the lake's storage may have that is not here, `finished` counts the lake's artifacts by kind, `short`
    are the completions that could not be had, with the reasons, of the recipe or else of the lake, and `server` is None where no API is
    configured."""

    home: Path
    unknown: str
    finished: dict[str, int]
    under_way: list[UnderWay]
    short: list[str]
    recipe: RecipeStanding | None
    server: ServerStanding | None


def look(home: Path, recipe: Recipe | None = None) -> Status:
    """The status of a lake, of a recipe in it if one is given, and of the server that is configured."""
    lake = at_hand(home)
    made = under_way(lake.folder)
    finished = Counter(path.parent.parent.name for path in lake.folder.glob(f"*/*/{MANIFEST}"))
    steps = recipe_steps(lake.folder, recipe) if recipe else None
    standing = recipe_standing(lake.folder, recipe.name, steps, made) if recipe and steps else None
    short = short_of(lake.folder, steps)
    return Status(lake.folder, lake.unknown, dict(sorted(finished.items())), made, short, standing, server_standing())


def under_way(home: Path) -> list[UnderWay]:
    """What lies aside in a lake and says how far it is, those that run first. What was made since is told of no more."""
    found = []
    for path in sorted((home / ASIDE).glob(f"*/{PROGRESS}")):
        far = read_how_far(path)
        kind, _, key = path.parent.name.rpartition("-")
        if far and not (home / kind / key / MANIFEST).is_file():
            running, title = far.is_running, f"{far.recipe}: {far.title}" if far.recipe else far.title
            left = far.seconds_left if running else None
            found.append(UnderWay(title, kind, key, running, far.done, far.total, far.what, left, time.time() - far.told))
    return sorted(found, key=lambda step: not step.running)


def short_of(home: Path, steps: list[Step] | None) -> list[str]:
    """What could not be had of the profiles of these steps (None: of all), how much and why."""
    keys = sorted({path.parent.name for path in home.glob(f"profiles/*/{MANIFEST}")})
    wanted = keys if steps is None else [key for key in keys if key in {step.key for step in steps}]
    profiles = [Artifact(home=home, kind="profiles", key=key) for key in wanted]
    return [f"{item.manifest['policy_name']}: {short.what}: {short.why}" for item in profiles if (short := shortfall_of(item))]


def recipe_steps(home: Path, recipe: Recipe) -> list[Step]:
    """The steps of a recipe's run, but for those that are made by every run."""
    from flows.commands.plan import plan_flow
    from flows.pipeline import pipeline

    return [step for step in plan_flow(pipeline, recipe, home).steps if step.state is not State.every_run]


def recipe_standing(home: Path, name: str, steps: list[Step], made: list[UnderWay]) -> RecipeStanding:
    """How far a recipe is: the steps of its plan, with what is being made of them."""
    running = {(step.kind, step.key): step for step in made if step.running}
    paces = {kind: pace for kind in ("profiles", "stages") if (pace := latest_pace(home, kind))}
    standings = [step_standing(step, running.get((step.kind or "", step.key or "")), paces) for step in steps]
    left = [step for step in standings if step.state != State.cached]
    known = [step.seconds_left for step in left if step.seconds_left is not None]
    unknown = sum(step.seconds_left is None and step.total is not None for step in left)
    return RecipeStanding(name, standings, len(standings) - len(left), sum(known), unknown)


def step_standing(step: Step, now: UnderWay | None, paces: dict[str, float]) -> StepStanding:
    """One step: what runs says itself; the rest of what is to do, at the pace of the last one of its kind."""
    if now:
        return StepStanding(step.number, step.name, "running", now.done, now.total, now.seconds_left)
    done, total = amounts(step)
    if step.state is State.cached or total is None or done is None:
        return StepStanding(step.number, step.name, step.state, done, total)
    pace = paces.get("stages" if step.task == "train" else "profiles")
    up_to = step.work is not None and step.work.up_to
    return StepStanding(step.number, step.name, step.state, done, total, (total - done) / pace if pace else None, up_to)


def amounts(step: Step) -> tuple[int | None, int | None]:
    """Of a sampling the responses that are drawn and all of them, of a stage its steps; nothing of what takes no time to speak of."""
    if step.task == "train":
        return 0, step.settings["settings"]["steps"]
    if step.work is None or step.task != "sample" or step.work.completions is None or step.work.left is None:
        return None, None
    return step.work.completions - step.work.left, step.work.completions


def latest_pace(home: Path, kind: str) -> float | None:
    """Units a second of the step of a kind that was told of last, finished or not."""
    places = [*home.glob(f"{kind}/*/{PROGRESS}"), *home.glob(f"{ASIDE}/{kind}-*/{PROGRESS}")]
    told = [far for path in places if (far := read_how_far(path)) and far.pace]
    return max(told, key=lambda far: far.told).pace if told else None


def server_standing() -> ServerStanding | None:
    """What the configured API says, if one is."""
    if not api_may_be_set():
        return None
    from flows.server.client import ApiError, api_url, asking, check_version
    from flows.service.following import unfinished_runs
    from flows.service.workers import pools

    url = api_url()
    if url is None:
        return None
    try:
        version = check_version(url)
        with asking(url) as client:
            return ServerStanding(url, "", str(version or "Prefect Cloud"), unfinished_runs(client), pools(client))
    except ApiError as error:
        return ServerStanding(url, str(error))
