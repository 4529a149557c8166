"""The base of every room's settings: frozen, and an unknown key is an error, so a typing mistake in a recipe is never ignored."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Base of all settings. Immutable, compared by value, unknown keys rejected, defaults checked like given values."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, protected_namespaces=())
