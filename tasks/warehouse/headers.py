"""The header of a SQL file: what its relation is, what it is made of, how it is held, and what its columns mean.

A header says it all, once, in fields `-- name: value`; lines of any other form are notes. So that a slip of the pen never changes in
silence what is done, a field that is not known, not of its folder, there twice, without a value or with one that means nothing is an error
that names file, line and way out. `purpose` is the first line; under `-- columns:` a line `--   name: meaning [unit]` tells of a column,
and a column without one means what it means in the inputs that it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tasks.base.errors import InputError, did_you_mean

ALL = ("grain", "inputs", "parameters")
RELATION = (*ALL, "invariants", "columns")
DERIVED = (*RELATION, "materialized", "local by")
FIELDS: dict[str, tuple[str, ...]] = {
    "given": RELATION,
    "staging": DERIVED,
    "summaries": (*DERIVED, "merged by"),
    "marts": DERIVED,
    "checks": (*ALL, "local by"),
    "macros": (*ALL, "source"),
    "curation": (*ALL, "source"),
    "queries": ALL,
}
"""The fields that headers have, by the folder of `sql/`. All must be there but those in MAY_LACK."""
MAY_LACK = ("columns", "local by", "materialized", "source")
KNOWN = sorted({name for names in FIELDS.values() for name in names})
VALUES = {"materialized": ("table", "view"), "local by": ("problem_id",), "columns": ("",)}  # of the fields that take no other
MERGES = ("sum", "max", "bit_or")

LONGEST = 3  # words of what may be meant for a field; more are a sentence
BETWEEN = r"[ \t_./-]+"  # what may stand between the words of a name that is wrongly written
FIELD = re.compile(rf"^--\s*(?P<name>\w+(?:{BETWEEN}\w+)*)\s*:(?!:)(?P<value>.*)$")
BARE = re.compile(rf"^--\s*(?P<name>{'|'.join(name.replace(' ', BETWEEN) for name in KNOWN)})\b(?!\s*:)", re.IGNORECASE)
COLUMN = re.compile(r"^--   (\w+): (.+?)(?: \[([^\]]+)\])?$")
MERGED = re.compile(r"(\w+)\((\w+)\)")


@dataclass(frozen=True)
class Meaning:
    """What a column is, in words, and the unit of its numbers (empty where it has none)."""

    text: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.text} [{self.unit}]" if self.unit else self.text


class Slip(Exception):
    """What is wrong with a header, and in which of its lines, the first is 1."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(words)
        self.line = line


@dataclass(frozen=True)
class Header:
    """What the comment at the top of a SQL file says: its first line, the values of its fields, and the columns that it explains itself."""

    path: Path
    folder: str
    purpose: str
    fields: Mapping[str, str]
    columns: Mapping[str, Meaning]
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)  # where each field stands

    @property
    def name(self) -> str:
        """The name of the relation, macro, check or rule: the file's."""
        return self.path.stem

    @property
    def grain(self) -> str:
        """What a row is, in words; its key first."""
        return self.fields["grain"]

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell rows apart; none where there is one row only, or where the grain says that rows may repeat."""
        return tuple(part.split()[0] for part in self.grain.split(";")[0].split(" x ")) if self.grain != "none" else ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """The relations it reads; what may be told of one in brackets is left out."""
        said = re.sub(r"\([^)]*\)", "", self.fields["inputs"])
        return () if said == "none" else tuple(name.strip() for name in said.split(","))

    @property
    def invariants(self) -> str:
        """What always holds."""
        return self.fields.get("invariants", "")

    @property
    def is_view(self) -> bool:
        """Whether each reader computes it anew; else, and where nothing is said, it is computed once and held as a table."""
        return self.fields.get("materialized") == "view"

    @property
    def is_local(self) -> bool:
        """Whether its rows of a problem are made of its inputs' rows of that problem alone."""
        return "local by" in self.fields

    @property
    def merged_by(self) -> dict[str, str]:
        """Of a summary: the aggregate that merges each column that is not of its key."""
        return {column: aggregate for aggregate, column in MERGED.findall(self.fields.get("merged by", ""))}


def read_header(path: Path, folder: str) -> Header:
    """The header of a file in that folder of `sql/`. Raises InputError that names file, line and way out for one with a slip."""
    lines = path.read_text(encoding="utf-8").splitlines()
    end = next((place for place, line in enumerate(lines) if line.strip() and not line.startswith("--")), len(lines))
    try:
        found = fields_in(lines[:end], folder)
        columns = dict(columns_in(lines[:end]))
        values = {name: value for name, (_, value) in found.items()}
        check_below(lines, end)
        check_values(found, columns)
        return Header(path, folder, purpose_of(lines, path), values, columns, {name: line for name, (line, _) in found.items()})
    except Slip as slip:
        raise InputError(f"{path}, line {slip.line}: {slip}") from None


