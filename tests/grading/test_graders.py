"""Who judged first, and what another grader changed: both ways round, whatever graders are called."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.estimates.settings import DifficultySettings
from tasks.grading.graders import check_grader, find_grader, keep_grader
from tasks.grading.rules.order import GRADER_VERSION
from tasks.grading.settings import GradingSettings
from tasks.grading.stored import changes
from tasks.grading.task import GradeRequest, grade_rollouts
from tasks.grading.verdict import grader_id
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.compaction import CompactionSettings, compact
from tasks.lake.lake import Lake
from tasks.sampling.profile import write_profile
from tasks.warehouse.publishing import publish
from tasks.warehouse.querying import query
from tests.sql.rows import problems_artifact, table

pytestmark = pytest.mark.process

NAME = f"grader-{GRADER_VERSION}"
OURS = GradingSettings(workers=1)
RESPONSES = {"p": [r"\boxed{4}"] * 4, "q": [r"\boxed{5}"] * 4}  # right and wrong
ORDER = "select grader, place, is_newest from grader_order order by place"


def verifier(folder: Path, name: str, says: str) -> GradingSettings:
    """A verifier in a file of its own that says the same of every response."""
    path = folder / f"{name}.py"
    path.write_text(f"def judge(response, gold, problem):\n    return {says}\n")
    return GradingSettings(verifier=f"{path}:judge", workers=1)


class Judged:
    """A lake of two problems, four answers to each, and what judges them."""

    def __init__(self, home: Path) -> None:
        self.lake = Lake(home)
        self.problems = problems_artifact(home, [{"problem_id": name, "source_id": f"id-{name}", "answer": "4"} for name in RESPONSES])
        rows = [
            {"problem_id": name, "round": place, "response": text} for name, said in RESPONSES.items() for place, text in enumerate(said)
        ]
        shard = self.lake.append(self.lake.partition("rollouts", "base", "warm"), "rollouts", table("rollouts", rows), "all")
        self.profile = artifact(home, "profiles", {"name": "profile"})
        facts = {"policy_id": "base", "sampling_id": "warm", "rounds": 4, "problems": [self.problems.key]}
        with building(self.profile, facts) as folder:
            write_profile(folder, self.lake, rollouts=[shard], facts=facts)

    def by(self, *graders: GradingSettings) -> "Judged":
        """Judge with each grader in turn, and publish."""
        for settings in graders:
            request = GradeRequest(home=self.lake.home, profile=self.profile, problems=(self.problems,), settings=settings)
            grade_rollouts.fn(request)
        publish(self.lake, DifficultySettings())
        return self

    def order(self) -> list[tuple[str, int, bool]]:
        return query(self.lake, ORDER).rows()

    def changed(self, settings: GradingSettings, against: str | None = None) -> list[tuple[str, str, str, str]]:
        """Problem, other grader, band before and after, of the problems that changed band."""
        rows, _ = changes(self.lake.home, settings, against)
        return rows.select("problem", "against", "band_before", "band_after").rows()


@pytest.fixture
def judged(tmp_path: Path) -> Judged:
    return Judged(tmp_path / "home")


def name_of(settings: GradingSettings) -> str:
    """What a verifier of these tests is called."""
    return f"{Path(str(settings.verifier)).name} {grader_id(settings)[-16:][:8]}"


def test_a_verifier_after_our_grader_and_our_grader_after_a_verifier(tmp_path: Path) -> None:
    mine = verifier(tmp_path, "mine", "True")
    later, earlier = Judged(tmp_path / "later").by(OURS, mine), Judged(tmp_path / "earlier").by(mine, OURS)
    assert later.order() == [(NAME, 1, False), (name_of(mine), 2, True)]
    assert earlier.order() == [(name_of(mine), 1, False), (NAME, 2, True)]
    assert later.changed(mine) == [("id-q", NAME, "hopeless", "trivial")]
    assert earlier.changed(OURS) == [("id-q", name_of(mine), "trivial", "hopeless")]
    marts = "select problem_id, grader, later_grader, k, later_k from grader_changes where band_changed"
    assert query(later.lake, marts).rows() == [("q", NAME, name_of(mine), 0, 4)]
    assert query(earlier.lake, marts).rows() == [("q", name_of(mine), NAME, 4, 0)]


def test_going_back_to_the_first_grader_shows_what_that_changes(judged: Judged, tmp_path: Path) -> None:
    mine = verifier(tmp_path, "mine", "True")
    judged.by(OURS, mine, OURS)
    assert judged.order()[-1] == (name_of(mine), 2, True)  # who first judged last is the newest
    assert judged.changed(OURS) == [("id-q", name_of(mine), "trivial", "hopeless")]


def test_three_graders_and_against(judged: Judged, tmp_path: Path) -> None:
    yes, no = verifier(tmp_path, "yes", "True"), verifier(tmp_path, "no", "False")
    judged.by(yes, OURS, no)
    assert judged.changed(no) == [("id-p", NAME, "trivial", "hopeless")]
    both = [(f"id-{name}", name_of(yes), "trivial", "hopeless") for name in "pq"]
    for asked in ("yes", "yes.py:judge", name_of(yes), grader_id(yes), yes.verifier):
        assert judged.changed(no, asked) == both, asked
    assert judged.changed(yes, "no.py:judge") == [(problem, name_of(no), "hopeless", "trivial") for problem, *_ in both]
    assert judged.changed(OURS, "no") == [("id-p", name_of(no), "hopeless", "trivial")]


def test_a_changed_file_is_a_later_grader_of_the_same_name(judged: Judged, tmp_path: Path) -> None:
    first = verifier(tmp_path, "mine", "True")
    name = name_of(first)
    judged.by(first)
    second = verifier(tmp_path, "mine", "False")
    judged.by(second)
    assert [grader for grader, *_ in judged.order()] == [name, name_of(second)]
    assert len(judged.changed(second)) == 2 and {against for _, against, *_ in judged.changed(second)} == {name}
    with pytest.raises(InputError, match="2 graders of this lake may be 'mine'.*first judged they are: mine.py:judge"):
        find_grader(judged.lake, "mine")


@pytest.mark.parametrize(("asked", "said"), [("nobody", "no grader of this lake is called 'nobody'.*: " + NAME), (NAME, "judges now")])
def test_an_unknown_other_side_is_told(judged: Judged, asked: str, said: str) -> None:
    judged.by(OURS)
    with pytest.raises(InputError, match=f"--against.*{said}"):
        changes(judged.lake.home, OURS, asked)
    if asked == "nobody":
        with pytest.raises(InputError, match=said):
            check_grader(judged.lake, asked)


def test_the_order_outlives_a_copy_and_a_compaction(judged: Judged, tmp_path: Path) -> None:
    mine = verifier(tmp_path, "mine", "True")
    judged.by(mine, OURS)
    compact(judged.lake, CompactionSettings(min_shards=2))
    shutil.copytree(judged.lake.home, tmp_path / "copy", copy_function=shutil.copyfile)  # all times are those of the copy
    copy = Lake(tmp_path / "copy")
    publish(copy, DifficultySettings(), whole=True)
    assert query(copy, ORDER).rows() == judged.order() == [(name_of(mine), 1, False), (NAME, 2, True)]


def test_a_lake_from_before_times_were_kept_goes_by_what_its_artifacts_tell(judged: Judged, tmp_path: Path) -> None:
    zeta, alpha = verifier(tmp_path, "zeta", "True"), verifier(tmp_path, "alpha", "False")
    judged.by(zeta, OURS, alpha)
    for row in judged.lake.home.glob("graders/[!_]*.parquet"):
        row.unlink()
    publish(judged.lake, DifficultySettings(), whole=True)
    names = ["judge " + grader_id(zeta)[-16:][:8], NAME, "judge " + grader_id(alpha)[-16:][:8]]
    assert [grader for grader, *_ in judged.order()] == names
    keep_grader(judged.lake, OURS)  # judges on: that it does so now does not make it the newest
    publish(judged.lake, DifficultySettings(), whole=True)
    assert [grader for grader, *_ in judged.order()] == names


def test_where_nothing_tells_the_versions_do(judged: Judged) -> None:
    judged.by(OURS)
    [shard] = judged.lake.home.glob(f"verdicts/{NAME}*/*.parquet")
    for grader in ("grader-10+math-verify-1.0", "grader-1+math-verify-0.9.0"):
        rows = pl.read_parquet(shard).with_columns(grader_id=pl.lit(grader))
        judged.lake.append(judged.lake.partition("verdicts", grader, "base", "warm"), "verdicts", rows, "old")
    for row in [*judged.lake.home.glob("graders/[!_]*.parquet"), *judged.lake.home.glob("graded/*/.progress.json")]:
        row.unlink()
    publish(judged.lake, DifficultySettings(), whole=True)
    assert [grader for grader, *_ in judged.order()] == ["grader-1", NAME, "grader-10"]


def test_a_grader_is_kept_once(judged: Judged) -> None:
    judged.by(OURS)
    before = Lake(judged.lake.home).scan("graders").collect()
    shutil.rmtree(Artifact(home=judged.lake.home, kind="graded", key=next(judged.lake.home.glob("graded/*")).name).path)
    judged.by(OURS)
    assert Lake(judged.lake.home).scan("graders").collect().equals(before) and len(before) == 1
