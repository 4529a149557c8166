"""How a judge is asked: the shipped prompts and those of a file, filled so that nothing of a response passes for the prompt's own words.

`xverify` and `compassverifier` have the parts, marks and answers that these two families of judges were trained on, in words of ours; the
publishers' own prompts can be given as a file, whose names for the parts are known here.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from tasks.base.errors import InputError, did_you_mean
from tasks.base.files import digest
from tasks.base.text_files import read_text
from tasks.grading.settings import SecondSettings
from tasks.problems.marks import IMAGE_MARK

VERSION = 1  # of how prompts are filled and words are read
TEMPLATES = Path(__file__).parent / "templates"
PARTS = ("question", "choices", "gold", "response", "fence")
OTHER_NAMES = {"answer": "gold", "gold_answer": "gold", "output": "response", "llm_response": "response"}
"""What the published prompts call the parts."""
NEEDED = ("gold", "response")
PART = re.compile(rf"\{{({'|'.join((*PARTS, *OTHER_NAMES))})\}}")
GRADES = re.compile(r"\bA\b\W{1,4}CORRECT\b")
CHAT = r"<(?=[|｜]|/?s>|(?:start|end)_of_turn>|[bep]os>)|\[(?=/?INST\])"
PARTING = r'<(?=(?:Original Question|Standard Answer|Candidate\'s Answer) (?:Begin|End))|"(?="")'
MARKS = re.compile(f"{CHAT}|{PARTING}")
"""Where a text of others speaks as a chat template does, or as a prompt that ends its part."""
CUT = "\n[…]\n"
DIGITS = 16
HEAD = 0.3  # of what is shown of a long response: the answer mostly stands at its end


def template(name: str) -> str:
    """The text of a prompt, shipped or of a file. Raises InputError where there is none, or it lacks a part that a judge must see."""
    shipped = {path.stem: path for path in TEMPLATES.glob("*.txt")}
    path = shipped.get(name, Path(name))
    if not path.is_file():
        known = sorted(shipped)
        raise InputError(
            f"grading.second.prompt {name!r} is neither {', '.join(known)} nor a file at {path.absolute()}{did_you_mean(name, known)}"
        )
    text = read_text(path, f"grading.second.prompt {path}")
    held = {OTHER_NAMES.get(part, part) for part in PART.findall(text)}
    if lacking := [f"{{{part}}}" for part in NEEDED if part not in held]:
        raise InputError(f"grading.second.prompt {path} has no {' and no '.join(lacking)}: put it where the judge is to read that")
    return text


def second_id(settings: SecondSettings) -> str:
    """What tells a second opinion from others: who is asked, how, about what, and about how much."""
    asked = settings.model_dump(include={"model", "of", "limit", "max_tokens", "max_characters"})
    return digest([VERSION, template(settings.prompt), asked | {"of": sorted(set(settings.of))}])[:DIGITS]


def gives_letters(text: str) -> bool:
    """Whether a prompt asks for the grades A, B and C, which else might be the letter of an option."""
    return GRADES.search(text) is not None


def filled(text: str, parts: Mapping[str, str]) -> str:
    """A prompt with these parts, put in at once, so that none is looked for in another; `fence` is the response's own digest, which no
    response can hold."""
    shown = {name: harmless(part) for name, part in parts.items()} | {"fence": digest(parts["response"])[:12]}
    return PART.sub(lambda found: shown[OTHER_NAMES.get(found[1], found[1])], text)


def harmless(text: str) -> str:
    """A text of others, its marks of chat templates and of prompts broken up, and its images' places told in words."""
    return MARKS.sub(lambda found: f"{found[0]} ", text.replace(IMAGE_MARK, "(image)"))


def bounded(response: str, longest: int) -> str:
    """The beginning and more of the end of a response that is longer than may be shown."""
    if len(response) <= longest:
        return response
    head = int(longest * HEAD)
    return f"{response[:head]}{CUT}{response[len(response) - (longest - head) :]}"


def option_lines(choices: tuple[str, ...]) -> str:
    """The options of a question, each in a line with its letter; empty without any."""
    return "".join(f"\n({chr(ord('A') + place)}) {choice}" for place, choice in enumerate(choices))