def purpose_of(lines: Sequence[str], path: Path) -> str:
    """What the first line says the file is for, after its name."""
    names, _, purpose = (lines[0] if lines else "").removeprefix("--").strip().partition(": ")
    if not purpose or path.stem.split("_")[0] not in names:
        raise Slip(1, f"a header begins with the name of what is in the file and what it is for: `-- {path.stem}: …`")
    return purpose


def fields_in(lines: Sequence[str], folder: str) -> dict[str, tuple[int, str]]:
    """The fields of a header's lines: name -> line and value."""
    allowed, found = FIELDS[folder], dict[str, tuple[int, str]]()
    for number, line in enumerate(lines[1:], start=2):
        if line.startswith("--   "):
            continue
        if bare := BARE.match(line):
            raise Slip(number, f"field `{bare['name'].lower()}` has no colon behind its name: write `-- {bare['name'].lower()}: …`")
        if (told := FIELD.match(line)) and is_meant_for_a_field(told["name"]):
            name = told["name"]
            check_name(number, name, allowed, folder)
            if name in found:
                raise Slip(number, f"field `{name}` is there twice, in line {found[name][0]} too; leave one")
            found[name] = (number, told["value"].strip())
    lacking = [name for name in allowed if name not in found and name not in MAY_LACK]
    if lacking:
        raise Slip(1, f"the header lacks the field `{lacking[0]}`; a file of sql/{folder}/ has {', '.join(allowed)}")
    return found


def is_meant_for_a_field(name: str) -> bool:
    """Whether words before a colon are a field's name, rightly written or not, and not the beginning of a sentence."""
    return len(re.split(BETWEEN, name)) <= LONGEST or bool(did_you_mean(name, KNOWN))


def check_name(number: int, name: str, allowed: Sequence[str], folder: str) -> None:
    """Raise Slip for a field that no header has, or none of that folder's."""
    if name not in KNOWN:
        meant = did_you_mean(name, allowed) or " (and a note has no colon behind its first words)"
        raise Slip(number, f"no field is called `{name}`{meant}; a file of sql/{folder}/ has {', '.join(allowed)}")
    if name not in allowed:
        raise Slip(number, f"field `{name}` means nothing in sql/{folder}/, whose files have {', '.join(allowed)}")


def columns_in(lines: Sequence[str]) -> Iterator[tuple[str, Meaning]]:
    """The columns that a header explains, each with its meaning."""
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.startswith("--   "):
            continue
        if not (told := COLUMN.match(line)):
            raise Slip(number, "a line of `columns` is `--   name: meaning [unit]`; a field or a note begins with one blank, not three")
        if told[1] in seen:
            raise Slip(number, f"column `{told[1]}` is explained twice; leave one")
        seen.add(told[1])
        yield told[1], Meaning(told[2], told[3] or "")


def check_values(found: Mapping[str, tuple[int, str]], columns: Mapping[str, Meaning]) -> None:
    """Raise Slip for a field without a value, or with one that it does not take; and for columns without their heading."""
    for name, (number, value) in found.items():
        taken = VALUES.get(name, ())
        if taken and value not in taken:
            takes = " or ".join(f"`{one}`" for one in taken if one) or "nothing: the columns follow, each in a line of its own"
            raise Slip(number, f"field `{name}` is `{value}`{did_you_mean(value, taken)}; it takes {takes}")
        if not taken and not value:
            raise Slip(number, f"field `{name}` is empty; say `none` where there is none")
    if columns and "columns" not in found:
        raise Slip(1, "the header explains columns without a line `-- columns:` above them")
    if "merged by" in found:
        check_merges(*found["merged by"], columns)


def check_merges(number: int, said: str, columns: Mapping[str, Meaning]) -> None:
    """Raise Slip for a `merged by` that is no list of aggregates of columns that the header explains, each once."""
    parts = [part.strip() for part in said.split(",")]
    merged = [MERGED.fullmatch(part) for part in parts]
    for part, told in zip(parts, merged, strict=True):
        if told is None or told[1] not in MERGES:
            raise Slip(
                number, f"`{part}` merges nothing; write {', '.join(f'{one}(column)' for one in MERGES[:-1])} or {MERGES[-1]}(column)"
            )
        if told[2] not in columns:
            raise Slip(number, f"`{part}` merges a column that the header does not explain{did_you_mean(told[2], columns)}")
        if [other[2] for other in merged if other].count(told[2]) > 1:
            raise Slip(number, f"column `{told[2]}` is merged twice; leave one")


def check_below(lines: Sequence[str], end: int) -> None:
    """Raise Slip for a field below the header, where nothing reads it."""
    for number, line in enumerate(lines[end:], start=end + 1):
        if (told := FIELD.match(line.strip())) and told["name"].lower() in KNOWN:
            raise Slip(number, f"field `{told['name']}` stands below the header, where nothing reads it; move it above the SQL")
