"""JSON text is read in every shape that it is published in, and what is wrong with it is told with its place."""

import gzip
import json
from pathlib import Path

import pytest

from tasks.base.errors import InputError
from tasks.problems.reading import json_text
from tasks.problems.reading.formats import file_rows
from tasks.problems.reading.row import Row

ROWS = [{"problem": f"{n}+1?", "answer": n + 1, "text": 'a "quoted"\nline, [1] {2} ½ 🙂'} for n in range(3)]
NAMED = {f"p{n}": row for n, row in enumerate(ROWS)}
SHAPES = {
    "lines": "".join(json.dumps(row) + "\n" for row in ROWS),
    "lines with blank ones": "\n\n" + "\r\n\r\n".join(json.dumps(row) for row in ROWS),
    "one line": json.dumps(ROWS),
    "pretty": json.dumps(ROWS, indent=2),
    "pretty after blank lines": "\n \n" + json.dumps(ROWS, indent="\t") + "\n\n",
    "a row a line": "[\n" + ",\n".join(json.dumps(row) for row in ROWS) + "\n]",
    "one after another": "\n".join(json.dumps(row, indent=1) for row in ROWS),
    "data": json.dumps({"data": ROWS}),
    "questions beside facts": json.dumps({"info": {"year": 2015}, "license": {}, "tags": ["a"], "questions": ROWS, "version": 1}, indent=1),
    "rows beside a schema": json.dumps({"schema": {"fields": [{"name": "problem"}]}, "rows": ROWS}),
    "columns by number": json.dumps({name: {str(n): row[name] for n, row in enumerate(ROWS)} for name in ROWS[0]}),
    "columns": json.dumps({name: [row[name] for row in ROWS] for name in ROWS[0]}, indent=1),
    "by name": json.dumps(NAMED),
    "by name, pretty": json.dumps(NAMED, indent=4, ensure_ascii=False),
}


def read(path: Path, text: str | bytes, name: str = "rows.json", **options) -> list[Row]:
    file = path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(file_rows(file, **options))


@pytest.mark.parametrize("chunk", [1, 7, json_text.CHUNK])
@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_gives_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str, chunk: int) -> None:
    monkeypatch.setattr(json_text, "CHUNK", chunk)
    for name in ("rows.json", "rows.jsonl", "rows"):
        rows = read(tmp_path, SHAPES[shape], name)
        named = shape.startswith("by name")
        assert [row.values for row in rows] == ([{"id": f"p{n}", **row} for n, row in enumerate(ROWS)] if named else ROWS)
        assert [row.key for row in rows] == (list(NAMED) if named else ["", "", ""])
        assert not any(row.fault for row in rows)


LONE_ROWS = [
    {"problem": "Which?", "options": [{"A": "4"}, {"B": "5"}], "answer": "A"},
    {"query": "Which?", "choices": [{"key": "A", "value": "4"}], "meta": {"source": "x"}},
    {"prompt": [{"role": "user", "content": "Which?"}], "reward_model": {"ground_truth": "2"}},
    {"input": "Which?", "attachments": [{"file": "a.png"}, {"file": "b.png"}]},
]


@pytest.mark.parametrize("row", LONE_ROWS)
@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json", "rows.jsonl.gz"])
def test_a_question_with_a_list_of_objects_is_a_row_though_it_is_alone(tmp_path: Path, row: dict, name: str) -> None:
    text = json.dumps(row).encode()
    assert [found.values for found in read(tmp_path, gzip.compress(text) if name.endswith("gz") else text, name)] == [row]


def test_a_lone_line_with_more_than_a_list_is_a_row_where_the_file_is_called_lines(tmp_path: Path) -> None:
    row = {"id": "1", "responses": [{"text": "a"}, {"text": "b"}]}
    assert [found.values for found in read(tmp_path, json.dumps(row), "answers.jsonl")] == [row]
    assert [found.values for found in read(tmp_path, json.dumps(row), "answers.json")] == row["responses"]


@pytest.mark.parametrize("mark, encoding", [(b"", "utf-8-sig"), (b"", "utf-16"), (b"\xfe\xff", "utf-16-be"), (b"", "utf-32")])
@pytest.mark.parametrize("shape", ["lines", "pretty", "by name, pretty"])
def test_a_byte_order_mark_says_the_encoding(tmp_path: Path, shape: str, mark: bytes, encoding: str) -> None:
    assert [row.values["text"] for row in read(tmp_path, mark + SHAPES[shape].encode(encoding))] == [row["text"] for row in ROWS]


def test_numbers_keep_their_digits_in_every_shape(tmp_path: Path) -> None:
    for text in ('{"a": 0.10, "b": 1e400, "c": %s}\n{}', '[{"a": 0.10, "b": 1e400, "c": %s}]', '{"k": {"a": 0.10, "b": 1e400, "c": %s}}'):
        values = read(tmp_path, text % ("7" * 400))[0].values
        assert (values["a"], values["b"], str(values["c"])) == ("0.10", "1e400", "7" * 400)


def test_the_lines_of_json_lines_are_their_numbers(tmp_path: Path) -> None:
    rows = read(tmp_path, '\n{"a": 1}\n\n{"a": \n{"a": 3}\n')
    assert [(row.number, row.values, bool(row.fault)) for row in rows] == [(2, {"a": 1}, False), (4, {}, True), (5, {"a": 3}, False)]


