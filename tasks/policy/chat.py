"""The chat template that a policy is asked through: its own, one that the recipe gives, or `plain` for a model that has learned no chat.

`settle_chat` makes the template's text the whole prompt, its first token included, and no tokenizer adds anything to it: a prompt then has
the same tokens in every engine, in training and wherever its length is checked. Templates differ in whether they read a turn as one text
or as parts; each is given what it reads. Imports no transformers: a recipe is checked with it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.base.errors import InputError, did_you_mean
from tasks.policy.identity import Policy
from tasks.policy.size import CONFIG, file_at_hand, read_json

TEMPLATES = Path(__file__).parent / "chat_templates"
PLAIN = "plain"
FILES = ("chat_template.jinja", "chat_template.json", "processor_config.json", "tokenizer_config.json")
KEY, DEFAULT = "chat_template", "default"
BEFORE, AFTER = "what-stands-before", "what-stands-after"  # words that a template must leave as they are
KEPT_PROCESSORS = ("ByteLevel",)  # of a tokenizer's post-processing, what adds no token

AS_TEXT = """{% set ns = namespace(turns=[]) %}
{% for turn in messages %}
{% set said = namespace(text=turn['content'] if turn['content'] is string else '') %}
{% if turn['content'] is not string %}
{% for part in turn['content'] %}
{% set said.text = said.text + (image_mark if part['type'] == 'image' else part['text']) %}
{% endfor %}
{% endif %}
{% set ns.turns = ns.turns + [{'role': turn['role'], 'content': said.text}] %}
{% endfor %}
{% set messages = ns.turns %}
"""
AS_PARTS = """{% set ns = namespace(turns=[]) %}
{% for turn in messages %}
{% set ns.turns = ns.turns + [{'role': turn['role'], 'content': [{'type': 'text', 'text': turn['content']}]}] %}
{% endfor %}
{% set messages = ns.turns %}
"""
"""What is put before a template that reads turns in another form than the one they are given in."""


def template_file(name: str) -> Path:
    """The file of a chat template: one of this room by its name, or a path. Raises InputError when there is none."""
    for path in (TEMPLATES / f"{name}.jinja", Path(name).expanduser()):
        if path.is_file():
            return path
    known = sorted(path.stem for path in TEMPLATES.glob("*.jinja"))
    raise InputError(
        f"prompting.chat_template: {name!r} is neither {' nor '.join(map(repr, known))} nor a file (looked at {Path(name).absolute()})"
        f"{did_you_mean(name, known)}; give the path of a .jinja file"
    )


def template_text(name: str) -> str:
    """A chat template that a recipe names. Raises InputError when there is no such file, or it is no Jinja."""
    import jinja2

    path = template_file(name)
    try:
        text = path.read_text(encoding="utf-8")
        jinja2.Environment(extensions=["jinja2.ext.loopcontrols"]).parse(without_generation(text))
    except (jinja2.TemplateSyntaxError, UnicodeError) as error:
        raise InputError(f"prompting.chat_template: {path} is no Jinja template: {error}; correct the file") from error
    return text


def without_generation(text: str) -> str:
    """A template without the marks of what an assistant says, which are transformers' own words in Jinja."""
    return text.replace("{%- generation", "{%- if true").replace("{% generation", "{% if true").replace("endgeneration", "endif")


def check_has_template(policy: Policy, given: str | None) -> None:
    """Raise InputError when a policy whose files are at hand has no chat template and none is `given`. Loads no library."""
    if given is None and file_at_hand(policy, CONFIG) and not any(names_template(file_at_hand(policy, name)) for name in FILES):
        raise InputError(without_template(policy.model))


def names_template(file: Path | None) -> bool:
    """Whether a file is a chat template, or says one."""
    return file is not None and (file.suffix == ".jinja" or bool(read_json(file).get(KEY)))


def without_template(model: str) -> str:
    """What is said of a model that has no chat template."""
    return (
        f"policy.model: {model} has no chat template, as base models have none: give prompting.chat_template, the path of a .jinja file, "
        f"or `{PLAIN}`, which shows the policy the prompt as plain text"
    )


def settle_chat(processor: Any, given: str | None, model: str) -> None:
    """Give a processor, or a tokenizer, the chat template that prompts are written with, and have its tokenizer add nothing to them.

    Raises InputError where there is no template, or none that can be rendered.
    """
    tokenizer, own = getattr(processor, "tokenizer", processor), own_template(processor)
    if given is None and own is None:
        raise InputError(without_template(model))
    sees = processor is not tokenizer
    first, mark = added_first(tokenizer), image_mark(processor, own) if sees else ""
    leave_prompts_alone(tokenizer, model)
    known = "".join(f"{{% set {name} = {json.dumps(value)} %}}\n" for name, value in (("first_token", first), ("image_mark", mark)))
    text = known + template_text(given) if given else str(own)
    template = fitting(processor, (text, known + (AS_TEXT if sees else AS_PARTS) + text), sees, model)
    if sees and first and not rendered(processor, turn(sees), template).startswith(first):
        template = f"{{{{ bos_token }}}}{{% set first_token = bos_token %}}\n{template}"  # as processors do, unlike tokenizers
    processor.chat_template = template


