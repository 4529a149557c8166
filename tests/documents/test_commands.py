"""What the pages tell people to type is there: commands with their options, modules, make targets, recipes, files."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer

from flows.commands.cli import app
from flows.recipe import RECIPES
from tasks.base.process import PROJECT
from tests.documents.pages import blocks, inline_code, pages, prose

TEXTS = {str(page.relative_to(PROJECT)): page.read_text(encoding="utf-8") for page in pages(PROJECT)}
COMMANDS: dict[str, Any] = vars(typer.main.get_command(app))["commands"]
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")
SHELL = [(page, line) for page, text in TEXTS.items() for block in blocks(text, "sh") for line in block.replace("\\\n", " ").splitlines()]
INLINE = [(page, code) for page, text in TEXTS.items() for code in inline_code(text)]
PROGRAM = re.compile(r"difficulty-prior ([a-z][a-z-]*)(.*)")
CALLS = [(page, *found.groups()) for page, line in SHELL + INLINE if (found := PROGRAM.search(line))]
OURS = re.compile(r"(?:flows|tasks|sql|tests|deployments|\.github)/[\w./-]+")
PATHS = {(page, code) for page, code in INLINE if OURS.fullmatch(code) and "NAME" not in code}
MODULES = {found for text in TEXTS.values() for found in re.findall(r"python (?:-P )?-m ((?:flows|tests|tasks)[\w.]*)", text)}
BENCHES = {found for text in TEXTS.values() for found in re.findall(r"-m tests\.bench (\w+)", text)}


def options_of(command: Any) -> set[str]:
    """The options that a command takes."""
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}


def options_in(arguments: str) -> set[str]:
    """The options that a line names after its command, without their values and whatever is piped on or remarked."""
    return {word.partition("=")[0] for word in shlex.split(arguments, comments=True) if re.fullmatch(r"--[a-z][a-z-]*(=.*)?", word)}


def test_there_are_commands_on_the_pages() -> None:
    assert len({name for _, name, _ in CALLS}) > 15
    assert len(PATHS) > 15


@pytest.mark.parametrize(("page", "name", "arguments"), CALLS, ids=lambda part: part.strip())
def test_commands_and_their_options_are_there(page: str, name: str, arguments: str) -> None:
    assert name in COMMANDS, f"{page} names a command that is not there"
    assert options_in(arguments) <= options_of(COMMANDS[name])


@pytest.mark.parametrize("target", sorted({found for _, line in SHELL + INLINE for found in re.findall(r"^make ([a-z][\w-]*)", line)}))
def test_make_targets_are_there(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_modules_are_there(module: str) -> None:
    assert find_spec(module) is not None


@pytest.mark.parametrize("bench", sorted(BENCHES))
def test_benches_are_there(bench: str) -> None:
    assert (PROJECT / "tests" / "bench" / f"{bench}.py").is_file()


@pytest.mark.parametrize(("page", "path"), sorted(PATHS))
def test_paths_are_there(page: str, path: str) -> None:
    assert (PROJECT / path).exists() or (PROJECT / page).parent.joinpath(path).exists()


def test_the_recipes_that_commands_name_are_shipped_or_made_up() -> None:
    """A name is a shipped recipe's, so that it can be typed as it stands; a path is the reader's own."""
    takes = {"run", "profile", "curate", "train", "evaluate", "status", "sweep", "regrade", "recurate", "export"}
    named = {arguments.split()[0] for _, name, arguments in CALLS if name in takes and arguments.split()}
    shipped = {path.stem for path in Path(RECIPES).glob("*.yaml")}
    assert {name for name in named if re.fullmatch(r"\w+", name)} <= shipped
    assert all(name.endswith(".yaml") for name in named - shipped if not name.startswith("-"))


def test_prose_names_no_command_that_is_gone() -> None:
    said = {found for text in TEXTS.values() for found in re.findall(r"`difficulty-prior ([a-z][a-z-]*)", prose(text))}
    assert said <= set(COMMANDS)
