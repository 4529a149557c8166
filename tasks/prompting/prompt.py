"""Renders what the policy reads: a problem, its choices and, for harder problems, a hint that says how hard it is.

A hint tells how hard a problem is and asks for depth and a check; it never sees the answer, so it cannot tell it.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta

from tasks.base.errors import InputError, did_you_mean
from tasks.base.files import file_digest
from tasks.base.text_files import read_text
from tasks.policy.chat import template_file, template_text
from tasks.problems.marks import IMAGE_MARK
from tasks.prompting.control import ControlTokens
from tasks.prompting.settings import HintSettings, PromptingSettings

ROOM = Path(__file__).parent
FIELDS = {"templates": ("question", "choices", "hint"), "hints": ("band", "accuracy")}
EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "templates": [
        {"question": "What is 1 + 1?", "choices": [], "hint": ""},
        {"question": "Which is even?", "choices": ["1", "2"], "hint": "Hard."},
    ],
    "hints": [{"band": "hard", "accuracy": 0.125}],
}
"""What templates are tried on before anything is sampled."""
ENVIRONMENT = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)


def template_path(name: str, folder: str) -> Path:
    """The file of a template: `name` in `folder` ("templates" or "hints") of this room, or `name` itself as a path.

    Raises FileNotFoundError naming both places when neither exists.
    """
    shipped, own = ROOM / folder / f"{name}.jinja", Path(name)
    for path in (shipped, own):
        if path.is_file():
            return path
    known = sorted(path.stem for path in (ROOM / folder).glob("*.jinja"))
    meant = did_you_mean(name, known)
    raise FileNotFoundError(f"no template {name!r}{meant}: it is neither one of {', '.join(known)} nor a file at {own.absolute()}")


def _compiled(path: Path) -> jinja2.Template:
    return _template(read_text(path, f"template {path}"))


@lru_cache
def _template(text: str) -> jinja2.Template:
    return ENVIRONMENT.from_string(text)


def check_templates(settings: PromptingSettings) -> None:
    """Raise InputError, naming the file, for a template that is not there, is no Jinja, or uses a field that it is not given.

    For use before anything is sampled: a hint would otherwise fail at the first problem of its band.
    """
    if settings.chat_template:
        template_text(settings.chat_template)
    used = {("templates", settings.template), *(("hints", name) for name in settings.hints.by_band.values())}
    for folder, name in sorted(used):
        try:
            path = template_path(name, folder)
            text = read_text(path, f"template {path}")
            asked = jinja2.meta.find_undeclared_variables(ENVIRONMENT.parse(text))
            template = _template(text)
        except FileNotFoundError as error:
            raise InputError(str(error)) from error
        except jinja2.TemplateSyntaxError as error:  # also of a filter that there is none of
            raise InputError(f"template {name} is not a Jinja template: line {error.lineno}: {error}; correct the file") from error
        for field in sorted(asked - set(FIELDS[folder])):
            raise InputError(f"template {path}: {field!r} is undefined; it may use {' and '.join(f'`{one}`' for one in FIELDS[folder])}")
        if folder == "templates" and "question" not in asked:
            raise InputError(f"template {path} never uses `question`, so the policy would not be asked anything; write {{{{ question }}}}")
        check_rendering(template, path, EXAMPLES[folder])


def check_rendering(template: jinja2.Template, path: Path, examples: Sequence[Mapping[str, Any]]) -> None:
    """Raise InputError where a template fails on one of these examples of what it is given."""
    for given in examples:
        try:
            template.render(**given)
        except Exception as error:  # whatever a template's own expressions may raise
            raise InputError(f"template {path} fails on {dict(given)}: {error}; correct the file") from error


def render_hint(template: str, *, band: str, accuracy: float) -> str:
    """The hint of a problem. A template may use `band` (its name) and `accuracy` (0 to 1), and nothing else."""
    path = template_path(template, "hints")
    try:
        return _compiled(path).render(band=band, accuracy=accuracy).strip()
    except jinja2.UndefinedError as error:
        raise ValueError(f"hint template {path}: {error}; it may use `band` and `accuracy`") from error


def problem_hint(settings: HintSettings, *, band: str | None, accuracy: float | None) -> str:
    """The hint that a problem of this band carries under `settings`; empty where the band has none or the difficulty is not known."""
    if band is None or accuracy is None or band not in settings.by_band:
        return ""
    return render_hint(settings.by_band[band], band=band, accuracy=accuracy)


def template_digests(settings: PromptingSettings) -> dict[str, str]:
    """Digest of every template file that `settings` use, for cache keys and the sampling's identity."""
    used = {("templates", settings.template), *(("hints", name) for name in settings.hints.by_band.values())}
    found = {f"{folder}/{name}": file_digest(template_path(name, folder)) for folder, name in sorted(used)}
    chat = settings.chat_template
    return {**found, f"chat_templates/{chat}": file_digest(template_file(chat))} if chat else found


def render_prompt(template: str, *, question: str, choices: Sequence[str] = (), hint: str = "") -> str:
    """The user's turn as text, `<image>` marks still in place. A template may use `question`, `choices` and `hint`."""
    path = template_path(template, "templates")
    try:
        return _compiled(path).render(question=question, choices=list(choices), hint=hint).strip()
    except jinja2.UndefinedError as error:
        raise ValueError(f"prompt template {path}: {error}; it may use `question`, `choices` and `hint`") from error


def problem_prompt(settings: PromptingSettings, question: str, choices: Sequence[str] | None, *, hint: str, control: ControlTokens) -> str:
    """The user's turn of a problem. Neither the question nor a choice can speak in the control tokens of the policy that reads it."""
    texts = [control.neutral(text) for text in (question, *(choices or ()))]
    return render_prompt(settings.template, question=texts[0], choices=texts[1:], hint=hint)


def chat_messages(prompt: str) -> list[dict]:
    """The prompt as one chat turn in the multimodal form that processors' chat templates read: text cut at each `<image>` mark."""
    content: list[dict] = []
    for position, text in enumerate(prompt.split(IMAGE_MARK)):
        if position:
            content.append({"type": "image"})
        if text:
            content.append({"type": "text", "text": text})
    return [{"role": "user", "content": content or [{"type": "text", "text": ""}]}]  # some templates look at the first part
