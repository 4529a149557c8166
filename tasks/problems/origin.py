"""Finds what a source's path means: which files, in which format, or which dataset of the hub at which commit. Reads no rows."""

import re
from dataclasses import dataclass
from pathlib import Path

from tasks.base.errors import InputError, NotReachable
from tasks.base.paths import expand_path
from tasks.lake.artifacts import path_is_hidden
from tasks.problems.settings import SourceSettings

SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".parquet": "parquet", ".pq": "parquet"}
HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
COMMIT = re.compile(r"[0-9a-f]{40}")
SHARD_NUMBER = re.compile(r"[-_.]?\d+(-of-\d+)?$")
SAVED_MARKERS = ("dataset_dict.json", "state.json")


@dataclass(frozen=True)
class Origin:
    """What a source is read from: `files` ("jsonl", "parquet"), a `folder` that `datasets` saved to ("saved"), or a `dataset` ("hub").

    `images_folder` is where images given as paths must lie; None where there is no such place.
    """

    format: str
    files: tuple[Path, ...] = ()
    folder: Path | None = None
    dataset: str = ""
    images_folder: Path | None = None


def locate(source: SourceSettings) -> Origin:
    """What `source` is read from. Raises InputError, saying what was looked for, when there is nothing to read."""
    path = expand_path(source.path, f"{source.name}: path").absolute()
    images = expand_path(source.images_folder, f"{source.name}: images_folder").absolute() if source.images_folder else None
    if images is not None and not images.is_dir():
        raise InputError(f"{source.name}: images_folder {images} is not a folder; give the folder that image paths start from")
    if path.is_file():
        return Origin(file_format(source, path), (path,), images_folder=images or path.parent)
    if path.is_dir():
        return locate_in_folder(source, path, images or path)
    if source.format in ("auto", "huggingface") and HUB_NAME.fullmatch(source.path) and path.suffix not in SUFFIXES:
        return Origin("hub", dataset=source.path, images_folder=images)
    raise InputError(f"{source.name}: there is no {path}; correct path, or give a hub dataset as owner/name")


def file_format(source: SourceSettings, path: Path) -> str:
    """The format of a file: the setting's, or what its suffix says."""
    chosen = SUFFIXES.get(path.suffix.lower()) if source.format == "auto" else source.format
    if chosen not in ("jsonl", "parquet"):
        raise InputError(f"{source.name}: cannot tell the format of {path} (format is {source.format!r}); set format to jsonl or parquet")
    return chosen


def locate_in_folder(source: SourceSettings, folder: Path, images: Path) -> Origin:
    """The dataset that `datasets` saved in a folder, or the folder's Parquet or else JSON Lines files of the wanted split."""
    if source.format in ("auto", "huggingface") and any((folder / marker).is_file() for marker in SAVED_MARKERS):
        return Origin("saved", folder=folder, images_folder=images)
    inside = folder / source.config if source.config else folder
    for wanted in ("parquet", "jsonl"):
        files = data_files(inside, wanted)
        if files and source.format in ("auto", "huggingface", wanted):
            return Origin(wanted, of_split(source, inside, files), images_folder=images)
    raise InputError(
        f"{source.name}: {inside} holds no data of format {source.format!r}: no .parquet or .jsonl file, nothing saved by `datasets`"
    )


def data_files(folder: Path, wanted: str) -> list[Path]:
    """The visible files of a format in `folder`, or where it has none in the folders inside it, sorted. `.json` counts only when named."""
    suffixes = [suffix for suffix, meaning in SUFFIXES.items() if meaning == wanted and suffix != ".json"]
    for pattern in ("*", "*/*"):
        found = [path for path in folder.glob(pattern) if path.suffix.lower() in suffixes and path.is_file()]
        visible = sorted(path for path in found if not path_is_hidden(path.relative_to(folder).as_posix()))
        if visible:
            return visible
    return []


def of_split(source: SourceSettings, folder: Path, files: list[Path]) -> tuple[Path, ...]:
    """The files of `source_split`, named `<split>` or `<split>-00000-of-00003`; without it the files must be shards of one split."""
    folders = sorted({path.parent.relative_to(folder).as_posix() for path in files})
    if len(folders) > 1:
        raise InputError(
            f"{source.name}: {folder} holds data in the folders {', '.join(folders)}; set config to one of them, or give its path"
        )
    splits = {path: SHARD_NUMBER.sub("", path.stem) for path in files}
    names = sorted(set(splits.values()))
    if source.source_split is None and len(names) == 1:
        return tuple(files)
    chosen = tuple(path for path, name in splits.items() if source.source_split is not None and source.source_split in (name, path.stem))
    if not chosen:
        raise InputError(several(source, folder, names))
    return chosen


def several(source: SourceSettings, where: object, splits: list[str]) -> str:
    """The message for a source of several splits of which none is chosen."""
    return (
        f"{source.name}: {where} holds the splits {', '.join(splits)}, and source_split is {source.source_split!r}; set it to one of them"
    )


def hub_commit(source: SourceSettings) -> str:
    """The commit of a hub dataset: the pinned one, else what the hub says now, else (offline) what was downloaded last.

    Raises NotReachable when none of these gives a commit: then nobody could say whether a stored result is still right.
    """
    if source.revision and COMMIT.fullmatch(source.revision):
        return source.revision
    from httpx import TransportError
    from huggingface_hub import HfApi
    from huggingface_hub.errors import OfflineModeIsEnabled, RepositoryNotFoundError, RevisionNotFoundError

    revision = source.revision or "main"
    try:
        return str(HfApi().dataset_info(source.path, revision=revision).sha)
    except (OfflineModeIsEnabled, TransportError, RepositoryNotFoundError, RevisionNotFoundError) as error:
        known = downloaded_commit(source.path, revision)
        if known and isinstance(error, OfflineModeIsEnabled | TransportError):
            return known
        raise NotReachable(
            f"{source.name}: cannot find out which commit {source.path}@{revision} is ({type(error).__name__}: {error}). Check the name "
            "and the network, set revision to a commit (40 hex digits), or give a local copy as path"
        ) from error


def downloaded_commit(dataset: str, revision: str) -> str:
    """The commit that a revision of a hub dataset was when it was last downloaded; empty when it never was."""
    from huggingface_hub import constants

    note = Path(constants.HF_HUB_CACHE) / f"datasets--{dataset.replace('/', '--')}" / "refs" / revision
    return note.read_text(encoding="ascii").strip() if note.is_file() else ""
