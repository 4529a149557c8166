"""What one pass over a source's rows tells of its columns: their names, what lies inside them, and the images that they name.

Which columns a mapping means is settled once, after the pass, as any row may have a column that those before it lack.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from tasks.base.errors import InputError, did_you_mean
from tasks.problems.chats import ANSWERING, chat_images, turns_of
from tasks.problems.columns import AUTO, ColumnMapping, Joined, Wanted
from tasks.problems.pictured import image_references
from tasks.problems.places import Column, Columns, Place, column_named, opened
from tasks.problems.usual import CLASSIC, NUMBERED, USUAL, usual_columns

PARTS = ("problem", "answer", "images", "choices", "id", "cluster")
SYSTEM = ("system", "system_prompt")
MOST_LISTED = 40


class Survey:
    """Sees the rows of a source, one by one, and then says which columns a mapping means."""

    def __init__(self, mapping: ColumnMapping) -> None:
        self.mapping = mapping
        self.names: dict[str, None] = {}
        self.inside: dict[str, set[str]] = {}
        self.reached: dict[str, None] = {}
        self.answered: set[str] = set()
        self.images: dict[str, set[str]] = {}
        self.ids: dict[str, set[Any]] = {}
        self.repeated: set[str] = set()
        self._sought = [name for part in PARTS for name in candidates(mapping, part) if "." in name]
        self._shape: tuple[str, ...] = ()
        self._pictured: list[Column] = []
        self._asking: list[str] = []
        self._naming: list[Column] = []

    def see(self, values: dict[str, Any]) -> None:
        """Note a row."""
        if tuple(values) != self._shape:
            self._turn_to(values)
        if self._sought:
            self._seek(values)
        for column in self._pictured:
            self.images.setdefault(column.name, set()).update(image_references(column.value(values)))
        for name in self._asking:
            value = values.get(name)
            if not isinstance(value, str) or value[:1] in "[{ ":
                self._hear(name, value)
        for column in tuple(self._naming):
            self._count(column, column.value(values))

    def _turn_to(self, values: dict[str, Any]) -> None:
        """Look at the columns of rows of another shape."""
        self._shape = tuple(values)
        self.names.update(values)
        self._pictured = [column_named(name, self.names) for name in candidates(self.mapping, "images", values)]
        asking = candidates(self.mapping, "problem", values)
        self._asking = [name for name in asking if name in values]
        naming = candidates(self.mapping, "id", values) if self.mapping.id == AUTO else ()
        there = [name for name in naming if name.split(".")[0] in values and name not in self.repeated]
        self._naming = [column_named(name, self.names) for name in there]

    def _seek(self, values: dict[str, Any]) -> None:
        """Look for places inside columns that no row had so far, and note what else is there."""
        for name in self._sought:
            head = name.split(".")[0]
            if head in values and column_named(name, ()).value(values) is not None:
                self.reached[name] = None
            elif isinstance(holder := opened(values.get(head)), dict):
                self.inside.setdefault(head, set()).update(map(str, holder))
        self._sought = [name for name in self._sought if name not in self.reached]

    def _hear(self, name: str, value: Any) -> None:
        """Note what a conversation holds: the images in its parts, and whether it has an answer."""
        if turns := turns_of(value):
            self.images.setdefault(name, set()).update(image_references(list(chat_images(turns))))
            if has_answer(turns):
                self.answered.add(name)

    def _count(self, column: Column, value: Any) -> None:
        """Let go of an id that two rows share: it names neither."""
        known = self.ids.setdefault(column.name, set())
        if isinstance(value, str | int) and value not in known:
            known.add(value)
        elif value is not None:
            self._naming.remove(column)
            self.repeated.add(column.name)

    def columns(self, where: str) -> Columns:
        """The places that the mapping means. Raises InputError listing what was found when one is not there, or several may be meant."""
        problem, answer = self._place("problem", where), self._place("answer", where)
        if problem is None:
            raise self._missing("problem", where)
        if answer is None and problem.name in self.answered:
            answer = problem
        if answer is None:
            raise self._missing("answer", where)
        images, choices, own_id = (self._place(part, where) for part in ("images", "choices", "id"))
        used = {column.name for place in (problem, answer, images, choices, own_id) if place for column in place.columns}
        return Columns(
            *(problem, answer, images, choices, own_id),
            cluster=self._place("cluster", where),  # not `used`: it stays in the metadata, by which slices are made
            system=next((Column(name) for name in SYSTEM if name in self.names), None),
            used=frozenset(used),
            mapping=self.mapping,
        )

    def image_paths(self, columns: Columns) -> tuple[str, ...]:
        """The paths of all images that the rows name, as written and sorted."""
        places = [columns.problem, *([columns.images] if columns.images else [])]
        return tuple(sorted(set().union(*(self.images.get(column.name, ()) for place in places for column in place.columns))))

    def _place(self, part: str, where: str) -> Place | None:
        """Where a part lies; None where the source has none, which only `columns` may find wrong."""
        wanted, names = getattr(self.mapping, part), [*self.names, *self.reached]
        if wanted == AUTO:
            wanted = self._usual(part, names, where)
        if isinstance(wanted, Joined):
            found = [name for name in wanted.join if name in names]
            whole = len(found) == len(wanted.join) or (part in self.mapping.optional and found)
            place = Place(tuple(column_named(name, self.names) for name in found), wanted.separator) if whole else None
        else:
            first = next((name for name in named(wanted) if name in names), None)
            place = Place((column_named(first, self.names),)) if first else None
        if place is None and wanted and part not in self.mapping.optional:
            raise self._missing(part, where)
        return place

    def _usual(self, part: str, names: list[str], where: str) -> Wanted | None:
        """What is usually called so. Raises InputError where there are several."""
        if part == "id":
            return self._usual_id(names)
        usual = usual_columns(part, names)
        if len(usual) > 1:
            said = " or ".join(f"{{join: [{', '.join(one.join)}]}}" if isinstance(one, Joined) else str(one) for one in usual)
            raise InputError(
                f"{where}: the columns for {part} may be {said}; set columns.{part} to the right one{self._way_out(part)}. "
                f"The columns are {listed(names)}"
            )
        return usual[0] if usual else None

    def _usual_id(self, names: list[str]) -> Wanted | None:
        """An id that names each row, where it is no question which; sources of the classic names have always had none."""
        if self.mapping.problem == AUTO and set(CLASSIC.values()) <= self.names.keys():
            return None
        usual = [one for one in usual_columns("id", names) if one not in self.repeated]
        return "id" if "id" in usual else usual[0] if len(usual) == 1 else None

    def _missing(self, part: str, where: str) -> InputError:
        """The error for a part that the source does not have under the names of the mapping."""
        names, wanted = [*self.names, *self.reached], named(getattr(self.mapping, part))
        if wanted == (AUTO,):
            said = f"no column has a usual name of the {part} ({', '.join(USUAL[part])})"
        else:
            lost = [name for name in wanted if name not in names]
            said = f"no column {' or '.join(map(repr, lost))} for {part}{did_you_mean(lost[0], names)}{self._inside(lost)}"
        mapping = "" if wanted == (AUTO,) else f"; the mapping is {self.mapping.model_dump_json(exclude_defaults=True)}"
        return InputError(
            f"{where}: {said}. The columns are {listed(names)}{mapping}. Set columns.{part} to the right one{self._way_out(part)}"
        )

    def _inside(self, lost: Sequence[str]) -> str:
        """What lies inside the columns that dotted names begin with."""
        heads = sorted({name.split(".")[0] for name in lost} & self.inside.keys())
        return "".join(f"; {head!r} holds {listed(sorted(self.inside[head]))}" for head in heads)

    def _way_out(self, part: str) -> str:
        return "" if part in ("problem", "answer") else f" (or to null, if it has no {part})"


def has_answer(turns: list[dict[str, Any]]) -> bool:
    """Whether the last turn is an answer."""
    return turns[-1].get("role", turns[-1].get("from")) in ANSWERING


def named(wanted: Wanted | None) -> tuple[str, ...]:
    """The names in what a mapping wants for a part."""
    if isinstance(wanted, Joined):
        return wanted.join
    return (wanted,) if isinstance(wanted, str) else wanted or ()


def candidates(mapping: ColumnMapping, part: str, names: Iterable[str] = ()) -> tuple[str, ...]:
    """The names that a mapping may mean for a part; of "auto" the usual ones, as they are spelled in `names`."""
    wanted = getattr(mapping, part)
    if wanted != AUTO:
        return named(wanted)
    known = {name.casefold() for name in USUAL[part]}
    spelled = [name for name in names if name.casefold() in known or (part == "images" and NUMBERED.fullmatch(name))]
    return (*spelled, *(name for name in USUAL[part] if "." in name))


def listed(names: Iterable[str]) -> str:
    """Names in a message: sorted, and not more than a reader takes in."""
    names = sorted(names)
    return ", ".join(names[:MOST_LISTED]) + (f", … ({len(names)} in all)" if len(names) > MOST_LISTED else "")
