"""A whole run in small, written by the parts that a real run is written by: lake, profile, marts, curation and evaluation.

Only what a model would do is made up: answers are drawn from each problem's own chance of success.
"""

import random
from contextlib import closing
from dataclasses import dataclass, fields
from functools import cached_property
from io import BytesIO
from pathlib import Path

import polars as pl
from PIL import Image

from tasks.base.files import digest
from tasks.curation.settings import SetSettings, StageRule
from tasks.curation.task import CurationRequest, curate_sets
from tasks.difficulty.measurement import open_graded
from tasks.difficulty.task import FILES as DIFFICULTY_FILES
from tasks.estimates.settings import DifficultySettings
from tasks.evaluation.comparison import EvaluationArm
from tasks.evaluation.task import EvaluationRequest, evaluate_policies
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import RELATIONS, Lake, conform, write_parquet
from tasks.problems.images import ImageLimits, keep_image
from tasks.reporting.inputs import Inputs
from tasks.reporting.page import render_report
from tasks.sampling.profile import read_profile, write_profile
from tasks.similarity.task import PAIRS
from tasks.warehouse.settings import MartSettings

SAMPLING, GRADER = "sampling-1", "grader-1"
STAGES = ("stage1", "stage2")
DOUBTED = 100  # each so many-th problem has a wrong gold answer


@dataclass(frozen=True)
class Size:
    """How large a made-up run is, and what it has."""

    datasets: tuple[str, ...] = ("cells", "charts")
    problems: int = 32
    heldout: int | None = None  # as many as problems where not said
    images: int | None = None  # how many different ones there are, each problem its own where not said
    image_side: int = 48
    rounds: int = 8
    steps: int = 12
    low: float = 0.084
    hints: bool = True
    groups: bool = True
    metrics: bool = True
    answers: bool = True
    reprofile: bool = False
    spread: tuple[float, float] = (0.5, 0.5)  # parameters of the Beta that chances of success are drawn from: a U
    solved: tuple[int, ...] | None = (
        None  # how often each problem in turn is solved instead, the rest of the rounds not; -1: not judged in time
    )
    near: int | None = None  # so many held-out problems are nearly the same as one trained on; nobody has looked where not said
    pictured: int = 0  # so many more share a picture with one
    rules: tuple[str, str] = ("medium", "medium_to_hard")
    highs: tuple[float, float] = (0.87, 0.7)
    question: str = "<image>What is the sum of the red cells?"
    response: str = "<think>The red cells hold 3 and 4.</think> \\boxed{{{answer}}}"


@dataclass(frozen=True)
class Run:
    """What a page is made of, and where the evaluation's arms come from."""

    home: Path
    name: str
    difficulty: Artifact
    sets: tuple[Artifact, ...]
    stages: tuple[Artifact, ...]
    evaluation: Artifact
    problems: tuple[Artifact, ...]

    @property
    def arguments(self) -> dict:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def page(self) -> str:
        """The report, as HTML; rendered once for all tests that look at it."""
        return render_report(Inputs(**self.arguments))


