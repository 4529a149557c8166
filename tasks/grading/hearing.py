"""What a judge has said in a grading, in the lake: its words, the opinions of a partition of verdicts, and how many there are."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from tasks.base.files import digest
from tasks.grading.settings import SecondSettings
from tasks.grading.shards import PLACE
from tasks.lake.lake import Lake
from tasks.lake.layout import JUDGE_WORDS

if TYPE_CHECKING:
    from tasks.grading.judges import Judges

KEY = ["problem_id", "gold_id", "round", "sample"]
logger = logging.getLogger(__name__)


class Hearing:
    """The opinions beside a `partition` of verdicts on the problems of `golds`; `words` is where the judge's words lie."""

    def __init__(self, lake: Lake, settings: SecondSettings, partition: Path, golds: pl.DataFrame) -> None:
        self.lake, self.settings, self.golds = lake, settings, golds
        self.folder = lake.home / "opinions" / partition.name
        self.words = lake.home / JUDGE_WORDS / digest(settings.model)[:16]
        self.is_open = False

    def open(self, judges: "Judges", done: pl.DataFrame) -> None:
        """Before the first verdict: see that the judge can be asked, and let it go on from what is `done` (problem, round and sample)."""
        if judges.second and not self.is_open:
            judges.second.judge.check()
            heard = self.opinions().with_columns(pl.col("round", "sample").cast(pl.UInt32)).join(done.lazy(), on=PLACE, how="semi")
            judges.second.judged, judges.second.asked = len(done), heard.select(pl.len()).collect().item()
            self.is_open = True

    def append(self, opinions: pl.DataFrame, name: str) -> None:
        """Add the opinions on a shard, if there are any."""
        if len(opinions):
            self.lake.append(self.folder, "opinions", opinions, name)

    def opinions(self) -> pl.LazyFrame:
        """The opinions on the problems under their present gold answers, each once, with the problem's number."""
        files = sorted(self.folder.glob("*.parquet"))
        mine = self.golds.lazy().select("problem_id", "gold_id", "problem")
        return self.lake.scan("opinions", files).unique(KEY).join(mine, on=["problem_id", "gold_id"])

    def told(self, verdicts: Sequence[Path]) -> dict[str, int]:
        """How many refused responses the judge was asked about and was not, and what it said; said in the log, too."""
        heard = self.opinions().select(*KEY, "accepts", "judge_said").collect()
        mine = self.golds.lazy().select("problem_id", "gold_id")
        judged = self.lake.scan("verdicts", list(verdicts)).join(mine, on=["problem_id", "gold_id"], how="semi")
        refused = judged.filter(pl.col("verdict").is_in(self.settings.of)).join(heard.lazy(), on=KEY, how="anti")
        counts = {
            "asked": len(heard),
            "accepted": int(heard["accepts"].sum()),
            "rejected": int((~heard["accepts"]).sum()),
            "neither": int((heard["accepts"].is_null() & (heard["judge_said"] != "")).sum()),
            "unanswered": int((heard["judge_said"] == "").sum()),
            "unasked": refused.select(pl.len()).collect().item(),
        }
        logger.info(in_words(counts, self.settings))
        return counts


def in_words(counts: dict[str, int], settings: SecondSettings) -> str:
    """What came of a second opinion, in a line."""
    said = f"{counts['accepted']} accepted, {counts['rejected']} rejected, {counts['neither']} neither, {counts['unanswered']} unanswered"
    unasked = f"; {counts['unasked']} more went unasked (grading.second.limit is {settings.limit:g})" if counts["unasked"] else ""
    return f"second opinion of {settings.model} on {counts['asked']} responses: {said}{unasked}"
