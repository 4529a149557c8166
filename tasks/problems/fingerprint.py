"""A digest of all the content that a source's problems depend on, so that a changed row or image is never served from the cache.

Local sources: every data file and every image they name, whole. Hub datasets: the commit. Where files lie is no part of it.
"""

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

from tasks.base.files import file_digest
from tasks.lake.artifacts import folder_digests
from tasks.problems.images import image_path
from tasks.problems.origin import Origin, hub_commit, image_roots
from tasks.problems.pictured import ImageFault
from tasks.problems.settings import SourceSettings

SETTLED_SECONDS = 2.0
THREADS = 8


def source_fingerprint(source: SourceSettings, origin: Origin, images: Sequence[str]) -> dict[str, Any]:
    """The source's content in digests: its data, and the `images` that its rows name."""
    folder, roots = origin.images_folder, image_roots(source)
    with ThreadPoolExecutor(THREADS) as pool:
        found = dict(zip(images, pool.map(lambda name: reference_digest(name, folder, roots), images), strict=True))
    return {"data": data_fingerprint(source, origin), "images": found}


def data_fingerprint(source: SourceSettings, origin: Origin) -> Any:
    """Digests of the data files in the order they are read, and of what tells their splits; of a saved dataset's folder; or a
    hub dataset's commit, config and split."""
    if origin.format == "hub":
        return [origin.dataset, hub_commit(source), source.config, source.source_split]
    if origin.folder:
        return [origin.folder.name, source.source_split, folder_digests(origin.folder)]
    files = [*origin.files, origin.splits] if origin.splits else origin.files
    return [[path.name, settled_digest(path)] for path in files]


def reference_digest(name: str, folder: Path | None, roots: tuple[Path, ...]) -> str:
    """The digest of an image named by a row, or why there is none (which changes the key too, once the image is there)."""
    try:
        return settled_digest(image_path(name, folder, roots))
    except (ImageFault, OSError) as error:
        return str(error) if isinstance(error, ImageFault) else type(error).__name__


def settled_digest(path: Path) -> str:
    """`file_digest`, remembered in this process for a file that has been left alone for a while.

    A file changed within the clock's grain of being read could keep its times; so, as git does, only older ones are remembered.
    """
    before = path.stat()
    if time.time() - before.st_ctime < SETTLED_SECONDS:
        return file_digest(path)
    return remembered_digest(path, stamp(before))


def stamp(status: os.stat_result) -> tuple[int, ...]:
    """What changes when a file's content does."""
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@lru_cache(maxsize=200_000)
def remembered_digest(path: Path, seen: tuple[int, ...]) -> str:
    """The digest of a file that looked like `seen`."""
    return file_digest(path)
