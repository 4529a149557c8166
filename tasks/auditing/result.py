"""What the audits of a lake have found, as it is published."""

from dataclasses import dataclass

import polars as pl

from tasks.lake.lake import Lake
from tasks.warehouse.querying import named_query, query

FOUND = "from grader_audit where in_force order by grader, part, place"


@dataclass(frozen=True)
class Result:
    """The rows of `grader_audit` that count, how many problems change band, by policy and in the present sets, and how people agree."""

    graders: pl.DataFrame
    bands: pl.DataFrame
    sets: pl.DataFrame
    agreement: pl.DataFrame


def result(lake: Lake) -> Result:
    """What has been found; no rows where nobody has labelled anything."""
    agreement = query(lake, "from label_agreement order by responses desc, labelled_by, other_by")
    return Result(query(lake, FOUND), named_query(lake, "audit_bands"), named_query(lake, "audit_sets"), agreement)
