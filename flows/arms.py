"""A study's settings: arms as changes to one recipe, each run with several seeds, at equal compute.

That every arm trains on the same number of completions is checked before anything runs: a comparison of unequal ones would be of compute.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from pydantic import Field, ValidationError, model_validator

from flows.changes import set_key
from flows.recipe import Recipe, faults_of, load_settings
from tasks.base.errors import did_you_mean
from tasks.base.settings import Settings

MOST_SEEDS = 64


class Arm(Settings):
    """One arm: the recipe with `changes` (dotted keys and their values) on top of those of the arm that it
    `adds_to`, an earlier one.

    `train` false evaluates the base policy itself. `profile` false says that the arm would do without measured difficulty, so that the
    rollouts which that took are not counted as its cost. `about` is shown beside the name. An arm that many others are compared with may
    have a `seed_factor` of 2: twice the study's seeds, of which the further ones share in the means of the first (three times as many
    would raise more false alarms than the test promises, where the spread over seeds is skewed).
    """

    name: str = Field(min_length=1)
    adds_to: str | None = None
    changes: dict[str, Any] = Field(default_factory=dict)
    train: bool = True
    profile: bool = True
    about: str = ""
    seed_factor: int = Field(default=1, ge=1, le=2)


class Comparison(Settings):
    """A question that a study is there to answer: what `arm` gains over the arm `against`, or over the baseline."""

    arm: str
    against: str | None = None


class Study(Settings):
    """`arms` over `seeds` seeds (0, 1, …, each the `seed` of its recipes), compared with the arm `baseline` seed by seed.

    `primary` are the comparisons that it is there for. They are written down before the first run, and are judged together; all others are
    exploratory. `recipe` holds the fields that all arms share. `targets` are validation accuracies for which the tokens spent to reach them
    are told. `parallel` seeds run at once, each with its own GPU, or its share of the CPU's cores.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    seeds: int = Field(default=5, ge=2, le=MOST_SEEDS)
    baseline: str
    primary: tuple[Comparison, ...] = ()
    targets: tuple[float, ...] = ()
    parallel: int = Field(default=1, ge=1)
    recipe: dict[str, Any]
    arms: tuple[Arm, ...] = Field(min_length=1)

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
        self.check_compute()
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
    def most_seeds(self) -> int:
        """The seeds of the arm that has most."""
        return max(map(self.seeds_of, self.arms))

    def seeds_of(self, arm: Arm) -> int:
        """How many seeds an arm has."""
        return arm.seed_factor * self.seeds

    def check_compute(self) -> None:
        """Raise ValueError where an arm's recipe is at fault, or trains on another number of completions than the baseline."""
        spent = {arm.name: completions(self.arm_recipe(arm, 0)) for arm in self.arms if arm.train}
        if self.baseline not in spent:
            raise ValueError(f"the baseline {self.baseline!r} does not train; compare with an arm that does")
        for name, count in spent.items():
            if count != spent[self.baseline]:
                raise ValueError(
                    f"arm {name!r} trains on {count:,} completions (steps x batch over its stages), but the baseline {self.baseline!r} on "
                    f"{spent[self.baseline]:,}; make them equal, or the comparison is one of compute"
                )

    def arm_recipe(self, arm: Arm, seed: int) -> Recipe:
        """The recipe of an arm for a seed. Raises ValueError that names the arm and the key."""
        fields = deepcopy(self.recipe)
        for part in self.built_on(arm):
            for key, value in part.changes.items():
                set_key(fields, key, deepcopy(value), f"arm {part.name!r}")
        try:
            return Recipe.model_validate({**fields, "name": self.name, "seed": seed})
        except ValidationError as error:
            raise ValueError(f"arm {arm.name!r}: {'; '.join(faults_of(error))}") from error

    def built_on(self, arm: Arm) -> list[Arm]:
        """The arms that an arm is made of, the first below all others, itself last."""
        below = [other for other in self.arms if other.name == arm.adds_to]
        return [*(self.built_on(below[0]) if below else []), arm]


def completions(recipe: Recipe) -> int:
    """How many completions a recipe's stages train on."""
    return sum(stage.train.steps * stage.train.batch for stage in recipe.stages.values())


def load_study(name: str, changes: Sequence[str] = ()) -> Study:
    """The study of that name in `deployments/recipes/`, or at that path, with `changes` applied. Raises InputError like `load_recipe`."""
    return load_settings(Study, name, changes)
