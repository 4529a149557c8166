"""The task: what its key depends on, and a stage trained and taken up through it."""

from pathlib import Path

import polars as pl
import pytest
from prefect.logging import disable_run_logger

from tasks.base.errors import InputError
from tasks.estimates.settings import DifficultySettings
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import grader_id
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import Lake
from tasks.policy.identity import Policy
from tasks.prompting.settings import HintSettings, PromptingSettings
from tasks.sampling.settings import SamplingSettings
from tasks.training.cautions import asking
from tasks.training.sampler import SamplerSettings
from tasks.training.settings import LoraSettings, RefillSettings, RolloutSettings, StageSettings, ValidationSettings
from tasks.training.succession import ADAM, HANDOVER, MASTERS, Succession
from tasks.training.task import StageRequest, check_own_profile, stage_policy, train_stage
from tests.training.tiny import SETTINGS, mixed_problems, problem, write_stage

pytestmark = pytest.mark.process

PROMPTING, GRADING = PromptingSettings(), GradingSettings(workers=1)


def curated_set(home: Path, *, more: int = 0) -> Artifact:
    """A curated set of two stages; `more` problems in the second."""
    target = artifact(home, "curated", {"more": more})
    with building(target, {}) as folder:
        write_stage(folder / "stage1.parquet", mixed_problems())
        write_stage(folder / "stage2.parquet", [problem(number) for number in range(4 + more)])
    return target


def validation_set(home: Path, count: int) -> Artifact:
    """Validation problems as curation writes them."""
    target = artifact(home, "validation", {"count": count})
    if not target.is_complete:
        with building(target, {}) as folder:
            write_stage(folder / "validation.parquet", [problem(number, band=None, accuracy=None) for number in range(count)])
    return target


def stage_before(home: Path, state: bytes) -> Artifact:
    """A stage that has handed over a state of Adam's, and weights in float32."""
    target = artifact(home, "stages", {"state": state.decode()})
    if not target.is_complete:
        with building(target, {}) as folder:
            (folder / HANDOVER / MASTERS).mkdir(parents=True)
            (folder / HANDOVER / ADAM).write_bytes(state)
            (folder / HANDOVER / MASTERS / "model.safetensors").write_bytes(b"weights")
    return target


def asked(home: Path, base: Policy, **changes: object) -> StageRequest:
    given = {"home": home, "policy": base, "curated": curated_set(home), "stage": "stage1", "settings": SETTINGS}
    return StageRequest(**{**given, "prompting": PROMPTING, "grading": GRADING, "seed": 0, **changes})


