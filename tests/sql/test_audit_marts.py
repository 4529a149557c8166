"""Given labels, expected rows: what the marts about audits say of them."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.lake.lake import write_parquet
from tasks.warehouse.building import open_over
from tests.sql.rows import ask, table, verdicts, warehouse

DEFAULTS = {"audit_id": "a", "grader_id": "strict", "policy_id": "base", "dataset": "geometry", "rule": "letter", "recipe": ""}


def kind(verdict: str, verdicts: int, **columns: Any) -> dict[str, Any]:
    row = DEFAULTS | {"verdict": verdict, "verdicts": verdicts} | columns
    return {"stratum": f"{row['verdict']} {row['rule']} {row['dataset']}"} | row


def drawn(verdict: str, *names: str, **columns: Any) -> list[dict[str, Any]]:
    row = {name: value for name, value in DEFAULTS.items() if name != "recipe"} | {"verdict": verdict, "gold_id": "gold"} | columns
    place = {"problem_id": "p", "sampling_id": "warm", "round": 0, "sample": 0}
    return [place | row | {"response_id": name, "place": number} for number, name in enumerate(names, 1)]


def said(person: str, minute: int = 0, **labels: str) -> list[dict[str, Any]]:
    at = datetime(2026, 1, 1, 12, minute)
    return [{"response_id": name, "label": label, "labelled_by": person, "note": "", "read_at": at} for name, label in labels.items()]


def test_the_newest_label_of_each_person_counts_and_those_who_are_sure_must_agree(tmp_path: Path) -> None:
    labels = [
        *said("ada", a="right", b="right", c="unsure", d="unsure", e="wrong"),
        *said("bob", a="right", b="wrong", c="wrong", d="unsure"),
        *said("ada", minute=1, e="right"),
    ]
    connection = warehouse(tmp_path, {"labels": labels}, wanted=["response_labels"])
    got = ask(connection, "select response_id, label, people, labelled_by from response_labels")
    assert got == [
        ("a", "right", 2, "ada, bob"),
        ("b", "disputed", 2, "ada, bob"),
        ("c", "wrong", 2, "ada, bob"),
        ("d", "unsure", 2, "ada, bob"),
        ("e", "right", 1, "ada"),
    ]


def test_agreement_is_counted_beyond_chance(tmp_path: Path) -> None:
    first = dict.fromkeys("abcdefghij", "right") | dict.fromkeys("klmnopqrst", "wrong")
    labels = [*said("bob", **first), *said("ada", **first | {"a": "wrong", "k": "right"}), *said("eve", a="right", b="right")]
    connection = warehouse(tmp_path, {"labels": labels}, wanted=["label_agreement"])
    got = ask(connection, "select labelled_by, other_by, responses, agreed, agreement, round(kappa, 6) from label_agreement")
    assert got == [("ada", "bob", 20, 18, 0.9, 0.8), ("ada", "eve", 2, 1, 0.5, 0.0), ("bob", "eve", 2, 2, 1.0, None)]


def audited(tmp_path: Path, **more: Any) -> Any:
    """A warehouse of one audit: 900 verdicts `correct`, of which 1 of 9 labelled is wrong, and 90 refusals, of which 1 of 3 is right."""
    rows = {
        "audits": [kind("correct", 900), kind("incorrect", 90), kind("timeout", 5, rule="too_long")],
        "audited": [*drawn("correct", *"abcdefghi"), *drawn("incorrect", *"klmn"), *drawn("timeout", "z", rule="too_long")],
        "labels": said("ada", **dict.fromkeys("abcdefgh", "right"), i="wrong", k="right", l="wrong", m="wrong", n="unsure", z="right"),
        "problems": [{"problem_id": "p"}],
        "verdicts": verdicts("p", "ccciiuuu", grader_id="strict"),
    }
    return warehouse(tmp_path, {**rows, **more})


def test_an_audit_s_labels_are_counted_by_kind_of_verdict(tmp_path: Path) -> None:
    got = ask(audited(tmp_path), "select verdict, verdicts, drawn, right_labels, wrong_labels, unsure from audit_counts order by verdict")
    assert got == [("correct", 900, 9, 8, 1, 0), ("incorrect", 90, 4, 1, 2, 1), ("timeout", 5, 1, 1, 0, 0)]


def test_a_grader_s_audit_tells_its_rates(tmp_path: Path) -> None:
    columns = "part, name, verdicts, labelled, unsure, round(precision, 4), round(refusals, 4), round(recall, 4), round(errors), in_force"
    got = ask(audited(tmp_path), f"select {columns} from grader_audit order by part, name")
    whole = (990, 12, 1, 0.8889, 0.3333, 0.9639, 130.0, True)
    assert [row for row in got if row[0] in ("all", "dataset", "rule")] == [
        ("all", "all", *whole),
        ("dataset", "geometry", *whole),
        ("rule", "letter", *whole),
    ]
    assert [row[:7] for row in got if row[0] == "verdict"] == [
        ("verdict", "correct", 900, 9, 0, 0.8889, None),
        ("verdict", "incorrect", 90, 3, 1, None, 0.3333),
        ("verdict", "timeout", 5, 1, 0, None, 1.0),
    ]


def test_the_audit_with_the_most_labels_is_in_force_and_rules_with_the_most_errors_come_first(tmp_path: Path) -> None:
    more = [kind("correct", 500, audit_id="b"), kind("correct", 40, audit_id="b", rule="dates"), kind("incorrect", 9, audit_id="b")]
    both = {
        "audits": [kind("correct", 900), *more],
        "audited": [*drawn("correct", "a"), *drawn("correct", "b", "c", audit_id="b"), *drawn("correct", "d", audit_id="b", rule="dates")],
        "labels": said("ada", a="right", b="right", c="right", d="wrong"),
    }
    connection = warehouse(tmp_path, both)
    assert ask(connection, "select audit_id, in_force, labelled from grader_audit where part = 'all' order by 1") == [
        ("a", False, 1),
        ("b", True, 3),
    ]
    assert ask(connection, "select name from grader_audit where in_force and part = 'rule' order by place") == [("dates",), ("letter",)]


def test_difficulty_is_corrected_by_the_errors_that_are_known_best(tmp_path: Path) -> None:
    problems = [{"problem_id": "p"}, {"problem_id": "q", "dataset": "other"}]
    judged = [*verdicts("p", "ccciiuuu"), *verdicts("q", "cccccccc"), *verdicts("q", "cccccccc", grader_id="lax")]
    connection = audited(tmp_path, problems=problems, verdicts=judged)
    columns = "problem_id, grader_id, errors_of, n, k, accuracy, round(corrected, 3), band, corrected_band, band_changed"
    got = ask(connection, f"select {columns} from difficulty_corrected order by problem_id")
    assert [(row[0], row[1], row[2]) for row in got] == [("p", "strict", "mixed"), ("q", "strict", "all")]
    assert got[0][3:] == (8, 3, 0.375, 0.0, "medium", "hopeless", True)  # with these errors no right answer is needed for 3 of 8
    outside = "select count(*) from difficulty_corrected where corrected not between corrected_low and corrected_high"
    assert ask(connection, outside) == [(0,)]


def test_the_sets_whose_problems_change_band_are_told(tmp_path: Path) -> None:
    manifest = json.dumps({"policy_id": "base", "sampling_id": "warm"})
    files = {}
    chosen = [{"problem_id": "p", "rank": 1, "stage": "stage1"}]
    rows: dict[str, Any] = {
        "audits": [kind("correct", 900), kind("incorrect", 90)],
        "audited": [*drawn("correct", *"abcdefghi"), *drawn("incorrect", *"klmn")],
        "labels": said("ada", **dict.fromkeys("abcdefgh", "right"), i="wrong", k="right", l="wrong", m="wrong"),
        "problems": [{"problem_id": "p"}],
        "verdicts": verdicts("p", "ccciiuuu"),
        "curated": chosen,
    }
    for relation, given in rows.items():
        files[relation] = [tmp_path / f"{relation}.parquet"]
        write_parquet(table(relation, given), files[relation][0])
    files["artifacts"] = [tmp_path / "artifacts.parquet"]
    now = datetime(2026, 1, 1)
    row = {"kind": "curated", "artifact_id": "set", "written_at": now, "made_at": now, "manifest": manifest}
    write_parquet(pl.DataFrame([row]), files["artifacts"][0])
    got = ask(open_over(files, wanted=["curated_corrected"]), "from curated_corrected")
    assert got == [("set", "stage1", "strict", "geometry", "medium", "hopeless", 1)]


def test_nobody_asked_says_nothing(tmp_path: Path) -> None:
    connection = warehouse(tmp_path, {"problems": [{"problem_id": "p"}], "verdicts": verdicts("p", "ci")})
    for mart in ("grader_audit", "difficulty_corrected", "curated_corrected", "label_agreement"):
        assert ask(connection, f"from {mart}") == []


def test_an_audit_without_a_label_corrects_nothing(tmp_path: Path) -> None:
    connection = audited(tmp_path, labels=[])
    assert ask(connection, "select labelled, precision, in_force from grader_audit where part = 'all'") == [(0, None, False)]
    assert ask(connection, "from difficulty_corrected") == []


@pytest.mark.parametrize("settings", [{}, {"confidence": 0.5}])
def test_intervals_are_of_the_settings_confidence(tmp_path: Path, settings: dict[str, float]) -> None:
    rows = {
        "audits": [kind("correct", 900)],
        "audited": drawn("correct", *"abcdefghi"),
        "labels": said("ada", **dict.fromkeys("abcdefghi", "right")),
    }
    [(low, high)] = ask(warehouse(tmp_path, rows, **settings), "select precision_low, precision_high from grader_audit where part = 'all'")
    assert high == 1 and low == pytest.approx(0.66 if not settings else 0.86, abs=0.02)
