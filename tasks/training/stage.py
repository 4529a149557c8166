"""Trains one stage in this process: loads, resumes, trains, saves. Imports torch: for the training process only.

A stage that is killed goes on from its last whole checkpoint and ends with the weights and tables of an undisturbed one (on a CPU to the
bit: optimizer, schedule, order of problems and every random state are restored).
"""

import logging
import shutil
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoConfig, PreTrainedModel, PrinterCallback
from transformers.utils import GENERATION_CONFIG_NAME, cached_file

from tasks.base.errors import InputError
from tasks.grading.judges import Judges
from tasks.policy.chat import opens_thought
from tasks.policy.identity import Policy, check_is_model
from tasks.policy.loading import hub_options, is_local, load_dtype, load_processor, own_processor, sees_images, tokenizer_of
from tasks.prompting.control import control_tokens
from tasks.training.adapter import save_adapter, trainable_model
from tasks.training.answering import BROKEN
from tasks.training.checkpoints import Checkpoints, full_disk_named
from tasks.training.choosing import chooser_of
from tasks.training.handover import TakeUp, adam_state, save_adam
from tasks.training.problems import Problems, load_problems
from tasks.training.records import Records
from tasks.training.rewards import Rewards
from tasks.training.spec import StageSpec
from tasks.training.succession import HANDOVER, MASTERS
from tasks.training.trainer import DifficultyGRPOTrainer, Lesson, training_arguments
from tasks.training.validation import Validation, check_best_can_be_kept, restore_best
from tasks.training.vllm_rollouts import serve_from, served_folder
from tasks.training.watching import Watch

NO_REWARD = "All reward functions returned None"


def run_stage(spec: StageSpec) -> None:
    """Train the stage; its folder ends with `policy/`, `groups/groups.parquet`, `metrics/metrics.parquet` and what it hands over in
    `handover/`, its checkpoints gone.

    Raises InputError for a policy or problems that cannot be trained on (before anything is trained) and for a collapsing policy.
    """
    problems = stage_problems(spec)
    checkpoints = Checkpoints(spec.folder / "checkpoints", spec.settings.keep_checkpoints)
    resume = checkpoints.last()
    records = Records(spec.stage_id, resume)
    with Judges(spec.grading, spec.words) as judges:
        rewards = Rewards(judges)
        trainer = build_trainer(spec, problems, rewards, records, checkpoints)
        watch_validation(trainer, spec, checkpoints)
        trainer.train(resume_from_checkpoint=str(resume) if resume else None)
        keeps_best = spec.settings.validation and spec.settings.validation.keep_best
        kept = restore_best(trainer, records, checkpoints) if keeps_best else None
    masters = spec.folder / HANDOVER / MASTERS if spec.hands_over != "policy" else None
    save_policy(trainer, spec.policy, spec.folder / "policy", masters)
    if spec.hands_over == "optimizer":
        state = adam_state(trainer) if kept is None else kept
        if trainer.is_world_process_zero():
            save_adam(state, spec.folder / HANDOVER)
    if trainer.is_world_process_zero():
        records.write(spec.folder)
        checkpoints.remove()
        for path in spec.folder.glob(BROKEN.format("*")):  # of an attempt that broke, before what made it break was mended
            path.unlink()


def stage_problems(spec: StageSpec) -> Problems:
    """The stage's problems, once it is sure that there is a policy to ask them."""
    if is_local(spec.policy):
        check_is_model(Path(spec.policy.model))
    read: dict[str, Any] = {"sees_images": sees_images(spec.policy), "control": control_tokens(spec.policy)}
    return load_problems(spec.problems, spec.prompting, hints=bool(spec.settings.hints), **read)


def build_trainer(
    spec: StageSpec, problems: Problems, rewards: Rewards, records: Records, checkpoints: Checkpoints
) -> DifficultyGRPOTrainer:
    """The trainer of a stage, its model in the dtype of training."""
    logging.getLogger("trl.trainer.grpo_trainer").addFilter(lambda line: NO_REWARD not in line.getMessage())  # metrics count them
    settings, policy = spec.settings, spec.policy
    chooser = chooser_of(settings, problems, records, spec.seed, spec.bands)
    args = training_arguments(settings, checkpoints.folder, seed=spec.seed, hub=hub_options(policy))  # first: it finds this process's GPU
    model, adapter = trainable_model(policy, settings, spec.masters)
    processor = load_processor(policy, spec.prompting)
    if tokenizer_of(processor).eos_token_id is None:
        raise InputError(f"policy.model: {policy.model} names no end token: no completion would end; give its tokenizer an eos_token")
    rewards.opened = opens_thought(processor, problems[0]["prompt"])
    if args.use_vllm and args.vllm_mode == "colocate":
        serve_from(model, served_folder(policy, processor, checkpoints.folder / f"vllm-{args.process_index}"))
    trainer = DifficultyGRPOTrainer(
        Lesson(problems, rewards, settings.weighting, settings.refill, records, settings.order, chooser, settings.without_hint),
        model=model,
        processor=processor,
        broken=spec.folder,
        args=args,
        peft_config=adapter,
        callbacks=[Watch(records, checkpoints, settings)],
    )
    trainer.remove_callback(PrinterCallback)
    if settings.optimizer == "carry":
        assert spec.adam is not None
        trainer.add_callback(TakeUp(trainer, spec.adam))
    return trainer


