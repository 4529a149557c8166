"""How policies are compared on held-out problems."""

from pydantic import Field

from tasks.base.settings import Settings

APART, NEAR = "apart.parquet", "near.parquet"  # files of an evaluation


class EvaluationSettings(Settings):
    """`samples` responses a problem (k of avg@k), under the recipe's sampling; with `hints` every policy is also evaluated with hints on.

    Hints on held-out problems come from the base policy's own accuracy on them, which takes their gold answers to know: the hinted
    figures say what hints would give to someone who knows how hard each problem is. That accuracy is of `samples` draws of the base policy
    that no policy is compared by. By the compared draws even a hint that does nothing would seem to help: a problem that was unlucky in
    them would carry one, and do better the next time. Every policy is asked with the same hints.
    """

    samples: int = Field(default=8, ge=1)
    hints: bool = True
