"""One checkpoint that asks for penalties, cuts and forbidden tokens, drawn from by all four that draw: the transformers engine, vLLM, a
server that adds what the checkpoint asks for, and training's rollouts. Each sample is compared with one of the checkpoint without them.

`python -m tests.bench.engines` runs it.
"""

import importlib.util
import io
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from PIL import Image

from tasks.grading.judges import Judges
from tasks.grading.settings import GradingSettings
from tasks.policy.identity import Policy, PolicySettings, base_policy
from tasks.prompting.prompt import render_prompt
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines import Engine
from tasks.sampling.engines.transformers import TransformersEngine
from tasks.sampling.requests import Request, rollout_seed
from tasks.sampling.settings import SamplingSettings, VllmSettings
from tasks.starter.datasets import starter_problems
from tasks.starter.picture import png_bytes
from tasks.training.checkpoints import Checkpoints
from tasks.training.problems import load_problems
from tasks.training.records import Records
from tasks.training.rewards import Rewards
from tasks.training.settings import StageSettings
from tasks.training.stage import build_trainer
from tests.bench.row import Row
from tests.flows.runs import STARTER_STAGE
from tests.sampling.asking import completions
from tests.sampling.habits import EVERYTHING, same_policy, with_habits
from tests.sampling.serving import KEY, NAME, serving
from tests.training.tiny import problem, stage_spec, write_stage

ASKED, DRAWS, LEAST = 4, 2000, 1e-3
TOKENS, BATCH = 40, 128
PENALTY = 1.3  # 1.05, as Qwen2.5-VL ships, is too weak for these draws: p = 0.014
KEY_VARIABLE = "DIFFICULTY_PRIOR_BENCH_KEY"

Drawn = list[tuple[str, str]]


def asked(folder: Path) -> Path:
    """Some of the starter's problems, as a stage's file with their images beside it."""
    found = [one for one in starter_problems("starter-figures", "train", seed=0, count=60) if one.level >= 3 and not one.choices][:ASKED]
    rows = [
        problem(place, images=[{"bytes": png_bytes(one.picture.draw()), "path": None}], problem=one.question, answer=one.answer)
        for place, one in enumerate(found)
    ]
    for row in rows:
        Image.open(io.BytesIO(row["images"][0]["bytes"])).save(folder / f"{row['problem_id']}.png")
    return write_stage(folder / "stage1.parquet", rows)


def requests(stage_file: Path, draws: int) -> list[Request]:
    """So many draws in all of the problems in a stage's file, as engines are asked for them."""
    prompting = PromptingSettings()
    rows = load_problems(stage_file, prompting, hints=False, sees_images=True).rows
    prompts = {row["problem_id"]: render_prompt(prompting.template, question=row["problem"]) for row in rows}
    images = {name: (stage_file.with_name(f"{name}.png"),) for name in prompts}
    rounds = draws // len(rows)
    return [Request(name, n, 0, rollout_seed(name, n, 0, 0), prompts[name], images[name]) for name in prompts for n in range(rounds)]


def of_engine(engine: Engine, wanted: Sequence[Request]) -> Drawn:
    """What an engine answers: problem and response."""
    done = completions(engine, [wanted])[0]
    return [(request.problem_id, completion.response) for request, completion in zip(wanted, done, strict=True)]


def of_transformers(policy: Policy, wanted: Sequence[Request], penalty: float | None = None) -> Drawn:
    """What the transformers engine answers, as it is or under a penalty on repetition."""
    engine = TransformersEngine(policy, PromptingSettings(), SamplingSettings(max_tokens=TOKENS))
    engine.generation.repetition_penalty = penalty
    return of_engine(engine, wanted)


def of_vllm(policy: Policy, wanted: Sequence[Request]) -> Drawn:
    """What vLLM answers, in this process."""
    from tasks.sampling.engines.vllm import VllmEngine

    small = VllmSettings(context=512, sequences=64, images=1)
    return of_engine(VllmEngine(policy, PromptingSettings(), SamplingSettings(engine="vllm", max_tokens=TOKENS, vllm=small)), wanted)


def of_server(policy: Policy, wanted: Sequence[Request]) -> Drawn:
    """What `vllm serve` answers that would add the checkpoint's own generation settings to requests, as it does by default."""
    from tasks.sampling.engines.server import ServerEngine

    os.environ[KEY_VARIABLE] = KEY
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), Path(policy.model), options=("--generation-config", "auto")) as [server],
    ):
        at = {"base_urls": [server.url], "model": NAME, "key_variable": KEY_VARIABLE}
        sampling = SamplingSettings.model_validate({"engine": "server", "max_tokens": TOKENS, "server": at})
        return of_engine(ServerEngine(policy, PromptingSettings(), sampling), wanted)


def of_training(policy: Policy, stage_file: Path, draws: int) -> Drawn:
    """What the trainer answers as it does in a step, its own seed before the first of them."""
    settings = StageSettings(**{**STARTER_STAGE, "max_tokens": TOKENS})
    drawn: Drawn = []
    with tempfile.TemporaryDirectory() as folder, Judges(GradingSettings(workers=1)) as grader:
        spec = stage_spec(Path(folder), policy, stage_file, settings)
        problems = load_problems(stage_file, spec.prompting, hints=False, sees_images=True)
        trainer = build_trainer(spec, problems, Rewards(grader), Records("stage"), Checkpoints(spec.folder, 1))
        torch.manual_seed(0)
        examples = [problems[place] for place in range(len(problems)) for _ in range(draws // len(problems))]
        for start in range(0, len(examples), BATCH):
            batch = examples[start : start + BATCH]
            drawn += zip([row["problem_id"] for row in batch], trainer.answer(batch).texts, strict=True)
    return drawn


def row(name: str, drawn: Drawn, clean: Drawn) -> Row:
    """A sample against the clean checkpoint's."""
    chance = same_policy(clean, drawn)
    return Row(
        f"{len(drawn):,} draws of a penalised checkpoint by {name} against the clean one's",
        f"p = {chance:.2g}",
        f"p ≥ {LEAST}",
        chance >= LEAST,
    )


def power(clean: Drawn, policy: Policy, wanted: Sequence[Request]) -> Row:
    """The same test where there is a penalty."""
    chance = same_policy(clean, of_transformers(policy, wanted, penalty=PENALTY))
    what = f"the same test on draws under the repetition penalty {PENALTY}, which it must see"
    return Row(what, f"p = {chance:.2g}", f"p < {LEAST}", chance < LEAST)


def rows(draws: int = DRAWS) -> list[Row]:
    """All engines that are installed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clean, loud = base_policy(PolicySettings(dtype="float32")), with_habits(folder / "policy", EVERYTHING)
        stage_file = asked(folder)
        wanted = requests(stage_file, draws)
        reference = of_transformers(clean, [replace(one, seed=one.seed ^ 1) for one in wanted])
        engines: dict[str, Callable[[], Drawn]] = {
            "the transformers engine": partial(of_transformers, loud, wanted),
            "training's rollouts": partial(of_training, loud, stage_file, draws),
        }
        if importlib.util.find_spec("vllm"):
            engines |= {"vLLM": partial(of_vllm, loud, wanted), "a vLLM server": partial(of_server, loud, wanted)}
        return [*(row(name, drawn(), reference) for name, drawn in engines.items()), power(reference, clean, wanted)]


if __name__ == "__main__":
    for line in rows():
        print(line)
