"""Ingests a source: reads its rows, keeps its images, and writes `problems.parquet` and `rejected.parquet`.

Every row ends up in exactly one of the two tables. Too many unusable rows are an error, and then neither table is written.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path
from typing import Any

import polars as pl

from tasks.base.errors import InputError
from tasks.lake.lake import RELATIONS, Lake, write_parquet
from tasks.lake.storage import send_images
from tasks.problems.benchmarks import MAPPINGS
from tasks.problems.contents import contents, rows_of
from tasks.problems.gold.choosing import UNSCORABLE
from tasks.problems.golds import gold_rules, said_of_golds, settle_golds
from tasks.problems.identity import Candidate, Rejection, settle_duplicates
from tasks.problems.images import ImageLimits
from tasks.problems.origin import Origin, image_roots, locate
from tasks.problems.pictured import brief
from tasks.problems.places import Columns
from tasks.problems.reading.row import Row
from tasks.problems.rows import RowFault, own_id, read_problem, system_prompt
from tasks.problems.settings import SourceSettings
from tasks.problems.versions import said_of_versions

THREADS = 8
CHUNK_ROWS = 256
PART_ROWS = CHUNK_ROWS // THREADS  # a thread takes several at once, since handing over one takes longer than reading a text
SHOWN_REASONS = 5

logger = logging.getLogger(__name__)


def ingest_source(lake: Lake, source: SourceSettings, folder: Path) -> dict[str, Any]:
    """Write a source's two tables into `folder`; returns for the manifest the `counts` (rows, problems, unscorable, rejected, duplicates,
    images), the names of its `columns`, the `gold_rules` by which its answers were read, each with its number of problems,
    and the `warnings`, which are logged.

    Raises InputError when the source cannot be read, has no usable row, or has more unusable rows than `max_rejected` allows.
    """
    origin = locate(source)
    candidates, faults = read_candidates(lake, source, origin)
    candidates, beyond = settle_golds(source, candidates)
    problems, duplicates = settle_duplicates(candidates)
    rejected = faults + beyond + duplicates
    check_rejected(source, origin, len(problems) + len(rejected), rejected)
    write_tables(source, problems, rejected, folder)
    images = {name for problem in problems for name in problem["images"]}
    send_images(lake.home, images)
    rules = gold_rules(problems)
    counts = {
        "rows": len(problems) + len(rejected),
        "problems": len(problems),
        "unscorable": rules.get(UNSCORABLE, 0),
        "rejected": len(rejected),
        "duplicates": sum(rejection.is_copy for rejection in rejected),
        "images": len(images),
    }
    columns = contents(source, origin).columns
    warnings = [*said_of_columns(source, columns, problems), *said_of_versions(source, columns, problems)]
    warnings += said_of_golds(source, problems, rules)
    return {"counts": counts, "columns": columns.said(), "gold_rules": rules, "warnings": warnings}


def said_of_columns(source: SourceSettings, columns: Columns, problems: Sequence[dict[str, Any]]) -> list[str]:
    """Log which columns were found by their names alone; gives what is a warning: system prompts that the policy does not see."""
    where = f"{source.name} {source.split}"
    if source.columns == MAPPINGS["auto"]:
        taken = ", ".join(f"{part} from {name}" for part, name in columns.said().items() if name)
        logger.info(f"{where}: nothing is said of its columns, and their names say {taken}")
    prompts = Counter(prompt for problem in problems if (prompt := system_prompt(problem)))
    if not prompts or source.columns.system == "ask":
        return []
    [(prompt, _)] = prompts.most_common(1)
    different = f", {len(prompts):,} different ones," if len(prompts) > 1 else ""
    warning = (
        f"{where}: {prompts.total():,} of {len(problems):,} problems bring a system prompt{different} which stays in their metadata and is "
        f"not shown to the policy, as the recipe's template says how to answer: {brief(prompt)}. Set columns.system to ask to put it in "
        "front of the questions"
    )
    logger.warning(warning)
    return [warning]


def read_candidates(lake: Lake, source: SourceSettings, origin: Origin) -> tuple[list[Candidate], list[Rejection]]:
    """All rows as problems or as rejections, in order; images are checked and written by several threads."""
    known = contents(source, origin)
    limits = ImageLimits(origin.images_folder, source.max_image_pixels, source.max_image_bytes, image_roots(source))
    candidates: list[Candidate] = []
    faults: list[Rejection] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for chunk in chunks(iter(rows_of(source, origin, known)), CHUNK_ROWS):
            parts = pool.map(
                lambda rows: [read_candidate(lake, row, known.columns, limits) for row in rows], chunks(iter(chunk), PART_ROWS)
            )
            for result in chain.from_iterable(parts):
                if isinstance(result, Candidate):
                    candidates.append(result)
                else:
                    faults.append(result)
    return candidates, faults


def chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """The rows in lists short enough to hold with their images."""
    while chunk := list(islice(rows, size)):
        yield chunk


def read_candidate(lake: Lake, row: Row, columns: Columns, limits: ImageLimits) -> Candidate | Rejection:
    """One row as a problem, or why it is none."""
    if row.fault:
        return Rejection(row.source, row.number, "", row.fault)
    try:
        problem = read_problem(lake, row, columns, limits)
    except RowFault as error:
        return Rejection(row.source, row.number, error.column, str(error))
    id_column = columns.id.name if columns.id and own_id(row, columns) else None
    return Candidate(row.source, problem, id_column, columns.answer.name)


def check_rejected(source: SourceSettings, origin: Origin, rows: int, rejected: list[Rejection]) -> None:
    """Raise InputError with the first reasons when more rows are unusable than the setting allows, or all are. Copies do not count."""
    bad = sorted((rejection for rejection in rejected if not rejection.is_copy), key=lambda rejection: (rejection.source, rejection.row))
    too_many = len(bad) > source.max_rejected * rows
    if not too_many and len(bad) < rows:
        return
    allowed = f", more than max_rejected = {percent(source.max_rejected)} allows" if too_many else ""
    way_out = ", or raise max_rejected" if len(bad) < rows else ""
    images = f" (images folder: {origin.images_folder})" if origin.images_folder else ""
    raise InputError(
        f"{source.name}: {len(bad):,} of {rows:,} rows ({percent(len(bad) / rows)}) of {source.path} are not usable{allowed}. "
        f"Correct them or the column mapping{way_out}. The first of them{images}:\n" + "\n".join(first_reasons(bad))
    )


def percent(share: float) -> str:
    """A share in percent."""
    return f"{100 * share:.4g}%"


def first_reasons(bad: list[Rejection]) -> list[str]:
    """A line for each of the first reasons: the row that has it first, and how many more have the same."""
    same = Counter((rejection.column, rejection.reason) for rejection in bad)
    first = {(rejection.column, rejection.reason): rejection for rejection in reversed(bad)}
    counted = [(first[reason], same[reason] - 1) for reason in islice(same, SHOWN_REASONS)]
    return [f"  {described(rejection)}{f' (and so {more:,} more)' if more else ''}" for rejection, more in counted]


def described(rejection: Rejection) -> str:
    """A rejection in one line of an error: file, row, column, reason."""
    column = f", column {rejection.column}" if rejection.column else ""
    return f"{rejection.source}, row {rejection.row}{column}: {rejection.reason}"


def write_tables(source: SourceSettings, problems: list[dict[str, Any]], rejected: list[Rejection], folder: Path) -> None:
    """Write `problems.parquet` (in the order read) and `rejected.parquet` (by file and row)."""
    named = {"dataset": source.name, "split": source.split}
    rows = [{**named, **problem} for problem in problems]  # a list of rows, as polars takes a column of lists one Series at a time
    write_parquet(pl.DataFrame(rows, schema=RELATIONS["problems"]), folder / "problems.parquet")
    reasons = [{**named, "source": bad.source, "row": bad.row, "column": bad.column, "reason": bad.reason} for bad in rejected]
    table = pl.DataFrame(reasons, schema=RELATIONS["rejected"]).sort("source", "row")
    write_parquet(table, folder / "rejected.parquet")
