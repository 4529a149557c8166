"""Problems that are chosen as a step begins: by what was taught before, the same after a kill, and every draw written down."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.estimates.settings import BANDS, DifficultySettings
from tasks.lake.artifacts import folder_digests
from tasks.lake.lake import RELATIONS
from tasks.policy.identity import Policy
from tasks.prompting.prompt import problem_hint
from tasks.prompting.settings import PromptingSettings
from tasks.training.choosing import Chooser, Outcome, stage_prior
from tasks.training.problems import Problems
from tasks.training.records import Records
from tasks.training.settings import StageSettings
from tasks.training.spec import StageSpec
from tasks.training.stage import run_stage
from tasks.training.watching import Watch
from tests.training.test_validation import interrupt_after
from tests.training.tiny import SETTINGS, problem, stage_spec, write_stage

MODELS = ("live", "beta", "pools", "learnability")


def profiled(number: int, **changes: Any) -> dict[str, Any]:
    """A problem whose profile expects more right answers the higher its number."""
    return problem(number, **{"logit_mean": (number - 4) / 2, "logit_variance": 0.5, **changes})


def problems_of(rows: list[dict[str, Any]]) -> Problems:
    return Problems(rows, PromptingSettings(), hints=False, sees_images=True)


def settings(model: str = "live", **changes: Any) -> StageSettings:
    """Two problems a step, in groups of four."""
    return StageSettings(**{"group_size": 4, "batch": 8, "sampler": {"model": model, "explore": 0.25}, **changes})


def answered(chooser: Chooser, step: int) -> list[Outcome]:
    """Begin a step and teach it what a policy of fixed answers says; the first problem's group is lost to a replacement."""
    first, *others = chooser.begin(step)
    taken = next(chooser.replacements({first, *others}))
    answers = np.random.default_rng(step).integers(0, 5, len(chooser.ids))
    outcomes = [Outcome(chooser.ids[place], 4, int(answers[place]), learnt=place != first) for place in (taken, *others, first)]
    chooser.taught(outcomes)
    return outcomes


@pytest.mark.parametrize("model", MODELS)
def test_a_resumed_stage_draws_the_same(model: str, tmp_path: Path) -> None:
    problems, records = problems_of([profiled(number) for number in range(9)]), Records("stage")
    chooser = Chooser(settings(model), problems, records, seed=7)
    for step in range(1, 13):
        answered(chooser, step)
        if step == 6:
            records.write(tmp_path)
    again = Records("stage", tmp_path)
    resumed = Chooser(settings(model), problems, again, seed=7)
    for step in range(7, 13):
        answered(resumed, step)
    assert again.selections == records.selections
    assert len({row["problem_id"] for row in records.selections}) > 3
    assert {row["place"] for row in records.selections} == {1, 2, 3}
    assert [row["why"] for row in records.selections if row["place"] == 3] == ["refill"] * 12
    other = Records("stage")
    differing = Chooser(settings(model), problems, other, seed=8)
    for step in range(1, 13):
        answered(differing, step)
    assert [row["problem_id"] for row in other.selections] != [row["problem_id"] for row in records.selections]


@pytest.mark.parametrize("model", ["live", "beta", "pools"])
def test_a_blind_stage_knows_nothing_before_its_first_group_and_resumes_like_any_other(model: str, tmp_path: Path) -> None:
    blind = settings(model, sampler={"model": model, "explore": 0.0, "prior": {"from": None}})
    known, unknown = problems_of([profiled(number) for number in range(9)]), problems_of([problem(number) for number in range(9)])
    records, told = Records("stage"), Records("stage")
    chooser = Chooser(blind, known, records, seed=7)
    np.testing.assert_allclose(chooser.forecast.mean, 0.5, atol=1e-9)
    assert np.ptp(chooser.forecast.signal) == 0
    for step in range(1, 7):
        answered(chooser, step)
    records.write(tmp_path)
    for step in range(7, 10):
        answered(chooser, step)
    other = Chooser(blind, unknown, told, seed=7)  # whatever was profiled
    for step in range(1, 10):
        answered(other, step)
    assert told.selections == records.selections
    again = Records("stage", tmp_path)
    resumed = Chooser(blind, known, again, seed=7)
    for step in range(7, 10):
        answered(resumed, step)
    assert again.selections == records.selections


