"""What must fit for a policy to be asked a problem."""

from pydantic import Field

from tasks.base.settings import Settings


class Limits(Settings):
    """A prompt and a response of up to `max_tokens`, the longest that anything asks for, must fit into `context` tokens (None: the policy's
    own); a prompt may have `max_prompt_tokens` at most and so many `images` (None: any number). With `hints` it may carry one."""

    max_tokens: int = Field(ge=1)
    context: int | None = Field(default=None, ge=1)
    max_prompt_tokens: int | None = Field(default=None, ge=1)
    images: int | None = Field(default=None, ge=1)
    hints: bool = False
