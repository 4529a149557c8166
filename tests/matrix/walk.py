"""One family through the rooms, as a run goes: a profile, a stage of whole weights that is cut off and resumed, a stage of an adapter, and
the evaluation of all three policies. The rooms' own tasks and workers do the work on a real lake; only Prefect is left out, and processes
that would load the libraries again."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
from PIL import Image

from tasks.admission import worker as admission_worker
from tasks.admission.settings import Limits
from tasks.admission.worker import AdmissionSpec
from tasks.curation.settings import SetSettings, StageRule
from tasks.curation.task import CurationRequest, curate_sets
from tasks.difficulty.task import DifficultyRequest, measure_difficulty
from tasks.estimates.settings import DifficultySettings
from tasks.evaluation.comparison import EvaluationArm
from tasks.evaluation.task import EvaluationRequest, evaluate_policies
from tasks.grading.settings import GradingSettings
from tasks.grading.task import GradeRequest, grade_rollouts
from tasks.lake.artifacts import Artifact, building
from tasks.policy.identity import Policy, PolicySettings, base_policy
from tasks.problems.settings import SourceSettings
from tasks.problems.task import IngestRequest, ingest_problems
from tasks.prompting.settings import PromptingSettings
from tasks.sampling import worker as sampling_worker
from tasks.sampling.settings import SamplingSettings
from tasks.sampling.shard_queue import Shard, ShardQueue
from tasks.sampling.task import SampleRequest, sample_rollouts
from tasks.sampling.worker import SampleSpec
from tasks.training.checkpoints import Checkpoints
from tasks.training.settings import LoraSettings, StageSettings
from tasks.training.stage import run_stage
from tasks.training.task import StageRequest, stage_facts, stage_policy
from tests.matrix.families import Family, save

SEED = 3
SEEN = [(1, [(32, 32)]), (2, [(64, 32), (32, 48)]), (3, []), (1, [(100, 40)])]
"""Answer and images (width, height) of the problems of a vision-language model: none, several, and of several forms in one batch."""
SAMPLING = SamplingSettings(rounds=4, max_tokens=6, batch_size=8)
GRADING = GradingSettings(workers=1)
TINY = {"group_size": 4, "batch": 8, "micro_batch": 4, "max_tokens": 6, "save_every": 1, "warmup_steps": 0, "format_reward": 0.5}
STAGES = {
    "whole": StageSettings(**TINY, steps=2, learning_rate=1e-3, hints=True),
    "adapter": StageSettings(**TINY, steps=1, learning_rate=1e-3, lora=LoraSettings(rank=2, alpha=4)),
}
CHOSEN = SetSettings(rules={name: StageRule(low=0, high=1) for name in STAGES}, on_shortage="warn")


class CutOff(BaseException):
    """What ends a stage after its first checkpoint, as a kill would."""


def write_problems(folder: Path, *, images: bool) -> dict[str, Path]:
    """Files of problems to train on and held out, with images or without."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (_, sizes) in enumerate(SEEN):
        for place, size in enumerate(sizes):
            Image.new("RGB", size, (60 * number, 90, 80 * place)).save(folder / f"{number}-{place}.png")
    files = {"train": folder / "train.jsonl", "heldout": folder / "heldout.jsonl"}
    for split, file in files.items():
        rows = [row(split, number, answer, len(sizes) if images else 0) for number, (answer, sizes) in enumerate(SEEN)]
        file.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return files


def row(split: str, number: int, answer: int, images: int) -> dict[str, Any]:
    """A row of a dataset."""
    names = [f"{number}-{place}.png" for place in range(images)]
    return {"problem": "<image>" * images + f"What is {split} {number}?", "images": names, "answer": str(answer)}


def ingested(home: Path, folder: Path, *, images: bool) -> dict[str, Artifact]:
    """The problems in the lake, by what they are for."""
    kind = "seen" if images else "read"
    return {
        split: ingest_problems.fn(IngestRequest(home=home, source=SourceSettings(name=kind, path=str(file), split=split)))
        for split, file in write_problems(folder / kind, images=images).items()
    }


