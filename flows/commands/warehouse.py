"""The commands about the warehouse: ask it, read what is in it, publish it anew, keep its files few."""

import re
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import AsJson, Home, looked_at, opened, options_checked
from flows.commands.printing.console import print_json, printed, say
from tasks.base.errors import InputError, did_you_mean
from tasks.lake.layout import default_home

if TYPE_CHECKING:
    import polars as pl


app = typer.Typer()
PANEL = "Ask the warehouse"
MEMORY = re.compile(r"0*[1-9]\d*(\.\d+)? ?([KMGT]i?)?B", re.IGNORECASE)


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


@app.command(rich_help_panel=PANEL)
def sql(
    query: Annotated[
        str, typer.Argument(help="A SELECT over the warehouse (difficulty, u_shape, evaluation, rollouts, …), or EXPLAIN of one.")
    ],
    format: Annotated[Format, typer.Option(help="How rows are printed.")] = Format.table,
    rows: Annotated[int, typer.Option(min=0, help="The most rows that it may give; more is an error.")] = 100_000,
    seconds: Annotated[float, typer.Option(min=0.001, help="The longest that it may take.")] = 60.0,
    memory: Annotated[str, typer.Option(metavar="SIZE", help="The most memory that it may take, as in 500MB or 8GiB.")] = "2GB",
    full: Annotated[bool, typer.Option("--full", help="In a table: ids whole, not only their first 12 digits.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Ask the published warehouse in SQL, read-only. Rows too wide for the terminal are printed one below the other.

    Nested values are JSON. JSON has null for what is not a number, and text for dates, intervals, ids and bytes.

    Example: `difficulty-prior sql "select recipe, policy, dataset, band, count(*) from current group by all" --format csv`
    """
    from flows.commands.printing.answer import print_answer
    from tasks.lake.lake import Lake
    from tasks.warehouse.cells import json_lines
    from tasks.warehouse.querying import QueryLimits, answer

    format = Format.json if as_json else format
    limits = QueryLimits(rows=rows, seconds=seconds, memory=memory_size(memory))
    cells = answer(Lake(looked_at(home)), query, limits=limits, json=format is Format.json)
    if format is Format.json:
        sys.stdout.writelines(f"{line}\n" for line in json_lines(cells))
    elif format is Format.csv:
        sys.stdout.write(cells.rows.write_csv())
    else:
        print_answer(printed(), cells, full=full)


def memory_size(text: str) -> str:
    """A size as DuckDB reads it. Raises InputError for anything else."""
    if not MEMORY.fullmatch(text.strip()):
        raise InputError(f"--memory {text!r} is no size; give a number with its unit, as in 500MB or 8GiB")
    return text.strip()


@app.command(rich_help_panel=PANEL)
def schema(
    relation: Annotated[str | None, typer.Argument(metavar="[RELATION]", help="Only this one, with its columns.")] = None,
    as_json: AsJson = False,
) -> None:
    """The data dictionary: what every relation of the warehouse holds, its key, and what its columns mean.

    Example: `difficulty-prior schema difficulty`
    """
    from flows.commands.printing.schema import print_relation, relations_table
    from tasks.warehouse.dictionary import dictionary, outline, relation_named, written

    if as_json:
        sys.stdout.write(f"{written((relation_named(relation),) if relation else dictionary())}\n")
    elif relation:
        print_relation(printed(), relation_named(relation))
    else:
        printed().print(relations_table(outline()))


@app.command(rich_help_panel=PANEL)
def histogram(
    dataset: Annotated[str | None, typer.Option(help="Only this dataset.")] = None,
    policy: Annotated[str | None, typer.Option(help="Only this policy: base, the name of a stage that left it, or a panel's.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Draw how many problems are solved how often, per dataset and policy, and whether that is a U. Prompts with hints are left out.

    Example: `difficulty-prior histogram --dataset starter-charts --policy base`
    """
    place = looked_at(home)
    if as_json:
        bars, shapes = bars_and_shapes(place, dataset=dataset, policy=policy)
        print_json({"histogram": bars, "u_shape": shapes})
    else:
        draw_histogram(place, dataset=dataset, policy=policy)


def bars_and_shapes(home: Path, **wanted: str | None) -> "tuple[pl.DataFrame, pl.DataFrame]":
    """The marts `difficulty_histogram` and `u_shape` of a lake, without hints, only of what is wanted: a policy goes by the name that its
    recipe gave it, by the one that tells it from others of that name, and by its id. Raises InputError for a dataset or a policy that is
    in neither."""
    import polars as pl

    from tasks.lake.lake import Lake
    from tasks.warehouse.querying import named_query

    bars, shapes = (named_query(Lake(home), name) for name in ("histogram_bars", "histogram_shapes"))
    for names, value in ((("dataset",), wanted.get("dataset")), (("policy", "name", "policy_id"), wanted.get("policy"))):
        if value:
            check_known(bars, names, value)
            bars, shapes = (rows.filter(pl.any_horizontal(pl.col(names) == value)) for rows in (bars, shapes))
    return bars.drop("name"), shapes.drop("name")


def check_known(rows: "pl.DataFrame", names: Sequence[str], value: str) -> None:
    """Raise InputError that lists what there is where a value is in none of these columns, of rows that are already narrowed to others."""
    there = sorted(filter(None, rows[names[0]].unique()))
    if there and not any(value in rows[name] for name in names):
        raise InputError(f"no difficulty of {names[0]} {value!r} is published{did_you_mean(value, there)}; there is {', '.join(there)}")


def draw_histogram(home: Path, **wanted: str | None) -> None:
    """Draw how many problems are solved how often, with the bands as they were published."""
    from tasks.difficulty.histogram import draw
    from tasks.lake.lake import Lake
    from tasks.warehouse.querying import published_edges

    printed().print(draw(*bars_and_shapes(home, **wanted), published_edges(Lake(home))))


@app.command(rich_help_panel=PANEL)
def publish(
    whole: Annotated[bool, typer.Option("--whole", help="Compute everything anew, not only what is new.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Publish the warehouse from what the lake holds, with the settings of the last time. Nothing is sampled.

    Example: `difficulty-prior publish --whole`
    """
    from tasks.lake.lake import Lake
    from tasks.warehouse.home import send_warehouse
    from tasks.warehouse.publishing import publish_again

    place = opened(home)
    made = publish_again(Lake(place), whole=whole)
    send_warehouse(place)
    if as_json:
        print_json({"warehouse": made})
    else:
        say(f"warehouse: {made}")


@app.command(rich_help_panel=PANEL)
def sync(home: Home = None, as_json: AsJson = False) -> None:
    """Bring a lake on object storage and its copy on this machine together, as each run does when it begins. Commands that only read, and
    --plan, ask no storage: they read the copy as it is.

    Example: `difficulty-prior sync --home s3://research/difficulty`
    """
    from tasks.lake.storage import remote_address

    address = home or default_home()
    if remote_address(address) is None:
        raise InputError(
            f"--home {address} is a folder of this machine: there is no storage to bring it together with; give s3://bucket/prefix"
        )
    place = opened(address)
    if as_json:
        print_json({"copy": place})
    else:
        say(f"copy: {place}")


@app.command(rich_help_panel=PANEL)
def compact(
    min_shards: Annotated[int, typer.Option(help="Compact what has at least so many small shards.")] = 8,
    keep_hours: Annotated[float, typer.Option(help="Delete small shards so long after they were replaced.")] = 24.0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put the many small shards of each policy into few large files, and publish. Readers and running flows are not disturbed.

    Example: `difficulty-prior compact`
    """
    from tasks.lake import compaction
    from tasks.lake.lake import Lake
    from tasks.warehouse.home import send_warehouse
    from tasks.warehouse.publishing import publish_again

    place = opened(home)
    with options_checked():
        lake, settings = Lake(place), compaction.CompactionSettings(min_shards=min_shards, keep_hours=keep_hours)
    made = compaction.compact(lake, settings)
    publish_again(lake)
    send_warehouse(place)
    gone = compaction.sweep_retired(lake, settings)
    if as_json:
        print_json({"compacted": [part.path for part in made], "deleted": gone})
    else:
        say(f"{len(made)} partitions compacted, {len(gone)} folders of replaced shards deleted")
