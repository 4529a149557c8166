"""Which problems a step draws: all in turn, shuffled, or those that teach most by an estimate that training keeps of each."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from tasks.base.errors import did_you_mean
from tasks.base.settings import Settings
from tasks.estimates.live.breadth import Breadth

Model = Literal["shuffled", "live", "beta", "pools", "learnability"]
MODELS: tuple[str, ...] = get_args(Model)
Order = Literal["shuffled", "easy_to_hard", "hard_to_easy"]


def known_model(name: Any) -> Any:
    """The name of a sampler. Raises ValueError that lists those there are."""
    if name not in MODELS:
        raise ValueError(f"no sampler is named {name!r}{did_you_mean(str(name), MODELS)}; use one of {', '.join(MODELS)}")
    return name


class SamplerSettings(Settings):
    """What chooses the problems of a step; a name alone stands for `{model: NAME}`.

    `shuffled` (the paper's, and the default) goes through the set in one random order after another and asks nothing. The others choose
    when a step begins, by what the steps before it taught: each keeps an estimate of every problem's accuracy p, which starts from the
    profile and which the groups of a step move (`tasks.estimates.live` has the formulas), and draws without replacement:

    - live (ours): p = sigmoid(theta - b), with one ability theta of the policy, which drifts, and a difficulty b of each problem, so that
      one group says something of every problem. Drawn are problems of much expected signal E[1 - p^G - (1-p)^G], the chance that a group
      of G answers is neither all right nor all wrong.
    - beta: counts of each problem by itself, of which old ones fade (MoPPS, arXiv 2507.04632), drawn by the same signal.
    - pools: easy, normal and hard ones, by a problem's last group (prime-rl).
    - learnability: in proportion to p (1 - p) of the profile, which nothing moves (arXiv 2408.15099).

    With live and beta, all problems whose expected signal is at least `floor` of the greatest take turns, and with them those of which
    nothing is known, neither by a profile nor by a draw. Near 1 they are few, which are drawn again and again: hardly any group is without
    a signal, but the policy learns less of other problems. `explore` is the share of a step's problems that are drawn among all alike
    instead, so that no estimate is believed for good. Rows' weights, where a rule gives some, multiply what problems are ranked or drawn
    by. The replacements of `refill` come by the same estimate, which groups that were answered in vain teach as well. Answers to hinted
    problems count like any others: p is the accuracy of a problem as the stage asks it, while the profile's is without a hint.

    A profile of another policy or grader is an error, as its p is another one. `prior: {from: NAME}` takes it nevertheless: NAME, a
    policy's name or id, says whose it is, and the estimate lets go of what its first groups contradict. `prior: {from: null}` starts blind:
    every problem's p is uniform in [0, 1] before its first group, as beta and pools are published.
    """

    model: Annotated[Model, BeforeValidator(known_model)] = "shuffled"
    floor: float = Field(default=Breadth.floor, ge=0, le=1)
    explore: float = Field(default=Breadth.explore, ge=0, le=1)
    prior: Mapping[Literal["from"], str | None] = Field(default_factory=dict)

    @property
    def chooses(self) -> bool:
        """Whether steps choose their problems by an estimate."""
        return self.model != "shuffled"

    @property
    def profiled(self) -> str:
        """Whose profile the recipe says that the estimate starts from; "" for the policy's own."""
        return self.prior.get("from") or ""

    @property
    def is_blind(self) -> bool:
        """Whether the estimate starts from no profile."""
        return self.prior.get("from", "") is None

    @model_validator(mode="after")
    def settings_act(self) -> "SamplerSettings":
        for name in sorted(self.model_fields_set - {"model"}):
            if not self.chooses and getattr(self, name) != type(self).model_fields[name].get_default(call_default_factory=True):
                raise ValueError(
                    f"sampler shuffled asks no estimate, so {name} would never act: leave it out, or choose {', '.join(MODELS[1:])}"
                )
        if self.model == "learnability" and self.is_blind:
            raise ValueError("sampler learnability knows the profile alone, so blind it draws all problems alike: leave prior out")
        return self


def by_name(given: Any) -> Any:
    """A sampler's settings, of which a name alone is the model's."""
    return {"model": given} if isinstance(given, str) else given


Sampler = Annotated[SamplerSettings, BeforeValidator(by_name)]