class Walk:
    """A family's way through a lake. `problems` are those of `ingested` that suit it."""

    def __init__(self, family: Family, home: Path, problems: dict[str, Artifact], folder: Path) -> None:
        self.home, self.problems, self.folder = home, problems, folder
        self.policies: list[Policy] = []
        self.stages: dict[str, Artifact] = {}
        self.asked: dict[str, StageRequest] = {}
        template = folder / "question.jinja"
        template.write_text("{{ hint }}{{ question }}", encoding="utf-8")
        self.prompting = PromptingSettings(template=str(template), chat_template=None if family.template else "plain")
        self.base = base_policy(PolicySettings(model=str(save(family, folder / "policy")), dtype="float32"))

    def go(self) -> pl.DataFrame:
        """All of it; gives the evaluation's summary, a row a policy."""
        assert self.refused() == []
        curated = self.chosen(self.answered(self.base, "train"))
        self.policies.append(self.base)
        for name in STAGES:
            self.policies.append(self.trained(name, curated, self.policies[-1], cut_off=name == "whole"))
        arms = [
            EvaluationArm(policy=policy.name, policy_id=policy.policy_id, hints=False, graded=self.answered(policy, "heldout"))
            for policy in self.policies
        ]
        request = EvaluationRequest(home=self.home, arms=tuple(arms), problems=(self.problems["heldout"],))
        return pl.read_parquet(evaluate_policies.fn(request).file("summary.parquet")).filter(dataset="all")

    def refused(self) -> list[str]:
        """The problems that cannot be put to the policy, looked for before any is."""
        (self.folder / "admission").mkdir()
        files = tuple(source.file("problems.parquet") for source in self.problems.values())
        limits = Limits(max_tokens=SAMPLING.max_tokens, hints=True)
        spec = AdmissionSpec(
            home=self.home, folder=self.folder / "admission", policy=self.base, prompting=self.prompting, limits=limits, problems=files
        )
        admission_worker.run(spec.model_dump_json())
        return pl.read_parquet(spec.folder / admission_worker.REFUSED)["reason"].to_list()

    def answered(self, policy: Policy, split: str) -> Artifact:
        """A policy's graded answers."""
        problems = (self.problems[split],)
        asked = {"prompting": self.prompting, "sampling": SAMPLING, "seed": SEED}
        request = SampleRequest(home=self.home, policy=policy, problems=problems, **asked)
        self.draw(request.spec(), self.folder / f"drawing-{policy.name}-{split}")
        profile = sample_rollouts.fn(request)  # finds all drawn
        return grade_rollouts.fn(GradeRequest(home=self.home, profile=profile, problems=problems, settings=GRADING))

    def draw(self, spec: SampleSpec, folder: Path) -> None:
        """Have the sampling worker draw all that the lake lacks, as one of a run's replicas does."""
        shards = sampling_worker.missing_shards(spec, sampling_worker.problems_of(spec))
        ShardQueue(folder / sampling_worker.QUEUE).put([Shard(keys) for keys in shards])
        sampling_worker.run(spec.model_copy(update={"folder": folder}).model_dump_json())

    def chosen(self, graded: Artifact) -> Artifact:
        """The curated set: all problems for each stage, by how hard they are."""
        problems = (self.problems["train"],)
        difficulty = measure_difficulty.fn(
            DifficultyRequest(home=self.home, graded=graded, problems=problems, settings=DifficultySettings())
        )
        return curate_sets.fn(CurationRequest(home=self.home, difficulty=difficulty, problems=problems, settings=CHOSEN, seed=SEED))

    def trained(self, name: str, curated: Artifact, policy: Policy, cut_off: bool) -> Policy:
        """The policy that a stage leaves; one that is cut off goes on from its first checkpoint."""
        asked: dict[str, Any] = {"settings": STAGES[name], "prompting": self.prompting, "grading": GRADING, "seed": SEED}
        request = StageRequest(home=self.home, policy=policy, curated=curated, stage=name, **asked)
        target = request.target()
        if cut_off:
            self.cut_off(request, target)
        with building(target, stage_facts(request), resume=True) as folder:
            assert (folder / "checkpoints" / "checkpoint-1").is_dir() == cut_off
            run_stage(request.spec(target, folder))
        self.stages[name], self.asked[name] = target, request
        return stage_policy(target, name, policy)

    def undisturbed(self, folder: Path) -> Path:
        """The first stage again, in one go."""
        folder.mkdir()
        run_stage(self.asked["whole"].spec(self.stages["whole"], folder))
        return folder

    def cut_off(self, request: StageRequest, target: Artifact) -> None:
        """Train a stage until its first checkpoint is whole."""
        seal: Callable[[Checkpoints, int], None] = Checkpoints.seal

        def seal_and_end(checkpoints: Checkpoints, step: int) -> None:
            seal(checkpoints, step)
            raise CutOff

        with patch.object(Checkpoints, "seal", seal_and_end), suppress(CutOff), building(target, {}, resume=True) as folder:
            run_stage(request.spec(target, folder))
