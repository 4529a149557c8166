"""constraints.txt is whole: whoever installs its lines and resolves nothing has all that pyproject.toml asks for, and nothing beside it."""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deployments.install import LOCK, PROJECT, locked

pytestmark = pytest.mark.process

NAME = "difficulty-prior"
WHERE = [{"python_version": minor, "python_full_version": f"{minor}.9"} for minor in ("3.11", "3.12", "3.13", "3.14")]
WHERE += [{"platform_machine": "aarch64"}, {"platform_machine": "arm64", "sys_platform": "darwin", "platform_system": "Darwin"}]


def pins(tools: bool) -> dict[str, Requirement]:
    """The lines of the lock by package: those of a run, or all."""
    lines = (line.partition("#")[0].strip() for line in locked(LOCK.read_text(encoding="utf-8"), tools).splitlines())
    found = [Requirement(line) for line in lines if line]
    assert len({canonicalize_name(pin.name) for pin in found}) == len(found), "a package is pinned twice"
    return {canonicalize_name(pin.name): pin for pin in found}


@cache
def asked_for(package: str) -> list[Requirement]:
    """What a package asks for: ours as pyproject.toml says, another as it says itself where it is installed."""
    if package != NAME:
        return [Requirement(line) for line in found(package)]
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [f"{line}; extra == '{name}'" for name, lines in project["optional-dependencies"].items() for line in lines]
    return [Requirement(line) for line in [*project["dependencies"], *extras]]


def found(package: str) -> list[str]:
    """The requirements in an installed package's metadata; none where another Python or platform alone needs it."""
    try:
        return requires(package) or []
    except PackageNotFoundError:
        return []


def needed(extras: set[str], environment: dict[str, str]) -> Iterator[tuple[str, Requirement]]:
    """Each requirement of this project in an environment, and of what it requires, with the package that asks for it."""
    queue = [(NAME, extra) for extra in {"", *extras}]
    for package, extra in queue:  # grows
        for need in asked_for(package):
            if need.marker is None or need.marker.evaluate({**environment, "extra": extra}):
                yield package, need
                name = canonicalize_name(need.name)
                queue += [(name, asked) for asked in ("", *need.extras) if (name, asked) not in queue]


def meets(need: Requirement, have: dict[str, str]) -> bool:
    """Whether the locked version is one that is asked for. Ours is the project itself."""
    name = canonicalize_name(need.name)
    return name == NAME or (name in have and need.specifier.contains(have[name], prereleases=True))


def applying(tools: bool, environment: dict[str, str]) -> dict[str, str]:
    """The pinned versions in an environment."""
    here = {name: pin for name, pin in pins(tools).items() if pin.marker is None or pin.marker.evaluate(environment)}
    return {name: str(pin.specifier).lstrip("=") for name, pin in here.items()}


@pytest.mark.parametrize("other", WHERE, ids=lambda other: "-".join(other.values()))
@pytest.mark.parametrize("tools", [False, True], ids=["run", "tools"])
def test_every_requirement_is_met_by_the_lock_alone(tools: bool, other: dict[str, str]) -> None:
    environment = {**default_environment(), **other}
    have = applying(tools, environment)
    unmet = [
        f"{package} asks for {need}, and locked is {have.get(canonicalize_name(need.name), 'nothing')}"
        for package, need in needed({"dev"} if tools else set(), environment)
        if not meets(need, have)
    ]
    assert not unmet, "\n".join(sorted(unmet))


@pytest.mark.parametrize("tools", [False, True], ids=["run", "tools"])
def test_nothing_is_locked_that_nothing_needs(tools: bool) -> None:
    environment = default_environment()
    reached = {canonicalize_name(need.name) for _, need in needed({"dev"} if tools else set(), environment)}
    assert sorted(set(applying(tools, environment)) - reached) == []


def test_the_packages_here_are_the_locked_ones() -> None:
    """Their metadata is what the other tests read."""
    have = applying(True, default_environment())
    assert {name: version(name) for name in have} == have


def test_tools_are_no_part_of_a_run() -> None:
    tools = {"ray", "moto", "playwright", "mypy", "ruff", "pytest", "hypothesis", "import-linter", "tensorboard", "s3fs", "uv"}
    assert tools <= set(pins(tools=True)) - set(pins(tools=False))


def test_torch_is_pinned_to_the_build_that_torchvision_fits() -> None:
    """A +cpu build satisfies == and then breaks torchvision."""
    assert all(str(pins(tools=False)[name].specifier).startswith("===") for name in ("torch", "torchvision"))
