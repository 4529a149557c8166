"""What the columns of a problem are usually called: what a mapping of "auto" goes by, where exactly one such column is there."""

import re
from collections.abc import Iterable
from itertools import takewhile

from tasks.problems.columns import Joined, Wanted

CLASSIC = {"problem": "problem", "answer": "answer", "images": "images"}
"""The names that have always been found without a word; where a source has one of them, no other is looked for."""

USUAL = {
    "problem": ("problem", "question", "query", "prompt", "message", "messages", "conversations", "conversation", "instruction"),
    "answer": (
        *("answer", "answers", "solution", "gold", "gold_answer", "ground_truth", "final_answer", "expected_answer", "correct_answer"),
        *("reference_answer", "answerKey", "label", "target", "reward_model.ground_truth"),
    ),
    "images": ("images", "image", "decoded_image", "img", "image_path", "image_paths"),
    "choices": ("choices", "options"),
    "id": ("id", "pid", "question_id", "qid", "idx", "index", "extra_info.index"),
}
CONTEXTS = {"body", "context", "paragraph", "passage", "premise", "scenario", "story"}
"""What a question may only make sense with (SVAMP's `Body`): beside one, it is no longer obvious what is asked."""
NUMBERED = re.compile(r"(image|img)_?(\d{1,2})", re.I)
LETTERED = re.compile(r"(?i:(?:option|choice|opt)[_ ]?[a-z])|[A-Z]")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def usual_columns(part: str, found: Iterable[str]) -> list[Wanted]:
    """The columns among those `found` that are usually called so, as they are spelled: one where it is obvious, several where it is not."""
    names = sorted(found)
    if part in CLASSIC and CLASSIC[part] in names:
        return [CLASSIC[part]]
    known = {name.casefold() for name in USUAL[part]}
    usual: list[Wanted] = [name for name in names if name.casefold() in known]
    if part == "problem" and len(usual) == 1:
        usual += [Joined(join=(name, str(usual[0]))) for name in names if name.casefold() in CONTEXTS]
    if part == "images" and (numbered := numbered_columns(names)):
        usual.append(Joined(join=numbered))
    if part == "choices" and (lettered := lettered_columns(names)):
        usual.append(Joined(join=lettered))
    return usual


def numbered_columns(names: Iterable[str]) -> tuple[str, ...]:
    """`image_1`, `image_2`, … by their numbers, where they count from 1 without a gap."""
    numbers = {int(match[2]): name for name in names if (match := NUMBERED.fullmatch(name))}
    return tuple(numbers[number] for number in sorted(numbers)) if sorted(numbers) == list(range(1, len(numbers) + 1)) else ()


def lettered_columns(names: Iterable[str]) -> tuple[str, ...]:
    """`A`, `B`, `C`, … (`option_a`, `choice_b`, …) up to the last in a row, where there are at least two."""
    there = {name.casefold(): name for name in names if LETTERED.fullmatch(name)}
    for prefix in sorted({key[:-1] for key in there}):
        run = tuple(takewhile(bool, (there.get(prefix + letter.casefold(), "") for letter in LETTERS)))
        if len(run) > 1:
            return run
    return ()
