"""What may be said of a comparison of two arms, made of its numbers: never more than the seeds allow."""

from typing import Any

from tasks.reporting.wording import label, p_value, points

NO_OTHER_PROBLEMS = (
    "Intervals and p cover what other seeds would give on these held-out problems. "
    "They say nothing of other problems, datasets or policies."
)


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
    if low > 0:
        return f"gains {size(row['difference'])} points ({size(low)} to {size(high)}), {p}"
    if high < 0:
        return f"loses {size(row['difference'])} points ({size(high)} to {size(low)}), {p}"
    return (
        f"not detected ({points(row['difference'])} points, {p}); gains above {size(high)} and losses above {size(low)} points are excluded"
    )


def seeds(number: int) -> str:
    """So many seeds, in words."""
    return {0: "no seed that both have", 1: "1 seed"}.get(number, f"{number} seeds")


def size(difference: float) -> str:
    """How large a difference is, in points without its sign."""
    return f"{100 * abs(difference):.1f}"
