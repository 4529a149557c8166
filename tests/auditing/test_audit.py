"""An audit from the draw to the corrected difficulty, over a lake whose grader errs in a known way."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from flows.commands.cli import exit_code
from tasks.auditing.draw import draw_audit
from tasks.auditing.labels import keep_labels, read_sheet
from tasks.auditing.settings import AuditSettings
from tasks.auditing.sheet import COLUMNS, cell, write_sheet
from tasks.base.errors import InputError
from tasks.lake.lake import Lake
from tasks.warehouse.publishing import publish_again
from tasks.warehouse.querying import query
from tests.auditing.made import RULES, label_sheet, rows_in, truth_of
from tests.problems.test_reading_tables import workbook

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `audit` on the lake in this process, in a folder of its own; gives exit code, output and errors."""
    monkeypatch.chdir(lake.home.parent)

    def ended(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["difficulty-prior", "audit", *words, "--home", str(lake.home)])
        code = exit_code()
        said = capsys.readouterr()
        return code, " ".join(said.out.split()), " ".join(said.err.split())

    return ended


def drawn(lake: Lake, n: int = 60, **settings: object) -> Path:
    """A sheet of so many verdicts."""
    sheet = lake.home.parent / f"{n}.csv"
    write_sheet(draw_audit(lake, AuditSettings(n=n, **settings)).drawn, sheet, lake.images)  # type: ignore[arg-type]
    return sheet


def test_the_same_audit_is_the_same_sheet_and_a_larger_one_begins_with_it(lake: Lake) -> None:
    small, again, large = (draw_audit(lake, AuditSettings(n=n)) for n in (40, 40, 90))
    assert small.id == again.id != large.id
    assert small.drawn.equals(again.drawn) and small.drawn["response_id"].to_list() == large.drawn["response_id"].to_list()[:40]
    assert draw_audit(lake, AuditSettings(n=40, seed=1)).drawn["response_id"].to_list() != small.drawn["response_id"].to_list()
    assert {small.id, large.id} < {path.name for path in lake.home.glob("audits/*")}


def test_what_was_drawn_is_kept_with_what_it_was_drawn_from(lake: Lake) -> None:
    audit = draw_audit(lake, AuditSettings(n=40))
    kinds, rows = lake.scan("audits").collect(), lake.scan("audited").collect()
    [(every,)] = query(lake, "select count(*) from verdicts where verdict <> 'unscorable'").rows()
    assert kinds["verdicts"].sum() == every == audit.verdicts
    assert rows["place"].to_list() == list(range(1, 41)) and rows["response_id"].n_unique() == 40
    assert rows.join(lake.scan("verdicts").collect(), on=["problem_id", "policy_id", "round", "verdict", "rule"], how="semi").height == 40