def test_the_key_holds_what_changes_the_result_and_nothing_else(tmp_path: Path, tiny_policy: Policy) -> None:
    unhinted = SETTINGS.model_copy(update={"hints": False})
    validating = SETTINGS.model_copy(update={"validation": ValidationSettings()})
    reworded = PromptingSettings(hints=HintSettings(by_band={"hard": "hard"}))

    def key(**changes: object) -> str:
        return asked(tmp_path, tiny_policy, **changes).target().key

    following = SETTINGS.model_copy(update={"hints": "live", "sampler": SamplerSettings(model="live")})
    same = {
        "bands that no hint goes by": key(bands=DifficultySettings(hard_below=0.4)),
        "other stage's problems": key(curated=curated_set(tmp_path, more=2)),
        "checkpoints": key(settings=SETTINGS.model_copy(update={"save_every": 3, "keep_checkpoints": 5})),
        "trackers": key(settings=SETTINGS.model_copy(update={"report_to": ("tensorboard",)})),
        "where vLLM answers": key(settings=SETTINGS.model_copy(update={"rollouts": RolloutSettings(base_url="http://a:1", memory=0.5)})),
        "graders": key(grading=GradingSettings(workers=7)),
        "validation problems that are not asked": key(validation=validation_set(tmp_path, 3)),
        "the state that it does not go on with": key(succession=Succession(before=stage_before(tmp_path, b"a"), said="not at all")),
        "where the policy lies": key(policy=tiny_policy.model_copy(update={"model": "/elsewhere", "name": "other"})),
    }
    assert set(same.values()) == {key()}
    other = {
        "stage": key(stage="stage2"),
        "its problems": key(stage="stage2", curated=curated_set(tmp_path, more=2)),
        "policy": key(policy=tiny_policy.model_copy(update={"policy_id": "another"})),
        "steps": key(settings=SETTINGS.model_copy(update={"steps": 7})),
        "hints": key(settings=unhinted),
        "hints that follow the estimate": key(settings=following),
        "the bands that these go by": key(settings=following, bands=DifficultySettings(hard_below=0.4)),
        "adapter": key(settings=SETTINGS.model_copy(update={"lora": LoraSettings()})),
        "rollouts": key(settings=SETTINGS.model_copy(update={"rollouts": RolloutSettings(engine="vllm")})),
        "processes": key(settings=SETTINGS.model_copy(update={"accelerate": Path("ddp"), "processes": 2})),
        "seed": key(seed=1),
        "wording": key(prompting=reworded),
        "pixels": key(prompting=PromptingSettings(max_pixels=4096)),
        "weights": key(settings=SETTINGS.model_copy(update={"weighting": SETTINGS.weighting.model_copy(update={"normalise": True})})),
        "refill": key(settings=SETTINGS.model_copy(update={"refill": RefillSettings(tries=1)})),
        "sampler": key(settings=SETTINGS.model_copy(update={"sampler": SamplerSettings(model="live")})),
        "its exploring": key(settings=SETTINGS.model_copy(update={"sampler": SamplerSettings(model="live", explore=0.2)})),
        "its floor": key(settings=SETTINGS.model_copy(update={"sampler": SamplerSettings(model="live", floor=0.5)})),
        "order": key(settings=SETTINGS.model_copy(update={"order": "easy_to_hard"})),
        "validation": key(settings=validating, validation=validation_set(tmp_path, 3)),
        "its validation problems": key(settings=validating, validation=validation_set(tmp_path, 4)),
        "optimizer": key(settings=SETTINGS.model_copy(update={"optimizer": "carry"})),
        "what it hands over": key(succession=Succession(hands_over="optimizer")),
        "the float32 weights that it goes on with": key(succession=Succession(before=stage_before(tmp_path, b"a"), takes="masters")),
        "Adam's state that it goes on with": key(succession=Succession(before=stage_before(tmp_path, b"a"), takes="optimizer")),
        "the content of that": key(succession=Succession(before=stage_before(tmp_path, b"b"), takes="optimizer")),
    }
    assert len({*other.values(), key()}) == len(other) + 1
    assert key(settings=unhinted, prompting=reworded) == key(settings=unhinted)
    exact, masters = tiny_policy.model_copy(update={"dtype": "float32"}), Succession(hands_over="masters")
    assert key(policy=exact, succession=masters) == key(policy=exact) and key(succession=masters) != key()


def test_a_stage_knows_whether_it_draws_problems_that_nothing_is_known_of(tmp_path: Path, tiny_policy: Policy) -> None:
    def draws_unknown(rows: list[dict], **sampler: object) -> bool:
        target = artifact(tmp_path, "curated", {"rows": str(rows)})
        if not target.is_complete:
            with building(target, {}) as folder:
                write_stage(folder / "stage1.parquet", rows)
        settings = SETTINGS.model_copy(update={"sampler": SamplerSettings(**sampler)})
        return asked(tmp_path, tiny_policy, curated=target, settings=settings).draws_unknown

    known = [problem(number, logit_mean=0.0, logit_variance=1.0) for number in range(3)]
    unknown = [*known, problem(3, logit_mean=None, logit_variance=None)]
    assert not draws_unknown(known, model="live") and not draws_unknown(unknown, model="shuffled")
    assert draws_unknown(unknown, model="beta") and draws_unknown(known, model="live", prior={"from": None})
    assert draws_unknown([problem(number) for number in range(3)], model="live")


