"""Names that all parts of a lake agree on, and where it lies where nobody says."""

import os
from pathlib import Path

MANIFEST = "manifest.json"
PROGRESS = ".progress.json"
ASIDE = "aside"
WAREHOUSE = "warehouse.duckdb"
EMPTY = "_schema"
QUARANTINE = "quarantine"
JUDGE_WORDS = "judge_words"
SHARDED = ("rollouts", "verdicts")  # the relations that grow by shards; all others are tables of artifacts


def default_home() -> Path:
    """Root of the lake: DIFFICULTY_PRIOR_HOME (a folder or an s3:// address), or ./runs."""
    return Path(os.environ.get("DIFFICULTY_PRIOR_HOME", "runs"))