def test_the_sheet_tells_no_verdict(lake: Lake) -> None:
    rows = rows_in(drawn(lake, 200))
    assert tuple(rows[0]) == COLUMNS and len(rows) == 200
    assert {row["label"] for row in rows} == {""}
    assert not {word for row in rows for name in ("id", "gold", "note") for word in (*RULES, "correct", "incorrect") if word in row[name]}
    assert all(row["response_end"].startswith("…") and row["choices"] == "(A) one\n(B) two" for row in rows)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@x", "'@x"),
        ("-5", "-5"),
        ("+1e3", "+1e3"),
        ("-x", "'-x"),
        ("a=b", "a=b"),
        ("a\0b", "ab"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(text: str, shown: str) -> None:
    assert cell(text) == shown


def test_a_sheet_that_may_hold_labels_is_not_overwritten(lake: Lake) -> None:
    sheet = drawn(lake)
    before = sheet.read_bytes()
    assert drawn(lake).read_bytes() == before
    label_sheet(sheet)
    with pytest.raises(InputError, match="may hold labels: read it first"):
        drawn(lake)


@pytest.mark.parametrize("name", ["audit", "audit.xlsx", "no/such/audit.csv", "."])
def test_a_sheet_that_cannot_be_written_is_told(lake: Lake, name: str) -> None:
    with pytest.raises(InputError, match="^--out "):
        write_sheet(draw_audit(lake, AuditSettings(n=3)).drawn, lake.home.parent / name, lake.images)


def as_excel(sheet: Path) -> Path:
    """The sheet as Excel saves it where commas are decimal: semicolons, UTF-8 with its mark."""
    label_sheet(sheet, lambda row: truth_of(row).upper(), separator=";")
    return sheet


def as_utf16(sheet: Path) -> Path:
    """The sheet as Excel's Unicode text."""
    label_sheet(sheet, separator="\t", encoding="utf-16")
    return sheet


def as_xlsx(sheet: Path) -> Path:
    """The sheet as an Excel workbook."""
    label_sheet(sheet)
    rows = [list(COLUMNS), *([*row.values()] for row in rows_in(sheet))]
    sheet.with_suffix(".xlsx").write_bytes(workbook({"Sheet1": rows}))
    return sheet.with_suffix(".xlsx")


def as_lines(sheet: Path) -> Path:
    """The sheet as JSON Lines, with nothing but ids and labels."""
    lines = [json.dumps({"id": row["id"], "label": truth_of(row)}) for row in rows_in(sheet)]
    sheet.with_suffix(".jsonl").write_text("\n".join(lines))
    return sheet.with_suffix(".jsonl")


@pytest.mark.parametrize("saved", [as_excel, as_utf16, as_xlsx, as_lines])
def test_labels_are_read_however_they_were_saved(lake: Lake, saved: Callable[[Path], Path]) -> None:
    sheet = drawn(lake, 30)
    truth = {row["id"]: truth_of(row) for row in rows_in(sheet)}
    assert keep_labels(lake, saved(sheet), "ada").new == 30
    assert dict(lake.scan("labels").select("response_id", "label").collect().iter_rows()) == truth


def write_rows(path: Path, *rows: tuple[str, str]) -> Path:
    """A sheet of these ids and labels."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("id", "label"), *rows])
    return path


def test_rows_at_fault_have_a_line_each_and_the_others_are_kept(lake: Lake, run: Run) -> None:
    ids = [row["id"] for row in rows_in(drawn(lake, 10))]
    bad = [
        (ids[0], "right"),
        (ids[1], "rigth"),
        ("r0", "wrong"),
        (ids[2], "wrong"),
        (ids[2], "right"),
        (ids[3], ""),
        ("", "right"),
        (ids[4], "?"),
    ]
    sheet = write_rows(lake.home.parent / "bad.csv", *bad, (ids[0], "Right "), (ids[2], "wrong"))
    code, said, fault = run("--read", str(sheet), "--by", "ada")
    assert code == 3 and "2 labels by ada, 2 of them new; rows without one: 1" in said
    assert "2 labels are kept, and 5 rows are not; mend them and read the file again" in fault
    assert f"{sheet}, row 2: label 'rigth' is none of right, wrong, unsure (did you mean `right`?)" in fault
    assert "row 3: id 'r0' is of no audit of this lake" in fault
    assert f"row 5: {ids[2]} is right here, and has another label in row 4; leave one of them" in fault
    assert "row 7: id '' is of no audit of this lake; a row needs its id" in fault
    assert dict(lake.scan("labels").select("response_id", "label").collect().iter_rows()) == {ids[0]: "right", ids[4]: "unsure"}
    write_rows(sheet, (ids[1], "right"))
    assert run("--read", str(sheet), "--by", "ada")[0] == 0
    assert lake.scan("labels").collect().height == 3


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("id,label\nr1,\n,\n", "holds no label"),
        ("id,label\nr2,right\n", "holds no label that can be kept; row 1: id 'r2' is of no audit"),
        ("id,verdict\nr1,right\n", "row 1 has no column `label`; it has 'id', 'verdict'"),
        ("name,label\nr1,right\n", "has no column `id`"),
        ('id,label\nr1,"right\n', "a quote is opened that is never closed"),
        ("", "holds no label"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_told_in_one_line(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=fault):
        read_sheet(path, {"r1"})


def test_a_sheet_of_another_lake_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no audit: was the sheet drawn from another one"):
        keep_labels(Lake(tmp_path / "runs").make(), write_rows(tmp_path / "sheet.csv", ("r1", "right")), "ada")


def test_reading_again_adds_nothing_and_a_changed_mind_counts(lake: Lake) -> None:
    sheet = drawn(lake, 20)
    label_sheet(sheet)
    first = rows_in(sheet)[0]
    assert [keep_labels(lake, sheet, "ada").new for _ in range(2)] == [20, 0]
    for said in ("unsure", truth_of(first), "unsure"):
        label_sheet(sheet, lambda row, said=said: said if row["id"] == first["id"] else truth_of(row))
        keep_labels(lake, sheet, "ada")
    publish_again(lake)
    assert query(lake, "select label, people from response_labels where response_id = $id", {"id": first["id"]}).rows() == [("unsure", 1)]


def test_people_who_differ_are_told_and_their_labels_count_once_or_not_at_all(lake: Lake, run: Run) -> None:
    sheet = drawn(lake, 40)
    label_sheet(sheet)
    assert run("--read", str(sheet), "--by", "ada")[0] == 0
    odd = {row["id"] for row in rows_in(sheet)[:4]}
    label_sheet(sheet, lambda row: {"right": "wrong", "wrong": "right"}[truth_of(row)] if row["id"] in odd else truth_of(row))
    code, said, _ = run("--read", str(sheet), "--by", "bob")
    assert code == 0 and "ada and bob agree on 90.0% of 40 responses that both labelled (Cohen's kappa 0." in said
    assert "(4 more are unsure or disputed)" in said
    labels = query(lake, "select label, count(*) as n from response_labels group by all").rows()
    assert dict(labels)["disputed"] == 4


def test_the_whole_walk(lake: Lake, run: Run) -> None:
    assert "Nobody has audited the grader on this data" in run("--show")[1]
    code, said, _ = run("--n", "120")
    assert code == 0 and "verdicts; audit.csv has 120 to label" in said
    sheet = lake.home.parent / "audit.csv"
    label_sheet(sheet)
    code, said, _ = run("--read", "audit.csv", "--by", "ada")
    assert code == 0 and "120 labels by ada, 120 of them new" in said
    assert "precision" in said and "Rules with the most wrong verdicts" in said and "problems would be in another band" in said
    assert "nothing is left to label; draw more with --n" in run("--n", "120")[1]
    code, said, _ = run("--n", "150", "--out", "more.csv")
    assert "150 of" in said and "120 of which have labels; more.csv has 30 to label" in said
    assert "more.csv" in run("--n", "150", "--out", "more.csv", "--every")[2]
    assert len(rows_in(lake.home.parent / "more.csv")) == 30


def test_everything_labelled_is_everything_known(lake: Lake) -> None:
    """The estimates of a census are the truth itself."""
    sheet = drawn(lake, 5000)
    label_sheet(sheet)
    keep_labels(lake, sheet, "ada")
    publish_again(lake)
    rows = query(lake, "from grader_audit where in_force and part = 'all'").to_dicts()
    truth = {row["id"]: truth_of(row) == "right" for row in rows_in(sheet)}
    judged = lake.scan("audited").collect().filter(pl.col("verdict") != "timeout")
    right = [truth[name] for name in judged["response_id"]]
    called = [verdict == "correct" for verdict in judged["verdict"]]
    hits = sum(is_right and is_called for is_right, is_called in zip(right, called, strict=True))
    [row] = rows
    for name, expected in {"precision": hits / sum(called), "recall": hits / sum(right), "accuracy": sum(right) / len(right)}.items():
        assert [row[f"{name}{end}"] for end in ("", "_low", "_high")] == pytest.approx([expected] * 3)
    assert row["labelled"] == row["verdicts"] == len(right)


def test_what_labels_change_is_what_a_whole_build_says(lake: Lake) -> None:
    sheet = drawn(lake, 50)
    label_sheet(sheet)
    keep_labels(lake, sheet, "ada")
    marts = ("grader_audit", "difficulty_corrected", "response_labels", "audit_counts")
    found = []
    for whole in (False, True):
        publish_again(lake, whole=whole)
        found.append({mart: query(lake, f"from {mart} order by all") for mart in marts})
    assert all(found[0][mart].equals(found[1][mart]) and len(found[0][mart]) for mart in marts)


def test_a_new_grader_s_audit_holds_the_labels_of_the_last_one(lake: Lake) -> None:
    sheet = drawn(lake, 100)
    label_sheet(sheet)
    keep_labels(lake, sheet, "ada")
    for shard in lake.home.glob("verdicts/grader-9-*/*.parquet"):
        rows = pl.read_parquet(shard).with_columns(grader_id=pl.lit("grader-10"), rule=pl.col("rule").str.to_uppercase())
        lake.append(lake.partition("verdicts", "grader-10", rows["policy_id"][0], "warm"), "verdicts", rows, "all")
    publish_again(lake)
    later = draw_audit(lake, AuditSettings(n=100)).drawn
    assert later["grader_id"].unique().to_list() == ["grader-10"]
    known = set(lake.scan("labels").collect()["response_id"])
    assert len(set(later["response_id"]) & known) > 60


def test_difficulty_is_corrected_in_the_direction_of_the_errors(lake: Lake) -> None:
    sheet = drawn(lake, 400)
    label_sheet(sheet, lambda row: "right")  # all that the grader refused was right
    keep_labels(lake, sheet, "ada")
    publish_again(lake)
    rows = query(lake, "from difficulty_corrected")
    [(measured,)] = query(lake, "select count(*) from difficulty where n > 0").rows()
    assert len(rows) == measured and rows["audit_id"].n_unique() == 1
    assert rows.filter(pl.col("corrected") < pl.col("accuracy")).is_empty()


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--read", "x.csv", "--out", "y.csv"], "exclude each other"),
        (["--read", "nowhere.csv"], "there is no such file"),
        (["--n", "0"], "--n"),
        (["starter"], "keeps no judged answer of a run of 'starter'"),
        (["--out", "audit.txt"], "give a name that ends in .csv"),
    ],
)
def test_what_is_asked_wrongly_is_told(run: Run, words: list[str], fault: str) -> None:
    code, _, said = run(*words)
    assert code == 2 and fault in said


def test_a_lake_without_answers_is_told(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "runs").make()
    publish_again(lake)
    with pytest.raises(InputError, match="holds no verdict to audit"):
        draw_audit(lake, AuditSettings())
