"""Chat templates: a policy's own, a given one, or none; and prompts that have one first token, whoever writes it."""

from pathlib import Path
from typing import Any

import pytest
from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from tasks.base.errors import InputError
from tasks.policy.chat import check_has_template, settle_chat, template_text
from tasks.policy.identity import STARTER, Policy
from tasks.prompting.prompt import check_templates, template_digests
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.requests import sampling_identity
from tasks.sampling.settings import SamplingSettings

TURN = [{"role": "user", "content": "How?"}]
LETTERS = [chr(code) for code in range(32, 127)]


def tokenizer(template: str | None = None, *, adds_first: bool = True) -> PreTrainedTokenizerFast:
    """One of single letters, which may begin every text with <s> by itself."""
    model = Tokenizer(WordLevel({token: place for place, token in enumerate(["<s>", "</s>", *LETTERS])}, unk_token=" "))
    model.pre_tokenizer, model.decoder = pre_tokenizers.Split(Regex("[\\s\\S]"), behavior="isolated"), decoders.Fuse()
    rules = [processors.ByteLevel(trim_offsets=False)]
    if adds_first:
        rules.append(processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]))
    model.post_processor = processors.Sequence(rules)
    made = PreTrainedTokenizerFast(tokenizer_object=model, bos_token="<s>", eos_token="</s>")
    made.chat_template = template
    return made


def prompt(made: PreTrainedTokenizerFast, given: str | None = None) -> tuple[str, list[int]]:
    """What is written for a turn, and its tokens as any call of the tokenizer makes them."""
    settle_chat(made, given, "a model")
    text = str(made.apply_chat_template(TURN, tokenize=False, add_generation_prompt=True))
    ids = made(text)["input_ids"]
    assert (
        ids == made(text, add_special_tokens=False)["input_ids"] == made.apply_chat_template(TURN, add_generation_prompt=True)["input_ids"]
    )
    return text, ids


@pytest.mark.parametrize(
    ("template", "adds_first", "given", "text"),
    [
        ("{{ bos_token }}{{ messages[0]['content'] }}", True, None, "<s>How?"),  # as Llama, Gemma and Mistral have it
        ("{{ bos_token }}{{ messages[0]['content'] }}", False, None, "<s>How?"),
        ("U:{{ messages[0]['content'] }}", True, None, "U:How?"),  # a template's word counts
        ("{% for part in messages[0]['content'] %}{{ part['text'] }}{% endfor %}", False, None, "How?"),  # one that reads parts
        (None, True, "plain", "<s>How?"),
        (None, False, "plain", "How?"),
        ("U:{{ messages[0]['content'] }}", True, "plain", "<s>How?"),
    ],
)
def test_the_template_writes_the_whole_prompt(template: str | None, adds_first: bool, given: str | None, text: str) -> None:
    written, ids = prompt(tokenizer(template, adds_first=adds_first), given)
    assert written == text
    assert ids.count(0) == text.count("<s>") and 1 not in ids


def test_of_several_templates_the_default_is_used() -> None:
    made = tokenizer()
    made.chat_template = {"default": "D:{{ messages[0]['content'] }}", "tools": "T"}
    assert prompt(made)[0] == "D:How?"


def test_a_template_of_one_s_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"
    path.write_text("{{ first_token }}Q: {{ messages[0]['content'] }} A:")
    assert prompt(tokenizer("{{ messages }}"), str(path))[0] == "<s>Q: How? A:"


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("nothing of it", "the prompt is not in what it writes"),
        ("{{ raise_exception('Only system turns!') }}", "Only system turns!"),
        ("{{ messages[0]['content'] }}{{ messages[0]['content'] }}", "the prompt is not in what it writes"),
        ("{% if %}", "cannot be used"),
    ],
)
def test_a_template_that_cannot_be_used(template: str, fault: str) -> None:
    with pytest.raises(InputError, match=f"(?s)the chat template of a model cannot be used.*{fault}|{fault}"):
        settle_chat(tokenizer(template), None, "a model")


def test_no_template_is_one_clear_line() -> None:
    with pytest.raises(InputError, match=r"a model has no chat template.*give prompting.chat_template.*or `plain`"):
        settle_chat(tokenizer(), None, "a model")


def policy(folder: Path, files: dict[str, str]) -> Policy:
    for name, text in {"config.json": "{}", **files}.items():
        (folder / name).write_text(text)
    return Policy(policy_id="p", name="base", model=str(folder))


@pytest.mark.parametrize(
    ("files", "has"),
    [
        ({}, False),
        ({"tokenizer_config.json": "{}"}, False),
        ({"tokenizer_config.json": '{"chat_template": null}', "processor_config.json": "{}"}, False),
        ({"tokenizer_config.json": '{"chat_template": "{{ messages }}"}'}, True),
        ({"chat_template.json": '{"chat_template": "{{ messages }}"}'}, True),
        ({"processor_config.json": '{"chat_template": "{{ messages }}"}'}, True),
        ({"chat_template.jinja": "{{ messages }}"}, True),
    ],
)
def test_a_model_without_a_template_is_known_by_its_files(tmp_path: Path, files: dict[str, str], has: bool) -> None:
    base = policy(tmp_path, files)
    check_has_template(base, "plain")
    if has:
        check_has_template(base, None)
        return
    with pytest.raises(InputError, match="has no chat template"):
        check_has_template(base, None)


def test_what_is_not_at_hand_may_have_one() -> None:
    check_has_template(Policy(policy_id="p", name="base", model="owner/name"), None)
    check_has_template(Policy(policy_id="p", name="base", model=str(STARTER)), None)


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("plian", None, r"'plian' is neither 'plain' nor a file .*did you mean"),
        ("mine.jinja", "{% if %}", r"mine.jinja is no Jinja template"),
    ],
)
def test_a_given_template_is_tried_when_the_recipe_is_read(tmp_path: Path, name: str, text: str | None, fault: str) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=f"prompting.chat_template: .*{fault}"):
        check_templates(PromptingSettings(chat_template=str(path) if text else name))


def test_templates_with_transformers_own_words_pass(tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"
    path.write_text("{% for m in messages %}{%- generation %}{{ m }}{%- endgeneration %}{% break %}{% endfor %}")
    assert template_text(str(path))


def test_a_given_template_is_another_way_of_sampling(tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"

    def identity(**settings: Any) -> Any:
        return sampling_identity(PromptingSettings(**settings), SamplingSettings(), seed=0, hints=None)

    path.write_text("{{ messages[0]['content'] }}")
    first = identity(chat_template=str(path))
    path.write_text("Q: {{ messages[0]['content'] }}")
    assert len({str(one) for one in (first, identity(chat_template=str(path)), identity(), identity(chat_template="plain"))}) == 4
    assert "chat_template" not in identity()["prompting"]  # so that what was sampled before keeps its name
    assert set(template_digests(PromptingSettings())) == set(identity()["templates"]) | {"hints/hard", "hints/medium"}
