"""Why a line is judged as it is: what was found where, every rule that was asked, and who decided; the same verdict as without asking."""

import json
from pathlib import Path

import pytest

from flows.commands.printing.explanations import explanation
from tasks.base.errors import InputError
from tasks.grading.files.explained import explained
from tasks.grading.files.graded import grade_file
from tasks.grading.rules.order import RULES
from tasks.grading.settings import GradingSettings

SETTINGS = GradingSettings(workers=1)
LINES = [
    r'{"response": "so it is \\boxed{1+1}", "answer": "2"}',
    r'{"response": "The answer is (B).", "answer": "B", "choices": ["4", "6"]}',
    r'{"response": "\\boxed{x=2, y=3}", "answer": ["7", "(2,3)"], "precision": 2}',
    "{",
    '{"response": "I do not know", "answer": "5"}',
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(LINES))
    return path


def test_the_answer_is_told_with_its_way_and_place_and_each_rule_with_its_word(file: Path) -> None:
    [one] = explained(file, [1], SETTINGS)
    assert (one.verdict, one.rule, one.extracted, one.found, one.begins, one.length) == ("correct", "same_number", "1+1", "box", 16, 20)
    [compared] = one.comparisons
    assert (compared.answer_plain, compared.gold_plain, compared.decided_by) == ("1+1", "2", "same_number")
    names = [rule.__name__ for rule in RULES]
    assert [rule.rule for rule in compared.rules] == names[: names.index("same_number") + 1]
    assert [rule.says for rule in compared.rules] == ["nothing"] * (len(compared.rules) - 1) + ["the same"]
    assert compared.rules[-1].about.startswith("Constants with or without unit")


def test_rules_that_are_asked_of_parts_stand_below_the_rule_that_asked(file: Path) -> None:
    [one] = explained(file, [3], SETTINGS)
    assert [compared.gold for compared in one.comparisons] == ["7", "(2,3)"] and one.precision == 2
    deep = [(rule.depth, rule.answer, rule.gold) for rule in one.comparisons[1].rules if rule.rule == "same_text"]
    assert deep[0] == (0, "x=2, y=3", "(2,3)") and (1, "3", "3") in deep


def test_what_was_not_found_and_what_cannot_be_graded_is_said(file: Path) -> None:
    broken, unknown = explained(file, [4, 5], SETTINGS)
    assert (broken.verdict, broken.fault[:18]) == ("unscorable", "line 4 is not JSON")
    assert (unknown.verdict, unknown.extracted, unknown.comparisons) == ("unparseable", None, ())


def test_every_line_has_the_verdict_that_it_has_without_being_explained(file: Path, tmp_path: Path) -> None:
    grade_file(file, tmp_path / "out.jsonl", SETTINGS)
    graded = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    found = explained(file, range(1, 6), SETTINGS)
    assert [(one.verdict, one.rule, one.extracted) for one in found] == [(row["verdict"], row["rule"], row["extracted"]) for row in graded]


@pytest.mark.process
def test_what_math_verify_read_in_both_sides_is_said(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(r'{"response": "\\boxed{y+x}", "answer": "x+y"}')
    [one] = explained(path, [1], SETTINGS)
    [reading] = one.comparisons[0].readings
    assert (one.rule, reading["answer_read"], reading["gold_read"], reading["same"]) == ("math_verify", "x + y", "x + y", True)
    assert str(explanation(one)).splitlines()[-1] == "    math-verify reads 'y+x' as x + y and 'x+y' as x + y, and says the same"


def test_a_line_that_is_not_there_is_an_error(file: Path) -> None:
    with pytest.raises(InputError, match="--explain 9: .* has no such line"):
        explained(file, [1, 9], SETTINGS)


def test_it_is_printed_for_a_person(file: Path) -> None:
    [one] = explained(file, [1], SETTINGS)
    lines = str(explanation(one)).splitlines()
    assert lines[0] == "line 1: correct, decided by same_number"
    assert lines[1] == "  found '1+1' as `box`, from character 16 of 20"
    assert lines[2] == "  against '2': '1+1' with '2', decided by same_number"
    assert lines[3].startswith("    nothing said: same_text, too_complex") and lines[-1].startswith(
        "    same_number says the same: Constants"
    )
