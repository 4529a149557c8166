"""How a problem is put to the policy: the prompt template, the hints that harder problems carry, and the size of images."""

from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from tasks.base.settings import Settings


class HintSettings(Settings):
    """Which bands carry a hint, and which template words it.

    `by_band` maps a band of difficulty to a template: a name in `tasks/prompting/hints/` or a path to a `.jinja` file.
    A band that is not named carries no hint. The wording is ours: the paper prints none.
    """

    by_band: dict[str, str] = {"medium": "medium", "hard": "hard", "hopeless": "hard"}


class PromptingSettings(Settings):
    """`template` is a name in `tasks/prompting/templates/` or a path to a `.jinja` file; see `prompt.render_prompt` for its fields.

    `min_pixels` and `max_pixels` bound the area of an image as the policy sees it (the processor resizes to fit); None keeps the
    processor's own limits. They stand here, once, because sampling and training must show the same image. `chat_template` is the path of a
    chat template (Jinja) to use in place of the policy's own, or `plain`: the prompt as plain text, for base models that have none.
    """

    template: str = "think_then_box"
    hints: HintSettings = HintSettings()
    min_pixels: int | None = Field(default=None, gt=0)
    max_pixels: int | None = Field(default=None, gt=0)
    chat_template: str | None = None

    @model_serializer(mode="wrap")
    def without_what_is_not_given(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out a chat template that is not given: what was sampled before there was the setting keeps its name."""
        told: dict[str, Any] = dump(self)
        return told if self.chat_template else {name: value for name, value in told.items() if name != "chat_template"}

    @model_validator(mode="after")
    def limits_are_ordered(self) -> "PromptingSettings":
        if self.min_pixels and self.max_pixels and self.min_pixels > self.max_pixels:
            raise ValueError(f"min_pixels {self.min_pixels} is above max_pixels {self.max_pixels}; swap them")
        return self
