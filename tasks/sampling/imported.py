"""Brings in responses that were made elsewhere, as rollouts of a panel: each file is one round.

A panel is a policy of its own kind: its "difficulty" is that of a problem for the models that answered, which is what a team has before
it samples anything itself. Its identity is the content of its files, so a changed file is another panel.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
from pydantic import Field

from tasks.base.errors import InputError
from tasks.base.files import digest, file_digest
from tasks.base.settings import Settings

MOST_NAMED = 3


class ImportColumns(Settings):
    """Names of the fields in the files. `id` is matched against the problems' source ids, then against problem ids."""

    id: str = "id"
    response: str = "response"


class ImportSettings(Settings):
    """Files of responses (JSON Lines) that make one panel; `~` and `${VARIABLES}` in their names are expanded, `*` matches several."""

    panel: str
    files: tuple[str, ...] = Field(min_length=1)
    columns: ImportColumns = ImportColumns()


def panel_id(settings: ImportSettings, files: Sequence[Path]) -> str:
    """The policy id of a panel: digest of its name and its files' contents, in order."""
    return digest(["panel", settings.panel, settings.columns, [file_digest(path) for path in files]])


def imported_rollouts(
    files: Sequence[Path], columns: ImportColumns, problems: pl.DataFrame, policy_id: str, sampling_id: str
) -> pl.DataFrame:
    """The rollouts of a panel, file n as round n. Answers to problems that are not among `problems` are left out.

    Raises InputError, naming file and line, for what is not JSON, lacks a field, or answers a problem twice, and when nothing matches.
    """
    ids = {**{row: row for row in problems["problem_id"]}, **dict(problems.select("source_id", "problem_id").iter_rows())}
    keys = {"policy_id": policy_id, "sampling_id": sampling_id}
    rows = [
        {"problem_id": ids[source], **keys, "round": number, "sample": 0, "response": response, "finish_reason": "stop"}
        for number, path in enumerate(files)
        for source, response in answers(path, columns)
        if source in ids
    ]
    if not rows:
        raise InputError(
            f"none of the answers in {files[0]} (field {columns.id!r}) is to a problem of {sorted(set(problems['dataset']))}; "
            f"their ids look like {problems['source_id'].head(MOST_NAMED).to_list()}: choose another id field with --id"
        )
    return pl.DataFrame(rows).with_columns(n_tokens=pl.lit(None, pl.Int64), seed=pl.lit(None, pl.Int64), hint=pl.lit(""))


def answers(path: Path, columns: ImportColumns) -> Iterator[tuple[str, str]]:
    """The (id, response) pairs of a file of JSON Lines."""
    first_line: dict[str, int] = {}
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            source, response = answer_of(line, columns, f"{path}, line {number}")
            if source in first_line:
                raise InputError(f"{path}: lines {first_line[source]} and {number} both answer {source!r}; a round has one answer each")
            first_line[source] = number
            yield source, response
    if not first_line:
        raise InputError(f"{path} is empty; remove it from the panel's files or write it again")


def answer_of(line: str, columns: ImportColumns, place: str) -> tuple[str, str]:
    """One line's id and response. A null response is an empty one."""
    try:
        fields = json.loads(line)
        return str(fields[columns.id]), str(fields[columns.response] or "")
    except ValueError as error:
        raise InputError(f"{place} is not JSON: {error}") from error
    except (KeyError, TypeError) as error:
        named = f"it has {sorted(fields)}" if isinstance(fields, dict) else "it is not an object"
        raise InputError(
            f"{place} needs the fields {columns.id!r} and {columns.response!r}, but {named}; map them with --id and --response"
        ) from error
