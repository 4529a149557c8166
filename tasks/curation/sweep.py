"""What other thresholds, rounds and set sizes would give, from difficulty that is measured: no policy is asked again.

Of every pair of thresholds: how many problems it keeps, the expected share of groups without any gradient (all right or all wrong, over
each problem's posterior), the expected variance of the reward, how many problems would change side if the profile was drawn again over so
many rounds, and for every set size what the stage's own rule would choose and how much of the present set that keeps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tasks.base.errors import InputError, did_you_mean
from tasks.base.settings import Settings
from tasks.curation.rules import choices, is_shipped
from tasks.curation.settings import StageRule
from tasks.lake.lake import Lake
from tasks.warehouse.querying import named_query

OnProgress = Callable[[int, int], None]
PLOTS = (".svg", ".png", ".html")
PROFILE = ("policy_id", "sampling_id", "grader_id")  # what tells profiles apart


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
    pairs = named_query(lake, "sweep_grid", **ids, group_size=settings.group_size, rounds=settings.rounds)
    if pairs.is_empty():
        raise InputError(
            f"groups of {settings.group_size} with {settings.rounds} rounds are not on the grid: groups of 4, 8 and 16, rounds 4, 8, 16 "
            "and 32 are (sql/marts/curation/)"
        )
    present = named_query(lake, "present_set", stage=settings.stage, policy_id=ids["policy_id"], sampling_id=ids["sampling_id"])
    sizes = chosen_sizes(candidates_of(lake, profile), pairs, set(present["problem_id"]), settings, on_progress)
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


def candidates_of(lake: Lake, profile: dict) -> pl.DataFrame:
    """The candidates of a profile, those held out left out."""
    return named_query(lake, "sweep_candidates", **{key: profile[key] for key in PROFILE})


def chosen_sizes(
    candidates: pl.DataFrame, pairs: pl.DataFrame, present: set[str], settings: SweepSettings, on_progress: OnProgress = no_progress
) -> pl.DataFrame:
    """How many problems the rule chooses for each pair and size, and the share of the present set among them."""
    tried = rules_tried(pairs, settings)
    largest = max(rule.size for rule in tried) if is_shipped(settings.rule.rule) else None
    run = [rule.model_copy(update={"size": largest or rule.size}) for rule in tried]
    rows = []
    for rule, chosen in zip(tried, choices(candidates, run, settings.seed), strict=True):
        ids = set(chosen["problem_id"].head(rule.size))
        rows.append({"low": rule.low, "high": rule.high, "size": rule.size, "chosen": len(ids), "in_present_set": len(ids & present)})
        on_progress(len(rows), len(tried))
    return pl.DataFrame(rows).with_columns(overlap=pl.col("in_present_set") / len(present) if present else pl.lit(None, pl.Float64))


def rules_tried(pairs: pl.DataFrame, settings: SweepSettings) -> list[StageRule]:
    """The stage's rule with every pair of thresholds and every size. Of a shipped rule those that differ in size alone are run once, with
    the largest: what it chooses for a smaller size is the start of that."""
    sizes = settings.sizes or tuple(sorted({max(1, settings.rule.size // 2), settings.rule.size, settings.rule.size * 2}))
    places = pairs.select("low", "high").iter_rows()
    return [settings.rule.model_copy(update={"low": low, "high": high, "size": size}) for low, high in places for size in sizes]


def recommend(pairs: pl.DataFrame, settings: SweepSettings) -> tuple[tuple[float, float], str]:
    """The pair that wastes the fewest groups among those that fill the set, and why; the one that keeps most where none fills it."""
    size, now = settings.rule.size, pairs.filter(low=settings.rule.low, high=settings.rule.high)
    enough = pairs.filter(pl.col("kept") >= size)
    ranked = enough.sort("zero_signal_share", "switch_share") if len(enough) else pairs.sort("kept", descending=True)
    best = ranked.row(0, named=True)
    if not best["kept"]:
        return (best["low"], best["high"]), f"no pair leaves a single problem for {settings.stage}: profile others, or with another policy"
    if not len(enough):
        reason = f"no pair leaves {size} problems for {settings.stage}; this one leaves the most, {best['kept']}: lower the size to that"
    else:
        reason = (
            f"of the {len(enough)} pairs that leave at least {size} problems it wastes the fewest groups: "
            f"{best['zero_signal_share']:.1%} of those of {settings.group_size} are expected to have no gradient"
        )
        if not now.is_empty() and now["zero_signal_share"][0] is not None:
            reason += f", against {now['zero_signal_share'][0]:.1%} at {settings.rule.low:g} to {settings.rule.high:g}"
    return (
        best["low"],
        best["high"],
    ), f"{reason}; {best['switch_share']:.1%} of problems would change side in {settings.rounds} fresh rounds"


def check_plot(path: Path) -> None:
    """Raise InputError for a file that no plot can be written to, before anything is computed for it."""
    if path.suffix.lower() not in PLOTS:
        raise InputError(f"--plot {path}: a plot is one of {', '.join(PLOTS)}; name the file so")
    if path.is_dir() or not path.absolute().parent.is_dir():
        fault = "is a folder" if path.is_dir() else f"lies in {path.absolute().parent}, which is no folder"
        raise InputError(f"--plot {path} {fault}; give the path of a file")


def write_plot(found: Sweep, path: Path) -> None:
    """Draw each pair's problems kept against its groups without gradient, the recommended one marked, as SVG, PNG or HTML."""
    import altair as alt

    marked = found.pairs.with_columns(
        pair=pl.format("{} to {}", "low", "high"),
        is_best=(pl.col("low") == found.recommended[0]) & (pl.col("high") == found.recommended[1]),
    )
    base = alt.Chart(marked).encode(
        x=alt.X("kept:Q", title="problems kept"),
        y=alt.Y("zero_signal_share:Q", title="groups without gradient", axis=alt.Axis(format="%")),
        tooltip=["pair", "kept", "zero_signal_share", "reward_variance", "switch_share"],
    )
    points = base.mark_point(filled=True, size=70).encode(
        color=alt.Color("switch_share:Q", title="change side", scale=alt.Scale(scheme="viridis"))
    )
    label = base.transform_filter("datum.is_best").mark_text(dy=-12, fontWeight="bold").encode(text="pair:N")
    alt.layer(points, label).properties(width=520, height=340).save(str(path))
