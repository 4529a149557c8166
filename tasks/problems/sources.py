"""The rows of a source: of its files one after another, or of a dataset that `datasets` saved or the hub holds."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from tasks.base.errors import InputError
from tasks.problems.origin import Origin, hub_commit, several
from tasks.problems.reading.formats import file_rows
from tasks.problems.reading.row import BATCH_ROWS, Row, numbered
from tasks.problems.settings import SourceSettings
from tasks.problems.splits import keys_by_split


def read_rows(source: SourceSettings, origin: Origin) -> Iterator[Row]:
    """The source's rows, `limit` of them after the first `skip`. Raises InputError for a file that is not what it should be."""
    rows = files_rows(source, origin) if origin.format == "files" else dataset_rows(source, origin)
    return islice(rows, source.skip, None if source.limit is None else source.skip + source.limit)


def files_rows(source: SourceSettings, origin: Origin) -> Iterator[Row]:
    """The rows of all files, each called by its name, or by its folder, too, where names repeat; where a file beside them tells the splits,
    those of the wanted one."""
    wanted = keys_by_split(origin.splits)[source.source_split or ""] if origin.splits else None
    format = "auto" if source.format == "huggingface" else source.format
    for path, name in zip(origin.files, origin.names, strict=True):
        for row in file_rows(path, format, source.source_split):
            if wanted is None or row.key in wanted:
                yield row if row.source == name else named_anew(row, name)


def named_anew(row: Row, name: str) -> Row:
    """A row of a file that is called by its folder, too; so is the row, where it has the file's name."""
    has_name_of_file = row.key and row.source.startswith(f"{row.key}.")
    return replace(row, source=name, key=f"{name.removesuffix(row.source)}{row.key}" if has_name_of_file else row.key)


def dataset_rows(source: SourceSettings, origin: Origin) -> Iterator[Row]:
    """The rows of a saved or hub dataset as Arrow stores them, so that images stay the bytes they are."""
    dataset = open_dataset(source, origin)
    where = origin.folder.name if origin.folder else origin.dataset
    batches = dataset.with_format("arrow").iter(batch_size=BATCH_ROWS)
    yield from numbered((batch.to_pylist() for batch in batches), where)


def open_dataset(source: SourceSettings, origin: Origin) -> Any:
    """The `datasets.Dataset` of the wanted split. Raises InputError naming the splits there are when it must be chosen among several."""
    import datasets

    try:
        if origin.folder:
            loaded = datasets.load_from_disk(str(origin.folder))
        else:
            loaded = datasets.load_dataset(origin.dataset, source.config, revision=hub_commit(source))
    except (ValueError, FileNotFoundError) as error:
        where = f"{origin.folder or origin.dataset} (config {source.config!r}, revision {source.revision!r})"
        raise InputError(f"{source.name}: cannot load the dataset {where}: {error}") from error
    if isinstance(loaded, datasets.Dataset):
        return loaded
    wanted = source.source_split or (next(iter(loaded)) if len(loaded) == 1 else None)
    if wanted not in loaded:
        raise InputError(several(source, source.path, list(loaded)))
    return loaded[wanted]
