"""What a stage's own groups say of the policy that it left, and the difficulty, the set and the hints that come of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.base.errors import InputError
from tasks.curation.settings import SetSettings, StageRule
from tasks.curation.task import CurationRequest, curate_sets
from tasks.difficulty.renewed_task import RenewedRequest, measure_renewed
from tasks.difficulty.task import FILES, DifficultyRequest, measure_difficulty
from tasks.estimates.settings import DifficultySettings
from tasks.grading.settings import GradingSettings, SecondSettings
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import read_parquet, write_parquet
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.settings import SamplingSettings
from tasks.study.runs import drawn
from tasks.training.answered import Window, answers_of, fresh_groups, still_moving, untold, window
from tasks.training.answered_task import AnsweredRequest, find_answered
from tasks.training.problems import load_problems
from tasks.training.sampler import SamplerSettings
from tasks.training.settings import RefillSettings, StageSettings
from tests.sql.rows import graded_artifact, problems_artifact, table, verdicts

SAMPLING = SamplingSettings(rounds=4)
STAGE = StageSettings(**SAMPLING.model_dump(include={"temperature", "top_p", "max_tokens"}))
TRAINED = Policy(policy_id="trained", name="warm", model="m")
PROBLEMS = [f"p{number}" for number in range(8)]


def groups(*rows: tuple[int, str, int], **columns: Any) -> pl.DataFrame:
    """Groups of four: step, problem, right answers."""
    given = [{"step": step, "problem_id": name, "correct": right, "accuracy": right / 4} | columns for step, name, right in rows]
    return table("groups", given)


@pytest.mark.parametrize(
    ("kept", "within", "expected"), [(50, 0.25, (38, 50)), (4, 0.25, (4, 4)), (4, 0.3, (3, 4)), (10, 1.0, (1, 10)), (1, 0.1, (1, 1))]
)
def test_the_window_ends_with_the_policy_that_was_left(kept: int, within: float, expected: tuple[int, int]) -> None:
    assert window(kept, within) == Window(*expected)


def test_groups_before_the_window_after_the_policy_or_without_a_judgement_do_not_count() -> None:
    rows = groups((1, "old", 4), (3, "a", 1), (4, "a", 3), (4, "b", 0), (5, "discarded", 4))
    unjudged = groups((4, "c", 0), G=0)
    found = answers_of(fresh_groups(pl.concat([rows, unjudged]), Window(3, 4), hints=False))
    assert found.rows() == [("a", 8, 4, 2, 3, 4), ("b", 4, 0, 1, 4, 4)]


@pytest.mark.parametrize("hints", [True, False])
def test_hinted_groups_tell_nothing(hints: bool) -> None:
    rows = groups((1, "a", 1), (1, "b", 2), (1, "c", 3)).drop("hinted", strict=False)
    assert len(fresh_groups(rows, Window(1, 1), hints=hints)) == (0 if hints else 3)
    told = rows.with_columns(hinted=pl.Series([True, False, None]))
    assert fresh_groups(told, Window(1, 1), hints=hints)["problem_id"].to_list() == (["b"] if hints else ["b", "c"])


@pytest.mark.parametrize(
    ("stage", "why"),
    [
        ({}, ""),
        ({"refill": RefillSettings(tries=1)}, "refill puts others in the place of its groups without a signal"),
        ({"refill": RefillSettings(tries=1), "sampler": SamplerSettings(model="live")}, ""),
        ({"refill": RefillSettings(tries=1), "sampler": SamplerSettings(model="live"), "hints": True}, "refill puts others"),
        ({"temperature": 0.7}, "it draws with temperature 0.7, and the profile with 1.0"),
        ({"max_tokens": 7}, "it draws with max_tokens 7"),
        ({"extra": {"top_k": 5}}, "extra.top_k shapes what it draws"),
    ],
)
def test_groups_that_are_drawn_otherwise_tell_nothing(stage: dict[str, Any], why: str) -> None:
    said = untold(STAGE.model_copy(update=stage), SAMPLING, GradingSettings())
    assert said.startswith(why) and bool(said) is bool(why)


def test_a_second_opinion_that_training_does_not_ask_is_another_judge() -> None:
    second = SecondSettings(model="judge", base_urls=("http://a:1",))
    assert untold(STAGE, SAMPLING, GradingSettings(second=second)).startswith("the profile asks a second opinion")
    assert not untold(STAGE, SAMPLING, GradingSettings(second=second.model_copy(update={"in_training": True})))


def test_how_far_the_policy_still_moves_is_told_beside_its_error() -> None:
    rising = groups(*((step, f"p{step}{place}", (step > 2) + place % 2) for step in (1, 2, 3, 4) for place in range(4)), prior=0.25)
    moved = still_moving(rising, Window(1, 4))
    assert moved and moved[0] == pytest.approx(0.25) and 0 < moved[1] < 0.1
    assert still_moving(groups((1, "a", 1)), Window(1, 1)) is None


def stage_of(home: Path, rows: pl.DataFrame, kept_step: int = 4) -> Artifact:
    """A trained stage with these groups."""
    target = artifact(home, "stages", {"groups": rows.write_json()})
    with building(target, {"stage": "warm", "kept_step": kept_step, "settings": {"hints": False}}) as folder:
        write_parquet(rows, folder / "groups" / "groups.parquet")
    return target


def test_a_stage_that_refills_is_counted_by_all_that_it_drew(tmp_path: Path, problems: tuple[Artifact, ...]) -> None:
    """Its groups are those that were kept for having both right and wrong answers; half of what was drawn of p0 was thrown away."""
    chosen, stage = artifact(tmp_path, "curated", {}), artifact(tmp_path, "stages", {})
    with building(chosen, {}) as folder:
        write_parquet(pl.DataFrame({"problem_id": ["p0", "p1"], "prior": [0.5, 0.25]}), folder / "warm.parquet")
    drawn = [(3, "p0", 4, False), (3, "p1", 2, True), (4, "p0", 2, True), (4, "p1", 0, False), (1, "p2", 4, True)]
    rows = [
        {"step": step, "place": place, "problem_id": name, "judged": 4, "correct": right, "learnt": learnt}
        for place, (step, name, right, learnt) in enumerate(drawn)
    ]
    settings = {"hints": False, "refill": {"tries": 1}}
    with building(stage, {"stage": "warm", "kept_step": 4, "settings": settings, "curated": chosen.key}) as folder:
        write_parquet(table("selections", rows), folder / "selections" / "selections.parquet")
    counted = read_parquet(known_of(tmp_path, stage, problems).file("counts.parquet"))
    assert counted.select("problem_id", "n", "k", "groups").rows() == [("p0", 8, 6, 2), ("p1", 8, 2, 2)]


def known_of(home: Path, stage: Artifact, problems: tuple[Artifact, ...], *, least: int = 4) -> Artifact:
    """What a stage has answered of the problems in its last half."""
    how: dict[str, Any] = {"prompting": PromptingSettings(), "sampling": SAMPLING, "grading": GradingSettings(), "seed": 0}
    return find_answered.fn(AnsweredRequest(home=home, stage=stage, policy=TRAINED, problems=problems, within=0.5, least=least, **how))


def answered(home: Path, rows: pl.DataFrame, problems: tuple[Artifact, ...], *, least: int = 4) -> Artifact:
    """What a stage with these groups has answered of the problems in its last half."""
    return known_of(home, stage_of(home, rows), problems, least=least)


@pytest.fixture
def problems(tmp_path: Path) -> Iterator[tuple[Artifact, ...]]:
    yield (problems_artifact(tmp_path, [{"problem_id": name, "row": place} for place, name in enumerate(PROBLEMS)]),)


def named(known: Artifact) -> dict[str, str]:
    """Whose answers these are, as verdicts say it."""
    return {name: known.manifest[name] for name in ("policy_id", "sampling_id", "grader_id")}


def renewed(home: Path, known: Artifact, problems: tuple[Artifact, ...], letters: dict[str, str] | None) -> Artifact:
    """The difficulty by training's answers, and by new ones: for each problem its verdicts."""
    rows = [row for name, said in (letters or {}).items() for row in verdicts(name, said, **named(known))]
    graded = graded_artifact(home, rows, rounds=4, stops=known.key, **named(known)) if letters else None
    return measure_renewed.fn(RenewedRequest(home=home, answered=known, graded=graded, problems=problems, settings=DifficultySettings()))