@pytest.mark.parametrize("model", ["live", "beta"])
def test_a_stage_tries_each_problem_that_it_knows_nothing_of_before_it_draws_one_again(model: str) -> None:
    blind = settings(model, sampler={"model": model, "explore": 0.0, "prior": {"from": None}})
    chooser, drawn = Chooser(blind, problems_of([profiled(number) for number in range(8)]), Records("stage"), seed=3), []
    for step in range(1, 5):
        drawn += (ids := [chooser.ids[place] for place in chooser.begin(step)])
        chooser.taught([Outcome(problem_id, 4, 2) for problem_id in ids])  # as promising as can be
    assert sorted(drawn) == chooser.ids
    some = [profiled(number, logit_mean=0.0, logit_variance=0.1) for number in range(6)] + [problem(number) for number in (6, 7)]
    known = Chooser(settings(model, sampler={"model": model, "explore": 0.0}), problems_of(some), Records("stage"), seed=3)
    first = {place for step in range(1, 5) for place in step_of(known, step)}
    assert first == set(range(8))


def step_of(chooser: Chooser, step: int) -> list[int]:
    """The places that a step draws, half of whose answers are right."""
    places = chooser.begin(step)
    chooser.taught([Outcome(chooser.ids[place], 4, 2) for place in places])
    return places


def taught_of(chooser: Chooser, steps: Iterable[int], came: Outcome) -> list[int]:
    """How often the outcome's problem is drawn where it always comes out so, and three of four answers to the others are right."""
    drawn = []
    for step in steps:
        ids = [chooser.ids[place] for place in chooser.begin(step)]
        drawn.append(int(came.problem_id in ids))
        chooser.taught([came if problem_id == came.problem_id else Outcome(problem_id, 4, 3) for problem_id in ids])
    return drawn


def test_a_problem_that_nobody_can_judge_does_not_stay_the_most_promising() -> None:
    rows = [profiled(number, logit_mean=1.2, logit_variance=0.2) for number in range(8)]
    rows[3] |= {"logit_mean": 0.0}
    chooser = Chooser(settings(sampler={"model": "live", "explore": 0.0}), problems_of(rows), Records("stage"), seed=1)
    drawn = taught_of(chooser, range(1, 31), Outcome("p3", judged=0, correct=0))
    assert drawn[0] == 1 and sum(drawn) < 10
    assert chooser.forecast.mean[3] == pytest.approx(0.5, abs=0.15)  # nothing was learnt of it itself


def test_weights_multiply_what_is_expected() -> None:
    rows = [profiled(number, logit_mean=0.0, weight=0.2 if number < 6 else 1.0) for number in range(8)]
    chooser = Chooser(settings(sampler={"model": "live", "explore": 0.0}), problems_of(rows), Records("stage"), seed=1)
    assert sorted(chooser.begin(1)) == [6, 7]


def test_problems_of_like_promise_take_turns() -> None:
    alike = [profiled(number, logit_mean=0.0) for number in range(8)]
    chooser = Chooser(settings(sampler={"model": "live", "explore": 0.0}), problems_of(alike), Records("stage"), 1)
    seen = []
    for step in range(1, 5):
        ids = [chooser.ids[place] for place in chooser.begin(step)]
        seen += ids
        chooser.taught([Outcome(problem_id, 4, 2) for problem_id in ids])
    assert sorted(seen) == sorted(chooser.ids)


