"""A recipe whose difficulty comes from files of answers: new rollouts are a new file, and nothing is sampled."""

import json
from pathlib import Path

import yaml

PROBLEMS = 24


def panel_recipe(folder: Path, bound: float = 0.1, name: str = "panel") -> Path:
    """A recipe over PROBLEMS problems and all `round-*.jsonl` beside it, of which there are two."""
    problems = [{"id": f"q{n}", "problem": f"What is {n} + {n}?", "answer": str(2 * n), "images": []} for n in range(PROBLEMS)]
    write_lines(folder / "problems.jsonl", problems)
    add_round(folder, "a", right=range(PROBLEMS))
    add_round(folder, "b", right=range(PROBLEMS // 2))
    recipe = {
        "name": name,
        "problems": {"train": [{"name": "sums", "path": str(folder / "problems.jsonl"), "columns": "easyr1"}]},
        "panel": {"panel": "people", "files": [str(folder / "round-*.jsonl")]},
        "curation": {"on_shortage": "warn"},
        "stages": {"only": {"choose": {"size": 12, "estimate": "share"}}},  # of two or three answers the posterior drops none
        "recuration": {"bound": bound},
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path


def add_round(folder: Path, name: str, right: range) -> None:
    """One more answer to every problem, right for these."""
    rows = [{"id": f"q{n}", "response": f"\\boxed{{{2 * n if n in right else -1}}}"} for n in range(PROBLEMS)]
    write_lines(folder / f"round-{name}.jsonl", rows)


def write_lines(path: Path, rows: list[dict]) -> None:
    """Write JSON Lines, in one go, so that nobody reads half of them."""
    aside = path.with_suffix(".aside")
    aside.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    aside.replace(path)
