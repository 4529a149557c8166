"""The processor encodes any text, keeps digits and thinking marks, and gives one token to each cell of a starter picture."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tasks.prompting.prompt import chat_messages


@pytest.mark.parametrize("text", ["∫ f(x) dx ≤ 3½", "三角形の面積は?", "Пример\n\ttext", "<image1> (A) 12.5%", "\\frac{1}{2}", "🙂"])
def test_any_text_survives_a_round_trip(processor, text):
    ids = processor.tokenizer(text)["input_ids"]
    assert processor.tokenizer.decode(ids) == text


@given(text=st.text(alphabet=st.characters(codec="ascii"), max_size=60))
@settings(max_examples=60)
def test_ascii_survives_a_round_trip(processor, text):
    assert processor.tokenizer.decode(processor.tokenizer(text)["input_ids"]) == text


def test_every_digit_is_its_own_token(processor):
    assert processor.tokenizer.tokenize("1234567890") == list("1234567890")


def test_thinking_marks_survive_decoding_and_chat_marks_do_not(processor):
    tokenizer = processor.tokenizer
    ids = tokenizer("<think>3+5=8</think>\\boxed{8}<|im_end|>")["input_ids"]
    assert len(ids) == 11
    assert tokenizer.decode(ids, skip_special_tokens=True) == "<think>3+5=8</think>\\boxed{8}"


def test_prompt_ends_where_the_answer_begins(processor):
    text = processor.apply_chat_template(chat_messages("<image>How?"), tokenize=False, add_generation_prompt=True)
    assert text == "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>How?<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize(("size", "least", "most"), [((48, 48), 9, 9), ((1000, 800), 40, 64), ((640, 80), 20, 64)])
def test_image_tokens(processor, size, least, most):
    text = processor.apply_chat_template(chat_messages("<image>How?"), tokenize=False, add_generation_prompt=True)
    ids = processor(text=[text], images=[Image.new("RGB", size)])["input_ids"][0]
    assert least <= ids.count(processor.image_token_id) <= most
