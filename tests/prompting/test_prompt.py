"""Prompts: what the policy reads, and that a hint tells how hard a problem is and nothing else."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.estimates.settings import BANDS
from tasks.prompting.prompt import chat_messages, problem_hint, render_hint, render_prompt, template_digests, template_path
from tasks.prompting.settings import HintSettings, PromptingSettings


def test_a_prompt_has_the_question_the_choices_and_the_format() -> None:
    prompt = render_prompt("think_then_box", question="<image>How many?", choices=["two", "three"])
    assert prompt.splitlines() == [
        "<image>How many?",
        "(A) two",
        "(B) three",
        "Think inside <think></think>, then give the final answer in \\boxed{}.",
    ]


def test_a_hint_stands_between_the_problem_and_the_format() -> None:
    lines = render_prompt("think_then_box", question="How many?", hint="This is hard.").splitlines()
    assert lines[1] == "This is hard."


def test_the_problem_is_not_a_template() -> None:
    assert "{{ hint }}" in render_prompt("think_then_box", question="{{ hint }}", hint="secret")


def test_only_named_bands_carry_a_hint() -> None:
    hints = {band: problem_hint(HintSettings(), band=band, accuracy=0.2) for band in BANDS}
    assert {band for band, hint in hints.items() if hint} == {"hopeless", "hard", "medium"}
    assert problem_hint(HintSettings(), band=None, accuracy=None) == ""


def test_harder_bands_ask_for_depth_and_a_check() -> None:
    for band in ("hopeless", "hard", "medium"):
        hint = problem_hint(HintSettings(), band=band, accuracy=0.2)
        assert band in hint or "hard" in hint
        assert "check" in hint or "verify" in hint


def test_a_hint_cannot_name_the_answer(tmp_path: Path) -> None:
    leak = tmp_path / "leak.jinja"
    leak.write_text("the answer is {{ answer }}")
    with pytest.raises(ValueError, match=r"leak\.jinja.*'answer' is undefined.*may use `band` and `accuracy`"):
        render_hint(str(leak), band="hard", accuracy=0.1)


def test_own_templates_are_files(tmp_path: Path) -> None:
    own = tmp_path / "own.jinja"
    own.write_text("Q: {{ question }}")
    assert render_prompt(str(own), question="why?") == "Q: why?"
    own.write_text("Question: {{ question }}")
    assert render_prompt(str(own), question="why?") == "Question: why?"


@pytest.mark.process
def test_an_unknown_template_names_those_there_are() -> None:
    with pytest.raises(FileNotFoundError, match="no template 'thnik'.*think_then_box"):
        template_path("thnik", "templates")


def test_images_are_cut_out_at_their_marks() -> None:
    content = chat_messages("See <image> and <image>: which?")[0]["content"]
    assert [part["type"] for part in content] == ["text", "image", "text", "image", "text"]


def test_template_digests_follow_the_text(tmp_path: Path) -> None:
    own = tmp_path / "own.jinja"
    own.write_text("{{ question }}")
    settings = PromptingSettings(template=str(own))
    before = template_digests(settings)
    own.write_text("{{ question }}!")
    assert template_digests(settings) != before


def test_pixel_limits_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValidationError, match="min_pixels 10 is above max_pixels 5"):
        PromptingSettings(min_pixels=10, max_pixels=5)
