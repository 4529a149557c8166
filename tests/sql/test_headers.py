"""A header of a SQL file is read by one parser, to which a slip of the pen is an error that shows the way out."""

from pathlib import Path

import pytest

from tasks.base.errors import InputError
from tasks.warehouse.headers import Header, Meaning, read_header
from tasks.warehouse.order import rows_digest
from tasks.warehouse.relations import catalogue, check_inputs

SUMMARY = """-- votes: how often each answer was given
-- grain: problem_id x voted
-- inputs: stg_verdicts (one row per verdict), parameters
-- materialized: view
-- local by: problem_id
-- parameters: none
-- a note of several words: it is none of the fields
-- merged by: sum(votes), max(longest)
-- invariants: votes > 0
-- columns:
--   votes: responses that gave it [samples]
--   longest: the longest of them
select voted, count(*) as votes, max(length(voted)) as longest
from stg_verdicts
group by all
"""
SLIPS = {  # what is written in the place of what: the line that is named, and what is said
    "local-by": ("-- local by: problem_id", "-- local-by: problem_id", 5, "no field is called `local-by` (did you mean `local by`?)"),
    "locally by": ("-- local by: problem_id", "-- locally by: problem_id", 5, "no field is called `locally by` (did you mean `local by`?)"),
    "Local By": ("-- local by: problem_id", "-- Local By: problem_id", 5, "no field is called `Local By` (did you mean `local by`?)"),
    "no blank": ("-- local by: problem_id", "--localby:problem_id", 5, "no field is called `localby` (did you mean `local by`?)"),
    "two blanks": ("-- local by: problem_id", "-- local  by: problem_id", 5, "no field is called `local  by` (did you mean `local by`?)"),
    "a dot": ("-- local by: problem_id", "-- local.by: problem_id", 5, "no field is called `local.by` (did you mean `local by`?)"),
    "further in": ("-- local by: problem_id", "--   local by: problem_id", 5, "a line of `columns` is `--   name: meaning [unit]`"),
    "no colon": ("-- local by: problem_id", "-- local_by problem_id", 5, "field `local_by` has no colon behind its name"),
    "local by what": ("-- local by: problem_id", "-- local by: problem", 5, "field `local by` is `problem` (did you mean `problem_id`?)"),
    "local by and more": ("-- local by: problem_id", "-- local by: problem_id, gold_id", 5, "it takes `problem_id`"),
    "materialised": (
        "-- materialized: view",
        "-- materialised: view",
        4,
        "no field is called `materialised` (did you mean `materialized`?)",
    ),
    "a view is a word": ("-- materialized: view", "-- materialized: veiw", 4, "field `materialized` is `veiw` (did you mean `view`?)"),
    "nothing": ("-- materialized: view", "-- materialized:", 4, "field `materialized` is ``; it takes `table` or `view`"),
    "twice": ("-- parameters: none", "-- materialized: table", 6, "field `materialized` is there twice, in line 4 too"),
    "not there": ("-- invariants: votes > 0\n", "", 1, "the header lacks the field `invariants`; a file of sql/summaries/ has grain,"),
    "singular": ("-- inputs:", "-- input:", 3, "no field is called `input` (did you mean `inputs`?)"),
    "empty": ("-- grain: problem_id x voted", "-- grain: ", 2, "field `grain` is empty"),
    "unknown": (
        "-- grain:",
        "-- owner: me\n-- grain:",
        2,
        "no field is called `owner` (and a note has no colon behind its first words); a file of sql/summaries/ has grain, inputs",
    ),
    "of other folders": ("-- grain:", "-- source: a paper\n-- grain:", 2, "field `source` means nothing in sql/summaries/"),
    "merged-by": ("-- merged by:", "-- merged-by:", 8, "no field is called `merged-by` (did you mean `merged by`?)"),
    "an aggregate": ("sum(votes)", "avg(votes)", 8, "`avg(votes)` merges nothing; write sum(column), max(column) or bit_or(column)"),
    "a merged column": (
        "sum(votes)",
        "sum(vote)",
        8,
        "`sum(vote)` merges a column that the header does not explain (did you mean `votes`?)",
    ),
    "merged twice": ("max(longest)", "max(votes)", 8, "column `votes` is merged twice"),
    "a column": ("--   longest: the", "--   longest the", 12, "a line of `columns` is `--   name: meaning [unit]`"),
    "a column twice": ("--   longest:", "--   votes:", 12, "column `votes` is explained twice"),
    "no heading": ("-- columns:\n", "", 1, "the header explains columns without a line `-- columns:`"),
    "below": ("from stg_verdicts\n", "-- local by: problem_id\nfrom stg_verdicts\n", 14, "field `local by` stands below the header"),
    "another name": ("-- votes:", "-- outcomes:", 1, "a header begins with the name of what is in the file"),
}


def read(folder: Path, text: str, place: str = "summaries") -> Header:
    """The header of this text."""
    path = folder / "votes.sql"
    path.write_text(text)
    return read_header(path, place)


def test_a_header_says_it_all(tmp_path: Path) -> None:
    found = read(tmp_path, SUMMARY)
    assert (found.purpose, found.key, found.inputs) == (
        "how often each answer was given",
        ("problem_id", "voted"),
        ("stg_verdicts", "parameters"),
    )
    assert (found.is_view, found.is_local, found.merged_by) == (True, True, {"votes": "sum", "longest": "max"})
    assert found.columns == {"votes": Meaning("responses that gave it", "samples"), "longest": Meaning("the longest of them")}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_an_error_that_names_file_line_and_way_out(tmp_path: Path, slip: str) -> None:
    right, wrong, line, said = SLIPS[slip]
    assert SUMMARY.count(right) == 1 or slip == "below"
    with pytest.raises(InputError) as error:
        read(tmp_path, SUMMARY.replace(right, wrong, 1))
    assert str(error.value).startswith(f"{tmp_path / 'votes.sql'}, line {line}: ") and said in str(error.value)


def test_a_folder_has_its_own_fields(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 8: field `merged by` means nothing in sql/marts/, whose files have grain, inputs, "):
        read(tmp_path, SUMMARY, "marts")


def test_a_blank_line_does_not_end_a_header(tmp_path: Path) -> None:
    assert read(tmp_path, SUMMARY.replace("-- local by", "\n-- local by")).is_local


def test_an_input_that_there_is_not_is_an_error(tmp_path: Path) -> None:
    header = read(tmp_path, SUMMARY.replace("stg_verdicts (one row per verdict)", "stg_verdict"))
    with pytest.raises(InputError, match=r"line 3: field `inputs` names 'stg_verdict', .* \(did you mean `stg_verdicts`\?\)"):
        check_inputs({**catalogue(), "votes": header})


def test_how_rows_are_held_changes_no_key(tmp_path: Path) -> None:
    texts = SUMMARY, SUMMARY.replace("-- materialized: view", "-- materialized: table"), SUMMARY.replace("count(*)", "count(voted)")
    held, otherwise, other_rows = (rows_digest(read(tmp_path, text).path) for text in texts)
    assert held == otherwise != other_rows


def test_where_a_module_lies_that_a_note_names_changes_no_key(tmp_path: Path) -> None:
    places = ("tasks/estimates", "tasks/difficulty", "tasks/elsewhere")
    notes = [SUMMARY.replace("a note", f"made by {place}/fit.py, a note") for place in places]
    now, before, elsewhere = (rows_digest(read(tmp_path, text).path) for text in notes)
    assert now == before != elsewhere