def watch_validation(trainer: DifficultyGRPOTrainer, spec: StageSpec, checkpoints: Checkpoints) -> None:
    """Have the trainer evaluate on the validation problems, where the stage asks for it."""
    asked = spec.settings.validation
    if not asked:
        return
    if not spec.validation:
        raise InputError(f"stage {spec.stage_id}: validation asks for problems, but none are given; give problems.validation sources")
    if asked.keep_best:
        check_best_can_be_kept(trainer)
    read: dict[str, Any] = {"sees_images": sees_images(spec.policy), "control": control_tokens(spec.policy)}
    problems = load_problems(spec.validation, spec.prompting, hints=False, **read)
    trainer.add_callback(Validation(trainer, problems, checkpoints, spec))


def save_policy(trainer: DifficultyGRPOTrainer, policy: Policy, folder: Path, masters: Path | None = None) -> None:
    """Save the trained policy as `tasks.policy.loading` will load it: the adapter alone, or whole weights in the dtype of sampling; and in
    `masters`, where it is given and that dtype loses some of them, the weights as they were trained."""
    weights = trainer.accelerator.get_state_dict(trainer.model_wrapped)  # every process takes part in gathering
    if not trainer.is_world_process_zero():
        return
    model = trainer.accelerator.unwrap_model(trainer.model_wrapped)
    shutil.rmtree(folder, ignore_errors=True)
    if isinstance(model, PeftModel):
        save_adapter(model, policy, weights, folder)
        return
    dtype = saved_dtype(policy)
    own = AutoConfig.from_pretrained(policy.model, **hub_options(policy)).get_text_config().pad_token_id
    model.config.get_text_config().pad_token_id = own  # TRL names the one it pads with, whose embedding would then learn nothing
    if masters and dtype != torch.float32:
        save_masters(model, weights, masters)
    model.save_pretrained(folder, state_dict=cast(weights, dtype))
    model.config.dtype = dtype
    model.config.save_pretrained(folder)  # the model's own dtype is that of training, and sharded weights cannot be cast in place
    own_processor(policy).save_pretrained(folder)
    keep_generation_settings(policy, folder)


def save_masters(model: PreTrainedModel, weights: dict[str, torch.Tensor], folder: Path) -> None:
    """Save the weights as they were trained, for the next stage to go on with."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    with full_disk_named(folder):
        model.save_pretrained(folder, state_dict=weights)


def keep_generation_settings(policy: Policy, folder: Path) -> None:
    """Put the generation settings that the policy came with beside the trained weights, to the byte: they are for people who serve it,
    and nothing here samples with them (`tasks.policy.loading.bare_generation`). A policy without any is saved with its end tokens alone."""
    found = cached_file(
        policy.model,
        GENERATION_CONFIG_NAME,
        revision=policy.revision or "main",
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,  # a trained policy is not lost for a hub that is away
    )
    if found:
        shutil.copyfile(found, folder / GENERATION_CONFIG_NAME)


def cast(weights: dict[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """The weights in `dtype`; those that share their memory still do."""
    done: dict[tuple[int, torch.Size], torch.Tensor] = {}
    return {
        name: done.setdefault((weight.data_ptr(), weight.shape), weight.to(dtype)) if weight.is_floating_point() else weight
        for name, weight in weights.items()
    }


def saved_dtype(policy: Policy) -> torch.dtype:
    """The dtype that the policy is loaded in for sampling; where that is "the checkpoint's own", the parent checkpoint's."""
    dtype = load_dtype(policy.dtype)
    if isinstance(dtype, torch.dtype):
        return dtype
    return AutoConfig.from_pretrained(policy.model, **hub_options(policy)).dtype or torch.float32
