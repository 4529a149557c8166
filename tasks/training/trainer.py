"""TRL's GRPO trainer with difficulty-weighted advantages: what departs from stock GRPO are the advantages (`weighting.advantages`), unless
a stage also asks for groups that cannot teach to be replaced.

TRL returns every process's rewards but this process's advantages; the first are kept, and the second replaced by this process's slice of
the weighted ones. A group's accuracy comes from the accuracy reward alone. Problems are drawn in one order for the whole run, so that a
resumed run draws the same.
"""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.utils import gather_object
from datasets import Dataset
from peft import PeftModel
from safetensors import SafetensorError
from torch.utils.data import Sampler
from transformers import PreTrainedModel
from trl import GRPOConfig

from tasks.base.errors import InputError
from tasks.policy.loading import Processor
from tasks.training.adapter import DEFAULT, check_adapter_fits
from tasks.training.answering import AnsweringTrainer
from tasks.training.checkpoints import full_disk_named
from tasks.training.choosing import Chooser, Outcome
from tasks.training.groups import ACCURACY, Groups, Told, grouped
from tasks.training.orders import WholeRunSampler, ranks
from tasks.training.preflight import liger_runs
from tasks.training.problems import Difficulty, Problems
from tasks.training.records import Records
from tasks.training.refilling import Group, Replacing, refill, replacements
from tasks.training.rewards import Rewards
from tasks.training.sampler import Order
from tasks.training.settings import RefillSettings, StageSettings, WeightingSettings
from tasks.training.vllm_rollouts import rollout_options
from tasks.training.weighting import advantages, shrink, weigh


class Arguments(GRPOConfig):
    """TRL's options, on a device that a checkpoint can be loaded to: accelerate calls several processes' CPU "cpu:0", torch does not."""

    @property
    def device(self) -> torch.device:
        found = super().device
        return torch.device("cpu") if found.type == "cpu" else found


@dataclass(frozen=True)
class Lesson:
    """What a stage learns: from which problems (see `problems.Problems`), rewarded how, groups weighted how and drawn anew when; the
    records that its groups go to; in which order its problems come, or what chooses them; and how many completions of a hinted problem are
    asked without the hint."""

    problems: Problems
    rewards: Rewards
    weighting: WeightingSettings
    refilling: RefillSettings
    records: Records
    order: Order = "shuffled"
    chooser: Chooser | None = None
    without_hint: int = 0