RECENT = groups((1, "p0", 4), (3, "p0", 1), (4, "p1", 3), (4, "p2", 0), (4, "p2", 1))


def test_a_problem_is_counted_by_training_or_by_new_answers_and_never_by_both(tmp_path: Path, problems: tuple[Artifact, ...]) -> None:
    known = answered(tmp_path, RECENT, problems)
    assert read_parquet(known.file("undecided.parquet"))["problem_id"].to_list() == PROBLEMS[3:]
    fresh = dict.fromkeys(PROBLEMS[3:7], "ciiu") | {"p0": "cccc", "p7": "tttt"}  # p0: answers of another run, which do not belong here
    made = renewed(tmp_path, known, problems, fresh)
    rows = read_parquet(made.file("difficulty.parquet"))
    expected = {"p0": (4, 1), "p1": (4, 3), "p2": (8, 1), **dict.fromkeys(PROBLEMS[3:7], (4, 1)), "p7": (0, 0)}
    assert {name: (n, k) for name, n, k in rows.select("problem_id", "n", "k").iter_rows()} == expected
    sources = read_parquet(made.file("sources.parquet"))
    assert sources.filter(source="groups").rows() == [("p0", "groups", 1, 3, 3), ("p1", "groups", 1, 4, 4), ("p2", "groups", 2, 4, 4)]
    assert sources.filter(source="rollouts")["problem_id"].to_list() == PROBLEMS[3:]
    told = made.manifest["sources"]
    assert (told["groups"]["problems"], told["groups"]["answers"], told["groups"]["steps"]) == (3, 16, [3, 4])
    assert (told["rollouts"], told["left_out"]) == ({"problems": 5, "answers": 20}, 0)


