"""Which files of answers make a panel, and what stands where in them.

A panel is a policy of its own kind: its "difficulty" is that of a problem for the models that answered, which is what a team has before
it samples anything itself. Its identity is the content of its files, so a changed file is another panel.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from tasks.base.errors import InputError
from tasks.base.files import digest, file_digest
from tasks.base.paths import expand_files
from tasks.base.settings import Settings

FormatName = Literal[
    "auto", "columns", "openai-batch", "anthropic-batch", "lm-eval", "lmms-eval", "open-r1", "vlmevalkit", "lighteval", "verl", "trl"
]
BEFORE_FORMATS = {"id": "id", "response": "response"}


class ImportColumns(Settings):
    """The fields of the files by name, or dotted path into nested ones; None where the format, or a usual name, says it.

    `id` is matched against the problems' source ids, then against problem ids. `response` holds one answer or a list of them. `question`
    holds the question, or the prompt around it, to match by where there is no id. `dataset` names the problem's dataset, for ids that
    several datasets have. `finish_reason` says why an answer ended ("length": cut off).
    """

    id: str | None = None
    response: str | None = None
    question: str | None = None
    dataset: str | None = None
    finish_reason: str | None = None

    def identity(self) -> dict[str, Any]:
        """What is read, for keys: the names that were all there was before there were formats, and what is said beside them."""
        return BEFORE_FORMATS | self.model_dump(exclude_none=True)


class ImportSettings(Settings):
    """Files of responses that make one panel; `~` and `${VARIABLES}` in their names are expanded, `*` matches several.

    `format` is what wrote them, where their columns do not tell. `max_rejected` is the largest share of lines that cannot be read, or have
    no response, that is not an error; they are counted and set aside.
    """

    panel: str
    files: tuple[str, ...] = Field(min_length=1)
    columns: ImportColumns = ImportColumns()
    format: FormatName = "auto"
    max_rejected: float = Field(0.05, ge=0, le=1)


def panel_files(settings: ImportSettings) -> list[Path]:
    """The files of a panel, in order. Raises InputError for a pattern that matches nothing, or a folder."""
    files = expand_files(settings.files)
    if folder := next((path for path in files if path.is_dir()), None):
        raise InputError(f"panel {settings.panel}: {folder} is a folder; name the files in it, as {folder / '*.jsonl'}")
    return files


def panel_id(settings: ImportSettings, files: Sequence[Path]) -> str:
    """The policy id of a panel: digest of its name, of how its files are read, and of their contents, in order."""
    how = [] if settings.format == "auto" else [settings.format]
    return digest(["panel", settings.panel, settings.columns.identity(), [file_digest(path) for path in files], *how])