def test_what_was_answered_in_vain_teaches_too() -> None:
    chooser = Chooser(settings(), problems_of([profiled(number, logit_mean=0.0) for number in range(8)]), Records("stage"), seed=1)
    lost, kept = (chooser.ids[place] for place in chooser.begin(1))
    chooser.taught([Outcome(kept, 4, 2), Outcome(lost, 4, 4, learnt=False)])
    chooser.begin(2)
    expected = chooser.expected([lost, kept])
    assert expected[0] > expected[1] + 0.1
    assert [row["learnt"] for row in chooser.records.selections] == [False, True]


def test_two_groups_of_a_draw_are_one_outcome() -> None:
    chooser = Chooser(settings(), problems_of([profiled(number) for number in range(8)]), Records("stage"), seed=1)
    one, other = (chooser.ids[place] for place in chooser.begin(1))
    chooser.taught([Outcome(one, 2, 1), Outcome(one, 2, 2), Outcome(other, 4, 0)])
    assert [(row["judged"], row["correct"]) for row in chooser.records.selections] == [(4, 3), (4, 0)]


def test_a_live_hint_is_that_of_the_band_that_is_expected_when_the_step_begins() -> None:
    rows = [profiled(number, logit_mean=0.0, logit_variance=1.0, images=[]) for number in range(6)]
    problems = Problems(rows, PromptingSettings(), hints=True, sees_images=False)
    chooser = Chooser(settings(hints="live"), problems, Records("stage"), seed=1)
    bands = set()
    for step in range(1, 13):
        for place in chooser.begin(step):
            known = chooser.difficulty(place)
            assert known == (known.band, chooser.expected([chooser.ids[place]])[0])
            example = problems.example(place, difficulty=known)
            hint = problem_hint(problems.prompting.hints, band=known.band, accuracy=known.accuracy)
            assert example["hinted"] is bool(hint) and hint in example["prompt"][0]["content"]
            assert not problems.example(place, hinted=False, difficulty=known)["hinted"]
            bands.add(known.band)
        chooser.taught([Outcome(chooser.ids[draw.index], 4, 4 if step > 6 else 0) for draw in chooser.draws])
    assert {"hard", "medium"} <= bands and len(bands) > 2
    told = chooser.hints_told(["p0", "p1", "p1"])
    now = [chooser.difficulty(place).band for place in (0, 1)]
    assert told["hints/moved"] == np.mean([band != row["band"] for band, row in zip(now, rows, strict=False)])
    assert sum(told[f"hints/{band}"] for band in BANDS) == 1 and told[f"hints/{now[0]}"] > 0
    stored = Chooser(settings(hints=True), problems, Records("stage"), seed=1)
    assert stored.difficulty(0) is None and stored.hints_told(["p0"]) == {}


def test_problems_without_a_profile_are_like_those_of_their_dataset(caplog: pytest.LogCaptureFixture) -> None:
    unknown = {"logit_mean": None, "logit_variance": None}
    rows = [
        *(profiled(number, dataset="hard", logit_mean=mean) for number, mean in enumerate((-3.0, -1.0))),
        *(profiled(number, dataset="easy", logit_mean=2.0) for number in (2, 3)),
        profiled(4, dataset="hard", **unknown),
        profiled(5, dataset="new", **unknown),
    ]
    prior = stage_prior(problems_of(rows))
    assert prior.difficulty.tolist() == pytest.approx([3.0, 1.0, -2.0, -2.0, 2.0, 0.0])
    assert prior.variance[4] == pytest.approx(0.5 + 1.0) and prior.variance[5] > prior.variance[4]
    assert "2 of 6 problems have no profile: they are taken to be like the others of their dataset" in caplog.text
    assert len(Chooser(settings(), problems_of([problem(number) for number in range(3)]), Records("stage"), seed=1).begin(1)) == 2


