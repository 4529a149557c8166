"""A stage's problems as the trainer draws them: prompt with its hint, images, gold answer and prior, made when a problem is drawn.

Prompts come from `tasks.prompting`, so the policy is trained on what it is sampled with.
"""

from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from tasks.base.errors import InputError
from tasks.lake.lake import read_parquet
from tasks.problems.marks import IMAGE_MARK
from tasks.prompting.control import NOT_KNOWN, ControlTokens
from tasks.prompting.pictures import open_picture
from tasks.prompting.prompt import chat_messages, problem_hint, problem_prompt
from tasks.prompting.settings import PromptingSettings

COLUMNS = ("images", "problem", "answer", "choices", "precision", "problem_id", "band", "accuracy")
ESTIMATED = ("prior", "p_mean", "p_low", "p_high", "logit_mean", "logit_variance")
MORE = ("weight", "dataset", *ESTIMATED)
"""Columns that not every file has: of a rule without weights, made elsewhere, or before there were estimates."""
DRAWN_AT_ONCE = 256


class Difficulty(NamedTuple):
    """How hard a problem is: its band, and the accuracy that this goes by. None where that is not known."""

    band: str | None
    accuracy: float | None


class Problems:
    """The problems of a stage's Parquet file, in its order; an item is an example for the trainer.

    An example has `prompt` (chat messages), `images` (PIL, RGB; only where the policy sees images), `answer`, `choices`,
    `precision` (decimals at which numbers are compared, None: exactly), `question` (as a verifier is told it), `dataset`, `problem_id`,
    `prior` (the offline estimate of its accuracy, None if unknown) and `hinted` (whether the prompt carries a hint). Items of one
    problem share their images: do not change them. `weights` say how often each is drawn beside the others (None: alike). `control` are the
    policy's control tokens, which no prompt's question speaks in.
    """

    def __init__(
        self,
        rows: list[dict[str, Any]],
        prompting: PromptingSettings,
        *,
        hints: bool,
        sees_images: bool,
        control: ControlTokens = NOT_KNOWN,
    ) -> None:
        self.rows = rows
        self.weights = [1.0 if row["weight"] is None else row["weight"] for row in rows] if "weight" in rows[0] else None
        self.prompting = prompting
        self.hints = hints
        self.sees_images = sees_images
        self.control = control
        self._example = lru_cache(maxsize=DRAWN_AT_ONCE)(self._make)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def priors(self) -> list[float | None]:
        """The offline estimate of each problem's accuracy, None where nothing is known."""
        return [prior_of(row) for row in self.rows]

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.example(index)

    def example(self, index: int, *, hinted: bool = True, difficulty: Difficulty | None = None) -> dict[str, Any]:
        """An example; without `hinted` its prompt carries no hint, whatever the stage gives. The hint goes by `difficulty`, or by the
        row's own."""
        return dict(self._example(index, self.hint(self.rows[index], difficulty) if hinted else ""))

    def hint(self, row: dict[str, Any], difficulty: Difficulty | None = None) -> str:
        """The hint of a row where the stage gives hints and the band of the problem has one, else an empty text."""
        known = difficulty or Difficulty(row["band"], row["accuracy"])
        return problem_hint(self.prompting.hints, band=known.band, accuracy=known.accuracy) if self.hints else ""

    def prompt(self, row: dict[str, Any], hint: str | None = None) -> str:
        """The user's turn of a row, with this hint (an empty one is none), or with its own."""
        given = self.hint(row) if hint is None else hint
        return problem_prompt(self.prompting, row["problem"], row["choices"], hint=given, control=self.control)

    def _make(self, index: int, hint: str) -> dict[str, Any]:
        row = self.rows[index]
        prompt = self.prompt(row, hint)
        messages = chat_messages(prompt) if self.sees_images else [{"role": "user", "content": prompt}]
        example = {"prompt": messages, "answer": row["answer"], "choices": row["choices"] or [], "precision": row["precision"]}
        images = {"images": [open_picture(BytesIO(image["bytes"])) for image in row["images"] or ()]} if self.sees_images else {}
        whose = {"question": row["problem"], "dataset": row.get("dataset") or "", "problem_id": row["problem_id"], "prior": prior_of(row)}
        return {**example, **images, **whose, "hinted": bool(hint)}


def prior_of(row: dict[str, Any]) -> float | None:
    """The offline estimate p0 of a row's accuracy: the raw share where its file has no estimate, None where nothing is known."""
    return row["prior"] if "prior" in row else row["accuracy"]


def load_problems(
    path: Path, prompting: PromptingSettings, *, hints: bool, sees_images: bool, control: ControlTokens = NOT_KNOWN
) -> Problems:
    """The problems of a stage's file. Raises InputError, naming file, row and way out, when the policy could not be asked one of them."""
    if not path.is_file():
        raise InputError(f"{path} is gone; delete its folder {path.parent} and run again to curate the stage anew")
    frame = read_parquet(path)
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise InputError(f"{path} lacks the columns {', '.join(missing)}; curate the stage again")
    rows = frame.select(*COLUMNS, *(name for name in MORE if name in frame.columns)).to_dicts()
    if not rows:
        raise InputError(f"{path} holds no problem: nothing to train on; widen the stage's bands or profile more problems")
    for number, row in enumerate(rows, start=1):
        check_images(row, f"{path} row {number} (problem {row['problem_id']})", sees_images)
    return Problems(rows, prompting, hints=hints, sees_images=sees_images, control=control)


def check_images(row: dict[str, Any], place: str, sees_images: bool) -> None:
    """Raise InputError where a problem's images cannot be put into its prompt, or are not there."""
    images, marks = len(row["images"] or ()), row["problem"].count(IMAGE_MARK)
    if images and not sees_images:
        raise InputError(f"{place}: the problem has {images} image(s), but the policy reads text only; choose a vision-language policy")
    if images != marks:
        raise InputError(f"{place}: {images} image(s), but {marks} {IMAGE_MARK} mark(s) in the question; make them equal")
    for number, image in enumerate(row["images"] or (), start=1):
        if fault := image_fault(image["bytes"]):
            raise InputError(f"{place}: image {number} ({image['path']}) {fault}; curate the stage again")


def image_fault(content: bytes | None) -> str:
    """What is wrong with an image's bytes, by its header; "" where nothing is."""
    if not content:
        return "is gone: the file holds its name but no bytes"
    try:
        with Image.open(BytesIO(content)):
            return ""
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        return f"cannot be read: {error}"
