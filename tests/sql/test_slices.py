"""What is known of problems, and difficulty by any of it."""

import json

import pytest

from tests.sql.rows import ask, verdicts, warehouse

ANSWERS = [
    ("B", ["one", "two"], "choice"),
    ("B", [], "letter"),
    ("(C)", [], "letter"),
    ("-12", [], "integer"),
    ("1,234", [], "integer"),
    ("$7$", [], "integer"),
    ("0.25", [], "decimal"),
    (".5", [], "decimal"),
    ("3/4", [], "fraction"),
    (r"\frac{1}{2}", [], "fraction"),
    (r"\sqrt{2}", [], "expression"),
    ("2x", [], "expression"),
    ("12 cm", [], "expression"),
    ("blue", [], "word"),
    ("\u84dd", [], "word"),
    ("a red line", [], "text"),
    ('["12", "13"]', [], "several"),
    ("", [], "none"),
    ("", ["one", "two"], "none"),
]


def test_answers_are_told_apart(tmp_path):
    problems = [{"problem_id": f"{place:02}", "answer": answer, "choices": choices} for place, (answer, choices, _) in enumerate(ANSWERS)]
    connection = warehouse(tmp_path, {"problems": problems}, wanted=["problem_features"])
    kinds = ask(connection, "select answer_type, n_choices from problem_features order by problem_id")
    assert kinds == [(kind, len(choices)) for _, choices, kind in ANSWERS]


def test_features_come_from_the_metadata_of_many_datasets(tmp_path):
    metadata = {
        "mathvision": {"subject": "counting", "level": 3, "solution": None},
        "mathvista": {"metadata": {"category": "geometry", "grade": "high school"}},
        "other": {"topic": "algebra", "difficulty": "hard"},
        "none": {},
    }
    problems = [
        {"problem_id": name, "metadata": json.dumps(told), "question": "<image>Two words", "images": ["a.png"]}
        for name, told in metadata.items()
    ]
    broken = {"problem_id": "broken", "metadata": "{not json"}
    connection = warehouse(tmp_path, {"problems": [*problems, broken]}, wanted=["problem_features"])
    assert ask(connection, "select problem_id, subject, level, n_images from problem_features order by 1") == [
        ("broken", None, None, 0),
        ("mathvision", "counting", "3", 1),
        ("mathvista", "geometry", "high school", 1),
        ("none", None, None, 1),
        ("other", "algebra", "hard", 1),
    ]
    assert ask(connection, "select question_length, question_words from problem_features where problem_id = 'none'") == [(16, 3)]


LETTERS = {"a": "iiii", "b": "ciii", "c": "cccc", "d": "cccc"}
KNOWN = {"a": {"subject": "x", "kind": "k1"}, "b": {"subject": "x", "kind": "k1"}, "c": {"subject": "y", "kind": "k2"}, "d": {"kind": "k2"}}


@pytest.fixture
def sliced(tmp_path):
    """Four problems: two of subject x, one of y, one of none; two of each kind; each has its own note."""
    problems = [{"problem_id": name, "metadata": json.dumps(known | {"note": name})} for name, known in KNOWN.items()]
    rows = [row for name, said in LETTERS.items() for row in verdicts(name, said)]
    return warehouse(tmp_path, {"problems": problems, "verdicts": rows}, wanted=["slice_histogram"])


def test_difficulty_by_a_slice(sliced):
    columns = "value, problems, accuracy, accuracy_low, never_share, always_share, useful_share"
    alone = pytest.approx((2 - 1.959964) / 3, abs=1e-6)  # of one problem that is always solved
    assert ask(sliced, f"select {columns} from slice_difficulty where slice = 'subject'") == [
        ("unknown", 1, 1.0, alone, 0.0, 1.0, 0.0),
        ("x", 2, 0.125, 0.0, 0.5, 0.0, 0.5),
        ("y", 1, 1.0, alone, 0.0, 1.0, 0.0),
    ]
    assert ask(sliced, "select slice from slice_difficulty group by all order by 1") == [
        (name,) for name in ("answer_type", "choices", "dataset", "images", "level", "metadata.kind", "question_length", "subject")
    ]


def test_a_histogram_of_any_slice(sliced):
    rows = ask(sliced, "select value, bin, problems, share from slice_histogram where slice = 'metadata.kind' order by value, bin")
    assert rows == [
        *[("k1", bin, problems, problems / 2) for bin, problems in enumerate((1, 1, 0, 0, 0))],
        *[("k2", bin, problems, problems / 2) for bin, problems in enumerate((0, 0, 0, 0, 2))],
    ]


def test_long_and_short_questions_are_slices(tmp_path):
    problems = [{"problem_id": str(length), "question": "q" * length} for length in (49, 50, 399, 5000)]
    connection = warehouse(tmp_path, {"problems": problems}, wanted=["stg_slices"])
    assert ask(connection, "select problem_id, value from stg_slices where slice = 'question_length' order by 2") == [
        ("49", "0000 - 0049"),
        ("50", "0050 - 0099"),
        ("399", "0200 - 0399"),
        ("5000", "0800 and more"),
    ]


def test_a_metadata_field_that_no_one_can_quote_is_left_out(tmp_path):
    odd = {'a"b': 1, "a.b": 2, "a b": "x", "deep": {"c": 1}, "list": [1], "no": None}
    connection = warehouse(tmp_path, {"problems": [{"problem_id": "p", "metadata": json.dumps(odd)}]}, wanted=["stg_slices"])
    assert ask(connection, "select slice, value from stg_slices where starts_with(slice, 'metadata.') order by 1") == [
        ("metadata.a b", "x"),
        ("metadata.a.b", "2"),
    ]


@pytest.mark.parametrize(("named", "has_interval"), [(["1", "1", "2"], False), (["1", "2", "3"], True), ([None, None, None], True)])
def test_a_slice_has_no_interval_that_takes_versions_for_problems(tmp_path, named, has_interval):
    problems = [
        {"problem_id": f"p{place}", "metadata": json.dumps({} if version is None else {"version_of": version})}
        for place, version in enumerate(named)
    ]
    rows = [row for problem in problems for row in verdicts(problem["problem_id"], "cii")]
    connection = warehouse(tmp_path, {"problems": problems, "verdicts": rows}, wanted=["slice_difficulty"])
    found = ask(
        connection, "select accuracy, accuracy_low is not null, accuracy_high is not null from slice_difficulty where slice = 'images'"
    )
    assert found == [(pytest.approx(1 / 3), has_interval, has_interval)]
