"""What an evaluation says of held-out problems that are nearly the same as one trained on, and how policies compare without them."""

from dataclasses import dataclass

import polars as pl

from tasks.evaluation.settings import APART
from tasks.lake.artifacts import Artifact
from tasks.reporting.summary import IS_ALL, read_scores
from tasks.reporting.wording import percent, percent_interval, points, points_interval, policy_title

NOT_SOUGHT = "Nobody has looked whether held-out problems are nearly the same as some that were trained on."
NONE_LEFT = "No held-out problem is left without the near-duplicates."


@dataclass(frozen=True)
class NearTrained:
    """How many `heldout` problems there are, `trained_on` how many, `copies`: exactly or nearly one of them, `pictured`: the same picture
    under another question; and `without` the copies, the rows of the mart `evaluation`."""

    heldout: int
    trained_on: int
    copies: int
    pictured: int
    without: pl.DataFrame

    @property
    def left(self) -> int:
        """The held-out problems that are no copies."""
        return self.heldout - self.copies


def near_trained(evaluation: Artifact) -> NearTrained | None:
    """What was found; None where nobody has looked."""
    found = evaluation.manifest.get("near_duplicates")
    if not found:
        return None
    copies, without = found["exact"] + found["near"], read_scores(evaluation, APART)
    return NearTrained(found["heldout"], found["trained_on"], copies, found["image"], without)


def near_sentence(found: NearTrained | None) -> str:
    """How many near-duplicates there are, in words; empty where nothing was trained on."""
    if found is None:
        return NOT_SOUGHT
    if not found.trained_on:
        return ""
    picture = f" {found.pictured:,} more show the picture of one of these, with another question." if found.pictured else ""
    of = f"of {found.heldout:,} held-out problems is" if found.copies < 2 else f"of {found.heldout:,} held-out problems are"
    number = f"{found.copies:,}" if found.copies else "None"
    return f"{number} {of} nearly the same as one of the {found.trained_on:,} problems that were trained on.{picture}"


def without_sentence(found: NearTrained | None, policy: str) -> str:
    """What a policy without hints gains on the problems that are no copies, or where it is the base policy what it solves of them; empty
    where there are none to leave out."""
    if found is None or not found.copies:
        return ""
    rows = found.without.filter(IS_ALL, pl.col("policy") == policy, ~pl.col("hints"))
    if rows.is_empty():
        return NONE_LEFT
    row = rows.row(0, named=True)
    if row["difference"] is not None:
        interval = points_interval(row["difference_low"], row["difference_high"])
        gained = f"{policy_title(policy).lower()} gains {points(row['difference'])} points ({interval})"
        return f"Without the near-duplicates, {gained} over base on the other {row['problems']:,}."
    interval = percent_interval(row["accuracy_low"], row["accuracy_high"])
    solved = f"{policy_title(policy).lower()} solves {percent(row['accuracy'])} ({interval}) of the other {row['problems']:,}"
    return f"Without the near-duplicates, {solved}."
