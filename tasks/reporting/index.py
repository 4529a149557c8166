"""The page over all reports of a lake, `reports/index.html`: which recipe, when, from what to what, and where its report lies.

It is made anew with every report, from the manifests of those that are there: a report whose folder was deleted is gone from it, too.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from tasks.base.files import write_text
from tasks.lake.layout import ASIDE, MANIFEST
from tasks.lake.storage import send_file
from tasks.reporting.templates import laid_out
from tasks.reporting.wording import change, label, percent, percent_interval, points, points_interval

INDEX, REPORTS = "index.html", "reports"
TEMPLATE = "index.html.jinja"
NONE_HELD_OUT = "no problems held out, so nothing was evaluated"


@dataclass(frozen=True)
class Listed:
    """A report as the index shows it. `score` is what its manifest says of the result, empty for one made before manifests did."""

    key: str
    name: str
    is_study: bool
    written: datetime
    score: dict[str, Any]

    @property
    def link(self) -> str:
        return f"{self.key}/report.html"

    @property
    def title(self) -> str:
        return label(self.name, 80)

    @property
    def day(self) -> str:
        return f"{self.written:%Y-%m-%d %H:%M} UTC"

    @property
    def about(self) -> str:
        """What was compared, in a line."""
        if not self.score:
            return "made before reports told their result; run the recipe again"
        problems = f"{self.score['problems']:,} held-out problems" if self.score["problems"] else NONE_HELD_OUT
        return f"study of {self.score['arms']} arms over {self.score['seeds']} seeds, {problems}" if self.is_study else problems

    @property
    def ends(self) -> list[dict[str, Any]]:
        """First and last policy (of a study the arms of its first primary comparison, or baseline and best arm), as they are written and as
        they are drawn, in percent."""
        return [end_of(self.score[place]) for place in ("first", "last") if place in self.score]

    @property
    def gain(self) -> dict[str, str] | None:
        """What the last gains over the first; None where they are one, or not compared."""
        last = self.score.get("last", {})
        if last.get("difference") is None:
            return None
        bounds = last["difference"], last["difference_low"], last["difference_high"]
        return {"points": points(bounds[0]), "interval": points_interval(bounds[1], bounds[2]), "change": change(*bounds)}


def end_of(score: dict[str, Any]) -> dict[str, Any]:
    """One end of the line from base to final."""
    interval = percent_interval(score["accuracy_low"], score["accuracy_high"])
    place = f"{100 * (score['accuracy'] or 0):.1f}"
    return {"title": label(score["title"], 32), "accuracy": percent(score["accuracy"]), "interval": interval, "place": place}


def write_index(home: Path) -> Path:
    """Make the page over the reports of the lake at `home`; gives its path. Safe beside others that do the same."""
    path, lock = home / REPORTS / INDEX, home / ASIDE / f"{REPORTS}-{INDEX}.lock"
    for folder in (path.parent, lock.parent):
        folder.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        write_text(path, render_index(reports_of(home)))
        send_file(path)
    return path


def reports_of(home: Path) -> list[Listed]:
    """The complete reports of a lake, the newest first."""
    found = [listed(path) for path in sorted((home / REPORTS).glob(f"*/{MANIFEST}"))]
    return sorted((report for report in found if report), key=lambda report: (report.written, report.key), reverse=True)


def listed(path: Path) -> Listed | None:
    """The report that a manifest is of; None where it is being deleted just now."""
    try:
        facts, written = json.loads(path.read_text(encoding="utf-8")), path.stat().st_mtime
    except FileNotFoundError:
        return None
    when = datetime.fromtimestamp(written, UTC)
    return Listed(path.parent.name, str(facts["name"]), "study" in facts, when, facts.get("score") or {})


def render_index(reports: Sequence[Listed]) -> str:
    """The page as HTML."""
    return laid_out(TEMPLATE, reports=reports)
