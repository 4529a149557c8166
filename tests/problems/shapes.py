"""A small real dataset for the tests of ingestion: pictures of one colour, and rows about them."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from tasks.problems.settings import SourceSettings


def picture(colour: int = 0, size: tuple[int, int] = (8, 8), form: str = "PNG") -> bytes:
    """An image file of one colour."""
    buffer = BytesIO()
    Image.new("RGB", size, (colour, 80, 160)).save(buffer, format=form)
    return buffer.getvalue()


def row(number: int, **changes: Any) -> dict[str, Any]:
    """A usable row whose image is `images/<number>.png`; a change to `...` leaves the column out."""
    values = {"id": f"p{number}", "images": [f"images/{number}.png"], "problem": f"<image>What is {number}?", "answer": str(number)}
    return {name: value for name, value in (values | changes).items() if value is not ...}


class Dataset:
    """A dataset folder: `train.jsonl` beside `images/` with the pictures 0.png to 9.png."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "train.jsonl"
        (folder / "images").mkdir(parents=True)
        for number in range(10):
            (folder / "images" / f"{number}.png").write_bytes(picture(number))

    def write(self, rows: list[dict[str, Any] | str]) -> "Dataset":
        """Write the rows; a text is written as the line it is."""
        lines = [line if isinstance(line, str) else json.dumps(line) for line in rows]
        self.file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return self

    def source(self, **settings: Any) -> SourceSettings:
        """Settings for this dataset, which let every row be rejected unless told otherwise."""
        defaults: dict[str, Any] = {"name": "shapes", "path": str(self.file), "columns": "easyr1", "max_rejected": 1.0}
        return SourceSettings(**(defaults | settings))
