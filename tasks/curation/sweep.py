"""What other thresholds, rounds and set sizes would give, from difficulty that is measured: no policy is asked again.

Of every pair of thresholds: how many problems it keeps, how many would change side if the profile was drawn again over so many rounds, and
for every set size what the stage's own rule would choose, how much of the present set that keeps, and over the chosen problems the expected
share of groups without any gradient (all right or all wrong) and the expected variance of the reward, over each problem's posterior.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tasks.base.errors import InputError, did_you_mean
from tasks.base.settings import Settings
from tasks.curation.candidates import OUTCOME, Candidates
from tasks.curation.rules import choices, is_shipped
from tasks.curation.settings import StageRule
from tasks.lake.lake import Lake
from tasks.warehouse.querying import named_query

OnProgress = Callable[[int, int], None]
PLOTS = (".svg", ".png", ".html")
PROFILE = ("policy_id", "sampling_id", "grader_id")  # what tells profiles apart
CHOSEN = ("chosen", "zero_signal_share", "reward_variance")  # what is told of a choice


class SweepSettings(Settings):
    """What is swept: a stage's rule, the size of its groups (4, 8 or 16), the rounds of a fresh profile (4, 8, 16 or 32), set sizes."""

    stage: str
    rule: StageRule = StageRule()
    group_size: int = 8
    rounds: int = 8
    sizes: tuple[int, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class Sweep:
    """The profile that was swept, a row per pair of thresholds, a row per pair and set size, and the recommended pair with the reason."""

    profile: dict
    pairs: pl.DataFrame
    sizes: pl.DataFrame
    recommended: tuple[float, float]
    reason: str


def no_progress(done: int, total: int) -> None:
    """Tell nobody."""


def sweep(lake: Lake, settings: SweepSettings, policy: str | None = None, on_progress: OnProgress = no_progress) -> Sweep:
    """Sweep the profile of `policy` (an id or a name; None: the one of most problems), telling how many of how many sets are chosen.
    Raises InputError where there is none."""
    profile = profile_of(lake, policy)
    ids = {key: profile[key] for key in PROFILE}
    asked = {"estimate": settings.rule.estimate, "group_size": settings.group_size, "rounds": settings.rounds}
    pairs = named_query(lake, "sweep_grid", **ids, **asked)
    if pairs.is_empty():
        raise InputError(
            f"groups of {settings.group_size} with {settings.rounds} rounds are not on the grid: groups of 4, 8 and 16, rounds 4, 8, 16 "
            "and 32 are (sql/marts/curation/)"
        )
    present = named_query(lake, "present_set", stage=settings.stage, policy_id=ids["policy_id"], sampling_id=ids["sampling_id"])
    sizes = chosen_sizes(candidates_of(lake, profile), pairs, set(present["problem_id"]), settings, on_progress)
    pairs = pairs.join(sizes.filter(size=settings.rule.size).select("low", "high", *CHOSEN), on=["low", "high"], maintain_order="left")
    recommended, reason = recommend(pairs, settings)
    return Sweep(profile, pairs, sizes, recommended, reason)


def profile_of(lake: Lake, policy: str | None) -> dict:
    """The profile to sweep."""
    found = named_query(lake, "sweep_profiles")
    known = sorted(filter(None, found["policy"].unique()))
    if policy:
        found = found.filter(pl.any_horizontal(pl.col("policy", "name", "policy_id") == policy))
    if found.is_empty():
        asked = f" of policy {policy!r}{did_you_mean(policy, known)}" if policy else ""
        there = f"; there is of {', '.join(known)}" if known else ""
        raise InputError(f"no difficulty{asked} in {lake.warehouse}{there}; `difficulty-prior profile` measures it")
    return found.row(0, named=True)


def candidates_of(lake: Lake, profile: dict) -> Candidates:
    """The candidates of a profile, those held out left out."""
    ids = {key: profile[key] for key in PROFILE}
    return Candidates(named_query(lake, "sweep_candidates", **ids), named_query(lake, "sweep_posteriors", **ids))


def chosen_sizes(
    candidates: Candidates, pairs: pl.DataFrame, present: set[str], settings: SweepSettings, on_progress: OnProgress = no_progress
) -> pl.DataFrame:
    """How many problems the rule chooses for each pair and size, what they would waste, and the share of the present set among them."""
    tried, expected = rules_tried(pairs, settings), expected_of(candidates, settings.group_size)
    largest = max(rule.size for rule in tried) if is_shipped(settings.rule.rule) else None
    run = [rule.model_copy(update={"size": largest or rule.size}) for rule in tried]
    rows = []
    for rule, chosen in zip(tried, choices(candidates, run, settings.seed), strict=True):
        first = chosen.head(rule.size)
        place = {"low": rule.low, "high": rule.high, "size": rule.size}
        rows.append({**place, **judged(first, expected), "in_present_set": first["problem_id"].is_in(present).sum()})
        on_progress(len(rows), len(tried))
    found = pl.DataFrame(rows, infer_schema_length=None)
    return found.with_columns(overlap=pl.col("in_present_set") / len(present) if present else pl.lit(None, pl.Float64))


def expected_of(candidates: Candidates, group_size: int) -> pl.DataFrame:
    """Of every candidate the chance that a group of it teaches nothing, and the expected variance of its reward."""
    mean, last = pl.col("p_mean"), group_size - 1
    known = candidates.posteriors.select(
        *OUTCOME,
        zero_signal_share=pl.col("p_none").list.get(last) + pl.col("p_all").list.get(last),
        reward_variance=mean * (1 - mean) - pl.col("p_variance"),
    )
    return candidates.counts.select("problem_id", *OUTCOME).join(known, on=OUTCOME).drop(OUTCOME)


def judged(chosen: pl.DataFrame, expected: pl.DataFrame) -> dict[str, float | int | None]:
    """What is told of a choice: how many problems it is, and the means of what is expected of them, each as often as it is drawn; null of
    none."""
    rows = chosen.join(expected, on="problem_id").with_columns(pl.col("weight").fill_null(1.0))
    means = rows.select((pl.col(name) * pl.col("weight")).sum() / pl.col("weight").sum() for name in CHOSEN[1:])
    return {"chosen": len(chosen), **(means.row(0, named=True) if len(rows) else dict.fromkeys(CHOSEN[1:]))}


def rules_tried(pairs: pl.DataFrame, settings: SweepSettings) -> list[StageRule]:
    """The stage's rule with every pair of thresholds and every size. Of a shipped rule those that differ in size alone are run once, with
    the largest: what it chooses for a smaller size is the start of that."""
    own = settings.rule.size
    sizes = sorted({own, *(settings.sizes or (max(1, own // 2), own * 2))})
    places = pairs.select("low", "high").iter_rows()
    return [settings.rule.model_copy(update={"low": low, "high": high, "size": size}) for low, high in places for size in sizes]


def recommend(pairs: pl.DataFrame, settings: SweepSettings) -> tuple[tuple[float, float], str]:
    """The pair that wastes the fewest groups among those by which the rule fills its set, and why; where it can fill none, the one by which
    it chooses most."""
    stage, rule = settings.stage, settings.rule
    enough = pairs.filter(pl.col("chosen") >= rule.size)
    ranked = enough.sort("zero_signal_share", "switch_share") if len(enough) else pairs.sort("chosen", descending=True)
    best = ranked.row(0, named=True)
    if not best["chosen"]:
        return (best["low"], best["high"]), f"no pair gives {stage} a single problem: profile others, or with another policy"
    chosen = f"rule {rule.rule!r} chooses {best['chosen']} problems for {stage}"
    if len(enough):
        reason = f"{chosen} by it, and of the {len(enough)} pairs that give as many it wastes the fewest groups: {wasted(best, settings)}"
        reason += against(pairs, settings)
    else:
        reason = (
            f"no pair gives the {rule.size} problems asked for; {chosen} by it, the most: lower the size to that. {wasted(best, settings)}"
        )
    decides = "the raw share" if rule.estimate == "share" else "the posterior"
    changed = f"{best['switch_share']:.1%} of problems would change side in {settings.rounds} fresh rounds"
    return (best["low"], best["high"]), f"{reason}; {changed}. What decides is {decides}"


def wasted(pair: dict, settings: SweepSettings) -> str:
    """How many groups over the chosen problems teach nothing, in words."""
    return f"{pair['zero_signal_share']:.1%} of those of {settings.group_size} are expected to have no gradient"


def against(pairs: pl.DataFrame, settings: SweepSettings) -> str:
    """What the thresholds of the recipe waste, in words; "" where they are not on the grid or choose nothing."""
    now = pairs.filter(low=settings.rule.low, high=settings.rule.high).drop_nulls("zero_signal_share")
    if now.is_empty():
        return ""
    row = now.row(0, named=True)
    return f", against {row['zero_signal_share']:.1%} of the {row['chosen']} chosen at {row['low']:g} to {row['high']:g}"


def check_plot(path: Path) -> None:
    """Raise InputError for a file that no plot can be written to, before anything is computed for it."""
    if path.suffix.lower() not in PLOTS:
        raise InputError(f"--plot {path}: a plot is one of {', '.join(PLOTS)}; name the file so")
    if path.is_dir() or not path.absolute().parent.is_dir():
        fault = "is a folder" if path.is_dir() else f"lies in {path.absolute().parent}, which is no folder"
        raise InputError(f"--plot {path} {fault}; give the path of a file")


def write_plot(found: Sweep, path: Path) -> None:
    """Draw each pair's problems kept against the groups without gradient over what would be chosen, the recommended one marked."""
    import altair as alt

    marked = found.pairs.with_columns(
        pair=pl.format("{} to {}", "low", "high"),
        is_best=(pl.col("low") == found.recommended[0]) & (pl.col("high") == found.recommended[1]),
    )
    base = alt.Chart(marked).encode(
        x=alt.X("kept:Q", title="problems kept"),
        y=alt.Y("zero_signal_share:Q", title="groups without gradient", axis=alt.Axis(format="%")),
        tooltip=["pair", "kept", "chosen", "zero_signal_share", "reward_variance", "switch_share"],
    )
    points = base.mark_point(filled=True, size=70).encode(
        color=alt.Color("switch_share:Q", title="change side", scale=alt.Scale(scheme="viridis"))
    )
    label = base.transform_filter("datum.is_best").mark_text(dy=-12, fontWeight="bold").encode(text="pair:N")
    alt.layer(points, label).properties(width=520, height=340).save(str(path))