def test_json_lines_that_begin_with_a_broken_line_are_still_lines(tmp_path: Path) -> None:
    for broken in ('{"a": 1, "b": ', '{"a": }', '{"a": "cut off', "hello"):
        rows = read(tmp_path, f'{broken}\n{{"a": 2}}\n{{"a": 3}}\n')
        assert [(row.number, bool(row.fault)) for row in rows] == [(1, True), (2, False), (3, False)]


ONE_ROW = {
    "plain": {"problem": "1+1?", "answer": "2"},
    "a chat": {"messages": [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}], "source": "x"},
    "a conversation": {"conversations": [{"from": "human", "value": "1+1?"}], "images": ["1.png"]},
    "choices": {"problem": "1+1?", "choices": [{"label": "A", "text": "2"}], "answer": "A"},
    "objects of different kinds": {"prompt": {"content": "1+1?"}, "reward_model": {"ground_truth": "2"}},
    "numbers": {"problem": "sum of a", "a": [1, 2], "answer": 3},
}


@pytest.mark.parametrize("kind", ONE_ROW)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_lone_object_that_holds_no_rows_is_one(tmp_path: Path, kind: str, indent: int | None) -> None:
    [row] = read(tmp_path, json.dumps(ONE_ROW[kind], indent=indent))
    assert (row.number, row.values) == (1, ONE_ROW[kind])


def test_of_several_lists_one_must_be_chosen(tmp_path: Path) -> None:
    text = json.dumps({"train": ROWS[:2], "test": ROWS[2:]})
    with pytest.raises(InputError, match=r"rows.json holds the lists of objects train, test; set source_split to the one"):
        read(tmp_path, text)
    assert [row.values for row in read(tmp_path, text, part="test")] == ROWS[2:]
    assert len(read(tmp_path, json.dumps({"data": ROWS}), part="test")) == 3  # one list needs no choosing


def test_the_id_of_a_row_comes_before_the_name_it_is_kept_by(tmp_path: Path) -> None:
    [one, two] = read(tmp_path, '{"1": {"id": "own", "q": 1}, "2": {"q": 2}}')
    assert [(row.key, row.values["id"]) for row in (one, two)] == [("1", "own"), ("2", "2")]


FAULTS = {
    b'[{"a": NaN}, {"a": 1}]': "the object is not valid JSON: NaN is not a JSON value",
    b'[{"a": "caf\xe9"}, {"a": 1}]': "the object is not valid Unicode: byte 11 is 0xe9, which is not UTF-8; save the file as UTF-8",
    b'[{"a": "\\ud83d"}, {"a": 1}]': "the object is not valid Unicode",
    b'[5, {"a": 1}]': "this is not a JSON object but a int",
    b'{"a": "caf\xe9"}\n{"a": 1}': "the line is not valid Unicode: byte 11 is 0xe9, which is not UTF-8",
    b'{"a": "b\0"}\n{"a": 1}': "the line is not valid JSON: byte 9 is NUL",
    b'  \0\0\0\n{"a": 1}': "the line is not valid JSON: byte 1 is NUL",
    b'{"k": {"a": -Infinity}, "l": {"a": 1}}': "the object is not valid JSON: -Infinity is not a JSON value",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_bad_object_is_a_row_with_its_fault_and_the_next_is_read(tmp_path: Path, text: bytes) -> None:
    bad, good = read(tmp_path, text)
    assert FAULTS[text] in bad.fault
    assert (good.number, good.values["a"], good.fault) == (2, 1, "")


BROKEN = {
    "{'a': 1}\n": "line 1: a name in double quotes should stand here, and there is `'`",
    '{"k": {"a": 1},\n': "line 2: a name in double quotes should stand here, and there is no more",
    '{"caf\0": {"a": 1}}': "line 1: Invalid control character",
    '[\n{"a": 1},\n{"a": ': r"rows.json, line 3: Expecting value: it is not valid JSON",
    '[\n{"a": 1}\n{"a": 2}]': r"line 3: `,` or `\]` should stand here, and there is `{`",
    '{"data": [{"a": 1}], "x" 1}': "line 1: `:` should stand here",
    '[{"a": 1}] [{"a": 2}]': "something follows the end of the rows",
    '[\n{"a": "never closed]': "line 2: Unterminated string starting",
    "\0[\0{\0": r"byte 1 of line 1 is NUL, so this is no UTF-8 text \(UTF-16 without its byte order mark\?\); save it as UTF-8",
}


@pytest.mark.parametrize("text", BROKEN)
def test_text_that_is_not_json_to_its_end_is_an_error_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=BROKEN[text]):
        read(tmp_path, text)


def test_a_large_array_is_read_without_holding_it(tmp_path: Path) -> None:
    import tracemalloc

    with (tmp_path / "large.json").open("w") as file:
        file.write("[" + ",".join(json.dumps({"image": "QUJD" * 50_000, "n": n}) for n in range(100)) + "]")
    tracemalloc.start()
    assert [row.values["n"] for row in file_rows(tmp_path / "large.json")] == list(range(100))
    assert tracemalloc.get_traced_memory()[1] < 8 << 20  # of 20 MB
    tracemalloc.stop()
