"""A study's settings: arms as changes to one recipe, each run with several seeds, at equal compute (`flows.spending`)."""

from collections.abc import Sequence
from copy import deepcopy
from math import ceil
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from flows.changes import set_key
from flows.recipe import Recipe, faults_of, load_settings
from tasks.base.errors import did_you_mean
from tasks.base.settings import Settings

MOST_SEEDS = 64


class Arm(Settings):
    """One arm: the recipe with `changes` (dotted keys and their values) on top of those of the arm that it
    `adds_to`, an earlier one.

    `train` false evaluates the base policy itself. `profile` false says that the arm would do without measured difficulty, or has it from
    elsewhere, so that the rollouts which that took are not counted as its cost. `beside` is how many completions it is expected to draw
    beside those of its steps and of its first profile, for refills and to measure difficulty anew (null: as many as its recipe may ask
    for). `about` is shown beside the name. An arm that many others are compared with may have a `seed_factor` of 2: twice the study's
    seeds, of which the further ones share in the means of the first (three times as many would raise more false alarms than the test
    promises, where the spread over seeds is skewed).
    """

    name: str = Field(min_length=1)
    adds_to: str | None = None
    changes: dict[str, Any] = Field(default_factory=dict)
    train: bool = True
    profile: bool = True
    beside: int | None = Field(default=None, ge=0)
    about: str = ""
    seed_factor: int = Field(default=1, ge=1, le=2)


class Comparison(Settings):
    """A question that a study is there to answer: what `arm` gains over the arm `against`, or over the baseline."""

    arm: str
    against: str | None = None


class GridSettings(Settings):
    """How every arm that trains gets a learning rate of its own: it is trained with each of `learning_rates` (that of all its stages) on
    `seeds` pilot seeds from `first_seed` on, which no run of the study has, and takes the one that is right most often on the validation
    problems at the end, the smaller of two that are so alike.

    The budget is the same for each arm. `tells` is a difference in accuracy that the grid has to tell from luck: a difference of two
    means over n answers each has a standard error of at most sqrt(2 * 0.25 / n), by the variance of a single answer, p(1 - p) <= 0.25, and
    two of these are to be below it. Fewer validation answers than that takes are refused. All of it is ours.
    """

    learning_rates: tuple[float, ...] = Field(min_length=2)
    seeds: int = Field(default=2, ge=1, le=MOST_SEEDS)
    first_seed: int = Field(default=0, ge=0)
    tells: float = Field(default=0.05, gt=0, lt=1)

    @field_validator("learning_rates")
    @classmethod
    def rates_rise(cls, rates: tuple[float, ...]) -> tuple[float, ...]:
        if min(rates) <= 0 or list(rates) != sorted(set(rates)):
            raise ValueError(f"learning_rates are given once each, above 0 and rising, as in [5.0e-5, 1.0e-4], and not as {[*rates]}")
        return rates

    @property
    def pilot_seeds(self) -> range:
        return range(self.first_seed, self.first_seed + self.seeds)

    def answers_needed(self) -> int:
        """Validation answers of each learning rate, over all pilot seeds, with which two standard errors are no more than `tells`."""
        return ceil(2 / self.tells**2 - 1e-9)


