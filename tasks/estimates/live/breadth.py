"""How far a step's draws are spread over the problems that may teach."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Breadth:
    """Problems whose expected signal is at least `floor` of the greatest take turns, in 0 … 1; the share `explore` of the draws is made
    among all problems alike, in 0 … 1."""

    floor: float = 0.8
    explore: float = 0.05
