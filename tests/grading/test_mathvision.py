"""Agreement with the published judgement of 2,432 real responses of eight models to MathVision's testmini problems.

Every disagreement is listed with its reason in `published.py`, so a new one, in either direction, fails the test. `pytest -s` prints them.
"""

import pytest

from tasks.grading.verdict import Verdict
from tests.grading.published import DATA, DEBATABLE, PUBLISHED_IS_WRONG, Agreement, judge_published, listed

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not DATA.is_dir(), reason="MathVision's responses (../shared/data/mathvision) are not here"),
]


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return judge_published()


def test_every_disagreement_has_a_reason(agreement: Agreement) -> None:
    reasons = listed(PUBLISHED_IS_WRONG) | listed(DEBATABLE)
    for one in sorted(agreement.disagreements, key=lambda one: reasons.get(one.key, "")):
        end = " ".join(one.response[-80:].split())
        print(f"{reasons.get(one.key, 'NO REASON GIVEN')} | {one.model} {one.problem} | ours {one.grade.verdict} | … {end}")
    assert {one.key for one in agreement.disagreements} == reasons.keys()


def test_agreement_is_99_3_percent_where_the_published_judgement_is_no_error(agreement: Agreement) -> None:
    print(f"raw {agreement.raw:.2%}, published errors set aside {agreement.without_errors:.2%}")
    assert agreement.without_errors >= 0.993
    assert agreement.raw >= 0.98


def test_no_published_correct_is_lost(agreement: Agreement) -> None:
    assert all(one.grade.verdict == Verdict.correct for one in agreement.judged if one.published)


def test_every_response_gets_a_verdict_of_its_own_kind(agreement: Agreement) -> None:
    assert len(agreement.judged) == 2432
    assert {one.grade.verdict for one in agreement.judged} == {Verdict.correct, Verdict.incorrect, Verdict.unparseable}
