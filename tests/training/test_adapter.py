"""Adapters: which layers carry one, that nothing else changes, that stage 2 goes on with stage 1's, and what a resumed stage ends with."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tasks.base.errors import InputError
from tasks.lake.artifacts import folder_digests
from tasks.policy.identity import ADAPTER, Policy, trained_policy
from tasks.policy.loading import load_model, load_weights
from tasks.training.adapter import linear_layers, lora_config, matches, trainable_model
from tasks.training.settings import LoraSettings, StageSettings
from tasks.training.spec import StageSpec
from tasks.training.stage import run_stage
from tests.training.tiny import SETTINGS, stage_spec

LORA = LoraSettings(rank=4, alpha=8)
ADAPTED = SETTINGS.model_copy(update={"steps": 3, "lora": LORA})


def carrying(policy: Policy, lora: LoraSettings) -> set[str]:
    model = load_weights(policy)
    return {name for name in linear_layers(model) if matches(lora_config(model, lora), name)}


def test_the_vision_tower_carries_an_adapter_only_when_asked(tiny_policy: Policy) -> None:
    text, both = carrying(tiny_policy, LORA), carrying(tiny_policy, LoraSettings(vision=True))
    assert {name.rpartition(".")[2] for name in text} == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert not any("visual" in name for name in text)
    assert text < both
    assert any("visual" in name for name in both)
    assert "lm_head" not in both
    some = carrying(tiny_policy, LoraSettings(targets=("q_proj", "v_proj")))
    assert some == {name for name in text if name.endswith(("q_proj", "v_proj"))}
    with pytest.raises(InputError, match=r"no linear layer w_proj; it has down_proj, gate_proj"):
        carrying(tiny_policy, LoraSettings(targets=("q_proj", "w_proj")))


@pytest.fixture(scope="module")
def adapted(tiny_policy: Policy, stage_file: Path, tmp_path_factory: pytest.TempPathFactory) -> StageSpec:
    """The spec of a stage that has trained an adapter."""
    spec = stage_spec(tmp_path_factory.mktemp("adapted"), tiny_policy, stage_file, ADAPTED)
    run_stage(spec)
    return spec


def policy_of(spec: StageSpec, name: str = "stage1") -> Policy:
    return trained_policy(spec.folder / "policy", name=name, stage_id="s", parent=spec.policy)


def test_a_stage_leaves_an_adapter_that_names_no_place(adapted: StageSpec) -> None:
    assert sorted(path.name for path in (adapted.folder / "policy").iterdir()) == [ADAPTER, "adapter_model.safetensors"]
    config = json.loads((adapted.folder / "policy" / ADAPTER).read_text())
    assert (config["r"], config["lora_alpha"], config["base_model_name_or_path"]) == (4, 8, "policy")
    policy = policy_of(adapted)
    assert (policy.model, policy.adapter) == (adapted.policy.model, str(adapted.folder / "policy"))
    before, after = load_model(adapted.policy).state_dict(), load_model(policy).state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {f"{name}.weight" for name in carrying(adapted.policy, LORA)}


def test_stage_two_goes_on_with_the_adapter_of_stage_one(adapted: StageSpec, tmp_path: Path) -> None:
    """With a learning rate of almost nothing it ends where stage 1 ended."""
    still = ADAPTED.model_copy(update={"steps": 1, "warmup_steps": 0, "learning_rate": 1e-30})
    second = stage_spec(tmp_path / "second", policy_of(adapted), adapted.problems, still)
    run_stage(second)
    first, later = (load_file(spec.folder / "policy" / "adapter_model.safetensors") for spec in (adapted, second))
    assert first.keys() == later.keys()
    assert all(torch.equal(first[name], later[name]) for name in first)
    assert any(tensor.abs().max() > 0 for name, tensor in first.items() if "lora_B" in name)
    assert policy_of(second, "stage2").model == adapted.policy.model


def test_an_interrupted_adapter_ends_as_an_undisturbed_one(adapted: StageSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a reference policy, which is the stage's own beginning: the adapter it came with."""
    from tasks.training.watching import Watch

    settings = ADAPTED.model_copy(update={"beta": 0.1})
    whole, cut = (stage_spec(tmp_path / name, policy_of(adapted), adapted.problems, settings) for name in ("whole", "cut"))
    run_stage(whole)
    with monkeypatch.context() as patch:
        patch.setattr(Watch, "tell", lambda self, step: (_ for _ in ()).throw(KeyboardInterrupt) if step == 3 else None)
        with pytest.raises(KeyboardInterrupt):
            run_stage(cut)
    assert [path.name for path in (cut.folder / "checkpoints").iterdir()] == ["checkpoint-2"]
    run_stage(cut)
    assert folder_digests(cut.folder) == folder_digests(whole.folder)


