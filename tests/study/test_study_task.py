"""A study's task and its page on made-up runs: what is written down before, what is said after, and what no number of seeds can say."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import write_parquet
from tasks.lake.layout import MANIFEST
from tasks.reporting.compared import comparison_sentence, excluded
from tasks.reporting.page import render_study
from tasks.reporting.sections.conduct import stale, unlike, void
from tasks.reporting.sections.study import primary, score, study_section
from tasks.study.grid import Pilot
from tasks.study.grid_task import GridRequest, choose_learning_rate
from tasks.study.registration_task import RegistrationRequest, register_study
from tasks.study.runs import ArmRun, BrokenRun, offline
from tasks.study.task import StudyRequest, summarise_study
from tests.sql.rows import table

LATER = (3, -1, 0, 1, -2, 2, 0, 1)
"""What a seed does to every arm alike, in hundredths."""
ARMS = {"plain": (50,) * 8, "curated": (60, 61, 60, 59, 62, 60, 61, 60), "hinted": (51, 49, 50, 51, 50, 49, 51, 50)}


def evaluation(home: Path, arm: str, seed: int, right: int) -> Artifact:
    """A held-out evaluation of a run: four problems, each answered a hundred times."""
    target = artifact(home, "evaluations", {"arm": arm, "seed": seed})
    rows = [
        {"evaluation_id": target.key, "policy_id": f"{arm}-{seed}", "policy": "only", "problem_id": f"p{place}", "n": 100, "k": right}
        for place in range(4)
    ]
    if target.is_complete:
        return target
    with building(target, {}) as folder:
        write_parquet(table("evaluations", rows), folder / "evaluations.parquet")
    return target


def stage(home: Path, arm: str, seed: int) -> Artifact:
    """What training left: a group and a metric."""
    target = artifact(home, "stages", {"arm": arm, "seed": seed})
    if target.is_complete:
        return target
    with building(target, {"stage": "only", "settings": {"steps": 2, "batch": 4}}) as folder:
        write_parquet(table("groups", [{"stage_id": target.key, "step": 1, "correct": 1}]), folder / "groups" / "groups.parquet")
        write_parquet(table("metrics", [{"stage_id": target.key, "step": 1, "value": 1.0}]), folder / "metrics" / "metrics.parquet")
    return target


def curated(home: Path) -> Artifact:
    """A set that was chosen by what was measured without drawing anything."""
    target, difficulty = artifact(home, "curated", {}), artifact(home, "difficulty", {})
    for made, facts in ((target, {"difficulty": difficulty.key}), (difficulty, {"graded": None})):
        if not made.is_complete:
            with building(made, facts):
                pass
    return target


def runs(home: Path, seeds: int = 8) -> tuple[ArmRun, ...]:
    """The runs of ARMS."""
    return tuple(
        ArmRun(
            arm=arm,
            about="",
            place=place,
            adds_to="" if arm == "plain" else "plain",
            is_baseline=arm == "plain",
            seed=seed,
            policy_id=f"{arm}-{seed}",
            evaluation=evaluation(home, arm, seed, right[seed] + LATER[seed] * (arm != "plain")),
            sets=(curated(home),),
            stages=(stage(home, arm, seed),),
        )
        for place, (arm, right) in enumerate(ARMS.items())
        for seed in range(seeds)
    )


def test_an_arm_pays_once_for_what_was_measured_alike(tmp_path: Path) -> None:
    first, again = (artifact(tmp_path, "difficulty", {"sql": words}) for words in ("as before", "the same in other words"))
    for made in (first, again):
        with building(made, {"graded": "gone"}) as folder:
            write_parquet(pl.DataFrame({"problem_id": ["p0"]}), folder / "difficulty.parquet")
    chosen = artifact(tmp_path, "curated", {"of": "first"})
    with building(chosen, {"difficulty": first.key}):
        pass
    assert again.content == first.content and again.key != first.key
    run = runs(tmp_path, 1)[0].model_copy(update={"sets": (chosen,), "given": again.content})
    assert offline(run) == [(0, 0)]


def studied(home: Path, *named: tuple[str, str], seeds: int = 8, **more: Any) -> Artifact:
    """A study of ARMS with these primary comparisons, and `more` of its request."""
    registration = register_study.fn(RegistrationRequest(home=home, name="parts", primary=named))
    request = StudyRequest(home=home, name="parts", runs=runs(home, seeds), targets=(), registration=registration, **more)
    return summarise_study.fn(request)


def opened(study: Artifact) -> tuple[Artifact, pl.DataFrame]:
    """A study with its comparisons."""
    return study, pl.read_parquet(study.file("study_comparisons.parquet"))


def moved(study: Artifact, home: Path, hours: int) -> None:
    """Let all evaluations have been made so many hours before the list was written down."""
    at = datetime.fromisoformat(f"{study.manifest['primary']['at']}+00:00") - timedelta(hours=hours)
    for path in home.glob(f"evaluations/*/{MANIFEST}"):
        os.utime(path, (at.timestamp(), at.timestamp()))


def test_the_primary_comparisons_are_written_down_and_told_apart(tmp_path: Path) -> None:
    study = studied(tmp_path, ("curated", "plain"))
    facts = study.manifest["primary"]
    assert (facts["primary"], facts["runs"], facts["runs_before"], facts["others"]) == ([["curated", "plain"]], 24, 0, [])
    rows = pl.read_parquet(study.file("study_comparisons.parquet"))
    assert rows.select("arm", "against", "family", "family_size").rows() == [
        ("curated", "plain", "primary", 1),
        ("hinted", "plain", "exploratory", 2),
    ]
    section = study_section(study)
    assert "before any of the 24 runs was evaluated" in section["primary"]["registered"]
    [first], [other] = section["primary"]["sentences"], section["sentences"]
    assert first.startswith("curated against plain: gains 10.9 points (9.7 to 12.0), family-wise p 0.0078")
    assert other.startswith("hinted against plain: not detected (+0.6 points, family-wise p 0.")
    assert "does not say that there is no difference: from a loss of" in other and "only what lies beyond is excluded. " in other
    assert other.endswith(" points would have been found with 80% chance.")


def test_a_list_given_after_runs_began_and_the_one_before_it_are_told(tmp_path: Path) -> None:
    first = studied(tmp_path, ("hinted", "plain"))
    second = studied(tmp_path, ("curated", "plain"))
    moved(second, tmp_path, hours=1)
    manifest = json.loads((second.path / MANIFEST).read_text())
    assert first.key != second.key and manifest["primary"]["others"][0]["primary"] == [["hinted", "plain"]]
    (second.path / MANIFEST).unlink()
    told = primary(*opened(studied(tmp_path, ("curated", "plain"))))
    assert "when 24 of the 24 runs had been evaluated: read them as exploratory" in told["registered"]
    assert "the study named hinted against plain" in told["others"][0]


def test_a_list_keeps_the_time_at_which_it_was_first_given(tmp_path: Path) -> None:
    request = RegistrationRequest(home=tmp_path, name="parts", primary=(("curated", "plain"),))
    before = register_study.fn(request).manifest["registered_at"]
    assert register_study.fn(request).manifest["registered_at"] == before
    assert request.target() != RegistrationRequest(home=tmp_path, name="other", primary=request.primary).target()


def test_a_study_that_names_nothing_only_explores(tmp_path: Path) -> None:
    study = studied(tmp_path)
    page = render_study("parts", study)
    assert "names no primary comparison" in page and "other problems, datasets or policies" in page
    assert "with 8 seeds a difference is found with 80% chance if it is at least" in page and "where it is judged among 2" in page
    assert score(study)["last"]["title"] == "curated"
    assert score(study)["last"]["difference_low"] == pytest.approx(0.0962, abs=1e-4)


@pytest.mark.parametrize(
    ("seeds", "said"), [(2, "2 seeds, of which nothing can be said"), (4, "4 seeds, which can detect nothing: p cannot be")]
)
def test_few_seeds_are_called_what_they_are(tmp_path: Path, seeds: int, said: str) -> None:
    study, comparisons = opened(studied(tmp_path, ("curated", "plain"), seeds=seeds))
    assert said in primary(study, comparisons)["sentences"][0]
    assert all(said in comparison_sentence(row) for row in comparisons.iter_rows(named=True))


def grid(home: Path) -> Artifact:
    """What the grid of an arm saw: the higher of two learning rates is better, by less than luck allows."""
    seen = {1e-4: 0.50, 2e-4: 0.52}
    pilots = []
    for rate, accuracy in seen.items():
        target = artifact(home, "stages", {"rate": rate})
        with building(target, {}) as folder:
            row = {"stage_id": target.key, "step": 2, "name": "validation/accuracy", "value": accuracy}
            write_parquet(table("metrics", [row]), folder / "metrics" / "metrics.parquet")
        pilots.append(Pilot(learning_rate=rate, seed=0, stage=target))
    return choose_learning_rate.fn(GridRequest(home=home, arm="plain", pilots=tuple(pilots), answers=800))


def test_its_page_says_how_learning_rates_were_chosen(tmp_path: Path) -> None:
    study = studied(tmp_path, grids={"plain": grid(tmp_path)})
    assert study.manifest["grids"]["plain"]["learning_rate"] == 2e-4
    told = study_section(study)["conduct"]
    assert told["seeds"].startswith("Its seeds are 0 to 7. Learning rates were chosen on other ones (0)")
    assert told["grid"].columns == ("arm", "#at 0.0001", "#at 0.0002", "#two standard errors")
    assert told["grid"].rows == (("plain", "50.0%", "52.0% *", "± 5.0"),)
    assert (
        told["edges"][0] == "These arms took the highest learning rate of the grid, so a higher one might have done better for them: plain."
    )
    assert told["edges"][1].startswith("Of 1 arms 1 have a next best learning rate that is less than two standard errors away")
    assert "two standard errors" in render_study("parts", study)


def test_a_run_that_broke_is_told_and_is_a_shortfall(tmp_path: Path) -> None:
    broken = (BrokenRun(arm="hinted", place=2, seed=8, why="the policy is <b>collapsing"),)
    study = studied(tmp_path, broken=broken)
    page = render_study("parts", study)
    assert "hinted with seed 8 broke, and is not among its arm’s runs: the policy is &lt;b&gt;collapsing" in page
    request = StudyRequest(home=tmp_path, name="parts", runs=runs(tmp_path), broken=broken, targets=(), registration=study)
    short = request.shortfall(study)
    assert short and (short.what, short.why) == ("1 of 25 runs", "the first, hinted with seed 8, broke with: the policy is <b>collapsing")


def test_what_makes_comparisons_void_or_unlike_is_said_plainly() -> None:
    fine = {"arm": "plain", "gradient_clipped_share": 0.2, "tokens_ratio": 1.049, "generated_ratio": 0.96}
    fine |= {"later_difference": -0.1, "later_zero_signal_share": 0.2}
    assert [*void(fine), *unlike(fine), *stale(fine)] == []
    assert [*void({**fine, "gradient_clipped_share": None}), *unlike({**fine, "tokens_ratio": None})] == []
    [clipped] = void({**fine, "gradient_clipped_share": 0.94})
    assert clipped.startswith("plain: the gradient was clipped on 94.0% of the steps.") and "void" in clipped
    [more] = unlike({**fine, "tokens_ratio": 1.07})
    assert more == "plain read and wrote 7.0% more tokens than the baseline, offline and in training together."
    begins, idle = stale({**fine, "later_difference": 0.35, "later_zero_signal_share": 0.38})
    assert "begin +35.0 points from" in begins and "38.0% of the problems drawn in its later stages taught nothing" in idle


def test_effects_that_an_interval_excludes_are_on_both_sides_of_it() -> None:
    assert excluded({"family_low": 0.02, "family_high": 0.05}) == "gains below 2.0 and above 5.0 points"
    assert excluded({"family_low": -0.05, "family_high": -0.02}) == "losses below 2.0 and above 5.0 points"
    assert excluded({"family_low": -0.01, "family_high": 0.03}) == "gains above 3.0 and losses above 1.0 points"
