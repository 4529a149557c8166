"""Publishes the warehouse: builds it over the whole lake beside the published file, checks it, and puts it in its place.

It promises that a published file is only ever replaced, never opened for writing: an analyst's open session keeps what it reads, and
blocks nobody. Its marts are tables, its relations are views over the lake, so a query always sees the newest shards.
"""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path

from tasks.base.errors import InputError
from tasks.base.files import disk_errors_named
from tasks.estimates.settings import AdaptiveSettings, DifficultySettings
from tasks.lake.database import writable
from tasks.lake.lake import Lake
from tasks.lake.layout import ASIDE, WAREHOUSE
from tasks.lake.published import publishing, put_in_place, read_meta, recalled, remember, remembered
from tasks.warehouse.building import open_over
from tasks.warehouse.checking import check
from tasks.warehouse.forecasting import kept_forecasts
from tasks.warehouse.incremental import Changes, build_on, changes
from tasks.warehouse.relations import FORECAST
from tasks.warehouse.seen import Seen, moved_since, see
from tasks.warehouse.settings import MartSettings
from tasks.warehouse.summaries import refreshed
from tasks.warehouse.writing import write_database

logger = logging.getLogger(__name__)
MOST_LOOKS = 5  # at a lake whose files are moved while it is published


def publish(lake: Lake, settings: DifficultySettings, adaptive: AdaptiveSettings | None = None, *, whole: bool = False) -> Path:
    """Build the warehouse over the whole lake beside the published one, check it, and put it in its place.

    Only shards that are new since the last publish are read, and where nothing but shards and problems was added only their problems are
    computed anew, unless `whole`; where nothing is new the published file stays. Raises CheckFailed, and leaves the published file as it
    is, when a query of `sql/checks/` gives a row.
    Safe beside other publishers (they wait), writers of shards, compactions, readers of the old file, and whoever holds that or has
    written into it: what was published is made again then, and nothing of theirs is kept.
    """
    aside = lake.home / ASIDE / WAREHOUSE
    with disk_errors_named(lake.warehouse), publishing(lake):
        lake.make()  # views find no file of a relation that has none
        for look in range(1, MOST_LOOKS + 1):
            seen = None
            try:
                seen = see(lake, MartSettings(difficulty=settings, adaptive=adaptive))
                publish_seen(aside, seen, whole=whole)
                break
            except Exception as error:
                if look == MOST_LOOKS or (seen and not moved_since(seen)) or (not seen and not isinstance(error, FileNotFoundError)):
                    raise
                logger.info(f"files of {lake.home} were moved while it was published, which is begun again: {error}")
    return lake.warehouse


def publish_seen(aside: Path, seen: Seen, *, whole: bool) -> None:
    """Build what was seen at `aside`, as an update where that can be, and publish it."""
    lake = seen.lake
    for leftover in (aside, aside.with_name(f"{aside.name}.wal")):
        leftover.unlink(missing_ok=True)
    before = None if whole else recalled(lake)
    if before and (before["state"], before["facts"]) == (seen.state, seen.facts):
        return
    found = changes(lake, before and before["state"], seen.state)
    seen.files.update(refreshed(lake, seen.files))
    if kept := kept_forecasts(lake, seen.files):
        seen.files[FORECAST] = kept
    if found is None or not updated(aside, seen, found):
        build(aside, seen)
    remember(lake, seen.state, seen.facts, put_in_place(aside, lake))


def updated(aside: Path, seen: Seen, found: Changes) -> bool:
    """Whether the warehouse could be made as an update of the published one. What only an update finds wrong is not believed."""
    import duckdb

    try:
        return build_on(aside, seen, found)
    except (InputError, duckdb.Error) as error:
        logger.warning(f"publishing only what is new did not work, so all of it is computed anew: {str(error).splitlines()[0]}")
        aside.unlink(missing_ok=True)
        return False


def build(path: Path, seen: Seen) -> None:
    """Make everything over these files, check it, and write it to a new database."""
    with closing(open_over(seen.files, seen.settings)) as connection:
        check(connection)
        with writable(path) as place:
            write_database(connection, place, seen.lake, seen.facts)


def publish_again(lake: Lake, *, whole: bool = False) -> Path:
    """Publish with the settings of the last publish, or the default ones where there was none."""
    facts = last_facts(lake)
    settings = DifficultySettings.model_validate_json(facts.get("difficulty", "{}"))
    adaptive = AdaptiveSettings.model_validate_json(facts["adaptive"]) if "adaptive" in facts else None
    return publish(lake, settings, adaptive, whole=whole)


def last_facts(lake: Lake) -> dict[str, str]:
    """What the last publish said of itself: as it was kept beside, or else as the file says."""
    if kept := remembered(lake):
        return kept["facts"]
    try:
        return read_meta(lake.warehouse) if lake.warehouse.is_file() else {}
    except InputError as error:
        logger.warning(f"the settings of the last publish are not known, so the default ones are used: {error}")
        return {}
