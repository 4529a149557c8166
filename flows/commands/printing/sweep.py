"""Prints a sweep: pairs of thresholds, the share of groups that each would waste, and set sizes."""

from collections.abc import Mapping
from typing import Any

from rich.bar import Bar
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.curation.sweep import Sweep
from tasks.reporting.wording import MISSING, percent

SWEEP_BAR = 12


def print_sweep(console: Console, found: Sweep) -> None:
    """Print the pairs of thresholds with the share of wasted groups over what would be chosen as a bar, the set sizes beside, and what is
    recommended."""
    console.print(Text(f"{found.profile['policy'] or found.profile['policy_id']}: {found.profile['problems']:,} problems", style="bold"))
    has_set = found.sizes["overlap"].null_count() == 0
    heads = [f"chosen of {size}{' (in the present set)' if has_set else ''}" for size in found.sizes["size"].unique().sort()]
    table = Table(header_style="bold", box=None, pad_edge=False)
    for head in ("low", "high", "kept", "of fresh rounds", "misplaced", "change side", "no gradient", "", "variance", *heads):
        table.add_column(head, justify="left" if head == "" else "right")
    for row in found.pairs.iter_rows(named=True):
        here = found.sizes.filter(low=row["low"], high=row["high"]).sort("size")
        cells = [f"{chosen} ({same})" if has_set else str(chosen) for chosen, same in here.select("chosen", "in_present_set").iter_rows()]
        style = "bold green" if (row["low"], row["high"]) == found.recommended else ""
        table.add_row(*sweep_cells(row), *cells, style=style)
    console.print(table)
    low, high = found.recommended
    said = f"take {low:g} to {high:g}: {found.reason}" if found.pairs["chosen"].sum() else found.reason
    console.print(Text(said, style="bold"), soft_wrap=True)


def sweep_cells(row: Mapping[str, Any]) -> list[Any]:
    """The figures of one pair of thresholds."""
    share = row["zero_signal_share"]
    wasted = [MISSING, ""] if share is None else [percent(share), Bar(size=1, begin=0, end=share, width=SWEEP_BAR)]
    variance = MISSING if row["reward_variance"] is None else f"{row['reward_variance']:.3f}"
    kept = [f"{row['low']:g}", f"{row['high']:g}", f"{row['kept']:,}", f"{row['expected_kept']:,.0f}"]
    return [*kept, percent(row["misplaced_share"]), percent(row["switch_share"]), *wasted, variance]
