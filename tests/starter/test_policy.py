"""The shipped policy is small, loads in float32, reads easy pictures, and knows nothing without the picture."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest
import torch
from PIL import Image

from tasks.prompting.prompt import chat_messages, render_prompt
from tasks.starter.datasets import DATASETS, starter_problems
from tasks.starter.problem import StarterProblem
from tests.starter.conftest import POLICY

LARGEST_POLICY = 4 * 1024 * 1024
BLANK = Image.new("RGB", (48, 48), (255, 255, 255))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _answers(policy, processor, problems: list[StarterProblem], images: list[Image.Image]) -> list[str]:
    prompts = [render_prompt("think_then_box", question=problem.question, choices=problem.choices) for problem in problems]
    texts = [processor.apply_chat_template(chat_messages(prompt), tokenize=False, add_generation_prompt=True) for prompt in prompts]
    batch = processor(text=texts, images=images, padding=True, return_tensors="pt")
    torch.manual_seed(0)
    with torch.inference_mode():
        ids = policy.generate(**batch, max_new_tokens=24, do_sample=True, temperature=1.0, top_k=0, top_p=1.0)
    return processor.batch_decode(ids[:, batch["input_ids"].shape[1] :], skip_special_tokens=True)


def _right(problems: list[StarterProblem], responses: list[str]) -> list[bool]:
    return [response.endswith(f"\\boxed{{{problem.answer}}}") for problem, response in zip(problems, responses, strict=True)]


def _best_constant(problems: list[StarterProblem]) -> float:
    answers: dict[str, Counter] = defaultdict(Counter)
    for problem in problems:
        answers[problem.kind][problem.answer] += 1
    return sum(max(counter.values()) for counter in answers.values()) / len(problems)


def test_policy_is_at_most_4_megabytes():
    assert _size(POLICY) <= LARGEST_POLICY


def test_policy_and_processor_share_their_vocabulary(policy, processor):
    assert policy.dtype == torch.float32
    assert policy.config.text_config.vocab_size == len(processor.tokenizer)
    assert policy.generation_config.eos_token_id == processor.tokenizer.convert_tokens_to_ids("<|im_end|>")


@pytest.mark.parametrize("name", list(DATASETS))
def test_policy_reads_easy_pictures_in_the_asked_for_form(policy, processor, name):
    problems = [problem for problem in starter_problems(name, "heldout", seed=9, count=500) if problem.level == 0]
    responses = _answers(policy, processor, problems, [problem.picture.draw() for problem in problems])
    assert all(response.startswith("<think>") and response.count("</think>\\boxed{") == 1 for response in responses)
    assert sum(_right(problems, responses)) > 0.85 * len(problems)


@pytest.mark.parametrize("name", list(DATASETS))
def test_policy_without_the_picture_does_no_better_than_guessing(policy, processor, name):
    problems = starter_problems(name, "heldout", seed=9, count=600)
    right = _right(problems, _answers(policy, processor, problems, [BLANK] * len(problems)))
    assert sum(right) / len(right) <= _best_constant(problems)
