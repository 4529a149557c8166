"""Watches the files that the recipes under re-curation read, and tells Prefect when they have changed and come to rest."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from flows.events import DATASET_CHANGED, tell
from flows.recipe import Recipe, load_recipe
from tasks.base.errors import InputError
from tasks.base.paths import expand_files
from tasks.base.yaml_text import read_yaml_file

State = dict[str, tuple[int, int]]


@dataclass
class Watched:
    """A recipe, its files as they were when it was last told of them, and as they were at the last look."""

    recipe: Recipe
    told: State
    seen: State = field(default_factory=dict)

    def look(self) -> bool:
        """Whether files have changed since they were told of, and not since the last look; they then count as told of."""
        now = files_of(self.recipe)
        changed = now != self.told and now == self.seen
        self.seen = now
        if changed:
            self.told = now
        return changed


def watched_recipes(file: Path) -> list[Watched]:
    """The recipes that a file of deployments re-curates."""
    deployments = read_yaml_file(file, f"deployments {file}")["deployments"]
    names = [item["parameters"]["recipe"] for item in deployments if item.get("entrypoint", "").endswith(".recurate")]
    recipes = [load_recipe(name) for name in dict.fromkeys(names)]
    return [Watched(recipe, files_of(recipe)) for recipe in recipes]


def files_of(recipe: Recipe) -> State:
    """When each file was last changed, and how large it is."""
    found = {}
    for path in paths_of(recipe):
        with suppress(OSError):  # it has just gone
            stat = path.stat()
            found[str(path)] = (stat.st_mtime_ns, stat.st_size)
    return found


def paths_of(recipe: Recipe) -> Iterator[Path]:
    """The files on this machine that decide how hard the problems are: datasets, imported answers, the policy's folder."""
    for pattern in [*(source.path for source in recipe.problems.train), *(recipe.panel.files if recipe.panel else ())]:
        with suppress(InputError):  # a dataset of the hub, or files that are not there yet
            for path in expand_files([pattern]):
                yield from (part for part in path.rglob("*") if part.is_file()) if path.is_dir() else (path,)
    for folder in filter(None, (recipe.policy.model, recipe.policy.adapter)):
        yield from (path for path in Path(folder).expanduser().glob("*") if path.is_file())


def tell_of_changes(watched: list[Watched]) -> list[str]:
    """Tell Prefect of the recipes whose files have changed; gives their names."""
    changed = [item.recipe.name for item in watched if item.look()]
    for name in changed:
        tell(DATASET_CHANGED, name)
    return changed
