"""What can be wrong with a server now and may be better at another try; all else ends the run, but for what one request is refused for."""

EXCERPT = 200


class Unfit(Exception):
    """Why a server did not do what it was asked for. `wait`: seconds that it asks to be left alone; `overloaded`: it has too much to do."""

    def __init__(self, why: str, *, wait: float | None = None, overloaded: bool = False) -> None:
        super().__init__(why)
        self.wait, self.overloaded = wait, overloaded


class Garbage(Unfit):
    """Its reply is no chat completion."""


class Late(Unfit):
    """It did not reply in time."""


class Lost(Unfit):
    """It cannot be reached, or broke off."""


class OtherModel(Unfit):
    """It is well, and serves other models."""


def lost(error: Exception) -> Lost:
    """A broken connection in words: the error's kind, and what it says where it says anything."""
    return Lost(": ".join(filter(None, [type(error).__name__, str(error)])))


def excerpt(text: str, secret: str = "") -> str:
    """The beginning of what a server wrote, escaped, on one line, without the key should the server repeat it."""
    shown = text.replace(secret, "***") if secret else text
    return repr(shown[:EXCERPT] + ("…" if len(shown) > EXCERPT else ""))