def test_a_stage_that_has_kept_more_for_a_next_one_than_is_asked_for_is_taken(tmp_path: Path, tiny_policy: Policy) -> None:
    plain, masters, adam = (
        asked(tmp_path, tiny_policy, succession=Succession(hands_over=kept)) for kept in ("policy", "masters", "optimizer")
    )
    with building(masters.target(), {}):
        assert plain.target() != masters.target()
    assert plain.target() == masters.target() != adam.target()
    with building(adam.target(), {}), building(made := plain.keeping("policy"), {}):
        pass
    assert plain.target() == made and len({plain.target(), masters.target(), adam.target()}) == 3


def test_a_stage_is_told_where_that_lies_which_it_takes_up(tmp_path: Path, tiny_policy: Policy) -> None:
    before = stage_before(tmp_path, b"a")
    target = artifact(tmp_path, "stages", {})
    specs = {
        takes: asked(tmp_path, tiny_policy, succession=Succession(before=before, takes=takes)).spec(target, tmp_path)
        for takes in ("policy", "masters", "optimizer")
    }
    left = before.path / HANDOVER
    assert [(spec.adam, spec.masters) for spec in specs.values()] == [(None, None), (None, left / MASTERS), (left / ADAM, left / MASTERS)]
    (left / ADAM).unlink()
    with pytest.raises(FileNotFoundError, match="has no handover/adam.safetensors; delete the folder and run the flow again"):
        asked(tmp_path, tiny_policy, succession=Succession(before=before, takes="optimizer")).spec(target, tmp_path)


def test_a_stage_is_trained_once_and_gives_a_policy(tmp_path: Path, tiny_policy: Policy) -> None:
    validation = {"every": 1, "samples": 1, "keep_best": True}
    settings = StageSettings(**{**SETTINGS.model_dump(), "steps": 2, "validation": validation})
    request = asked(tmp_path, tiny_policy, settings=settings, validation=validation_set(tmp_path, 3))
    with disable_run_logger():
        done = train_stage.fn(request)
        assert train_stage.fn(request) == done
    assert done.is_complete
    metrics = pl.read_parquet(done.file("metrics/metrics.parquet"))
    assert [done.manifest["kept_step"]] == metrics.filter(name="validation/kept_step")["value"].to_list()
    assert done.manifest["stage"] == "stage1"
    assert {"policy/model.safetensors", "groups/groups.parquet", "metrics/metrics.parquet"} <= done.manifest["files"].keys()
    policy = stage_policy(done, "stage1", tiny_policy)
    assert (policy.name, policy.kind, policy.parent_id, policy.stage_id) == ("stage1", "stage", tiny_policy.policy_id, done.key)
    assert (policy.policy_id != tiny_policy.policy_id) == (done.manifest["kept_step"] > 0)


def test_what_differs_from_the_profile_and_the_evaluation_is_said_before_the_stage_and_kept(tmp_path: Path, tiny_policy: Policy) -> None:
    lake = Lake(tmp_path)
    drawn = {"temperature": 0.6, "top_p": 1.0, "max_tokens": SETTINGS.max_tokens}
    lake.record("samplings", {"sampling_id": "cool", "template": "mine", "hints": False, "settings": PROMPTING.model_dump_json(), **drawn})
    target = artifact(tmp_path, "curated", {"sampling": "cool"})
    with building(target, {"sampling_id": "cool"}) as folder:
        write_stage(folder / "stage1.parquet", mixed_problems())
    settings = StageSettings(**{**SETTINGS.model_dump(), "steps": 1, "warmup_steps": 0})
    plain = asked(tmp_path, tiny_policy, curated=target, settings=settings)
    request = plain.model_copy(update={"evaluated": asking(PROMPTING, SamplingSettings(max_tokens=9), False)})
    assert request.target().key == plain.target().key
    with disable_run_logger():
        done = train_stage.fn(request)
    expected = [
        "stage1: template think_then_box in training, but mine in the profile: another prompt is another task",
        "stage1: temperature 1.0 in training, but 0.6 in the profile: a policy is right",
        "stage1: max_tokens 5 in training, but 9 in the evaluation: answers that are cut off",
        "stage1: hints on in training, but off in the profile and the evaluation: a hint makes",
    ]
    for text, words in zip(done.manifest["warnings"], expected, strict=True):
        assert text.startswith(words)


