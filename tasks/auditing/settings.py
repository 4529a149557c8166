"""Settings of an audit: whose verdicts, how many of them, and the seed that draws them."""

from pydantic import Field

from tasks.base.settings import Settings


class AuditSettings(Settings):
    """How an audit is drawn: `n` verdicts of the answers that count for `recipe` (empty: of all that the lake holds), by `seed`."""

    recipe: str = ""
    n: int = Field(default=200, ge=1, le=100_000)
    seed: int = 0