@dataclass
class Maker:
    """Makes the artifacts of a run in a lake."""

    lake: Lake
    size: Size
    chance: random.Random

    def image(self) -> str:
        """A picture of coloured cells, 3 x 3 of them where it is small, kept in the lake."""
        side, limits = self.size.image_side, ImageLimits(folder=None, pixels=10_000_000, bytes=10_000_000)
        across = max(3, side // 16)
        cells = Image.new("RGB", (across, across))
        cells.putdata([(self.chance.randrange(256), self.chance.randrange(256), 120) for _ in range(across**2)])
        content = BytesIO()
        cells.resize((side, side), Image.Resampling.NEAREST).save(content, "PNG")
        return keep_image(self.lake, content.getvalue(), limits)

    @cached_property
    def gallery(self) -> list[str]:
        """The pictures that problems share."""
        return [self.image() for _ in range(self.size.images or 0)]

    def problems(self, dataset: str, split: str) -> Artifact:
        """Problems of a dataset."""
        count = self.size.problems if split == "train" or self.size.heldout is None else self.size.heldout
        rows = [self.problem(dataset, split, row) for row in range(1, count + 1)]
        target = artifact(self.lake.home, "problems", {"dataset": dataset, "split": split})
        with building(target, {"source": f"{dataset} {split} from data.jsonl"}) as folder:
            write_parquet(conform(pl.DataFrame(rows, schema=RELATIONS["problems"]), "problems"), folder / "problems.parquet")
        return target

    def problem(self, dataset: str, split: str, row: int) -> dict:
        """One problem."""
        answer = str(self.chance.randrange(2, 30))
        fields = {"dataset": dataset, "split": split, "row": row, "source_id": f"{dataset}-{row}", "question": self.size.question}
        picture = self.chance.choice(self.gallery) if self.gallery else self.image()
        identity = {"problem_id": digest([dataset, split, row]), "gold_id": digest(answer), "answer": answer}
        return {**fields, **identity, "images": [picture], "choices": [], "metadata": "{}"}

    def graded(self, policy_id: str, sources: tuple[Artifact, ...], gain: float, **facts: str) -> Artifact:
        """Answers to the problems, drawn from a spread of chances (a U, where the size does not say otherwise), and their verdicts; `facts`
        are more that the manifest says of them."""
        problems = pl.concat(pl.read_parquet(source.file("problems.parquet")) for source in sources)
        rollouts, verdicts = [], []
        for problem in problems.iter_rows(named=True):
            for number, verdict in enumerate(self.verdicts(problem, gain)):
                key = {"problem_id": problem["problem_id"], "policy_id": policy_id, "sampling_id": SAMPLING, "round": number, "sample": 0}
                said = problem["answer"] if verdict == "correct" else self.wrong(problem)
                text = self.size.response.format(answer=said)
                rollouts.append({**key, "response": text, "n_tokens": 9, "finish_reason": "stop", "seed": 1, "hint": ""})
                rest = {"verdict": verdict, "extracted": said, "rule": "number", "format_ok": True}
                verdicts.append({**key, "grader_id": GRADER, "gold_id": problem["gold_id"], **rest})
        return self.profile(policy_id, sources, rollouts, verdicts, **facts)

    def verdicts(self, problem: dict, gain: float) -> list[str]:
        """What each round of a problem came to."""
        if self.size.solved is not None:
            times = self.size.solved[(problem["row"] - 1) % len(self.size.solved)]
            return ["timeout" if times < 0 else "correct" if number < times else "incorrect" for number in range(self.size.rounds)]
        if problem["row"] % DOUBTED == 0:
            return ["incorrect"] * self.size.rounds
        p = min(1.0, random.Random(problem["problem_id"]).betavariate(*self.size.spread) + gain)
        return ["correct" if self.chance.random() < p else "incorrect" for _ in range(self.size.rounds)]

    def wrong(self, problem: dict) -> str:
        """A wrong answer: any one, but always the same to each of those problems whose gold answer is wrong."""
        return "1" if problem["row"] % DOUBTED == 0 else str(int(problem["answer"]) + self.chance.randrange(1, 40))

    def profile(self, policy_id: str, sources: tuple[Artifact, ...], rollouts: list[dict], verdicts: list[dict], **told: str) -> Artifact:
        """The graded profile that holds these rows."""
        named = digest([source.key for source in sources])
        shards = {}
        for relation, rows in (("rollouts", rollouts), ("verdicts", verdicts)):
            frame = pl.DataFrame(rows, schema=RELATIONS[relation])
            shards[relation] = self.lake.append(self.lake.partition(relation, policy_id, SAMPLING), relation, frame, named)
        facts = {"policy_id": policy_id, "sampling_id": SAMPLING, "grader_id": GRADER, "rounds": self.size.rounds}
        target = artifact(self.lake.home, "graded", {"policy": policy_id, "problems": named})
        with building(target, {"grader_id": GRADER, **told}) as folder:
            name = shards["verdicts"].relative_to(self.lake.home).as_posix()
            write_profile(folder, self.lake, rollouts=[shards["rollouts"]], facts={**facts, "verdicts": [name]})
        return target

    def difficulty(self, graded: Artifact, sources: tuple[Artifact, ...]) -> Artifact:
        """What `measure_difficulty` writes."""
        settings = DifficultySettings()
        facts = {
            "policy_id": read_profile(graded)["policy_id"],
            "sampling_id": SAMPLING,
            "grader_id": GRADER,
            "rounds": self.size.rounds,
            "settings": settings,
        }
        target = artifact(self.lake.home, "difficulty", {"graded": graded.content})
        known = {"graded": graded.key} if self.size.answers else {}
        connection = closing(open_graded(graded, sources, MartSettings(difficulty=settings), DIFFICULTY_FILES))
        with building(target, facts | known) as folder, connection as marts:
            for mart, name in DIFFICULTY_FILES.items():
                write_parquet(marts.table(mart).pl(), folder / name)
        return target

    def stage(self, stage: str, sets: Artifact, gain: float) -> Artifact:
        """What training leaves of a stage, without the policy."""
        rows = pl.read_parquet(sets.file("curated.parquet")).filter(pl.col("stage") == stage)
        target = artifact(self.lake.home, "stages", {"stage": stage, "curated": sets.content})
        settings = {"steps": self.size.steps, "hints": stage == "stage2", "weighting": {"family": "exponential", "mode": "replace_std"}}
        settings["max_grad_norm"] = 0.1
        optimised = [["minimised", "L = Σ −min(r A, clip(r, 0.8, 1.28) A) / N"], ["gradient", "clipped at a norm of 0.1"]]
        told = {"warnings": [f"{stage}: temperature 1.0 in training, but <b>0.7</b> in the profile"], "optimised": optimised}
        with building(
            target, {"stage": stage, "curated": sets.key, "settings": settings, "libraries": {"torch": "2.13.0"}, **told}
        ) as folder:
            if self.size.groups:
                groups = [
                    self.group(target.key, step, problem, gain) for step in range(1, self.size.steps + 1) for problem in self.draw(rows)
                ]
                write_parquet(conform(pl.DataFrame(groups, schema=RELATIONS["groups"]), "groups"), folder / "groups" / "groups.parquet")
            if self.size.metrics:
                metrics = pl.DataFrame(self.metrics(target.key), schema=RELATIONS["metrics"])
                write_parquet(conform(metrics, "metrics"), folder / "metrics" / "metrics.parquet")
        return target

    def draw(self, rows: pl.DataFrame) -> list[dict]:
        """The problems of one step."""
        return self.chance.sample(rows.to_dicts(), min(8, len(rows)))

    def group(self, stage_id: str, step: int, problem: dict, gain: float) -> dict:
        """One group of eight completions."""
        p = min(1.0, problem["accuracy"] + gain * step / self.size.steps)
        correct = sum(self.chance.random() < p for _ in range(8))
        identity = {"stage_id": stage_id, "step": step, "problem_id": problem["problem_id"], "G": 8, "correct": correct}
        identity["hinted"] = problem["stage"] == "stage2" and problem["band"] == "hard"
        weight = 2.0 * 0.25 ** (correct / 8)
        numbers = {"accuracy": correct / 8, "prior": problem["accuracy"], "weight": weight, "advantage_mean": 0.0, "advantage_std": 0.4}
        return identity | numbers

    def metrics(self, stage_id: str) -> list[dict]:
        """Some of what the trainer logs."""
        names = {"reward": 0.6, "loss": 0.01, "grad_norm": 0.15, "entropy": 0.4, "completions/mean_length": 31.0, "kl": 0.0}
        steps = range(1, self.size.steps + 1)
        watched = {"gradient/clipped": 0.95, "completions/clipped_ratio": 0.01, "completions/mean_length_right": 30.0}
        return [
            {"stage_id": stage_id, "step": step, "name": name, "value": level and level * (1 + 0.2 * self.chance.random() + step / 300)}
            for step in steps
            for name, level in names.items()
        ] + [{"stage_id": stage_id, "step": step, "name": name, "value": value} for step in steps for name, value in watched.items()]

    def similarity(self, heldout: tuple[Artifact, ...], sets: tuple[Artifact, ...]) -> Artifact | None:
        """What a look for near-duplicates leaves: the first held-out problems paired with some that were trained on, and two others."""
        if self.size.near is None:
            return None
        held = pl.concat(pl.read_parquet(source.file("problems.parquet")) for source in heldout)["problem_id"].to_list()
        trained = pl.concat(pl.read_parquet(item.file("curated.parquet")) for item in sets)["problem_id"].unique().sort().to_list()
        kinds = ["near"] * self.size.near + ["image"] * self.size.pictured
        ids = [*zip(held, trained * len(held), kinds, strict=False), (held[-1], held[-2], "near"), (held[-1], "stranger", "near")]
        rows = [
            {"problem_id": min(one, other), "other_id": max(one, other), "kind": kind, "text_similarity": 0.9, "image_distance": 0.0}
            for one, other, kind in ids
        ]
        target = artifact(self.lake.home, "similarity", {"near": self.size.near})
        with building(target, {}) as folder:
            write_parquet(pl.DataFrame(rows, schema=RELATIONS["near_pairs"]), folder / PAIRS)
        return target

    def evaluation(self, heldout: tuple[Artifact, ...], sets: tuple[Artifact, ...]) -> Artifact:
        """Base and both stages on held-out problems."""
        arms = []
        profile = artifact(self.lake.home, "profiles", {"asked": "with hints"})
        for place, policy in enumerate(("base", *STAGES)):
            plain = self.graded(f"{policy}-id", heldout, gain=0.05 * place)
            arms.append(EvaluationArm(policy=policy, policy_id=f"{policy}-id", hints=False, graded=plain))
            if self.size.hints:
                hinted = self.graded(f"{policy}-hinted", heldout, gain=0.05 * place + 0.02, profile=profile.key)
                arms.append(EvaluationArm(policy=policy, policy_id=f"{policy}-id", hints=True, graded=hinted))
        if self.size.hints:
            bands = self.difficulty(self.graded("base-bands", heldout, gain=0.0), heldout)
            with building(profile, {"hints_from": bands.key}):
                pass
        near = self.similarity(heldout, sets)
        return evaluate_policies.fn(EvaluationRequest(home=self.lake.home, arms=tuple(arms), problems=heldout, similarity=near, sets=sets))


def make(home: Path, size: Size) -> Run:
    """A run of that size in a new lake."""
    maker = Maker(Lake(home), size, random.Random(7))
    train = tuple(maker.problems(dataset, "train") for dataset in size.datasets)
    heldout = tuple(maker.problems(dataset, "heldout") for dataset in size.datasets)
    difficulty = maker.difficulty(maker.graded("base-id", train, gain=0.0), train)
    half = max(1, size.problems // 4)
    rules = {
        stage: StageRule(size=half, low=size.low, high=high, rule=rule)
        for stage, rule, high in zip(STAGES, size.rules, size.highs, strict=True)
    }
    home = maker.lake.home

    def curate(measured: Artifact, *stages: str) -> Artifact:
        settings = SetSettings(rules={name: rule if name in stages else None for name, rule in rules.items()}, on_shortage="warn")
        return curate_sets.fn(CurationRequest(home=home, difficulty=measured, problems=train, settings=settings, seed=0))

    if size.reprofile:
        later = maker.difficulty(maker.graded("stage1-id", train, gain=0.05), train)
        chosen = curate(difficulty, STAGES[0]), curate(later, STAGES[1])
    else:
        chosen = (curate(difficulty, *STAGES),)
    stages = tuple(maker.stage(stage, sets, gain=0.15) for stage, sets in zip(STAGES, (chosen[0], chosen[-1]), strict=True))
    return Run(home, "starter", difficulty, chosen, stages, maker.evaluation(heldout, chosen), train)
