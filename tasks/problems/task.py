"""The Prefect task that ingests a source. Cached by the content of the source: its data files and every image they name, or the commit
of a hub dataset (asked of the hub at each run, unless `revision` pins it). Moving a dataset to another folder is no change.
"""

from pathlib import Path
from typing import Any

from tasks.base.errors import InputError
from tasks.base.files import digest
from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import Lake
from tasks.problems.contents import contents
from tasks.problems.fingerprint import source_fingerprint
from tasks.problems.ingest import ingest_source
from tasks.problems.origin import locate
from tasks.problems.settings import SourceSettings
from tasks.steps.caching import room_task
from tasks.steps.planning import Work
from tasks.steps.request import StepRequest

VERSION = 4
PLACES = {"path", "images_folder", "image_roots"}


class IngestRequest(StepRequest):
    """One split of one dataset, to be read into the lake. What it makes is named by the content of every file and image of it."""

    source: SourceSettings

    def target(self) -> Artifact:
        """Reads the data files and the images they name (of a hub dataset, only its commit)."""
        source, origin = self.source, locate(self.source)
        inside = origin.format == "hub" and origin.images_folder is None
        images = () if inside else contents(source, origin).images  # what a hub dataset names is inside it, and goes by its commit
        inputs = {
            "version": VERSION,
            "source": source.model_dump(mode="json", exclude=PLACES),
            "images_by_path": origin.images_folder is not None,
            "content": digest(source_fingerprint(source, origin, images)),
        }
        return artifact(self.home, "problems", inputs)

    def said(self) -> str:
        return f"ingest {self.source.name} {self.source.split}"

    def work(self) -> Work:
        """The problems that it gives, at most."""
        return Work(problems=self.source.limit, completions=0, left=0, most_tokens=0)

    def foretold(self) -> dict[str, Any]:
        source = self.source
        return {"source": f"{source.name} {source.split} from {source.path}", "settings": source.model_dump(mode="json")}


@room_task(name="ingest problems")
def ingest_problems(request: IngestRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Ingest a source into the lake. Raises InputError, publishing nothing, when it is unusable or changes meanwhile."""
    source = request.source
    found = ingest_source(Lake(target.home), source, folder)
    if request.target() != target:
        raise InputError(f"{source.name}: {source.path} was changed while it was being read; run again when nothing writes to it")
    return {**request.foretold(), **found}
