"""Where a dataset's problems are read from, and which of its columns mean what.

A source is one split of one dataset. All of it is data: nothing here runs code from a dataset, and paths may use `${VARIABLES}`.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from tasks.base.errors import did_you_mean
from tasks.base.settings import Settings
from tasks.problems.benchmarks import MAPPINGS
from tasks.problems.columns import ColumnMapping

Overlap = Literal["error", "drop_train", "drop_heldout"]
PILLOW_PIXEL_LIMIT = 89_478_485


def named_mapping(value: Any) -> Any:
    """The mapping of that name; anything but a name is left for pydantic to check. Raises ValueError listing the names there are."""
    if not isinstance(value, str):
        return value
    if value not in MAPPINGS:
        meant = f"{did_you_mean(value, MAPPINGS)}; use one of {', '.join(MAPPINGS)}"
        raise ValueError(f"no column mapping is named {value!r}{meant}, or name the columns one by one")
    return MAPPINGS[value]


def share_of_rows(value: Any) -> Any:
    """A share of the rows. Raises ValueError, saying how to write one, for what looks like a count or a number of percent."""
    if isinstance(value, str) or (isinstance(value, int | float) and value > 1):
        raise ValueError(f"{value!r} is no share of the rows, which is a number from 0 to 1; for 5% write 0.05")
    return value


class SourceSettings(Settings):
    """One split of one dataset.

    `name` and `split` are what the lake calls it. `path` is a file of any format in `reading/formats.py`, also compressed, a folder or
    a pattern (`data/train-*.parquet`) of such files, a folder that `datasets` saved to, or a dataset on the Hugging Face hub
    (`owner/name`). `${VARIABLE}` and `~` in `path` and `images_folder` are expanded. `format` need be set only where neither a file's
    content nor its suffix tells. `source_split` and `config` choose among several inside the source; `revision` pins a hub dataset (a
    commit's 40 digits need no network to be sure of). `images_folder`, which no image's path may leave, is by default the folder of the
    file or the folder given; `image_roots` are further folders in which images may lie, reached by absolute paths or by links inside
    `images_folder`. `skip` and `limit` keep a run of rows only. `max_rejected` is the largest share of unusable rows (copies
    of a row do not count) that is not an error. `max_image_pixels` (width x height) and `max_image_bytes` bound each image.
    """

    name: str = Field(min_length=1)
    path: str = Field(min_length=1)
    format: Literal["auto", "parquet", "jsonl", "arrow", "csv", "tsv", "json", "xlsx", "huggingface"] = "auto"
    split: str = Field("train", min_length=1)
    source_split: str | None = None
    config: str | None = None
    revision: str | None = None
    images_folder: str | None = None
    image_roots: tuple[str, ...] = ()
    columns: Annotated[ColumnMapping, BeforeValidator(named_mapping, json_schema_input_type=ColumnMapping | str)] = MAPPINGS["auto"]
    skip: int = Field(0, ge=0)
    limit: int | None = Field(None, gt=0)
    max_rejected: Annotated[float, BeforeValidator(share_of_rows, json_schema_input_type=float)] = Field(0.05, ge=0, le=1)
    max_image_pixels: int = Field(50_000_000, gt=0, le=PILLOW_PIXEL_LIMIT)
    max_image_bytes: int = Field(50_000_000, gt=0)
