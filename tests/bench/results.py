"""`RESULTS.md`, where every proof, bench and study puts what it measured, in the place of what it put there before; and on what machine."""

import platform
import shutil
import subprocess
from pathlib import Path

import psutil

RESULTS = Path(__file__).with_name("RESULTS.md")


def shown(name: str) -> str:
    """What stands in the results between a table's two marks; nothing where it has none yet."""
    begin, end = marks(name)
    return RESULTS.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0].strip()


def put(name: str, text: str) -> None:
    """Put a text between a table's two marks, in the place of what stood there. Raises ValueError where the results have no such marks."""
    begin, end = marks(name)
    before, found, rest = RESULTS.read_text(encoding="utf-8").partition(begin)
    if not found or end not in rest:
        raise ValueError(f"{RESULTS} has no {begin} … {end}")
    RESULTS.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}", encoding="utf-8")


def marks(name: str) -> tuple[str, str]:
    """What stands before and after a table, where readers do not see it."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def machine() -> str:
    """What it was measured on."""
    model = next((line.split(":")[1].strip() for line in cpu_lines() if line.startswith("model name")), platform.machine())
    return f"{psutil.cpu_count()} cores of {model}, {psutil.virtual_memory().total / 2**30:.0f} GiB, {gpu()}"


def gpu() -> str:
    """The first GPU's name. Asked of the driver's tool: torch, imported here, would count as memory of every benchmark's process."""
    if not shutil.which("nvidia-smi"):
        return "no GPU"
    asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()[0]


def cpu_lines() -> list[str]:
    """What Linux says of its processors; nothing elsewhere."""
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
