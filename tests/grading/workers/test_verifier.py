"""A verifier of the user's own: it judges everywhere in our grader's place, a changed file is another grader, and its faults are told."""

import json
from pathlib import Path

import pytest

from flows.recipe import load_recipe
from tasks.base.errors import InputError
from tasks.grading.files.graded import grade_file
from tasks.grading.grader import Grader
from tasks.grading.settings import GradingSettings
from tasks.grading.task import GradeRequest
from tasks.grading.verdict import Gold, Verdict, grader_id
from tasks.grading.workers.verifier import find_verifier
from tasks.lake.artifacts import artifact, building
from tasks.training.rewards import Rewards
from tests.flows.runs import tiny_recipe

pytestmark = pytest.mark.process

LENGTH = """
import time


def right_length(response, gold, problem):
    if response == "sleep":
        time.sleep(600)
    while response == "loop":
        pass
    if response == "grow":
        bytearray(10**11)
    if response == "none":
        return "unparseable"
    if problem["question"] == "how long?":
        return len(response) == int(gold)
    return False


def takes_two(response, gold):
    return True


async def waits(response, gold, problem):
    return True


def yields(response, gold, problem):
    yield True


def wants_more(response, gold, problem, model):
    return True


def raises(response, gold, problem):
    return response.no_such_thing


calls = []


def moody(response, gold, problem):
    calls.append(response)
    return len(calls) % 2 == 0


def hoards(response, gold, problem):
    if response not in calls:
        calls.append(bytearray(150 * 2**20))
        calls.append(response)
    return True


def maybe(response, gold, problem):
    return "perhaps"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(LENGTH)
    return path


def settings(file: Path, function: str = "right_length", **options: float) -> GradingSettings:
    return GradingSettings(verifier=f"{file}:{function}", workers=1, **options)


def test_it_judges_in_the_graders_place(file: Path) -> None:
    gold = Gold("4", question="how long?")
    with Grader(settings(file, timeout_s=1)) as grader:
        grades = grader.grade(["four", "\\boxed{4}", "none", "loop", "grow", "four"], [gold] * 5 + [Gold("4", question="how short?")])
    verdicts = [grade.verdict for grade in grades]
    assert verdicts == [Verdict.correct, Verdict.incorrect, Verdict.unparseable, Verdict.timeout, Verdict.timeout, Verdict.incorrect]
    assert [grade.rule for grade in grades] == ["verifier", "verifier", "verifier", "time", "memory", "verifier"]


def test_one_that_waits_is_timed_out_by_the_clock(file: Path) -> None:
    with Grader(settings(file, timeout_s=60, wait_s=0.5)) as grader:
        assert [(one.verdict, one.rule) for one in grader.grade(["sleep"], [Gold("4")])] == [(Verdict.timeout, "wait")]


def test_what_a_used_child_has_no_memory_for_is_asked_of_a_new_one(file: Path) -> None:
    with Grader(settings(file, "hoards", memory_mib=512)) as grader:
        assert {grade.rule for grade in grader.grade([f"{n}" for n in range(6)], [Gold("4")] * 6)} == {"verifier"}


def test_rewards_are_its_verdicts(file: Path) -> None:
    with Grader(settings(file)) as grader:
        batch = {"answer": ["4", "5"], "choices": [[], []], "precision": [None, None], "question": ["how long?"] * 2}
        assert Rewards(grader).accuracy(completions=["four", "four"], **batch) == [1.0, 0.0]


def test_a_file_is_graded_by_it(file: Path, tmp_path: Path) -> None:
    given = tmp_path / "in.jsonl"
    given.write_text('{"response": "none", "answer": "4"}\n')
    grade_file(given, tmp_path / "out.jsonl", settings(file))
    assert json.loads((tmp_path / "out.jsonl").read_text())["verdict"] == "unparseable"


def test_a_changed_file_is_another_grader_and_a_moved_one_is_not(file: Path, tmp_path: Path) -> None:
    first = grader_id(settings(file))
    assert first.startswith("verifier-right_length-") and first != grader_id()
    moved = tmp_path / "elsewhere.py"
    moved.write_text(LENGTH)
    assert grader_id(settings(moved)) == first
    moved.write_text(LENGTH + "\n")
    assert grader_id(settings(moved)) != first


def test_cache_keys_hold_the_function_and_not_its_place(tmp_path: Path, file: Path) -> None:
    profile = artifact(tmp_path, "profiles", {"any": 1})
    with building(profile, {}):
        pass
    asked = {"home": tmp_path, "profile": profile, "problems": ()}
    plain, mine = (GradeRequest(**asked, settings=chosen).target() for chosen in (GradingSettings(), settings(file)))
    assert "verifier" not in plain.made_from["settings"]  # so that lakes made before there were verifiers are as they were
    assert plain.key != mine.key and mine.made_from["grader"] == grader_id(settings(file))
    assert str(file) not in json.dumps(mine.made_from)


def test_a_module_is_found_by_its_name(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(file.parent))
    with Grader(GradingSettings(verifier="mine:right_length", workers=1)) as grader:
        assert grader.grade(["four"], [Gold("4", question="how long?")])[0].verdict is Verdict.correct


@pytest.mark.parametrize(
    ("function", "fault"),
    [
        ("missing", "defines no function missing (it has right_length, takes_two"),
        ("takes_two", "it does not take response, gold, problem; write def takes_two(response, gold, problem)"),
        ("waits", "it is a coroutine or a generator"),
        ("yields", "it is a coroutine or a generator"),
        ("wants_more", "it asks for more than response, gold, problem"),
    ],
)
def test_what_is_no_verifier_is_refused_before_anything_runs(file: Path, tmp_path: Path, function: str, fault: str) -> None:
    with pytest.raises(InputError) as told:
        load_recipe(str(tiny_recipe(tmp_path)), [f"grading.verifier={file}:{function}"])
    assert "`grading`" in str(told.value) and fault in str(told.value) and str(file) in str(told.value)


@pytest.mark.parametrize("name", ["mine.py", "/no/where.py:f", "no_such_module:f", "math:sqrt", "a b:c"])
def test_what_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="grading.verifier"):
        find_verifier(name)


@pytest.mark.parametrize(
    ("function", "fault"),
    [
        ("raises", "it raised AttributeError: 'str' object has no attribute 'no_such_thing' (gold answer '4', response 'four')"),
        ("moody", "it says incorrect, then correct of one response"),
        ("maybe", "'perhaps' is no verdict; give True, False or one of correct"),
    ],
)
def test_a_fault_of_it_stops_the_run_with_its_words(file: Path, function: str, fault: str) -> None:
    with Grader(settings(file, function)) as grader, pytest.raises(InputError) as told:
        grader.grade(["four"], [Gold("4")])
    assert fault in str(told.value) and function in str(told.value)


def test_one_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("import no_such_package\n\ndef judge(response, gold, problem):\n    return True\n")
    with Grader(settings(path, "judge")) as grader, pytest.raises(InputError, match="cannot be loaded: ModuleNotFoundError"):
        grader.grade(["four"], [Gold("4")])
