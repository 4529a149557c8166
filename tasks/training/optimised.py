"""What a stage optimises, in plain text: its formula with its numbers, for the manifest and the report."""

from collections.abc import Iterator

from tasks.training.settings import StageSettings, WeightingSettings

DIVISORS = {
    "dapo": "the tokens of all the step's completions (DAPO, arXiv 2503.14476)",
    "dr_grpo": "completions × {max_tokens} tokens (Dr. GRPO, arXiv 2503.20783)",
    "grpo": "the completion's tokens, then completions (GRPO, arXiv 2402.03300)",
    "bnpo": "the tokens of a micro-batch on one process (TRL's bnpo)",
}


def optimised(stage: StageSettings) -> Iterator[tuple[str, str]]:
    """The parts of the objective, each with its name, in the order of reading."""
    penalty = f" + {stage.beta:g} KL" if stage.beta else ""
    yield "minimised", f"L = Σ −min(r A, clip(r, {1 - stage.clip_low:g}, {1 + stage.clip_high:g}) A) / N{penalty}, over completions' tokens"
    yield "N", f"{stage.loss}: {DIVISORS[stage.loss].format(max_tokens=stage.max_tokens)}"
    yield "r", ratio(stage.iterations)
    yield from advantage(stage.weighting)
    if stage.hint_dropout or stage.hints == "live":
        yield "hints", hinted(stage)
    yield "reward", f"1 for a right answer, {stage.format_reward:g} for the format"
    yield "KL", kl(stage.beta)
    yield "cut-off answers", "left out of the loss, not out of p and means" if stage.mask_truncated else "count as any other"
    yield "correction", corrected(stage)
    yield "gradient", "never clipped" if stage.max_grad_norm is None else f"clipped at a norm of {stage.max_grad_norm:g}"
    yield "step", f"AdamW, learning rate {stage.learning_rate:g} ({stage.lr_schedule}), β₂ {stage.adam_beta2:g}"
    yield "problems", drawn(stage)
    if stage.extra:
        yield "also", ", ".join(f"{name} {value}" for name, value in sorted(stage.extra.items()))


def ratio(iterations: int) -> str:
    """What the ratio is."""
    if iterations == 1:
        return "π(token) / π_old(token), which is 1: each batch is used once, and the clip range never acts"
    return f"π(token) / π_old(token), π_old being the policy that drew the batch; each is used {iterations} times"


def advantage(weighting: WeightingSettings) -> Iterator[tuple[str, str]]:
    """How advantages are made of rewards."""
    if weighting.applied == "stock":
        yield "A", "(reward − group mean) / (group std + 0.0001): stock GRPO"
        return
    divided = " / (group std + 0.0001)" if weighting.mode == "multiply" else ", not divided by the group's std"
    yield "A", f"w(p) (right − mean) + (format − mean){divided}; 0 in groups all right or all wrong"
    yield (
        "w(p)",
        "1" if weighting.family == "constant" else f"{weighting.family}, {weighting.high:g} at p = 0 to {weighting.low:g} at p = 1",
    )
    if weighting.prior_strength:
        prior = "prior" if weighting.prior == "stored" else "live prior"
        yield "p", f"(right + {weighting.prior_strength:g} × {prior}) / (G + {weighting.prior_strength:g})"
    if weighting.normalise:
        yield "normalised", "each step's A is scaled to the mean size of stock GRPO's"


DRAWN_BY = {"pools": "drawn at each step from pools of hard, normal and easy", "learnability": "drawn at each step by p (1 - p)"}


def drawn(stage: StageSettings) -> str:
    """How the problems of a step are chosen."""
    sampler = stage.sampler
    if sampler.chooses:
        by = DRAWN_BY.get(sampler.model, "chosen at each step by expected signal")
        whose = ", which starts blind" if sampler.is_blind else f", from {sampler.profiled}'s profile" if sampler.profiled else ""
        return f"{by}, as {sampler.model} estimates it{whose}; {sampler.explore:.0%} of them uniformly"
    if stage.order == "shuffled":
        return "all in turn, shuffled anew for each pass"
    return f"all in turn, from {stage.order.replace('_', ' ')} by their priors, anew for each pass"


def hinted(stage: StageSettings) -> str:
    """By what hints are given, where not by the profile, and how the completions of a hinted problem are asked."""
    live = f"by the band of the accuracy that {stage.sampler.model} expects when a step begins" if stage.hints == "live" else ""
    asked, of_both = f"{stage.without_hint} of a hinted problem's {stage.group_size} completions without the hint", "mean, std, p and w(p)"
    dropped = f"{asked}; each prompt's are a group of their own, with its own {of_both}" if stage.hint_dropout else ""
    return "; ".join(filter(None, (live, dropped)))


def kl(beta: float) -> str:
    """What the KL penalty is."""
    return f"{beta:g} × r (q/π − ln(q/π) − 1), q the policy that the stage starts from" if beta else "no penalty, and not measured"


def corrected(stage: StageSettings) -> str:
    """How completions of another engine are corrected for."""
    correction = stage.rollouts.correction
    if stage.rollouts.engine == "transformers":
        return "none needed: the trained model itself draws"
    if correction is None:
        return "none, though vLLM's probabilities differ"
    bounds = " and ".join(
        f"{side} {bound:g}" for side, bound in (("below", correction.least), ("above", correction.most)) if bound is not None
    )
    done = "dropped" if correction.beyond == "drop" else "truncated"
    return f"loss × π / π_vLLM of each {'completion' if correction.level == 'sequence' else 'token'}, {done} {bounds}"