def own_template(processor: Any) -> str | None:
    """The template that a model came with: its processor's, or else its tokenizer's; of several the one called `default`."""
    for owner in (processor, getattr(processor, "tokenizer", processor)):
        found = getattr(owner, KEY, None)
        if isinstance(found, Mapping):
            found = found.get(DEFAULT)
        if found:
            return str(found)
    return None


def fitting(processor: Any, templates: tuple[str, ...], sees: bool, model: str) -> str:
    """The first of some templates that writes the turns that the policy is given. Raises InputError when none does."""
    faults = [fault_of(processor, template, sees) for template in templates]
    if all(faults):
        raise InputError(f"the chat template of {model} cannot be used: {faults[0]}; give another in prompting.chat_template")
    return templates[faults.index("")]


def fault_of(processor: Any, template: str, sees: bool) -> str:
    """What is wrong with a template, tried on a turn; "" where nothing is."""
    try:
        written, without = rendered(processor, turn(sees), template), rendered(processor, turn(sees, image=False), template)
    except Exception as error:  # noqa: BLE001 - a template may raise anything
        return " ".join(str(error).split())
    if not written.count(BEFORE) == written.count(AFTER) == 1 or "'type'" in written:
        return "the prompt is not in what it writes"
    return "it writes nothing for an image" if sees and written == without else ""


def turn(sees: bool, image: bool = True) -> list[dict[str, Any]] | str:
    """A turn to try a template with, in the form that the policy is given: parts where it `sees` images, else a text."""
    if not sees:
        return f"{BEFORE} {AFTER}"
    return [{"type": "text", "text": BEFORE}, *([{"type": "image"}] if image else []), {"type": "text", "text": AFTER}]


def rendered(processor: Any, content: Any, template: str) -> str:
    """One user's turn by a template, ready for the assistant's."""
    said = [{"role": "user", "content": content}]
    return str(processor.apply_chat_template(said, chat_template=template, tokenize=False, add_generation_prompt=True))


def opens_thought(processor: Any, prompt: list[dict[str, Any]]) -> bool:
    """Whether a prompt, written by the processor's chat template, ends in `<think>`, so that the response goes on inside a thought."""
    text = processor.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    return str(text).rstrip().endswith("<think>")


def image_mark(processor: Any, own: str | None) -> str:
    """What stands for an image in a prompt: as the model's own template writes it, else by the tokens that its processor names."""
    try:
        written = rendered(processor, turn(True), own) if own else ""
        found = written.partition(BEFORE)[2].partition(AFTER)[0].strip()
    except Exception:  # noqa: BLE001 - a template that reads no parts
        found = ""
    if found:
        return found
    mark = getattr(processor, "boi_token", None) or getattr(processor, "image_token", None) or ""
    known = processor.tokenizer.get_vocab()
    around = ("<|vision_start|>", "<|vision_end|>")  # Qwen's, whose positions are counted from the first of them
    return mark.join(around) if mark == "<|image_pad|>" and all(token in known for token in around) else mark


def added_first(tokenizer: Any) -> str:
    """The token that a tokenizer puts before every text by itself; "" where it puts none."""
    first, ids = tokenizer.bos_token_id, tokenizer("x")["input_ids"]
    return str(tokenizer.bos_token) if first is not None and ids[:1] == [first] else ""


def leave_prompts_alone(tokenizer: Any, model: str) -> None:
    """Have a tokenizer add no token to a text. Raises InputError for one that cannot be told to."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        backend.post_processor = without_additions(backend.post_processor)
    else:
        tokenizer.add_bos_token = tokenizer.add_eos_token = False
    if added_first(tokenizer):
        kind = type(tokenizer).__name__
        raise InputError(f"the tokenizer of {model} ({kind}) begins every text with {tokenizer.bos_token}, and cannot be told not to")


def without_additions(rules: Any) -> Any:
    """A fast tokenizer's post-processing without what adds tokens."""
    if rules is None:
        return None
    from tokenizers import processors

    told = json.loads(rules.__getstate__())
    kept = [one for one in told.get("processors", [told]) if one["type"] in KEPT_PROCESSORS]
    options = [{name: value for name, value in one.items() if name != "type"} for one in kept]
    return processors.Sequence([processors.ByteLevel(**each) for each in options])
