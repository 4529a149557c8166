"""The supervised run learns completions only, is repeatable, and its worker leaves a policy that loads."""

import json
import os
import subprocess
import sys
from random import Random

import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

from tasks.starter.annotator import draw_example
from tasks.starter.model import build_model
from tasks.starter.settings import AnnotatorSettings, Lesson, StarterSettings, TeachingSettings
from tasks.starter.teaching import IGNORED, collate, teach
from tasks.starter.worker import taught

SHORT = Lesson(teaching=TeachingSettings(steps=3, batch=4, warmup=1))


def test_only_completions_are_learned(processor):
    rng = Random(2)
    examples = [draw_example(AnnotatorSettings(), rng, hinted=number % 2 == 0) for number in range(8)]
    batch = collate(processor, examples)
    for example, labels in zip(examples, batch["labels"], strict=True):
        assert processor.tokenizer.decode(labels[labels != IGNORED]) == f"{example.completion}<|im_end|>"


def test_teaching_is_repeatable_and_changes_every_weight(processor):
    start, first, second = (build_model(processor, seed=1) for _ in range(3))
    assert list(teach(first, processor, SHORT)) == list(teach(second, processor, SHORT))
    for (name, before), after, again in zip(start.named_parameters(), first.parameters(), second.parameters(), strict=True):
        assert torch.equal(after, again), name
        assert not torch.equal(before, after), name


def test_a_lesson_begins_where_the_saved_weights_of_the_one_before_end(processor):
    model = build_model(processor, seed=1)
    losses = [len(list(taught(model, processor, SHORT))) for _ in range(2)]
    assert losses == [3, 3] and model.dtype == torch.float32
    assert all(torch.equal(weight, weight.bfloat16().float()) for weight in model.parameters())


@pytest.mark.process
def test_worker_leaves_a_policy_that_loads(tmp_path):
    spec = tmp_path / "spec.json"
    spec.write_text(
        json.dumps({"output": str(tmp_path / "policy"), "settings": StarterSettings(lessons=(SHORT, SHORT)).model_dump(mode="json")})
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-m", "tasks.starter.worker", str(spec)], check=True, env=environment)
    model = AutoModelForImageTextToText.from_pretrained(tmp_path / "policy")
    assert model.dtype == torch.bfloat16
    assert len(AutoProcessor.from_pretrained(tmp_path / "policy").tokenizer) == model.config.text_config.vocab_size
