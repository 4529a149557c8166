"""YAML files as people save them: read right, or refused in one line with the place and the way out."""

from pathlib import Path

import pytest

from tasks.base.errors import InputError
from tasks.base.yaml_text import read_yaml, read_yaml_file

GOOD = "name: Größe\nlist: [1, 2]\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_that_yaml_has_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD, encoding=encoding)
    assert read_yaml_file(path, "recipe") == {"name": "Größe", "list": [1, 2]}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (GOOD.encode("latin-1"), r"is not UTF-8: line 1, column 9 holds the byte 0xf6 \('ö' in Latin-1\); save the file as UTF-8"),
        (b"a: 1\nb: \x93x\x94\n", r"is not UTF-8: line 2, column 4 holds the byte 0x93"),
        (GOOD.encode("utf-16-le"), r"is no text: line 1, column 2 holds a zero byte; if it is UTF-16 without its mark"),
        ("a: 1\n# Größe".encode("utf-16")[:-1], r"is not UTF-16: line 2, column 7"),
        (b"a: 1\nb: \x07\n", r"line 2, column 4 holds the character U\+0007, which no YAML has; remove it"),
        (b"a:\n\tb: 1\n", r"is not YAML: line 2, column 1: .*'\\t'.*; indent with spaces"),
        (b"a: b: c\n", r"line 1, column 5: mapping values are not allowed here; a text with `: ` in it.*needs quotes"),
        (b"a: @b\n", r"line 1, column 4: .*needs quotes"),
        (b"a: 1\n---\na: 2\n", r"line 2, column 1: expected a single document.*keep one"),
        (b"a: 1\nb: [1, 2\n", r"line 3, column 1: while parsing a flow sequence.*close what is open"),
        (b"a: 2024-13-45\n", r"month must be in 1\.\.12; if it is a text, put it into quotes"),
        (b"a: " + b"9" * 5000, r"Exceeds the limit"),
        (b"a: " + b"[" * 5000, r"nested too deep"),
        (b"a: !!python/object/apply:os.system [ls]\n", r"line 1, column 4: could not determine a constructor"),
    ],
)
def test_what_is_no_yaml_is_one_line_with_its_place(tmp_path: Path, content: bytes, fault: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"^recipe bad .*{fault}") as told:
        read_yaml_file(path, "recipe bad")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "key", "first", "again"),
    [
        ("a: 1\nb: 2\na: 3\n", "a", 1, "3, column 1"),
        ("a: 1\n'a': 3\n", "a", 1, "2, column 1"),
        ("o:\n  - x: 1\n    y: {z: 1}\n    x: 2\n", "x", 2, "4, column 5"),
        ("o: {deep: {a: 1,\n  b: 2, a: 3}}\n", "a", 1, "2, column 9"),
        ("o: &o {a: 1}\np: {<<: *o, b: 1,\n b: 2}\n", "b", 2, "3, column 2"),
    ],
)
def test_a_key_that_stands_twice_is_told_with_both_lines(text: str, key: str, first: int, again: str) -> None:
    with pytest.raises(InputError, match=rf"the key `{key}` stands twice in one place, first in line {first}, again in line {again}"):
        read_yaml(text, "recipe x")


def test_anchors_and_merged_keys_are_no_repetition() -> None:
    assert read_yaml("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\nc: [{k: 1}, {k: 2}]\n", "recipe")["b"] == {"x": 3, "y": 2}


@pytest.mark.parametrize(
    ("text", "held"), [('{\n\t"name": "\\ud83d\\ude00",\n\t"seed": 1e-6\n}', {"name": "😀", "seed": 1e-6}), ('{"a": null}', {"a": None})]
)
def test_json_is_read_with_its_tabs_and_numbers(tmp_path: Path, text: str, held: dict) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(text)
    assert read_yaml_file(path, "recipe") == held


@pytest.mark.parametrize(
    ("text", "fault"),
    [('{"a": 1, "a": 2}', r"`a` stands twice in one place, first in line 1"), ('{"a": 1,}', r"is not JSON: line 1, column 9")],
)
def test_json_at_fault_is_told_like_yaml(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(text)
    with pytest.raises(InputError, match=fault):
        read_yaml_file(path, "recipe")