def test_problems_that_training_did_not_ask_lately_are_left_out_and_counted(tmp_path: Path, problems: tuple[Artifact, ...]) -> None:
    made = renewed(tmp_path, answered(tmp_path, RECENT, problems, least=1), problems, None)
    assert read_parquet(made.file("difficulty.parquet"))["problem_id"].to_list() == ["p0", "p1", "p2"]
    assert made.manifest["sources"]["left_out"] == 5 and made.manifest["rounds"] == 0
    nothing = answered(tmp_path, groups((1, "p0", 4)), problems)
    with pytest.raises(InputError, match=r"stops artifact .* has no verdict on any of the given problems"):
        renewed(tmp_path, nothing, problems, None)


def test_the_estimates_are_those_of_a_profile_with_the_same_counts(tmp_path: Path, problems: tuple[Artifact, ...]) -> None:
    known = answered(tmp_path, RECENT, problems)
    rest = dict(zip(PROBLEMS[3:], ("cccc", "ccci", "ciii", "iiii", "ccii"), strict=True))
    made = renewed(tmp_path, known, problems, rest)
    same = {"p0": "ciii", "p1": "ccci", "p2": "ciiiiiii", **rest}
    rows = [row for name, said in same.items() for row in verdicts(name, said, **named(known))]
    graded = graded_artifact(tmp_path, rows, name="whole", **named(known))
    whole = measure_difficulty.fn(DifficultyRequest(home=tmp_path, graded=graded, problems=problems, settings=DifficultySettings()))
    for name in FILES.values():
        assert_frame_equal(read_parquet(made.file(name)), read_parquet(whole.file(name)), check_row_order=False)


def test_a_set_is_another_where_the_stage_before_answered_otherwise(tmp_path: Path, problems: tuple[Artifact, ...]) -> None:
    rows = [row for name in PROBLEMS for row in verdicts(name, "ccii")]
    graded = graded_artifact(tmp_path, rows)
    first = measure_difficulty.fn(DifficultyRequest(home=tmp_path, graded=graded, problems=problems, settings=DifficultySettings()))
    settings = SetSettings(rules={"warm": None, "main": StageRule(rule="unmastered", size=8)})
    asked = CurationRequest(home=tmp_path, difficulty=first, problems=problems, settings=settings, seed=0)
    trained = [stage_of(tmp_path, groups((3, "p1", 2), (4, "p0", right))) for right in (4, 1)]
    made = [curate_sets.fn(asked.model_copy(update={"trained": stage})) for stage in (None, *trained)]
    assert len({curated.key for curated in made}) == 3 and made[1].manifest["trained"] == trained[0].key
    assert [read_parquet(curated.file("curated.parquet")).height for curated in made] == [8, 7, 8]


def test_prior_band_and_hint_of_the_next_stage_are_those_of_now(tmp_path: Path, problems: tuple[Artifact, ...]) -> None:
    """p1 was hard at first, and is easy now: its prompt must not say that most attempts fail."""
    first = {"p1": "ciii", "p2": "ccci", **dict.fromkeys(["p0", *PROBLEMS[3:]], "ccii")}
    rows = [row for name, said in first.items() for row in verdicts(name, said)]
    old = measure_difficulty.fn(
        DifficultyRequest(
            home=tmp_path, graded=graded_artifact(tmp_path, rows, name="first"), problems=problems, settings=DifficultySettings()
        )
    )
    made = renewed(tmp_path, answered(tmp_path, RECENT, problems), problems, dict.fromkeys(PROBLEMS[3:], "ccii"))
    settings = SetSettings(rules={"warm": None, "main": StageRule(low=0.01, high=0.99, size=9)})
    asked: dict[str, Any] = {"home": tmp_path, "problems": problems, "settings": settings, "seed": 0}
    curated = curate_sets.fn(CurationRequest(difficulty=made, earlier=old, trained=stage_of(tmp_path, RECENT), **asked))
    assert curated.manifest["warnings"] and curated.manifest["sources"] == made.manifest["sources"]  # fewer than 9, which is no error
    chosen = load_problems(curated.file("main.parquet"), PromptingSettings(), hints=True, sees_images=False)
    bands = {row["problem_id"]: (row["band"], row["accuracy"]) for row in chosen.rows}
    assert (bands["p1"], bands["p2"]) == (("easy", 0.75), ("hard", 0.125))
    prompts = {row["problem_id"]: chosen.prompt(row) for row in chosen.rows}
    assert prompts["p1"] == load_problems(curated.file("main.parquet"), PromptingSettings(), hints=False, sees_images=False).prompt(
        next(row for row in chosen.rows if row["problem_id"] == "p1")
    )
    assert len(prompts["p2"]) > len(prompts["p1"])
    assert all(example["prior"] != 0.25 for example in map(chosen.__getitem__, range(len(chosen))))
    assert drawn(made).completions == 20  # training's own answers cost no profile anything
