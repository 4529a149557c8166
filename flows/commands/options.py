"""The arguments and options that several commands share, and what the shell completes them with.

This, and every module of commands, imports at its top only what `--help` needs: the rest is imported by the command that uses it. The
parameters of a command are its arguments and options, however many: Typer reads them from its signature.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.commands.printing.console import remark
from tasks.base.errors import InputError
from tasks.lake.layout import default_home


def recipe_names() -> list[str]:
    """The recipes that are shipped, for the shell's completion."""
    from flows.recipe import RECIPES

    return sorted(path.stem for path in RECIPES.glob("*.yaml"))


RecipeName = Annotated[
    str,
    typer.Argument(
        metavar="RECIPE", help="A name in deployments/recipes/, or the path of a YAML file.", autocompletion=lambda: recipe_names()
    ),
]


def recipe_if_any(help: str) -> Any:
    """The argument of a command that a recipe may be given to, with what it is for."""
    return typer.Argument(metavar="[RECIPE]", help=help, autocompletion=lambda: recipe_names())


Home = Annotated[
    Path | None, typer.Option("--home", help="The lake: a folder or s3://bucket/prefix; default DIFFICULTY_PRIOR_HOME, or ./runs.")
]
Changes = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, as in `--set sampling.rounds=16`.")
]
DryRun = Annotated[
    bool, typer.Option("--plan", help="Run nothing: show every task, what is cached and why not, what it would sample, what is missing.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result (with --plan: the plan) as JSON, and nothing else, to stdout.")]


@dataclass(frozen=True)
class Asked:
    """What a command that runs a recipe was given."""

    recipe: str
    home: Path | None
    changes: list[str] | None
    plan: bool
    as_json: bool


@contextmanager
def options_checked() -> Iterator[None]:
    """Say which option is at fault where settings that are made of options refuse a value."""
    from pydantic import ValidationError

    try:
        yield
    except ValidationError as error:
        said = "; ".join(f"{option_name(fault['loc'])}: {fault['msg']} (given: {fault['input']!r})" for fault in error.errors())
        raise InputError(said) from error


def option_name(place: tuple[int | str, ...]) -> str:
    """The option that a setting's name stands for, as people type it."""
    names = [str(part).removesuffix("_s").replace("_", "-") for part in place if isinstance(part, str)]
    return f"--{names[-1]}" if names else "the options"


def opened(home: Path | None) -> Path:
    """The folder of the lake that a command works in: the one it is given, or the default one, made and brought up to date."""
    from tasks.warehouse.home import open_home

    return open_home(home or default_home())


def looked_at(home: Path | None) -> Path:
    """The folder of the lake that a command only reads, as it lies on this machine; what that leaves unknown is remarked."""
    from tasks.warehouse.home import at_hand

    found = at_hand(home or default_home())
    if found.unknown:
        remark(found.unknown)
    return found.folder
