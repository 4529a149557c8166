"""What may be said of a comparison of two arms, made of its numbers: never more than the seeds allow."""

from typing import Any

from tasks.estimates.settings import DifficultySettings
from tasks.reporting.wording import label, p_value, points

NO_OTHER_PROBLEMS = (
    "Intervals and p cover what other seeds would give on these held-out problems. "
    "They say nothing of other problems, datasets or policies."
)

GAINS, LOSES, UNDETECTED, TOO_FEW = "gains", "loses", "not detected", "nothing can be said"
CHANCE = 0.8
"""With which an effect is to be found, as everywhere that power is told."""


def comparison_sentence(row: dict[str, Any]) -> str:
    """One row of the mart `study_comparisons` in words."""
    return f"{label(row['arm'])} against {label(row['against'])}: {found(row)}."


def found(row: dict[str, Any]) -> str:
    """What was found: a gain, a loss, how large an effect is excluded, or why nothing can be said."""
    if row["p_value"] is None:
        return f"{seeds(row['differences'])}, of which nothing can be said"
    if row["family_low"] is None:
        least = p_value(2.0 ** (1 - row["differences"]))
        enough = f"{seeds(row['differences'])}, which can detect nothing: p cannot be below {least}"
        return f"{points(row['difference'])} points over {enough}"
    low, high, p = row["family_low"], row["family_high"], f"family-wise p {p_value(row['family_p_value'])}"
    if outcome(row) == GAINS:
        return f"gains {size(row['difference'])} points ({size(low)} to {size(high)}), {p}"
    if outcome(row) == LOSES:
        return f"loses {size(row['difference'])} points ({size(high)} to {size(low)}), {p}"
    seen = smallest(row)
    would = f". {size(seen)} points would have been found with {CHANCE:.0%} chance" if seen else ""
    between = f"from a loss of {size(low)} to a gain of {size(high)} points all is possible, and only what lies beyond is excluded"
    return f"not detected ({points(row['difference'])} points, {p}), which does not say that there is no difference: {between}{would}"


def outcome(row: dict[str, Any]) -> str:
    """What became of a comparison, in a word or two."""
    if row["p_value"] is None or row["family_low"] is None:
        return TOO_FEW
    return GAINS if row["family_low"] > 0 else LOSES if row["family_high"] < 0 else UNDETECTED


def excluded(row: dict[str, Any]) -> str:
    """The effects that a comparison's interval excludes."""
    low, high = row["family_low"], row["family_high"]
    gains, losses = f"gains above {size(high)}", f"losses above {size(low)}"
    if low > 0:
        return f"gains below {size(low)} and {gains[6:]} points"
    if high < 0:
        return f"losses below {size(high)} and {losses[7:]} points"
    return f"{gains} and {losses} points"


def smallest(row: dict[str, Any]) -> float | None:
    """The smallest difference that a comparison would have found with a chance of CHANCE, by how much its own differences vary from seed to
    seed, among as many comparisons as its family has. None where its seeds can find none, or do not vary."""
    from scipy.stats import t

    from tasks.estimates.power.seeds import Detection, smallest_effect  # brings NumPy, which a run of a recipe does not print with

    count, confidence = row["differences"], DifficultySettings().confidence
    error = (row["difference_high"] - row["difference_low"]) / 2 / float(t.ppf((1 + confidence) / 2, count - 1))
    if error <= 0:
        return None
    return smallest_effect(error * count**0.5, count, Detection(row["family_size"], 1 - confidence, CHANCE))


def seeds(number: int) -> str:
    """So many seeds, in words."""
    return {0: "no seed that both have", 1: "1 seed"}.get(number, f"{number} seeds")


def size(difference: float) -> str:
    """How large a difference is, in points without its sign."""
    return f"{100 * abs(difference):.1f}"
