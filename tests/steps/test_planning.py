"""What is planned and not made: what its request settles is known, and nothing else is, least of all as a number."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.base.errors import InputError
from tasks.curation.drift import drift_of
from tasks.curation.drift_task import compare_sets
from tasks.curation.settings import SetSettings, StageRule
from tasks.curation.task import CurationRequest, curate_sets
from tasks.curation.validation_task import ValidationRequest, export_validation
from tasks.difficulty.task import DifficultyRequest, StopsRequest, find_stops, measure_difficulty
from tasks.estimates.settings import AdaptiveSettings, DifficultySettings
from tasks.evaluation.comparison import EvaluationArm
from tasks.evaluation.task import EvaluationRequest, evaluate_policies
from tasks.grading.settings import GradingSettings
from tasks.grading.task import GradeRequest, grade_rollouts
from tasks.lake.artifacts import Artifact
from tasks.policy.identity import Policy
from tasks.problems.settings import SourceSettings
from tasks.problems.task import IngestRequest, ingest_problems
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.import_task import ImportRequest, import_panel
from tasks.sampling.imported.settings import ImportSettings
from tasks.sampling.settings import SamplingSettings
from tasks.sampling.task import SampleRequest, sample_rollouts
from tasks.steps.naming import without_rounds
from tasks.steps.planning import Planner, Unknown, is_known, planning
from tasks.training.settings import StageSettings, ValidationSettings
from tasks.training.task import StageRequest, stage_policy, train_stage

BASE = Policy(policy_id="b", name="base", model="/nowhere")
ADAPTIVE = SamplingSettings(rounds=6, adaptive=AdaptiveSettings(min_rounds=2, every=2), max_tokens=10)


class Planning:
    """A run of which nothing is made, planned step by step."""

    def __init__(self, home: Path, limit: int | None = 20) -> None:
        data = home / "ours.jsonl"
        data.write_text(json.dumps({"problem": "1+1?", "answer": "2"}))
        source = SourceSettings(name="ours", path=str(data), columns={"images": None}, limit=limit)
        self.home, self.problems = home, (ingest_problems(IngestRequest(home=home, source=source)),)

    def sampled(self, rounds: int, policy: Policy = BASE, **more: Artifact) -> Artifact:
        own = ADAPTIVE.model_copy(update={"rounds": rounds})
        asked = {"policy": policy, "problems": self.problems, "prompting": PromptingSettings(), "sampling": own, "seed": 0}
        return sample_rollouts(SampleRequest(home=self.home, **asked, **more))

    def graded(self, profile: Artifact) -> Artifact:
        return grade_rollouts(GradeRequest(home=self.home, profile=profile, problems=self.problems, settings=GradingSettings()))

    def stops(self, graded: Artifact) -> Artifact:
        bands = DifficultySettings()
        return find_stops(StopsRequest(home=self.home, graded=graded, problems=self.problems, settings=bands, sampling=ADAPTIVE))

    def difficulty(self, graded: Artifact) -> Artifact:
        return measure_difficulty(DifficultyRequest(home=self.home, graded=graded, problems=self.problems, settings=DifficultySettings()))

    def wanted(self, difficulty: Artifact) -> CurationRequest:
        return CurationRequest(
            home=self.home, difficulty=difficulty, problems=self.problems, settings=SetSettings(rules={"first": StageRule(size=6)}), seed=0
        )

    def validation(self) -> Artifact:
        return export_validation(ValidationRequest(home=self.home, problems=self.problems, others=()))

    def stage(self, curated: Artifact, problems: int | None = None) -> Artifact:
        settings = StageSettings(steps=4, batch=8, warmup_steps=0, validation=ValidationSettings(every=2, samples=1, problems=problems))
        asked = {"prompting": PromptingSettings(), "grading": GradingSettings(), "seed": 0, "validation": self.validation()}
        return train_stage(StageRequest(home=self.home, policy=BASE, curated=curated, stage="first", settings=settings, **asked))

    def evaluation(self, graded: Artifact) -> Artifact:
        arm = EvaluationArm(policy="base", policy_id="b", hints=False, graded=graded)
        return evaluate_policies(EvaluationRequest(home=self.home, arms=(arm,), problems=self.problems))


def every_artifact(home: Path) -> tuple[Planner, dict[str, Artifact]]:
    """A whole run, planned."""
    with planning() as planner:
        run = Planning(home)
        profile = run.sampled(2)
        graded = run.graded(profile)
        difficulty = run.difficulty(graded)
        curated = curate_sets(run.wanted(difficulty))
        made = {"problems": run.problems[0], "profile": profile, "graded": graded, "stops": run.stops(graded), "difficulty": difficulty}
        made |= {"curated": curated, "validation": run.validation(), "stage": run.stage(curated), "evaluation": run.evaluation(graded)}
    return planner, made


FACTS = {
    "how many problems are read": lambda made: made["problems"].manifest["counts"]["problems"],
    "how many rows are rejected": lambda made: made["problems"].manifest["counts"]["rejected"],
    "of what distribution a profile is": lambda made: made["profile"].manifest["sampling_id"],
    "how many verdicts there are": lambda made: made["graded"].manifest["verdicts"],
    "how many problems are undecided": lambda made: made["stops"].manifest["undecided"],
    "how many problems are settled": lambda made: made["stops"].manifest["decided"],
    "how many problems are in a band": lambda made: made["difficulty"].manifest["counts"]["ours/train"]["hard"],
    "whose difficulty it is": lambda made: made["difficulty"].manifest["policy_id"],
    "how many problems a set has": lambda made: made["curated"].manifest["stages"]["stage1"]["problems"],
    "what a set warns of": lambda made: made["curated"].manifest["warnings"],
    "how many validation problems there are": lambda made: made["validation"].manifest.get("problems", 0),
    "which step a stage keeps": lambda made: made["stage"].manifest["kept_step"],
    "which files a stage has": lambda made: made["stage"].manifest["files"]["policy/model.safetensors"],
    "how many are nearly the same": lambda made: made["evaluation"].manifest["near_duplicates"]["problems"],
}
USES: dict[str, Callable[[Any], object]] = {
    "as a condition": bool,
    "as a number": int,
    "as a share": float,
    "compared": lambda fact: fact > 0,
    "looked for": lambda fact: fact == 1,
    "counted with": lambda fact: 1 + fact,
    "multiplied": lambda fact: fact * 8,
    "counted": len,
    "gone through": list,
    "as a list's place": range,
}


def test_a_fact_that_nobody_knows_is_said_as_unknown_and_is_no_number(tmp_path: Path) -> None:
    _, made = every_artifact(tmp_path)
    for what, ask in FACTS.items():
        fact = ask(made)
        assert isinstance(fact, Unknown) and not is_known(fact), what
        assert f"{fact}" == f"{fact:,}" == str(fact) == repr(fact) == "unknown", what
        for use, attempt in USES.items():
            with pytest.raises(InputError, match=r"step \d+, .*: not known before that step has run"):
                pytest.fail(f"{what}, {use}: {attempt(fact)}")


def test_what_a_manifest_will_hold_cannot_be_listed_and_what_is_in_it_has_no_content(tmp_path: Path) -> None:
    _, made = every_artifact(tmp_path)
    asks = (lambda item: list(item.manifest), lambda item: len(item.manifest), lambda item: "x" in item.manifest, lambda item: item.content)
    for item in made.values():
        for ask in asks:
            with pytest.raises(InputError, match="not known before|has not been run"):
                ask(item)
    assert not any(item.is_complete for item in made.values())


def test_what_a_request_settles_is_known(tmp_path: Path) -> None:
    _, made = every_artifact(tmp_path)
    assert (made["profile"].manifest["policy_name"], made["graded"].manifest["policy_name"]) == ("base", "base")
    assert [made[name].manifest["rounds"] for name in ("profile", "graded", "stops")] == [2, 2, 2]
    assert made["problems"].manifest["settings"]["name"] == "ours" and made["stage"].manifest["stage"] == "first"
    policy = stage_policy(made["stage"], "first", BASE)
    assert (policy.policy_id, policy.stage_id, policy.parent_id) == ("", "", "b")


def test_adaptive_rounds_are_named_as_they_will_be(tmp_path: Path) -> None:
    with planning() as planner:
        run = Planning(tmp_path)
        graded = run.graded(run.sampled(2))
        for rounds in (4, 6):
            graded = run.graded(run.sampled(rounds, stops=run.stops(graded)))
    names = [step.name for step in planner.steps if step.task == "sample"]
    assert [name.split("base, ")[1] for name in names] == ["rounds 1–2", "rounds 3–4", "rounds 5–6"]
    assert [step.work.left for step in planner.steps if step.task == "sample" and step.work] == [40, 40, 40]
    assert all(step.work and step.work.up_to for step in planner.steps if step.task == "sample")


def test_rounds_after_nobody_knows_how_many_are_named_so(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text('{"id": "row-1", "response": "2"}')
    with planning() as planner:
        run = Planning(tmp_path)
        panel = ImportSettings(panel="others", files=(str(tmp_path / "answers.jsonl"),))
        graded = run.graded(import_panel(ImportRequest(home=tmp_path, problems=run.problems, settings=panel)))
        run.sampled(6, stops=run.stops(graded))
    sampling = planner.steps[-1]
    assert sampling.name == "sample ours (train) with base, rounds up to 6"
    assert without_rounds(sampling.name) == "sample ours (train) with base"
    assert sampling.work and (sampling.work.left, sampling.work.up_to) == (120, True)


def test_work_over_problems_that_nobody_has_counted_is_unknown(tmp_path: Path) -> None:
    with planning() as planner:
        run = Planning(tmp_path, limit=None)
        hinted = run.sampled(2, hints_from=run.difficulty(run.graded(run.sampled(2))))
        run.stage(hinted)
        run.stage(hinted, problems=5)
    works = {step.name: step.work for step in planner.steps if step.work}
    assert [work.left for name, work in works.items() if name.startswith("sample")] == [None, None]
    trained = [step.work for step in planner.steps if step.task == "train"]
    assert [work and work.left for work in trained] == [None, 32 + 5 * 3] and trained[1] and trained[1].up_to


def test_a_comparison_that_is_planned_is_no_drift_of_none(tmp_path: Path) -> None:
    with planning():
        run = Planning(tmp_path)
        wanted = run.wanted(run.difficulty(run.graded(run.sampled(2))))
        compared = compare_sets(Artifact(home=tmp_path, kind="curated", key="k"), wanted)
        with pytest.raises(InputError, match="how far .* would drift"):
            drift_of(compared, "membership")
