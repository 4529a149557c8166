"""The header of a SQL file: what its relation is, what it is made of, and what its columns mean.

A file's header says it all, once: `-- grain:` (the key), `-- inputs:`, `-- invariants:` and, under `-- columns:`, a line
`--   name: meaning [unit]` per column. A column without a line means what it means in the inputs that it comes from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FIELD = re.compile(r"^-- (\w+): (.*)$", re.MULTILINE)
COLUMN = re.compile(r"^--   (\w+): (.+?)(?: \[([^\]]+)\])?$", re.MULTILINE)


@dataclass(frozen=True)
class Meaning:
    """What a column is, in words, and the unit of its numbers (empty where it has none)."""

    text: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.text} [{self.unit}]" if self.unit else self.text


@dataclass(frozen=True)
class Header:
    """What the comment at the top of a SQL file says."""

    path: Path

    @cached_property
    def text(self) -> str:
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return "\n".join(lines[: next((place for place, line in enumerate(lines) if not line.startswith("--")), len(lines))])

    @cached_property
    def fields(self) -> dict[str, str]:
        return dict(FIELD.findall(self.text))

    @property
    def purpose(self) -> str:
        """The first line: what the relation is."""
        return self.text.partition("\n")[0].partition(": ")[2]

    @property
    def grain(self) -> str:
        """What a row is, in words; its key first."""
        return self.fields.get("grain", "")

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell rows apart; none where there is one row only, or where the grain says that rows may repeat."""
        return tuple(part.split()[0] for part in self.grain.split(";")[0].split(" x ")) if self.grain != "none" else ()

    @property
    def invariants(self) -> str:
        """What always holds."""
        return self.fields.get("invariants", "")

    @property
    def inputs(self) -> tuple[str, ...]:
        """The relations it reads. Raises ValueError naming the file when its header has no such line."""
        if "inputs" not in self.fields:
            raise ValueError(f"{self.path} has no `-- inputs: ...` line in its header; name the relations it reads, or none")
        said = self.fields["inputs"]
        return () if said == "none" else tuple(name.strip() for name in said.split(","))

    @cached_property
    def columns(self) -> dict[str, Meaning]:
        """The columns that the header explains itself."""
        return {name: Meaning(text, unit or "") for name, text, unit in COLUMN.findall(self.text)}
