"""How a problem is put to the policy: the prompt template, the hints that harder problems carry, and the size of images."""

from pydantic import Field, model_validator

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
    processor's own limits. They stand here, once, because sampling and training must show the same image.
    """

    template: str = "think_then_box"
    hints: HintSettings = HintSettings()
    min_pixels: int | None = Field(default=None, gt=0)
    max_pixels: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def limits_are_ordered(self) -> "PromptingSettings":
        if self.min_pixels and self.max_pixels and self.min_pixels > self.max_pixels:
            raise ValueError(f"min_pixels {self.min_pixels} is above max_pixels {self.max_pixels}; swap them")
        return self
