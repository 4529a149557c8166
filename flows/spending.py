"""What the arms of a study spend: as many completions in all, those of the profile that an arm needs among them.

That they spend the same is checked as soon as the problems are counted, before anything is sampled: a comparison of unequal ones would be
of compute. What they have then really spent, in tokens, the study's tables and its page tell.
"""

from collections.abc import Sequence

from flows.arms import Arm, GridSettings, Study
from flows.recipe import Recipe
from tasks.base.errors import InputError
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet

ALIKE = 0.01  # of the baseline's completions: batches are whole


def count_problems(sources: Sequence[Artifact]) -> int:
    """How many problems some sources hold, each counting once."""
    return len(
        {problem for source in sources for problem in read_parquet(source.file("problems.parquet"), columns=["problem_id"])["problem_id"]}
    )


def check_spending(study: Study, problems: int) -> None:
    """Raise InputError where an arm is to spend another number of completions than the baseline, with so many problems to profile."""
    spent = {arm.name: expected(study.arm_recipe(arm, study.first_seed), arm, problems) for arm in study.trained}
    baseline = sum(spent[study.baseline].values())
    for name, parts in spent.items():
        total = sum(parts.values())
        if abs(total - baseline) > ALIKE * baseline:
            raise InputError(
                f"study {study.name}: arm {name!r} spends {total:,} completions ({said(parts)}), but the baseline {study.baseline!r} "
                f"{baseline:,} ({said(spent[study.baseline])}); make them equal, or the comparison is one of compute"
            )


def said(parts: dict[str, int]) -> str:
    """What completions are spent on, in words."""
    return ", ".join(f"{count:,} {what}" for what, count in parts.items() if count)


def expected(recipe: Recipe, arm: Arm, problems: int) -> dict[str, int]:
    """How many completions an arm is expected to draw for one seed, by what for: those of its steps, those of its profile where it cannot
    do without, at most, and those beside. Answers made elsewhere (a panel's) cost nothing here."""
    profile = problems * recipe.sampling.rounds if arm.profile and recipe.panel is None else 0
    beside = refills(recipe) + anew(recipe, problems) if arm.beside is None else arm.beside
    return {"in training": steps_completions(recipe), "to profile": profile, "beside": beside}


def steps_completions(recipe: Recipe) -> int:
    """How many completions a recipe's stages draw to train on, refills not counted."""
    return sum(stage.train.completions for stage in recipe.stages.values())


def refills(recipe: Recipe) -> int:
    """How many completions a recipe's stages may draw to replace groups, at most."""
    return sum(stage.train.completions * stage.train.refill.tries for stage in recipe.stages.values())


def anew(recipe: Recipe, problems: int) -> int:
    """How many completions may measure difficulty anew, before each stage but the first, at most. Training's own groups and the first
    difficulty cost nothing."""
    asked = recipe.anew
    if asked is None or asked.source in ("groups", "first"):
        return 0
    return (len(recipe.stages) - 1) * problems * (asked.rounds or recipe.sampling.rounds)


def check_grid(study: Study, problems: int) -> None:
    """Raise InputError where so many validation problems are too few for an arm's grid to tell learning rates apart."""
    if study.grid is None:
        return
    for arm in study.trained:
        check_arm_grid(study, study.grid, arm, problems)


def check_arm_grid(study: Study, grid: GridSettings, arm: Arm, problems: int) -> None:
    """Raise InputError where they are too few for one arm."""
    samples, asked = validated(study, arm, problems)
    answers, needed = asked * samples * grid.seeds, grid.answers_needed()
    if answers < needed:
        raise InputError(
            f"study {study.name}: grid: {asked} validation problems x {samples} samples x {grid.seeds} pilot seeds give arm {arm.name!r} "
            f"{answers:,} answers at each learning rate, and to tell {100 * grid.tells:g} points from luck takes {needed:,}: give more "
            "problems (problems.validation, or problems.starter.n_validation), samples or seeds, or raise grid.tells"
        )


def validated(study: Study, arm: Arm, problems: int) -> tuple[int, int]:
    """Samples of each validation problem, and how many of so many problems are asked, where an arm ends."""
    asked = list(study.arm_recipe(arm, study.first_seed).stages.values())[-1].train.validation
    assert asked
    return asked.samples, min(problems, asked.problems or problems)