class Study(Settings):
    """`arms` over `seeds` seeds from `first_seed` on (each the `seed` of its recipes), compared with the arm `baseline` seed by seed.

    Take seeds that nobody has looked at: what a study was piloted with is no evidence. `primary` are the comparisons that it is there for.
    They are written down before the first run, and are judged together; all others are exploratory. `recipe` holds the fields that all arms
    share, `grid` how each gets its learning rate (null: from its recipe). `targets` are validation accuracies for which the tokens spent to
    reach them are told. `parallel` seeds run at once, each with its own GPU, or its share of the CPU's cores.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    first_seed: int = Field(default=0, ge=0)
    seeds: int = Field(default=5, ge=2, le=MOST_SEEDS)
    grid: GridSettings | None = None
    baseline: str
    primary: tuple[Comparison, ...] = ()
    targets: tuple[float, ...] = ()
    parallel: int = Field(default=1, ge=1)
    recipe: dict[str, Any]
    arms: tuple[Arm, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def pilots_are_apart(self) -> "Study":
        if self.grid and (shared := sorted({*self.grid.pilot_seeds} & {*self.seeds_of_all})):
            raise ValueError(
                f"grid: the pilot seed {shared[0]} is one of the study's, which are {self.seeds_of_all[0]} to {self.seeds_of_all[-1]}: "
                "what chose a learning rate would count as evidence for it; give another first_seed"
            )
        return self

    @model_validator(mode="after")
    def arms_are_comparable(self) -> "Study":
        names = [arm.name for arm in self.arms]
        for place, arm in enumerate(self.arms):
            if names.index(arm.name) != place:
                raise ValueError(f"two arms are called {arm.name!r}; give each its own name")
            if arm.adds_to is not None and arm.adds_to not in names[:place]:
                raise ValueError(
                    f"arm {arm.name!r} adds to {arm.adds_to!r}, which is no arm before it{did_you_mean(arm.adds_to, names[:place])}"
                )
            if own := {"name", "seed"} & (arm.changes.keys() | self.recipe.keys()):
                raise ValueError(f"arm {arm.name!r}: `{min(own)}` is the study's to set; leave it out of recipe and changes")
        if self.baseline not in names:
            meant = did_you_mean(self.baseline, names)
            raise ValueError(f"the baseline {self.baseline!r} is none of the arms{meant}: {', '.join(names)}")
        self.check_primary(names)
        self.check_recipes()
        return self

    def check_primary(self, names: list[str]) -> None:
        """Raise ValueError for a primary comparison of what is no arm, of an arm with itself, or of a pair that is there already."""
        for place, pair in enumerate(self.primary_pairs):
            for name in pair:
                if name not in names:
                    raise ValueError(f"primary compares {name!r}, which is none of the arms{did_you_mean(name, names)}: {', '.join(names)}")
            if pair[0] == pair[1]:
                raise ValueError(f"primary compares {pair[0]!r} with itself; name another arm in `against`")
            if {*pair} in map(set, self.primary_pairs[:place]):
                raise ValueError(f"primary compares {pair[0]!r} with {pair[1]!r} twice; leave one out")

    @property
    def primary_pairs(self) -> tuple[tuple[str, str], ...]:
        """The primary comparisons: an arm, and the arm that it is compared with."""
        return tuple((named.arm, named.against or self.baseline) for named in self.primary)

    @property
    def seeds_of_all(self) -> range:
        """The seeds of the arm that has most."""
        return max(map(self.seeds_of, self.arms), key=len)

    def seeds_of(self, arm: Arm) -> range:
        """The seeds of an arm."""
        return range(self.first_seed, self.first_seed + arm.seed_factor * self.seeds)

    @property
    def trained(self) -> tuple[Arm, ...]:
        """The arms that train."""
        return tuple(arm for arm in self.arms if arm.train)

    def check_recipes(self) -> None:
        """Raise ValueError where an arm's recipe is at fault, the baseline does not train, or an arm is not watched by what chooses its
        learning rate."""
        recipes = {arm.name: self.arm_recipe(arm, self.first_seed) for arm in self.trained}
        if self.baseline not in recipes:
            raise ValueError(f"the baseline {self.baseline!r} does not train; compare with an arm that does")
        for name, recipe in recipes.items() if self.grid else ():
            last, stage = list(recipe.stages.items())[-1]
            if stage.train.validation is None:
                raise ValueError(
                    f"arm {name!r}: the grid chooses a learning rate on the validation problems, and its last stage is not watched on "
                    f"any: give stages.{last}.train.validation, or leave out grid"
                )

    def arm_recipe(self, arm: Arm, seed: int, learning_rate: float | None = None) -> Recipe:
        """The recipe of an arm for a seed, its stages at a learning rate (None: each at its own). Raises ValueError that names the arm and
        the key."""
        fields = deepcopy(self.recipe)
        for part in self.built_on(arm):
            for key, value in part.changes.items():
                set_key(fields, key, deepcopy(value), f"arm {part.name!r}")
        try:
            recipe = Recipe.model_validate({**fields, "name": self.name, "seed": seed})
        except ValidationError as error:
            raise ValueError(f"arm {arm.name!r}: {'; '.join(faults_of(error))}") from error
        return recipe if learning_rate is None else at_rate(recipe, learning_rate)

    def built_on(self, arm: Arm) -> list[Arm]:
        """The arms that an arm is made of, the first below all others, itself last."""
        below = [other for other in self.arms if other.name == arm.adds_to]
        return [*(self.built_on(below[0]) if below else []), arm]


def at_rate(recipe: Recipe, learning_rate: float) -> Recipe:
    """A recipe with all its stages at a learning rate."""
    rate = {"learning_rate": learning_rate}
    stages = {name: stage.model_copy(update={"train": stage.train.model_copy(update=rate)}) for name, stage in recipe.stages.items()}
    return recipe.model_copy(update={"stages": stages})


def load_study(name: str, changes: Sequence[str] = ()) -> Study:
    """The study of that name in `deployments/recipes/`, or at that path, with `changes` applied. Raises InputError like `load_recipe`."""
    return load_settings(Study, name, changes)
