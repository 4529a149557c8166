"""Finds what a source's path means: which files, or which dataset of the hub at which commit. Reads no rows."""

import os
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tasks.base.errors import InputError, NotReachable
from tasks.base.paths import expand_path
from tasks.lake.artifacts import path_is_hidden
from tasks.problems.reading.formats import FORMATS, bare_name, suffix_format
from tasks.problems.settings import SourceSettings
from tasks.problems.splits import SPLITS, keys_by_split, splits_beside

HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
COMMIT = re.compile(r"[0-9a-f]{40}")
PATTERN = re.compile(r"[*?\[]")
SHARD_NUMBER = re.compile(r"[-_.]?\d+(-of-\d+)?$")
SAVED_MARKERS = ("dataset_dict.json", "state.json")
ABOUT = ("config.json", "dataset_info.json", "dataset_infos.json", SPLITS)
"""What files are called that lie beside a dataset's and say something about it."""


@dataclass(frozen=True)
class Origin:
    """What a source is read from: `files`, a `folder` that `datasets` saved to ("saved"), or a `dataset` ("hub"); `format` says which.

    `images_folder` is where images given as paths must lie; None where there is no such place. `splits` is a file that tells which rows,
    by their keys, are in the wanted split.
    """

    format: str
    files: tuple[Path, ...] = ()
    folder: Path | None = None
    dataset: str = ""
    images_folder: Path | None = None
    splits: Path | None = None

    @property
    def names(self) -> list[str]:
        """What each file is called in messages: its name, with the folders that set it apart from another of that name."""
        if len({path.name for path in self.files}) == len(self.files):
            return [path.name for path in self.files]
        above = os.path.commonpath([path.parent for path in self.files])
        return [path.relative_to(above).as_posix() for path in self.files]


def locate(source: SourceSettings) -> Origin:
    """What `source` is read from. Raises InputError, saying what was looked for, when there is nothing to read."""
    path = expand_path(source.path, f"{source.name}: path").absolute()
    images = expand_path(source.images_folder, f"{source.name}: images_folder").absolute() if source.images_folder else None
    if images is not None and not images.is_dir():
        raise InputError(f"{source.name}: images_folder {images} is not a folder; give the folder that image paths start from")
    if path.is_dir():
        return locate_in_folder(source, path, images or path)
    if path.is_file() and source.format != "huggingface":
        return Origin("files", (path,), images_folder=images or path.parent, splits=splits_of(source, path.parent))
    if PATTERN.search(source.path) and "://" not in source.path:
        return locate_matching(source, path, images)
    if source.format in ("auto", "huggingface") and HUB_NAME.fullmatch(source.path) and not suffix_format(path):
        return Origin("hub", dataset=source.path, images_folder=images)
    raise nothing_there(source, path)


def image_roots(source: SourceSettings) -> tuple[Path, ...]:
    """The further folders in which images may lie. Raises InputError for one that is not there."""
    roots = tuple(expand_path(root, f"{source.name}: image_roots").absolute() for root in source.image_roots)
    for root in roots:
        if not root.is_dir():
            raise InputError(f"{source.name}: {root} of image_roots is not a folder; give folders in which images may lie")
    return roots


def nothing_there(source: SourceSettings, path: Path) -> InputError:
    """The error for a path where nothing can be read."""
    if path.is_symlink():
        return InputError(
            f"{source.name}: {path} is a link to {path.readlink()}, which is not there; fetch what it stands for (`git annex get`, "
            "`datalad get`, or the download again), or give the file itself"
        )
    if path.is_file():
        return InputError(f"{source.name}: {path} is a file, and format huggingface is a dataset's folder or name; set format to auto")
    if "://" in source.path:
        return InputError(
            f"{source.name}: {source.path} is an address; download it, and give the file, or give a hub dataset as owner/name"
        )
    return InputError(f"{source.name}: there is no {path}; correct path, or give a hub dataset as owner/name")


def locate_in_folder(source: SourceSettings, folder: Path, images: Path) -> Origin:
    """The dataset that `datasets` saved in a folder, or the folder's files of the wanted split, in the first of FORMATS that it holds."""
    if source.format in ("auto", "huggingface") and any((folder / marker).is_file() for marker in SAVED_MARKERS):
        return Origin("saved", folder=folder, images_folder=images)
    inside = folder / source.config if source.config else folder
    for wanted in FORMATS if source.format in ("auto", "huggingface") else (source.format,):
        if files := data_files(inside, wanted):
            splits = splits_of(source, inside)
            return Origin("files", tuple(files) if splits else of_split(source, inside, files), images_folder=images, splits=splits)
    suffixes = ", ".join(suffix for format in FORMATS.values() for suffix in format.suffixes[:1])
    raise InputError(
        f"{source.name}: {inside} holds no data of format {source.format!r}: no file that ends in {suffixes} (or one of these and .gz, "
        ".bz2, .xz, .zst), nothing saved by `datasets`"
    )


def splits_of(source: SourceSettings, folder: Path) -> Path | None:
    """The file in the data's folder that tells which rows are in `source_split`."""
    beside = splits_beside(folder) if source.source_split else None
    return beside if beside and source.source_split in keys_by_split(beside) else None


def data_files(folder: Path, wanted: str) -> list[Path]:
    """The visible files of a format in `folder`, or where it has none in the folders inside it, sorted."""
    for pattern in ("*", "*/*"):
        if found := [path for path in visible_files(folder, pattern) if suffix_format(path) == wanted]:
            return found
    return []


def visible_files(folder: Path, pattern: str) -> list[Path]:
    """The files in a folder that match, sorted, less those that are hidden or say something about the others."""
    found = (path for path in folder.glob(pattern) if not path_is_hidden(path.relative_to(folder).as_posix()))
    return sorted(path for path in found if path.is_file() and not any(fnmatch(path.name, name) for name in ABOUT))


def locate_matching(source: SourceSettings, path: Path, images: Path | None) -> Origin:
    """The files that a pattern (`*`, `?`, `[…]`, and `**` for folders at any depth) names; of those of many kinds the ones whose suffix
    tells that they hold data. Images given as paths lie under the folder before its first wildcard."""
    fixed = next(place for place, part in enumerate(path.parts) if PATTERN.search(part))
    folder, pattern = Path(*path.parts[:fixed]), "/".join(path.parts[fixed:])
    found = visible_files(folder, f"{pattern}/*" if pattern.endswith("**") else pattern)
    files = [path for path in found if suffix_format(path)] or found
    if not files:
        raise InputError(f"{source.name}: no file matches {source.path!r} (looked at {path})")
    if source.source_split:
        files = list(of_split(source, folder, files))
    return Origin("files", tuple(files), images_folder=images or folder)


def of_split(source: SourceSettings, folder: Path, files: list[Path]) -> tuple[Path, ...]:
    """The files of `source_split`, named `<split>` or `<split>-00000-of-00003`; without it the files must be shards of one split."""
    folders = sorted({path.parent.relative_to(folder).as_posix() for path in files})
    if len(folders) > 1:
        raise InputError(
            f"{source.name}: {folder} holds data in the folders {', '.join(folders)}; set config to one of them, or give its path"
        )
    splits = {path: SHARD_NUMBER.sub("", bare_name(path)) for path in files}
    names = sorted(set(splits.values()))
    if source.source_split is None and len(names) == 1:
        return tuple(files)
    chosen = tuple(
        path for path, name in splits.items() if source.source_split is not None and source.source_split in (name, bare_name(path))
    )
    if not chosen:
        raise InputError(f"{several(source, folder, names)}, or give a pattern of the files as path ({folder}/*)")
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
