"""How policies are compared on held-out problems."""

from pydantic import Field

from tasks.base.settings import Settings

APART, NEAR = "apart.parquet", "near.parquet"  # files of an evaluation


class EvaluationSettings(Settings):
    """`samples` responses a problem (k of avg@k), under the recipe's sampling; with `hints` every policy is also evaluated with hints on.

    Hints on held-out problems come from the base policy's own accuracy on them, which takes their gold answers to know: the hinted
    figures say what hints would give to someone who knows how hard each problem is.
    """

    samples: int = Field(default=8, ge=1)
    hints: bool = True
