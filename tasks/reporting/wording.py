"""How values are written for people: percentages, points, intervals, names and texts of a length."""

import re
from typing import Any

from tasks.base.printable import printable

NOT_EVALUATED = "No problems are held out, so no policy was evaluated: what training changed is not measured."
MISSING = "–"


def label(text: str, length: int = 40) -> str:
    """A one-line name for a chart or a heading, shortened to `length` characters."""
    line = " ".join(printable(text).split()) or "(no name)"
    return line if len(line) <= length else f"{line[: length - 1]}…"


def clipped(text: str, length: int) -> str:
    """The first `length` characters of a text, saying how many more there are."""
    shown = printable(text.strip())
    return shown if len(shown) <= length else f"{shown[:length].rstrip()} … ({len(shown) - length:,} more characters)"


def is_missing(value: Any) -> bool:
    """Whether there is no value: null, or a number that is none."""
    return value is None or (isinstance(value, float) and value != value)


def percent(share: float | None, digits: int = 1) -> str:
    """A share in [0, 1] as a percentage."""
    return MISSING if share is None or is_missing(share) else f"{100 * share:.{digits}f}%"


def points(difference: float | None) -> str:
    """A difference of shares in percentage points, always with its sign."""
    return MISSING if difference is None or is_missing(difference) else f"{100 * difference:+.1f}".replace("-", "−")


def percent_interval(low: float | None, high: float | None) -> str:
    """The interval of a share, in percent."""
    return MISSING if is_missing(low) or is_missing(high) else f"{100 * low:.1f} – {100 * high:.1f}"  # type: ignore[operator]


def points_interval(low: float | None, high: float | None) -> str:
    """The interval of a difference, in percentage points."""
    return MISSING if is_missing(low) or is_missing(high) else f"{points(low)} … {points(high)}"


def p_value(value: float | None) -> str:
    """A p-value to two significant digits."""
    return MISSING if is_missing(value) else f"{value:.2g}"


def number(value: float | None, digits: int = 3) -> str:
    """A number to so many significant digits, never in powers of ten for what people meet here."""
    if value is None or is_missing(value):
        return MISSING
    return f"{value:,}" if isinstance(value, int) else f"{value:.{digits}g}".replace("-", "−")


def duration(seconds: float | None) -> str:
    """A time in the two largest units that say something."""
    if seconds is None or is_missing(seconds):
        return MISSING
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s" if rest else f"{seconds:.1g} s"


def parameter(value: float | None) -> str:
    """A fitted parameter to three significant digits, zeros at the end included."""
    return MISSING if value is None else f"{value:#.3g}".rstrip(".")


def change(difference: float | None, low: float | None, high: float | None) -> str:
    """What a difference with its interval lets us say: "up", "down", "unclear" (the interval holds 0), or "" without an interval."""
    if difference is None or low is None or high is None:
        return ""
    return "up" if low > 0 else "down" if high < 0 else "unclear"


def policy_title(policy: str) -> str:
    """A policy's name as a heading shows it: "warmup2" is "Warmup 2"."""
    spaced = re.sub(r"(?<=[a-z])(?=\d)", " ", label(policy))
    return spaced[:1].upper() + spaced[1:]
