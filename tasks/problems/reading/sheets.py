"""Reads Excel workbooks (.xlsx, .xls, .xlsb, .ods): the rows under the header of the one sheet that has some."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.base.errors import InputError
from tasks.problems.reading.delimited import column_names
from tasks.problems.reading.opening import opened_anywhere
from tasks.problems.reading.row import Row

EXACT = 2**53


def sheet_rows(path: Path, part: str | None) -> Iterator[Row]:
    """The rows of a workbook's sheet `part`, or of its only one with rows, without blank ones. A whole number is one, as Excel shows it.

    Raises InputError where it is no workbook, or has several sheets of which none is chosen.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    with opened_anywhere(path) as file:
        try:
            workbook = CalamineWorkbook.from_filelike(file)
            sheets = {name: workbook.get_sheet_by_name(name) for name in workbook.sheet_names}
        except CalamineError as error:
            raise InputError(f"cannot read {path} as a workbook: {error}; is the copy complete?") from error
        records = chosen_sheet(path, sheets, part).iter_rows()
        names = column_names(path, [str(plain_cell(name) or "") for name in next(records, [])])
        filled = (record for record in records if any(cell != "" for cell in record))
        for number, record in enumerate(filled, start=1):
            yield Row(path.name, number, {name: plain_cell(cell) for name, cell in zip(names, record, strict=True)})


def chosen_sheet(path: Path, sheets: dict[str, Any], part: str | None) -> Any:
    """The sheet to be read. Raises InputError where that is not certain."""
    filled = [name for name, sheet in sheets.items() if sheet.height > 1]
    if part not in sheets and len(filled) != 1:
        among = f"has the sheets {', '.join(filled)}; set source_split to one of them" if filled else "has no sheet with rows"
        raise InputError(f"{path} {among}")
    return sheets[part if part in sheets else filled[0]]


def plain_cell(cell: Any) -> Any:
    """A cell's value; None for an empty one."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return int(cell)
    return None if cell == "" else cell
