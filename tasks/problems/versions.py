"""Which problems are versions of one, as a source's `columns.cluster` tells, and what of that a reader of its intervals should know."""

import json
import logging
from collections.abc import Sequence
from typing import Any

from tasks.problems.columns import VERSION_OF
from tasks.problems.places import Columns
from tasks.problems.settings import SourceSettings

logger = logging.getLogger(__name__)


def version_of(metadata: str) -> str | None:
    """What a problem with this metadata is a version of; None where its source does not say."""
    named = json.loads(metadata).get(VERSION_OF) if f'"{VERSION_OF}"' in metadata else None
    return named if named is None else str(named)


def said_of_versions(source: SourceSettings, columns: Columns, problems: Sequence[dict[str, Any]]) -> list[str]:
    """Log how the problems of a source are clustered; gives what is a warning."""
    if columns.cluster is None:
        return []
    named = [version for problem in problems if (version := version_of(problem["metadata"]))]
    where = f"{source.name} {source.split}: columns.cluster = {columns.cluster.name}"
    warnings = [f"{where} {fault}" for fault in faults(len(problems), len(named), len(set(named)))]
    for warning in warnings:
        logger.warning(warning)
    logger.info(f"{where}: {len(named):,} of {len(problems):,} problems are versions of {len(set(named)):,}")
    return warnings


def faults(problems: int, named: int, clusters: int) -> list[str]:
    """What is odd about problems of which so many name a cluster, and so many different ones."""
    if not named:
        return ["has no value in any row, so it does nothing: each problem counts as one by itself"]
    without = problems - named
    found = [f"has no value in {without:,} of {problems:,} problems; each of them counts as one by itself"] if without else []
    if clusters == named:
        found.append("has another value in every row, so it does nothing: each problem counts as one by itself")
    elif clusters == 1 and not without:
        found.append(f"has one value in all {problems:,} problems; between versions of one problem no interval can be told, so it is null")
    return found
