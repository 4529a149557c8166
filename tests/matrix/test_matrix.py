"""The models that people train: a tiny one of each family goes through the rooms, from a profile to the evaluation of what it learned.

`make matrix` runs this alone. The README's table of models is held to what passes here.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image
from safetensors.torch import load_file

from tasks.lake.artifacts import Artifact, folder_digests
from tasks.policy.identity import Policy, PolicySettings, base_policy
from tasks.policy.loading import load_processor, sees_images, tokenizer_of
from tasks.policy.seeing import Seen, see
from tasks.policy.size import parameter_count
from tasks.prompting.prompt import chat_messages
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines.prompt_check import PromptCheck
from tasks.sampling.engines.transformers import TransformersEngine
from tasks.sampling.requests import Request
from tasks.sampling.settings import SamplingSettings, ServerSettings
from tests.matrix.families import FAMILIES, Family, save
from tests.matrix.walk import STAGES, Walk, ingested

README = Path(__file__).parents[2] / "README.md"
PICTURES = {"one": [(32, 32)], "two": [(100, 40), (32, 48)], "none": []}


def of_each_family(test: Any) -> Any:
    """Run a test for every family whose packages are there."""
    there = [family.needs is None or find_spec(family.needs) is not None for family in FAMILIES]
    lacks = [[] if is_there else [pytest.mark.skip(reason="transformers wants a package for it")] for is_there in there]
    asked = [pytest.param(family, id=family.name, marks=marks) for family, marks in zip(FAMILIES, lacks, strict=True)]
    return pytest.mark.parametrize("family", asked)(test)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[bool, dict[str, Artifact]]]:
    """A lake with problems that have images, and problems that have none."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("problems")
    return home, {images: ingested(home, folder, images=images) for images in (True, False)}


@pytest.mark.process
@of_each_family
def test_a_family_is_profiled_trained_resumed_and_evaluated(
    family: Family, lake: tuple[Path, dict[bool, dict[str, Artifact]]], tmp_path: Path
) -> None:
    home, problems = lake
    walk = Walk(family, home, problems[family.processor is not None], tmp_path)
    summary = walk.go()
    assert summary.select("policy", "problems", "samples").sort("policy").rows() == [(name, 4, 16) for name in ("adapter", "base", "whole")]
    assert len({policy.policy_id for policy in walk.policies}) == len(STAGES) + 1
    assert folder_digests(walk.undisturbed(tmp_path / "again")) == folder_digests(walk.stages["whole"].path)
    before, after = (load_file(Path(policy.model, "model.safetensors")) for policy in walk.policies[:2])
    assert before.keys() == after.keys() and any((before[name] != after[name]).any() for name in before)
    groups = [pl.read_parquet(stage.file("groups/groups.parquet")) for stage in walk.stages.values()]
    assert pl.concat(groups)["advantage_std"].max() > 0


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Policy]]:
    """A policy of each family that was asked for."""
    made: dict[str, Policy] = {}

    class Made(dict[str, Policy]):
        def __missing__(self, name: str) -> Policy:
            family = next(one for one in FAMILIES if one.name == name)
            folder = save(family, tmp_path_factory.mktemp("families") / name)
            self[name] = base_policy(PolicySettings(model=str(folder), dtype="float32"))
            return self[name]

    yield Made(made)


def requests(family: Family, folder: Path) -> list[Request]:
    """Prompts with one image, several, and none, of several forms."""
    asked = []
    for number, (name, sizes) in enumerate(PICTURES.items() if family.processor else {"none": []}.items()):
        images = tuple(folder / f"{name}-{place}.png" for place in range(len(sizes)))
        for path, size in zip(images, sizes, strict=True):
            Image.new("RGB", size, (10, 200, 90)).save(path)
        asked.append(Request(name, 0, 0, number, "<image>" * len(sizes) + f"What is {name}?", images))
    return asked


@of_each_family
def test_a_prompt_has_the_same_tokens_everywhere(family: Family, policies: dict[str, Policy], tmp_path: Path) -> None:
    policy, prompting = policies[family.name], PromptingSettings(chat_template=None if family.template else "plain")
    engine = TransformersEngine(policy, prompting, SamplingSettings(max_tokens=2))
    check = PromptCheck(policy, prompting, ServerSettings())
    for request in requests(family, tmp_path):
        sampled = engine.encode([request])["input_ids"][0].tolist()
        assert trained_on(policy, prompting, request).tokens == sampled
        assert check.measure(request.prompt, request.images, request.problem_id) == len(sampled)
        first = tokenizer_of(engine.processor).bos_token_id
        assert sampled.count(first) <= 1
        assert sampled[0] == first or not family.adds_first
    check.close()


def trained_on(policy: Policy, prompting: PromptingSettings, request: Request) -> Seen:
    """A prompt as training sees it."""
    processor = load_processor(policy, prompting)
    messages = chat_messages(request.prompt) if sees_images(policy) else [{"role": "user", "content": request.prompt}]
    text = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    pictures = [Image.open(path).convert("RGB") for path in request.images]
    return see(processor, text, pictures)


@of_each_family
def test_what_shares_a_batch_changes_no_response(family: Family, policies: dict[str, Policy], tmp_path: Path) -> None:
    """Prompts with and without images side by side, padded with whatever the tokenizer has, and read once for several responses."""
    prompting = PromptingSettings(chat_template=None if family.template else "plain")
    asked = [
        Request(one.problem_id, n, 0, 10 * n + one.seed, one.prompt, one.images) for one in requests(family, tmp_path) for n in range(3)
    ]
    whole, alone = (
        TransformersEngine(policies[family.name], prompting, SamplingSettings(max_tokens=8, batch_size=size)) for size in (9, 1)
    )
    assert whole.complete(asked) == alone.complete(asked)
    assert {done.finish_reason for done in whole.complete([replace(one, seed=n + one.seed) for n in range(5) for one in asked])} == {
        "stop",
        "length",
    }


@of_each_family
def test_its_weights_are_counted(family: Family, policies: dict[str, Policy]) -> None:
    held = load_file(Path(policies[family.name].model, "model.safetensors"))
    assert parameter_count(policies[family.name]) == sum(weight.numel() for weight in held.values())


def test_the_readme_tells_which_families_pass() -> None:
    [section] = re.findall(r"^## Models\n(.*?)^## ", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    rows = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| ")][1:]
    told = {name.strip(): kind.strip() for names, kind in rows for name in names.split(",")}
    assert told == {family.name: "images and text" if family.processor else "text" for family in FAMILIES}