@pytest.mark.parametrize(
    ("lora", "words"),
    [
        (LoraSettings(rank=8, alpha=8), r"r 4 \(the settings say 8\)"),
        (LoraSettings(rank=4, alpha=8, targets=("q_proj",)), r"14 layers \(the settings name 2; model\.language_model"),
        (LoraSettings(rank=4, alpha=8, vision=True), r"14 layers \(the settings name"),
    ],
)
def test_an_adapter_of_another_shape_is_named(adapted: StageSpec, lora: LoraSettings, words: str) -> None:
    with pytest.raises(InputError, match=rf"the adapter .* of stage1 goes on in this stage, but has {words}"):
        trainable_model(policy_of(adapted), StageSettings(lora=lora))


def test_whole_weights_take_the_adapter_in_but_have_no_reference(adapted: StageSpec) -> None:
    model, more = trainable_model(policy_of(adapted), StageSettings())
    assert more is None
    assert all(weight.requires_grad for weight in model.parameters())
    with pytest.raises(InputError, match=r"reference model would lack its adapter"):
        trainable_model(policy_of(adapted), StageSettings(beta=0.1))


def other_weights(policy: Path, folder: Path) -> Path:
    """A copy of the policy under other weights' names."""
    shutil.copytree(policy, folder)
    weights = load_file(folder / "model.safetensors")
    save_file({f"other.{name}": tensor for name, tensor in weights.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_a_checkpoint_of_another_model_is_named(adapted: StageSpec, trained: StageSpec, tmp_path: Path) -> None:
    adapter, whole = adapted.folder / "policy", trained.folder / "policy"
    small = ADAPTED.model_copy(update={"lora": LoraSettings(rank=2)})
    cases = ((small, adapter), (small, whole), (SETTINGS, adapter), (SETTINGS, other_weights(whole, tmp_path / "renamed")))
    for number, (settings, content) in enumerate(cases):
        spec = stage_spec(tmp_path / str(number), adapted.policy, adapted.problems, settings)
        checkpoint = spec.folder / "checkpoints" / "checkpoint-2"
        shutil.copytree(content, checkpoint)
        seal(checkpoint, adapted)
        with pytest.raises(InputError, match=r"checkpoint-2 is not of this stage's model: .*; delete .*checkpoints to begin"):
            run_stage(spec)


def seal(checkpoint: Path, spec: StageSpec) -> None:
    """Make a folder of weights look like a whole checkpoint with its tables."""
    from tasks.training.checkpoints import Checkpoints

    for table in ("groups", "metrics"):
        shutil.copytree(spec.folder / table, checkpoint / table)
    (checkpoint / "trainer_state.json").write_text(json.dumps({"global_step": 2, "max_steps": 3, "train_batch_size": 16}))
    Checkpoints(checkpoint.parent, 1).seal(2)


def test_a_frozen_vision_tower_stays_as_it_is(tiny_policy: Policy, stage_file: Path, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"steps": 2, "freeze_vision": True, "save_every": 9})
    spec = stage_spec(tmp_path, tiny_policy, stage_file, settings)
    run_stage(spec)
    before, after = (load_file(Path(folder) / "model.safetensors") for folder in (tiny_policy.model, spec.folder / "policy"))
    same = {name for name in before if torch.equal(before[name], after[name])}
    assert same == {name for name in before if "visual" in name}
    assert same