def test_an_estimate_that_begins_off_the_profile_says_so(caplog: pytest.LogCaptureFixture) -> None:
    rows = [profiled(number, logit_mean=0.0, p_mean=0.5) for number in range(8)]
    Chooser(settings(), problems_of(rows), Records("stage"), seed=1)
    assert not caplog.text
    rows[2]["p_mean"] = 0.4
    Chooser(settings("beta"), problems_of(rows), Records("stage"), seed=1)
    said = "sampler beta begins off the profile by more than 0.03 for 1 of 8 problems, most for p2: it expects 0.500, and the profile 0.400"
    assert said in caplog.text


def test_a_step_cannot_draw_more_problems_than_there_are() -> None:
    words = r"sampler live: a step draws 2 different problems \(batch 8 / group_size 4\), and the stage has 1; lower batch"
    with pytest.raises(InputError, match=words):
        Chooser(settings(), problems_of([profiled(0)]), Records("stage"), seed=1)


@pytest.fixture(scope="module")
def chosen(tiny_policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> StageSpec:
    """A stage that trains an adapter, chooses its problems, replaces groups, and weighs and hints by what it expects, trained without a
    disturbance."""
    folder = tmp_path_factory.mktemp("chosen")
    file = write_stage(folder / "stage1.parquet", [profiled(number) for number in range(10)])
    live = {"sampler": "live", "refill": {"tries": 1}, "weighting": {"prior_strength": 4.0, "prior": "live"}}
    live |= {"hints": "live", "lora": {"rank": 4, "alpha": 8.0}}
    spec = stage_spec(folder / "stage", tiny_policy, file, StageSettings(**{**SETTINGS.model_dump(), **live}))
    run_stage(spec)
    return spec


def test_every_draw_of_a_stage_is_written_down(chosen: StageSpec) -> None:
    selections = pl.read_parquet(chosen.folder / "selections" / "selections.parquet")
    groups = pl.read_parquet(chosen.folder / "groups" / "groups.parquet")
    assert selections.schema == RELATIONS["selections"]
    learnt = selections.filter("learnt").select("step", "problem_id", G="judged", correct="correct")
    assert learnt.sort("step", "problem_id").rows() == groups.select("step", "problem_id", "G", "correct").sort("step", "problem_id").rows()
    assert not selections.select("step", "problem_id").is_duplicated().any()
    assert selections.filter(pl.col("why") != "refill").group_by("step").len()["len"].to_list() == [4] * 6
    metrics = pl.read_parquet(chosen.folder / "metrics" / "metrics.parquet")
    spent = metrics.filter(name="refill/completions")["value"].sum()
    assert len(selections) - len(groups) == spent / SETTINGS.group_size > 0


def test_groups_with_a_hint_are_those_of_a_band_that_has_one_by_what_was_expected(chosen: StageSpec) -> None:
    groups, selections = (pl.read_parquet(chosen.folder / name / f"{name}.parquet") for name in ("groups", "selections"))
    learnt = groups.join(selections.filter("learnt"), on=["step", "problem_id"])
    assert learnt["hinted"].to_list() == (learnt["p_mean"] < DifficultySettings().medium_below).to_list()
    assert set(learnt["hinted"]) == {True, False}


def test_weights_take_the_live_estimate_for_their_prior(chosen: StageSpec) -> None:
    selections = pl.read_parquet(chosen.folder / "selections" / "selections.parquet").filter("learnt")
    groups = pl.read_parquet(chosen.folder / "groups" / "groups.parquet").join(selections, on=["step", "problem_id"])
    shrunk = (pl.col("correct") + 4 * pl.col("p_mean")) / (pl.col("G") + 4)
    assert groups["weight"].to_list() == pytest.approx(groups.select(2.0 * 0.25**shrunk).to_series().to_list())


def test_an_interrupted_stage_chooses_the_same_and_ends_the_same(
    chosen: StageSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = chosen.model_copy(update={"folder": tmp_path / "stage"})
    spec.folder.mkdir()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Watch, "tell", interrupt_after(5))
        run_stage(spec)
    run_stage(spec)
    assert folder_digests(spec.folder) == folder_digests(chosen.folder)
