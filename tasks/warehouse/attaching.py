"""Attaches the published file for reading, with its views over the lake where that lies now."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from filelock import Timeout

from tasks.lake.database import literal
from tasks.lake.lake import Lake
from tasks.lake.layout import ASIDE, WAREHOUSE
from tasks.lake.published import (
    attach,
    attach_file,
    copy_as_it_is,
    is_as_published,
    is_same_folder,
    private_copy,
    publishing,
    put_in_place,
    remember,
    remembered,
    size_and_time,
)
from tasks.warehouse.pointing import point_views
from tasks.warehouse.seen import SCHEMA_VERSION

if TYPE_CHECKING:
    import duckdb


logger = logging.getLogger(__name__)


def attach_published(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Attach the published file as `warehouse`. Where the lake was copied or moved since, its views are pointed to the place where it
    lies now: in the file itself, or in a private copy where that cannot be written."""
    attach(connection, lake.warehouse)
    warn_of_changes(lake)
    facts = dict(connection.execute("select key, value from warehouse.meta").fetchall())
    if facts.get("schema_version") != str(SCHEMA_VERSION) or is_same_folder(facts.get("home", ""), lake.home):
        return
    connection.execute("detach warehouse")
    if point_here(lake):
        attach(connection, lake.warehouse)
        return
    with private_copy(lake.warehouse) as copy:
        point_views(copy, literal(lake.home), lake.home)
        attach_file(connection, copy)


def warn_of_changes(lake: Lake) -> None:
    """Warn where another program has written into the published file. (One that is just being put in its place is looked at once more.)"""
    if is_changed(lake):
        with suppress(Timeout, OSError), publishing(lake).acquire(timeout=0):
            if is_changed(lake):
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


def point_here(lake: Lake) -> bool:
    """Make the published file read the lake where it lies now; False where it cannot be written, or is just being published."""
    import duckdb

    aside = lake.home / ASIDE / f"moved-{WAREHOUSE}"
    try:
        with publishing(lake).acquire(timeout=0):
            kept, is_known = remembered(lake), is_as_published(lake)
            aside.unlink(missing_ok=True)
            copy_as_it_is(lake.warehouse, aside)
            point_views(aside, literal(lake.home), lake.home)
            told = put_in_place(aside, lake)
            if kept:
                remember(lake, kept["state"], kept["facts"] | {"home": str(lake.home)}, told if is_known else None)
    except (Timeout, OSError, duckdb.IOException):
        return False
    return True
