"""What a dry run says of a dataset that a lake has not read yet, and of one that was read with other rows."""

from pathlib import Path

from flows.commands.plan import plan_flow
from flows.profile import profile
from flows.recipe import load_recipe
from tasks.problems.settings import SourceSettings
from tasks.problems.task import IngestRequest, ingest_problems


def written(folder: Path, name: str, answer: str = "2") -> Path:
    path = folder / f"{name}.jsonl"
    path.write_text(f'{{"problem": "1 + 1?", "answer": "{answer}"}}\n')
    return path


def reasons(home: Path, *sources: Path) -> list[list[str]]:
    """Why each dataset is still to be read."""
    train = ", ".join(f"{{name: {path.stem}, path: {path}, columns: {{images: null}}}}" for path in sources)
    recipe = load_recipe(
        "starter", [f"problems={{train: [{train}]}}", "stages.stage1.train.validation=null", "stages.stage2.train.validation=null"]
    )
    return [step.why for step in plan_flow(profile, recipe, home).steps if step.task == "ingest problems"]


def test_a_new_dataset_is_new_and_a_changed_one_is_not(tmp_path: Path) -> None:
    home, ours, mine = tmp_path / "runs", written(tmp_path, "ours"), written(tmp_path, "mine")
    assert reasons(home, ours) == [["new: nothing of kind problems was made in this lake yet"]]
    source = SourceSettings(name="ours", path=str(ours), columns={"images": None})
    ingest_problems.fn(IngestRequest(home=home, source=source))
    assert reasons(home, ours, mine) == [[], ["new: no dataset mine train was read into this lake yet"]]
    written(tmp_path, "ours", answer="3")
    assert reasons(home, ours) == [["content changed"]]
