"""Runs of the whole pipeline for tests: a recipe of seconds over the real parts, and the tables that a run leaves."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from tasks.base.process import PROJECT, module_command
from tasks.lake.lake import RELATIONS, Lake

STARTER_STAGE: dict[str, Any] = {
    "learning_rate": 1e-4,
    "adam_beta2": 0.98,
    "max_grad_norm": 0.2,
    "dtype": "float32",
    "gradient_checkpointing": False,
    "max_tokens": 40,
}
"""How stages train the shipped policy in tests, on few steps."""
STAGE = {**STARTER_STAGE, "batch": 16, "group_size": 4, "warmup_steps": 1, "save_every": 2}
TINY = {
    "name": "tiny",
    "policy": {"model": "starter", "dtype": "float32"},
    "problems": {"starter": {"n_train": 40, "n_heldout": 12}},
    "sampling": {"rounds": 4, "max_tokens": 40, "shard_size": 80},
    "curation": {"on_shortage": "warn"},
    "stages": {
        "stage1": {"choose": {"size": 8}, "train": {**STAGE, "steps": 4}},
        "stage2": {"choose": {"rule": "medium_to_hard", "size": 4, "high": 0.76}, "train": {**STAGE, "steps": 3, "hints": True}},
    },
    "evaluation": {"samples": 2},
}
NOT_OURS = "raise SystemExit(f'the wrong module: {__file__}')\n"
OF_THE_MACHINE = {"policies": ["model"]}
OF_THE_RUN = {"draws", "graders", "run_steps"}  # they tell when, or how long


def tiny_recipe(folder: Path) -> Path:
    """The tiny recipe as a file."""
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(TINY))
    return path


def command(*arguments: str) -> list[str]:
    """A `difficulty-prior` command of this working tree; like the installed one, it does not look for modules where it is run."""
    return module_command("flows.commands.cli", *arguments)


def environment(prefect_home: Path) -> dict[str, str]:
    """The environment of a command: this working tree, a Prefect home, and no server but its own."""
    kept = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL" and not name.startswith("PREFECT__")}
    return {**kept, "PYTHONPATH": str(PROJECT), "PREFECT_HOME": str(prefect_home)}


def somewhere(folder: Path) -> Path:
    """A folder in which a user works, with modules and folders of the user's own that are called like ours and like libraries."""
    place = folder / "somewhere"
    for name in ("flows", "sql", "deployments"):
        (place / name).mkdir(parents=True, exist_ok=True)
        (place / name / "__init__.py").write_text(NOT_OURS)
    for name in ("tasks", "torch", "json", "prefect", "transformers", "trl", "duckdb", "logging", "sitecustomize"):
        (place / f"{name}.py").write_text(NOT_OURS)
    return place


def run(home: Path, recipe: Path, prefect_home: Path, *changes: str, flow: str = "run", api: str = "") -> subprocess.CompletedProcess[str]:
    """Run a flow, the whole pipeline by default, reporting to the server at `api` if one is given; its output is text. It is run in a
    folder that has a `tasks.py`, a `json.py` and the like of its own, whose code no process of a run may take for ours."""
    options = [word for change in changes for word in ("--set", change)]
    arguments = command(flow, str(recipe), "--home", str(home), *options)
    variables = environment(prefect_home) | ({"PREFECT_API_URL": api} if api else {})
    place = somewhere(home.parent if home.is_absolute() else prefect_home.parent)  # an address has no folder here
    return subprocess.run(arguments, capture_output=True, text=True, env=variables, cwd=place, check=False)


def tables(home: Path) -> dict[str, pl.DataFrame]:
    """Every relation of a lake, its rows in one order, without what depends on where the lake lies or on how the run went."""
    lake = Lake(home)
    found = {}
    for relation in RELATIONS.keys() - OF_THE_RUN:
        rows = lake.scan(relation).collect().drop(OF_THE_MACHINE.get(relation, []))
        if relation == "metrics":
            rows = rows.filter(~pl.col("name").str.starts_with("time/"))
        found[relation] = rows.sort(*(name for name, dtype in rows.schema.items() if not dtype.is_nested()))
    return found


def artifacts(home: Path) -> dict[str, set[str]]:
    """The complete artifacts of a lake by kind."""
    manifests = [json.loads(path.read_text()) for path in home.glob("*/*/manifest.json")]
    kinds: dict[str, set[str]] = {}
    for manifest in manifests:
        kinds.setdefault(manifest["kind"], set()).add(manifest["key"])
    return kinds
