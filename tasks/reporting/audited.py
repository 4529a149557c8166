"""What an audit found, in words: for a terminal and for a report alike."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from tasks.reporting.table import Table, table
from tasks.reporting.wording import MISSING, label, number, percent, percent_interval

MOST_RULES = 12
HEADS = ("", "#verdicts", "#labelled", "#precision", "#interval", "#right among refused", "#interval", "#wrong verdicts", "#at most")


def nobody(command: str) -> str:
    """That nobody has audited a grader, and what would."""
    return f"Nobody has audited the grader on this data, so nobody knows how wrong these figures are: `{command}` draws verdicts to label."


def rate(row: Mapping[str, Any], name: str) -> str:
    """A share with its interval."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return f"{percent(row[name])} ({percent_interval(low, high)})" if row[name] is not None else f"unknown ({percent_interval(low, high)})"


def found(row: Mapping[str, Any]) -> str:
    """How wrong a grader is, in a sentence, of its row of all verdicts."""
    said = f"{row['labelled']:,} of {row['drawn']:,} drawn verdicts of {row['grader']} are labelled, of {row['verdicts']:,} that are stored"
    unsure = f" ({row['unsure']:,} more are unsure or disputed)" if row["unsure"] else ""
    return (
        f"{said}{unsure}: precision {rate(row, 'precision')}, recall {rate(row, 'recall')}, {rate(row, 'wrong')} of the verdicts wrong. "
        f"{rate(row, 'accuracy')} of the responses are right, where the grader says {percent(row['judged'])}."
    )


def by_part(rows: pl.DataFrame, part: str, title: str) -> Table:
    """The rows of one `part` of `grader_audit`, those with the most wrong verdicts first."""
    cells = [
        (
            label(row["name"] or "(none)", 32),
            f"{row['verdicts']:,}",
            f"{row['labelled']:,}",
            *cells_of(row, "precision", row["called_right"]),
            *cells_of(row, "refusals", row["verdicts"] - row["called_right"]),
            number(row["errors"]),
            number(row["wrong_high"] * row["verdicts"]),
        )
        for row in rows.filter(pl.col("part") == part).sort("place").head(MOST_RULES).iter_rows(named=True)
    ]
    return table(title, HEADS, cells)


def cells_of(row: Mapping[str, Any], name: str, verdicts: int) -> tuple[str, str]:
    """A share and its interval, where there are verdicts that it is of."""
    return (percent(row[name]), percent_interval(row[f"{name}_low"], row[f"{name}_high"])) if verdicts else (MISSING, MISSING)


def parts(rows: pl.DataFrame) -> list[Table]:
    """One grader's tables: by rule, and by dataset where there are several."""
    tables = [by_part(rows, "rule", "Rules with the most wrong verdicts")]
    several = rows.filter(pl.col("part") == "dataset").height > 1
    return [*tables, *([by_part(rows, "dataset", "By dataset")] if several else [])]


def moved(changed: int, problems: int, what: str = "problems") -> str:
    """How many problems change band."""
    return f"Without the grader's errors {changed:,} of {problems:,} {what} would be in another band."


def agreement(rows: pl.DataFrame) -> Sequence[str]:
    """How far each two people agree."""
    return [agreed(row) for row in rows.iter_rows(named=True)]


def agreed(row: Mapping[str, Any]) -> str:
    """How far two people agree."""
    kappa = "" if row["kappa"] is None else f" (Cohen's kappa {number(row['kappa'], 2)})"
    people = f"{label(row['labelled_by'])} and {label(row['other_by'])}"
    return f"{people} agree on {percent(row['agreement'])} of {row['responses']:,} responses that both labelled{kappa}."
