"""Which column of a dataset holds what: a recipe spells it out for its own data, `benchmarks.py` for what people know."""

from typing import Literal

from tasks.base.settings import Settings
from tasks.problems.gold.settings import GoldForm

Part = Literal["images", "choices", "id"]


class ColumnMapping(Settings):
    """Which column holds what. Of several names the first that the source has is used; None means that there is no such column.

    `images`: one image or a list of them, each a path under `images_folder` or the image's bytes. `choices`: a list of strings, or that
    list as JSON text; empty for a free-form problem. `id`: the dataset's own name of a row. All other columns that hold plain values
    are kept as metadata. A mapped column that the source lacks is an error, unless its part is among the `optional` ones.

    `gold` says how the answers are written: by `auto` the rules of `gold/` find it out from all rows of the source; else a rule's name,
    or `{pattern: …}` for a form that none of them knows.

    `composite` says that an image shows all the pictures that a question names, each labelled in the image by its mark, as MathVision's
    do: where a question has several marks and the row one image, the image goes in front and the marks stay as the labels they are.
    """

    images: str | tuple[str, ...] | None = "images"
    problem: str | tuple[str, ...] = "problem"
    answer: str | tuple[str, ...] = "answer"
    choices: str | tuple[str, ...] | None = None
    id: str | tuple[str, ...] | None = None
    optional: tuple[Part, ...] = ()
    gold: GoldForm = "auto"
    composite: bool = False