def test_bad_input_comes_back_from_the_training_process(tmp_path: Path, tiny_policy: Policy) -> None:
    home = tmp_path / "home"
    target = artifact(home, "curated", {})
    with building(target, {}) as folder:
        write_stage(folder / "stage1.parquet", [problem(1, images=[])])
    with disable_run_logger(), pytest.raises(InputError, match=r"row 1 \(problem p1\): 0 image\(s\), but 1 <image> mark"):
        train_stage.fn(asked(home, tiny_policy, curated=target))


@pytest.mark.parametrize(("limits", "fault"), [({}, "max_pixels=None"), ({"max_pixels": 4096, "min_pixels": 64}, "min_pixels=64")])
def test_other_pixel_limits_than_the_difficulty_was_measured_with_are_an_error(
    tmp_path: Path, tiny_policy: Policy, limits: dict, fault: str
) -> None:
    lake, measured = Lake(tmp_path), PromptingSettings(max_pixels=4096)
    lake.record("samplings", {"sampling_id": "small", "template": "think_then_box", "hints": False, "settings": measured.model_dump_json()})
    target = artifact(tmp_path, "curated", {"pixels": "small"})
    with building(target, {"sampling_id": "small"}) as folder:
        write_stage(folder / "stage1.parquet", mixed_problems())
    with pytest.raises(InputError, match=f"images with {fault}, which is another task"):
        train_stage.fn(asked(tmp_path, tiny_policy, curated=target, prompting=PromptingSettings(**limits)))


def profiled_by(home: Path, policy_id: str, judge: str) -> Artifact:
    """A set of the profile of a policy, judged by a grader."""
    target = artifact(home, "curated", {"policy": policy_id, "grader": judge})
    with building(target, {"policy_id": policy_id, "grader_id": judge}) as folder:
        write_stage(folder / "stage1.parquet", mixed_problems())
    return target


def test_an_estimate_starts_from_the_profile_of_its_policy_alone_unless_told_so(tmp_path: Path, tiny_policy: Policy) -> None:
    tiny_policy.model_copy(update={"policy_id": "older", "name": "older one"}).record(Lake(tmp_path))
    ours = grader_id(GRADING)

    def checked(whose: str, judge: str, **sampler: object) -> None:
        settings = SETTINGS.model_copy(update={"sampler": SamplerSettings(**sampler)})
        check_own_profile(asked(tmp_path, tiny_policy, curated=profiled_by(tmp_path, whose, judge), settings=settings))

    checked(tiny_policy.policy_id, ours, model="live")
    checked("older", ours, model="shuffled")
    for name in ("older", "older one"):
        checked("older", "another", model="beta", prior={"from": name})
    checked("older", "another", model="live", prior={"from": None})
    with pytest.raises(InputError, match="which is of the policy older one, but the stage trains base.*sampler.prior: {from: older one}"):
        checked("older", ours, model="live")
    with pytest.raises(InputError, match="which is of the grader another, but grader-.* judges now; profile anew"):
        checked(tiny_policy.policy_id, "another", model="pools")
    with pytest.raises(InputError, match="which is of older one, and not of oldest, as sampler.prior.from says"):
        checked("older", ours, model="live", prior={"from": "oldest"})