class DifficultyGRPOTrainer(AnsweringTrainer):
    """GRPO on a lesson's problems, each group's advantages weighted by its difficulty."""

    model: PreTrainedModel
    args: GRPOConfig
    num_generations: int

    def __init__(self, lesson: Lesson, *, model: PreTrainedModel, processor: Processor, args: GRPOConfig, **options: Any) -> None:
        self.problems = lesson.problems
        self.rewards = lesson.rewards
        self.weighting = lesson.weighting
        self.refilling = lesson.refilling
        self.ranks = ranks(self.problems.priors, lesson.order)
        self.chooser = lesson.chooser
        self._lost: list[Group] = []
        self._drawn: list[str] = []
        self.records = lesson.records
        self.without_hint = lesson.without_hint
        self._gathered_rewards = torch.empty(0)
        self._lengths = torch.empty(0)
        super().__init__(
            model=model,
            reward_funcs=[self.rewards.accuracy, self.rewards.format],
            args=args,
            train_dataset=Dataset.from_dict({"index": range(len(self.problems))}),
            processing_class=processor,
            **options,
        )

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """No card in checkpoints, which live for minutes."""

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: torch.nn.Module | None = None) -> None:
        """Load a checkpoint's weights by the model's own loader, and all of them. Raises InputError when they are another model's.

        transformers 5.17 reads the file's names as they are, but `save_pretrained` writes a vision-language model's under older names:
        it then loads nothing, warns, and goes on from the untrained weights. Where there is a reference adapter too, it loads that one
        alone. FSDP and DeepSpeed have their own formats.
        """
        if self.is_fsdp_enabled or self.is_deepspeed_enabled:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            return
        try:
            load_checkpoint(self.model, Path(resume_from_checkpoint))
        except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
            raise InputError(
                f"the checkpoint {resume_from_checkpoint} is not of this stage's model: {error}; "
                f"delete {Path(resume_from_checkpoint).parent} to begin the stage anew"
            ) from error

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:
        with full_disk_named(Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"):
            super()._save_checkpoint(model, trial)

    def _get_train_sampler(self, dataset: Dataset | None = None) -> Sampler:
        args = self.args
        assert args.steps_per_generation and args.generation_batch_size  # GRPOConfig fills them in
        uses = self.num_iterations * args.steps_per_generation
        return WholeRunSampler(
            len(self.problems),
            batches=math.ceil(args.max_steps * args.gradient_accumulation_steps / uses),
            problems=args.generation_batch_size // self.num_generations,
            group_size=self.num_generations,
            uses=uses,
            seed=args.seed,
            weights=self.problems.weights,
            ranks=self.ranks,
        )

    def _calculate_rewards(self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any) -> torch.Tensor:
        self._gathered_rewards = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
        lengths = torch.tensor([len(ids) for ids in completion_ids_list], device=self._gathered_rewards.device)
        self._lengths = self.accelerator.gather(lengths)
        return self._gathered_rewards

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        indices = self._drawn_indices([row["index"] for row in inputs])
        examples = self.asked = self.examples(self.problems, indices, self.accelerator.process_index * len(indices))
        output = super()._generate_and_score_completions(examples)
        stock = self.accelerator.gather(output["advantages"]).cpu().double().numpy().reshape(-1, self.num_generations)
        groups, weights, weighted = self._weighted(examples, stock)
        rows = groups.records(weights, weighted)
        self._teach_chooser(rows)
        local = slice(self.accelerator.process_index * len(inputs), (self.accelerator.process_index + 1) * len(inputs))
        output["advantages"] = torch.as_tensor(weighted.flatten()[local]).to(output["advantages"])
        self._record(rows, weighted)
        self._log({**groups.metrics(), **self._hints_told(groups), **self._lengths_by_reward(), **self._corrected(output)})
        return output

    def difficulty(self, index: int) -> Difficulty | None:
        return self.chooser.difficulty(index) if self.chooser else None

    def _drawn_indices(self, indices: list[int]) -> list[int]:
        """The problems that this process's part of the step is about: those given, or those that are chosen now (the sampler is asked for
        a step's problems before the step before it has taught anything); where groups are replaced, others, answered."""
        if self.chooser:
            indices = self._local([index for index in self.chooser.begin(self.state.global_step + 1) for _ in range(self.num_generations)])
        if not self.refilling.tries:
            return indices
        refilled = refill(self, self.problems, self.rewards, indices, Replacing(self.refilling.tries, self._replacements))
        self.answered, self._lost = refilled.answers, refilled.lost
        self.state.num_input_tokens_seen += refilled.tokens
        self._log({name: float(value) for name, value in refilled.metrics().items()})
        return [row.index for row in refilled.rows]

    def _local(self, rows: list[int]) -> list[int]:
        """This process's part of the rows of all."""
        share = len(rows) // self.accelerator.num_processes
        return rows[self.accelerator.process_index * share :][:share]

    def _replacements(self, taken: set[int]) -> Iterator[int]:
        """The problems that may replace others of this step, in order."""
        if self.chooser:
            return self.chooser.replacements(taken)
        return replacements(len(self.problems), taken, self.args.seed, self.state.global_step)

    def _hints_told(self, groups: Groups) -> dict[str, float]:
        """By which bands the hints of the step were given, where that is chosen at each step."""
        return self.chooser.hints_told(one.problem_id for one in groups.told if one.hinted) if self.chooser else {}

    def _teach_chooser(self, groups: list[dict[str, Any]]) -> None:
        """Tell what chooses the problems how this step's were answered, those that no group is left of among them."""
        if self.chooser:
            kept = [Outcome(group["problem_id"], judged=group["G"], correct=group["correct"]) for group in groups]
            self.chooser.taught([*kept, *map(self._lost_outcome, self._lost)])

    def _lost_outcome(self, group: Group) -> Outcome:
        rewards = [row.reward for row in group if row.reward is not None]
        problem_id = self.problems.rows[group[0].index]["problem_id"]
        return Outcome(problem_id, judged=len(rewards), correct=int(sum(rewards)), learnt=False)

    def _log(self, values: dict[str, float]) -> None:
        """Put values among the step's metrics."""
        for name, value in values.items():
            self._metrics["train"][name].append(value)

    def drawn_problems(self) -> list[str]:
        return self._drawn

    def _weighted(self, examples: list[dict[str, Any]], stock: np.ndarray) -> tuple[Groups, np.ndarray, np.ndarray]:
        """The groups of all processes, their weights [groups] and the advantages [rows, G] of the batch; `stock` are TRL's, which family
        "none" keeps to the bit where a row is one group. Each process computes the same."""
        settings = self.weighting
        told = [Told(*one) for one in gather_object([(row["problem_id"], row["prior"], row["hinted"]) for row in examples])]
        self._drawn = [one.problem_id for one in told]
        groups = grouped(told, self._gathered_rewards.cpu().double().numpy().reshape(*stock.shape, -1))
        p = shrink(groups.correct, groups.counted, self._priors(groups), settings.prior_strength)
        weights = weigh(p, settings.family, high=settings.high, low=settings.low)
        combined = groups.combined(self.args.reward_weights or ())
        values, applied = advantages(combined, groups.right, weights, mode=settings.applied, normalise=settings.normalise)
        batch = groups.in_rows(values)
        return groups, applied, np.where(groups.shares_row[:, None], batch, stock) if settings.applied == "stock" else batch

    def _priors(self, groups: Groups) -> np.ndarray:
        """The accuracy that weights take as expected of each group's problem; NaN where nothing is known."""
        if self.chooser and self.weighting.prior == "live":
            return self.chooser.expected(one.problem_id for one in groups.told)
        return groups.prior

    def _record(self, groups: list[dict[str, Any]], advantages: np.ndarray) -> None:
        """Keep the groups, and TRL's log of the advantages [rows, G]."""
        self.records.add_groups(self.state.global_step + 1, groups)
        self._log({"weight/mean": float(np.mean([group["weight"] for group in groups]))})
        logged: Any = self._logs["advantages"]  # a deque as long as the batch: the unweighted ones fall out
        logged.extend(advantages.flatten().tolist())

    def _lengths_by_reward(self) -> dict[str, float]:
        """The mean length in tokens of the step's right and of its wrong answers, of those of which there are any."""
        right = self._gathered_rewards[:, ACCURACY]
        parts = {"right": self._lengths[right == 1], "wrong": self._lengths[right == 0]}
        return {f"completions/mean_length_{name}": float(part.float().mean()) for name, part in parts.items() if len(part)}

    def _corrected(self, output: dict[str, Any]) -> dict[str, float]:
        """The share of the importance ratios, of completions or of tokens, that a correction for vLLM dropped or truncated."""
        ratios = output.get("importance_sampling_ratio")
        if ratios is None:
            return {}
        args, inside = self.args, ratios != 0
        if "truncate" in args.vllm_importance_sampling_mode:
            most, least = args.vllm_importance_sampling_clip_max, args.vllm_importance_sampling_clip_min
            inside = (ratios < (math.inf if most is None else most)) & (ratios > (-math.inf if least is None else least))
        counted = output["completion_mask"].bool() if ratios.shape[1] > 1 else torch.ones_like(inside)
        sums = torch.stack([(~inside & counted).sum(), counted.sum()]).float()
        beyond, of = self.accelerator.gather(sums).view(-1, 2).sum(dim=0).tolist()
        return {"importance/bounded": beyond / of} if of else {}

    def _get_grad_norm(self, model: torch.nn.Module, grad_norm: Any = None) -> Any:
        norm = super()._get_grad_norm(model, grad_norm=grad_norm)
        if norm is not None:
            self._log({"gradient/clipped": float(0 < self.args.max_grad_norm < float(norm))})
        return norm


def load_checkpoint(model: Any, checkpoint: Path) -> None:
    """Put a checkpoint's weights, or its adapter's, into the model. Raises ValueError or RuntimeError when they are not all there."""
    if isinstance(model, PeftModel):
        check_adapter_fits(checkpoint, model)
        found = model.load_adapter(str(checkpoint), DEFAULT, is_trainable=True)
        missing = [name for name in found.missing_keys if f".{DEFAULT}." in name]
    else:
        saved, loaded = type(model).from_pretrained(checkpoint, config=model.config, dtype=model.dtype, output_loading_info=True)
        model.load_state_dict(saved.state_dict())
        missing = sorted(loaded["missing_keys"])
    if missing:
        raise ValueError(f"it lacks {len(missing)} of the model's weights ({missing[0]}, …)")


def training_arguments(settings: StageSettings, folder: Path, *, seed: int, hub: dict[str, Any] | None = None) -> GRPOConfig:
    """TRL's options for a stage whose checkpoints go to `folder`. `settings.batch` is split over the processes of this launch.

    `hub` is what the policy is loaded with, its revision above all: TRL loads the reference model by itself. Raises InputError when the
    batch cannot be split.
    """
    micro, accumulation = settings.split(int(os.environ.get("WORLD_SIZE", "1")))
    autocast = settings.autocast and torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return Arguments(
        output_dir=str(folder),
        max_steps=settings.steps,
        learning_rate=settings.learning_rate,
        num_generations=settings.group_size,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=accumulation,
        warmup_steps=settings.warmup_steps,
        lr_scheduler_type=settings.lr_schedule,
        lr_scheduler_kwargs={"num_decay_steps": settings.decay_steps} if settings.decay_steps else None,
        adam_beta2=settings.adam_beta2,
        temperature=settings.temperature,
        top_p=settings.top_p,
        max_completion_length=settings.max_tokens,
        scale_rewards="none" if settings.weighting.replaces_std else "group",
        reward_weights=[1.0, settings.format_reward],
        gradient_checkpointing=torch.cuda.is_available() if settings.gradient_checkpointing == "auto" else settings.gradient_checkpointing,
        bf16=autocast,
        use_liger_kernel=liger_runs() if settings.liger == "auto" else settings.liger,
        model_init_kwargs=hub if settings.beta and not settings.lora else None,
        trust_remote_code=bool(hub and hub["trust_remote_code"]),
        seed=seed,
        save_strategy="steps",
        save_steps=settings.save_every,
        logging_steps=1,
        disable_tqdm=True,
        report_to=list(settings.report_to) or "none",
        **{"dataloader_pin_memory": torch.cuda.is_available(), **settings.in_trl, **other_options(settings)},
    )


def other_options(settings: StageSettings) -> dict[str, Any]:
    """What is said in TRL's own words: how vLLM generates rollouts, and `extra`, which may add to it what vLLM is told of drawing."""
    rollouts = rollout_options(settings.rollouts)
    told = {**rollouts.get("generation_kwargs", {}), **(settings.extra.get("generation_kwargs") or {})}
    return {**rollouts, **settings.extra, **({"generation_kwargs": told} if told else {})}
