"""The Prefect task that ingests a source. Cached by the content of the source: its data files and every image they name, or the commit
of a hub dataset (asked of the hub at each run, unless `revision` pins it). Moving a dataset to another folder is no change.
"""

from pathlib import Path
from typing import Any

from tasks.base.errors import InputError
from tasks.base.files import digest
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import Lake
from tasks.problems.fingerprint import source_fingerprint
from tasks.problems.ingest import ingest_source, source_columns
from tasks.problems.origin import locate
from tasks.problems.settings import SourceSettings
from tasks.steps.caching import room_task
from tasks.steps.planning import Work

VERSION = 2
PLACES = {"path", "images_folder"}


def plan(home: Path, source: SourceSettings) -> Artifact:
    """The artifact that ingesting `source` makes. Reads the data files and the images they name (a hub dataset only by its commit)."""
    origin = locate(source)
    inside = origin.format == "hub" and origin.images_folder is None
    columns = None if inside else source_columns(source, origin)
    inputs = {
        "version": VERSION,
        "source": source.model_dump(mode="json", exclude=PLACES),
        "images_by_path": origin.images_folder is not None,
        "content": digest(source_fingerprint(source, origin, columns)),
    }
    return artifact(home, "problems", inputs)


def work(home: Path, source: SourceSettings) -> Work:
    """The problems that `ingest` gives, at most."""
    return Work(problems=source.limit, completions=0, left=0, most_tokens=0)


@room_task(plan, work=work, name="ingest problems", task_run_name="ingest {source.name} {source.split}")
def ingest(home: Path, source: SourceSettings) -> Artifact:
    """Ingest `source` into the lake at `home`. Raises InputError, publishing nothing, when it is unusable or changes meanwhile."""
    target = plan(home, source)
    if target.is_complete:
        return target
    facts: dict[str, Any] = {"source": f"{source.name} {source.split} from {source.path}", "settings": source.model_dump(mode="json")}
    with building(target, facts) as folder:
        facts["counts"] = ingest_source(Lake(home), source, folder)
        if plan(home, source) != target:
            raise InputError(f"{source.name}: {source.path} was changed while it was being read; run again when nothing writes to it")
    return target
