"""Attaches the published file for reading, with its views over the lake where that lies now."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tasks.lake.database import literal
from tasks.lake.lake import Lake
from tasks.lake.published import (
    attach,
    attach_file,
    is_being_published,
    is_same_folder,
    private_copy,
    remembered,
    size_and_time,
)
from tasks.warehouse.pointing import point_views
from tasks.warehouse.seen import SCHEMA_VERSION

if TYPE_CHECKING:
    import duckdb


logger = logging.getLogger(__name__)


def attach_published(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Attach the published file as `warehouse`, which is left as it is. Where the lake was copied or moved since, a private copy is
    attached, whose views are pointed to the place where it lies now; the next publish does so for the file itself."""
    attach(connection, lake.warehouse)
    warn_of_changes(lake)
    facts = dict(connection.execute("select key, value from warehouse.meta").fetchall())
    if facts.get("schema_version") != str(SCHEMA_VERSION) or is_same_folder(facts.get("home", ""), lake.home):
        return
    connection.execute("detach warehouse")
    with private_copy(lake.warehouse) as copy:
        point_views(copy, literal(lake.home), lake.home)
        attach_file(connection, copy)


def warn_of_changes(lake: Lake) -> None:
    """Warn where another program has written into the published file. (One that is just being put in its place is looked at once more.)"""
    if is_changed(lake) and not is_being_published(lake) and is_changed(lake):
        logger.warning(
            f"another program has written into {lake.warehouse} since it was published, so its tables may not show what the lake "
            f"holds; `difficulty-prior publish --home {lake.home}` makes it anew"
        )


def is_changed(lake: Lake) -> bool:
    """Whether the published file is not the one that was put here."""
    kept = remembered(lake)
    if kept is None or kept["file"] is None or not is_same_folder(kept["facts"]["home"], lake.home):
        return False
    return kept["file"] != size_and_time(lake.warehouse)
