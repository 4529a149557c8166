"""Which column of a dataset holds what: a recipe spells it out for its own data, `benchmarks.py` for what people know."""

from typing import Literal

from pydantic import Field, field_validator

from tasks.base.settings import Settings
from tasks.problems.gold.settings import GoldForm

AUTO = "auto"
VERSION_OF = "version_of"
"""The metadata field in which the value of a mapping's `cluster` is kept."""
Part = Literal["problem", "images", "choices", "id"]


class Joined(Settings):
    """Several columns that make one part together: the texts of a question, one below the other; the choices; the images of a row.

    What is empty in a row is left out; images keep the numbers of their columns, and choices may be empty only after the last. Where the
    part is optional, those of the columns that the source has are enough.
    """

    join: tuple[str, ...] = Field(min_length=1)
    separator: str = "\n"


Wanted = str | tuple[str, ...] | Joined


class ColumnMapping(Settings):
    """Which column holds what. Of several names the first that the source has is used; None means that there is no such column.

    A name may lead into a column (`reward_model.ground_truth`, `options.0`); a column that is itself called so comes first. `{join: […]}`
    makes one part of several columns. "auto" takes the column with the usual name, where there is exactly one (`usual.py`), and else
    none of `images`, `choices` and `id`. A mapped column that the source lacks is an error, unless its part is among the `optional` ones.

    `problem` may be a conversation (`prompt`, `messages`, `conversations`, also as JSON text) of one question; its answer is taken where
    `answer` names the same column. `images`: one image or a list of them, each a path under `images_folder` or the image's bytes.
    `choices`: a list, a table by letter, or one text with letters. `id`: the dataset's own name of a row. All other columns that hold plain
    values are kept as metadata.

    `cluster` names the column whose value the rows share that are versions of one problem, as MathVerse's six are: held-out intervals are
    then those between clusters. Nothing is taken for it by its name alone. The metadata has it in the field `version_of`.

    `system` says what becomes of a conversation's system prompt: "keep" leaves it to the metadata, as most say in which form another
    trainer wants its answers, which is for the recipe's template to say; "ask" puts it in front of the question. `cut` lists texts that
    are taken off the beginnings and ends of questions, such as another trainer's instructions.

    `gold` says how the answers are written: by `auto` the rules of `gold/` find it out from all rows of the source; else a rule's name,
    or `{pattern: …}` for a form that none of them knows.

    `composite` says that an image shows all the pictures that a question names, each labelled in the image by its mark, as MathVision's
    do: where a question has several marks and the row one image, the image goes in front and the marks stay as the labels they are.
    """

    images: Wanted | None = AUTO
    problem: Wanted = AUTO
    answer: str | tuple[str, ...] = AUTO
    choices: Wanted | None = AUTO
    id: str | tuple[str, ...] | None = None
    cluster: str | tuple[str, ...] | None = None
    optional: tuple[Part, ...] = ()
    gold: GoldForm = "auto"
    composite: bool = False
    system: Literal["keep", "ask"] = "keep"
    cut: tuple[str, ...] = ()

    @field_validator("cluster")
    @classmethod
    def check_cluster(cls, cluster: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        """Raises ValueError for `auto`: which rows are versions of one, no column's name tells."""
        if cluster == AUTO:
            raise ValueError("cluster has no auto, as no name tells which rows are versions of one; name the column, such as problem_index")
        return cluster
