"""Every query of the cookbook gives what was counted by hand on a lake that has everything twice (mixed.py), and finds what was planted in
one that has something of everything (whole.py)."""

import re
from collections import Counter
from typing import Any

import pytest

from tasks.estimates.posterior import posterior_of
from tasks.estimates.prior import prior_of
from tasks.lake.lake import Lake
from tasks.warehouse.querying import query
from tasks.warehouse.relations import SQL
from tasks.warehouse.seen import SCHEMA_VERSION
from tests.sql.mixed import HINTED, WARM

COOKBOOK = (SQL / "COOKBOOK.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"^### (.+?)$.*?^```sql\n(.*?)^```$", COOKBOOK, re.MULTILINE | re.DOTALL))
OURS, JUDGE, PLAIN = "grader-2", "mine.py:judge 01234567", "t=1.0 max 40 tokens plain"
BASE, ALPHA_1, BETA_1 = "base", "stage1 a1a1a1a1", "stage1 b1b1b1b1"

# by question: the columns that are looked at, and their rows; what is left out are fits, intervals, and what is the same in every row
EXPECTED: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "What has been run?": (
        "recipe flow is_newest sources samplings stages evaluations",
        [
            ("alpha", "pipeline", False, 2, 1, 0, 1),
            ("alpha", "pipeline", True, 2, 5, 1, 1),
            ("beta", "pipeline", True, 3, 3, 1, 1),
            ("alpha", "regrade", False, 0, 0, 0, 0),
        ],
    ),
    # eight problems of alpha, by the verifier's verdicts; six of beta, by our grader's, of which it reads four beside alpha
    "How hard is each dataset for the base policy?": (
        "recipe dataset split band problems accuracy",
        [
            ("alpha", "sums", "heldout", "hopeless", 1, 0.0),
            ("alpha", "sums", "heldout", "hard", 1, 0.25),
            ("alpha", "sums", "heldout", "medium", 1, 0.5),
            ("alpha", "sums", "heldout", "trivial", 1, 1.0),
            ("alpha", "sums", "train", "hopeless", 1, 0.0),
            ("alpha", "sums", "train", "medium", 1, 0.5),
            ("alpha", "sums", "train", "trivial", 2, 1.0),
            ("beta", "shapes", "train", "hopeless", 1, 0.0),
            ("beta", "shapes", "train", "medium", 1, 0.5),
            ("beta", "sums", "heldout", "hopeless", 1, 0.0),
            ("beta", "sums", "heldout", "medium", 1, 0.5),
            ("beta", "sums", "train", "hopeless", 1, 0.0),
            ("beta", "sums", "train", "hard", 1, 0.25),
        ],
    ),
    "Do the problems pile up at both ends?": (
        "dataset split policy sampling grader problems never_share always_share",
        [
            ("shapes", "train", "base", PLAIN, OURS, 2, 0.5, 0.0),
            ("sums", "heldout", "base", PLAIN, OURS, 4, 0.25, 0.25),
            ("sums", "heldout", "base", PLAIN, JUDGE, 4, 0.25, 0.25),
            ("sums", "heldout", ALPHA_1, PLAIN, JUDGE, 4, 0.25, 0.5),
            ("sums", "heldout", BETA_1, PLAIN, OURS, 2, 0.5, 0.0),
            ("sums", "train", "base", PLAIN, OURS, 4, 0.25, 0.25),
            ("sums", "train", "base", PLAIN, JUDGE, 4, 0.25, 0.5),
        ],
    ),
    # adding: t1 and t3, s1; taking away: t2 and t4, s2
    "Which subjects are too hard, and which too easy to teach anything?": (
        "dataset subject grader problems accuracy never_share always_share useful_share",
        [
            ("shapes", "taking away", OURS, 1, 0.0, 1.0, 0.0, 0.0),
            ("sums", "adding", JUDGE, 2, 0.5, 0.5, 0.5, 0.0),
            ("sums", "adding", OURS, 2, 0.375, 0.5, 0.0, 0.5),
            ("sums", "taking away", OURS, 2, 0.625, 0.0, 0.5, 0.5),
            ("sums", "taking away", JUDGE, 2, 0.75, 0.0, 0.5, 0.5),
            ("shapes", "adding", OURS, 1, 0.5, 0.0, 0.0, 1.0),
        ],
    ),
    "Do people and the policy find the same problems hard?": (
        "recipe dataset problems correlation",
        [("alpha", "sums", 4, -0.94), ("beta", "shapes", 2, 1.0), ("beta", "sums", 2, -1.0)],
    ),
    "Which problems can I drop without regret?": (
        "recipe problem_id dataset k n why",
        [
            ("alpha", "t3", "sums", 8, 8, "too easy"),
            ("alpha", "t4", "sums", 8, 8, "too easy"),
            ("alpha", "t1", "sums", 0, 8, "too hard"),
            ("beta", "s2", "shapes", 0, 8, "too hard"),
            ("beta", "t1", "sums", 0, 8, "too hard"),
        ],
    ),
    "How many rounds do I need?": (
        "dataset grader max_rounds problems",
        [("shapes", OURS, 8, 2), ("sums", OURS, 8, 4), ("sums", JUDGE, 8, 4)],
    ),
    # Wilson's interval of 0 or 8 of 8 is 0.324 wide, of 2 or 6 of them 0.519, of 4 of them 0.570
    "How wide is the interval after so many rounds?": (
        "recipe samples problems width",
        [("alpha", 8, 12, round((8 * 0.32441 + 0.51924 + 3 * 0.56957) / 12, 3)), ("beta", 8, 8, 0.434)],
    ),
    "What did the stages share, and how hard was it?": (
        "recipe stage dataset band problems in_several_stages accuracy",
        [
            ("alpha", "stage1", "sums", "hard", 1, 0, 0.25),
            ("alpha", "stage1", "sums", "easy", 1, 1, 0.75),
            ("alpha", "stage2", "sums", "easy", 1, 1, 0.75),
            ("beta", "stage1", "shapes", "medium", 1, 0, 0.5),
            ("beta", "stage1", "sums", "hard", 1, 0, 0.25),
        ],
    ),
    # of four problems nothing can be told: no agreement, and no policy that is surely weaker (whole.py has both, and more)
    "Which labels are worth a look?": ("reason dataset split source_id policy grader voted votes n k weaker_policy", []),
    "What do the responses to a problem that is worth a look say?": ("source_id answer policy grader extracted verdict response", []),
    # all eight of t1 are the same, and t2's two answers that could not be read are none
    "Which wrong answers do the responses agree on?": (
        "dataset source_id answer options policy grader k n voted votes",
        [("sums", "id-t1", "1", 0, "base", grader, 0, 8, "7", [8]) for grader in (OURS, JUDGE)],
    ),
    "Which problems have two answers, and which rows could not be used at all?": (
        "fault place what problems",
        [("rejected", "sums/train", "no answer", 1), ("two answers", "old/train", "1 or 2", 1)],
    ),
    "Is the evaluation contaminated?": ("dataset split kind problems", [("sums", "heldout", "clean", 3), ("sums", "heldout", "near", 1)]),
    # h4 is a near copy of t4
    "Does contamination flatter the result?": (
        "recipe policy hints near_problems near_gain far_problems far_gain excess",
        [
            ("alpha", "base", True, 1, 0.75, 3, 0.167, 0.583),
            ("alpha", "stage1", False, 1, 0.75, 3, 0.0, 0.75),
            ("alpha", "stage1", True, 1, 0.75, 3, 0.167, 0.583),
            ("beta", "stage1", False, 0, None, 2, 0.125, None),
        ],
    ),
    "Which training problems are nearly the same?": ("dataset problem_id other_id text_similarity", [("sums", "t2", "t3", 0.9)]),
    # two answers of t2's eight could not be read; the eight of t1 were cut off
    'How much of "wrong" is an answer that could not be read, or was cut off?': (
        "recipe dataset split policy unparseable_share unjudged_share cut_off_share",
        [
            ("alpha", "sums", "heldout", "base", 0.0, 0.0, 0.0),
            ("alpha", "sums", "heldout", "stage1", 0.0, 0.0, 0.0),
            ("alpha", "sums", "train", "base", 2 / 32, 0.0, 8 / 32),
            ("beta", "shapes", "train", "base", 0.0, 0.0, 0.0),
            ("beta", "sums", "heldout", "base", 0.0, 0.0, 0.0),
            ("beta", "sums", "heldout", "stage1", 0.0, 0.0, 0.0),
            ("beta", "sums", "train", "base", 2 / 16, 0.0, 8 / 16),
        ],
    ),
    "Which problems did a new grader judge otherwise?": (
        "dataset split problem_id policy hints grader later_grader k n later_k later_n band later_band",
        [
            ("sums", "train", "t2", "base", False, OURS, JUDGE, 2, 8, 4, 8, "hard", "medium"),
            ("sums", "train", "t3", "base", False, OURS, JUDGE, 6, 8, 8, 8, "easy", "trivial"),
        ],
    ),
    # tokens: s1 4 x 10 + 4 x 20, s2 8 x 20; t1 8 x 40, t2 2 x 10 + 6 x 20, t3 6 x 10 + 2 x 20, t4 8 x 10
    "What does a problem cost, by band?": (
        "dataset policy grader band problems tokens_per_problem tokens_per_correct seconds_per_problem cut_off_share",
        [
            ("shapes", "base", OURS, "medium", 1, 120, 30, 12, 0),
            ("shapes", "base", OURS, "all", 2, 140, 70, 14, 0),
            ("shapes", "base", OURS, "hopeless", 1, 160, None, 16, 0),
            ("sums", "base", OURS, "trivial", 1, 80, 10, 8, 0),
            ("sums", "base", OURS, "easy", 1, 100, 100 / 6, 10, 0),
            ("sums", "base", OURS, "hard", 1, 140, 70, 14, 0),
            ("sums", "base", OURS, "all", 4, 160, 640 / 16, 16, 0.25),
            ("sums", "base", OURS, "hopeless", 1, 320, None, 32, 1),
            ("sums", "base", JUDGE, "trivial", 2, 90, 180 / 16, 9, 0),
            ("sums", "base", JUDGE, "medium", 1, 140, 35, 14, 0),
            ("sums", "base", JUDGE, "all", 4, 160, 640 / 20, 16, 0.25),
            ("sums", "base", JUDGE, "hopeless", 1, 320, None, 32, 1),
        ],
    ),
    "What would the next profile save if it left out what is surely useless?": (
        "recipe dataset tokens saved_share",
        [("alpha", "sums", 640, 500 / 640), ("beta", "shapes", 280, 160 / 280), ("beta", "sums", 460, 320 / 460)],
    ),
    "Which single problems cost the most for nothing?": (
        "recipe dataset problem_id policy responses tokens seconds cut_off_share",
        [
            ("alpha", "sums", "t1", "base", 8, 320, 32, 1),
            ("beta", "sums", "t1", "base", 8, 320, 32, 1),
            ("alpha", "sums", "h1", "base", 8, 160, 16, 0),
            ("alpha", "sums", "h3", "stage1", 8, 160, 16, 0),
            ("beta", "shapes", "s2", "base", 8, 160, 16, 0),
            ("beta", "sums", "h1", "base", 8, 160, 16, 0),
            ("beta", "sums", "h1", "stage1", 8, 160, 16, 0),
        ],
    ),
    "How do the policies compare on held-out problems?": (
        "recipe policy hints dataset split problems accuracy difference",
        [
            (recipe, policy, hints, *place, problems, accuracy, difference)
            for recipe in ("alpha", "beta")
            for place in (("all", "all"), ("sums", "heldout"))
            for of, policy, hints, problems, accuracy, difference in (
                ("alpha", "base", False, 4, 0.4375, None),
                ("alpha", "stage1", False, 4, 0.625, 0.1875),
                ("alpha", "base", True, 4, 0.75, 0.3125),
                ("alpha", "stage1", True, 4, 0.75, 0.3125),
                ("beta", "base", False, 2, 0.25, None),
                ("beta", "stage1", False, 2, 0.375, 0.125),
            )
            if of == recipe
        ],
    ),
    "What got harder?": (
        "dataset split problem_id policy later_policy grader accuracy later_accuracy",
        [("sums", "heldout", "h3", "base", ALPHA_1, grader, 1.0, 0.0) for grader in (OURS, JUDGE)],
    ),
    "What was gained and lost from one policy to another?": (
        "later_policy grader problems difference up down gained gained_share lost lost_share",
        [
            (ALPHA_1, OURS, 4, 0.1875, 3, 1, 1, 1.0, 1, 1 / 3),
            (ALPHA_1, JUDGE, 4, 0.1875, 3, 1, 1, 1.0, 1, 1 / 3),
            (BETA_1, OURS, 2, 0.125, 0, 0, 0, 0.0, 0, 0.0),
        ],
    ),
    "Where did the problems of each band go?": (
        "later_policy grader band later_band problems share",
        [
            *(
                (ALPHA_1, grader, band, later, 1, 1.0)
                for grader in (OURS, JUDGE)
                for band, later in (("hard", "trivial"), ("hopeless", "medium"), ("medium", "trivial"), ("trivial", "hopeless"))
            ),
            (BETA_1, OURS, "hopeless", "hopeless", 1, 1.0),
            (BETA_1, OURS, "medium", "easy", 1, 1.0),
        ],
    ),
    "Who gained from training?": (
        "later_policy grader subject problems difference up",
        [
            *(
                (ALPHA_1, grader, subject, 2, difference, up)
                for grader in (OURS, JUDGE)
                for subject, difference, up in (("taking away", 0.625, 2), ("adding", -0.25, 1))
            ),
            (BETA_1, OURS, "taking away", 1, 0.25, 0),
            (BETA_1, OURS, "adding", 1, 0.0, 0),
        ],
    ),
    "How much of training was wasted on groups without a signal?": (
        "recipe policy steps groups problems zero_signal_share first_accuracy last_accuracy first_reward last_reward",
        [("alpha", ALPHA_1, 2, 4, 2, 0.75, 0.5, 0.75, 0.5, 0.75), ("beta", BETA_1, 1, 2, 2, 0.5, 0.25, 0.25, 0.25, 0.25)],
    ),
    "Which stages can be compared at all?": (
        "recipe policy gradient_clipped_share truncated_share ratio_bounded_share mean_length_right mean_length_wrong last_entropy last_kl",
        [("alpha", ALPHA_1, *[None] * 7), ("beta", BETA_1, *[None] * 7)],
    ),
    "Does the offline prior still hold late in a stage?": (
        "recipe policy step_bucket band groups prior accuracy difference",
        [
            ("alpha", ALPHA_1, 0, "hard", 1, 0.25, 0.0, -0.25),
            ("alpha", ALPHA_1, 0, "easy", 1, 0.75, 1.0, 0.25),
            ("alpha", ALPHA_1, 5, "hard", 1, 0.25, 0.5, 0.25),
            ("alpha", ALPHA_1, 5, "easy", 1, 0.75, 1.0, 0.25),
            ("beta", BETA_1, 0, "hard", 1, 0.25, 0.0, -0.25),
            ("beta", BETA_1, 0, "medium", 1, 0.5, 0.5, 0.0),
        ],
    ),
    "Could training have been foreseen, and by what?": (
        "recipe policy scored_groups hinted_groups unknown_groups zero_signal_share",
        [("alpha", ALPHA_1, 4, 0, 0, 0.75)] * 3 + [("beta", BETA_1, 2, 0, 0, 0.5)] * 3,
    ),
    # t2, expected at a quarter, was never solved at first, so less is expected of it the second time; of t3, always solved, more
    "Is right what an estimate calls 70% in 70 of 100 cases?": (
        "recipe policy belief groups accuracy",
        [
            ("alpha", ALPHA_1, "live", 1, 0.5),
            ("alpha", ALPHA_1, "live", 1, 0.0),
            ("alpha", ALPHA_1, "live", 1, 1.0),
            ("alpha", ALPHA_1, "live", 1, 1.0),
            ("beta", BETA_1, "live", 1, 0.0),
            ("beta", BETA_1, "live", 1, 0.5),
        ],
    ),
    "Why did a stage draw what it drew, and did mastered problems come back?": (
        "recipe policy why draws share learnt_draws zero_signal_share mastered_draws mastered_again_share",
        [
            ("alpha", ALPHA_1, "all", 4, 1.0, 4, 0.75, 1, 1.0),
            ("alpha", ALPHA_1, "explore", 1, 0.25, 1, 1.0, 1, 1.0),
            ("alpha", ALPHA_1, "prior", 3, 0.75, 3, 2 / 3, 0, None),
        ],
    ),
    "Did hints help?": (
        "recipe policy dataset problems accuracy_off accuracy_on effect",
        [
            ("alpha", policy, dataset, 4, off, 0.75, 0.75 - off)
            for policy, off in (("base", 0.4375), ("stage1", 0.625))
            for dataset in ("all", "sums")
        ],
    ),
    "What does the base policy solve that a trained one does not?": (
        "recipe dataset problem_id base_accuracy policy later_accuracy",
        [("alpha", "sums", "h3", 1.0, "stage1", 0.0)],
    ),
    "What were these numbers made with?": (
        "low high hints sampling sampling_id schema_version",
        [
            (0.084, 0.87, False, "t=0.5 max 40 tokens plain", "cool", str(SCHEMA_VERSION)),
            (0.084, 0.87, False, PLAIN, WARM, str(SCHEMA_VERSION)),
            (0.084, 0.87, True, PLAIN, HINTED, str(SCHEMA_VERSION)),
        ],
    ),
}
LONG = (
    "What does the histogram of one slice look like?",
    "What did the policies answer to a problem?",
    "What would other thresholds keep, and how many groups would still teach nothing?",
    "Would more samples solve what is never solved?",
)


def answer(lake: Lake, question: str) -> list[dict[str, Any]]:
    return query(lake, next(sql for asked, sql in RECIPES.items() if question in asked)).to_dicts()


def test_each_question_has_its_query_and_was_counted_by_hand() -> None:
    assert len(RECIPES) == COOKBOOK.count("\n### ") == COOKBOOK.count("```sql\n")
    assert set(RECIPES) == {*EXPECTED, *LONG}


@pytest.mark.parametrize("question", EXPECTED)
def test_an_answer_is_what_was_counted_by_hand(mixed: Lake, question: str) -> None:
    columns, rows = EXPECTED[question]
    found = [tuple(row[name] for name in columns.split()) for row in answer(mixed, question)]
    assert found == [tuple(pytest.approx(value) if isinstance(value, float) else value for value in row) for row in rows]


def test_the_histogram_of_a_slice(mixed: Lake) -> None:
    rows = answer(mixed, LONG[0])
    assert len(rows) == 3 * 9 and {(row["sampling"], row["answer_type"]) for row in rows} == {(PLAIN, "integer")}
    filled = [(row["dataset"], row["grader"], row["bin"], row["problems"]) for row in rows if row["problems"]]
    shapes, sums = [("shapes", OURS, 0, 1), ("shapes", OURS, 4, 1)], [("sums", OURS, right, 1) for right in (0, 2, 6, 8)]
    assert filled == [*shapes, *sums, ("sums", JUDGE, 0, 1), ("sums", JUDGE, 4, 1), ("sums", JUDGE, 8, 2)]


def test_the_answers_to_a_problem(mixed: Lake) -> None:
    rows = answer(mixed, LONG[1])
    assert [row["response"] for row in rows[:3]] == ["it is 0", "it is 1", "it is 2"]
    right = {(BASE, False): 0, (BASE, True): 4, (ALPHA_1, False): 4, (ALPHA_1, True): 8}
    expected = {(policy, hints, grader): k for (policy, hints), k in right.items() for grader in (OURS, JUDGE)} | {(BETA_1, False, OURS): 0}
    judged = Counter((row["policy"], row["hints"], row["grader"], row["verdict"] == "correct") for row in rows)
    assert judged == {(*key, solved): n for key, k in expected.items() for solved, n in ((True, k), (False, 8 - k)) if n}


def test_what_other_thresholds_keep(mixed: Lake) -> None:
    rows = answer(mixed, LONG[2])
    key = ("dataset", "grader", "low", "high", "estimate")
    kept = {tuple(row[name] for name in key): (row["kept"], row["problems"]) for row in rows}
    assert len(rows) == len(kept) == 3 * 6 * 2 * 2
    for place, right in {("shapes", OURS): (4, 0), ("sums", OURS): (0, 2, 6, 8), ("sums", JUDGE): (0, 4, 8, 8)}.items():
        for low in (0.0, 0.05, 0.084, 0.1, 0.2, 0.3):
            for high in (0.87, 1.0):
                assert kept[*place, low, high, "share"] == (sum(low <= k / 8 <= high for k in right), len(right))
                found = posterior_of(right, [8] * len(right), prior_of(right, [8] * len(right)))
                assert kept[*place, low, high, "posterior"] == ((found.between(low, high) >= 0.5).sum(), len(right))


def test_what_more_samples_solve(mixed: Lake) -> None:
    rows = answer(mixed, LONG[3])
    ends = {
        (row["dataset"], row["split"], row["policy"], row["grader"], row["draws"]): row["pass"] for row in rows if row["draws"] in (1, 8)
    }
    solved = {
        ("shapes", "train", BASE, OURS): (4, 0),
        ("sums", "heldout", BASE, OURS): (0, 4, 8, 2),
        ("sums", "heldout", BASE, JUDGE): (0, 4, 8, 2),
        ("sums", "heldout", ALPHA_1, JUDGE): (4, 8, 0, 8),
        ("sums", "heldout", BETA_1, OURS): (0, 6),
        ("sums", "train", BASE, OURS): (0, 2, 6, 8),
        ("sums", "train", BASE, JUDGE): (0, 4, 8, 8),
    }
    means = {(*place, 1): sum(right) / 8 / len(right) for place, right in solved.items()}
    ever = {(*place, 8): sum(k > 0 for k in right) / len(right) for place, right in solved.items()}
    assert ends == {key: pytest.approx(value, abs=0.1) for key, value in (means | ever).items()}  # of few problems, by their posteriors
    assert len(rows) == 7 * 5 and all(row["is_extrapolated"] == (row["draws"] > 8) for row in rows)


def test_what_can_be_dropped_is_sure(whole: Lake) -> None:
    rows = answer(whole, "drop without regret")
    assert {row["why"] for row in rows} == {"too hard", "too easy"}
    assert all(row["k"] in (0, row["n"]) for row in rows)
    assert ("g04", "too hard") in {(row["problem_id"], row["why"]) for row in rows}


def test_the_planted_faults_of_labels_are_found(whole: Lake) -> None:
    found = {(row["reason"], row["source_id"]) for row in answer(whole, "labels are worth a look")}
    assert {("inversion", "id-g03"), ("unscorable", "id-a06")} <= found
    assert {row["source_id"] for row in answer(whole, "responses to a problem that is worth a look")} == {"id-g03"}
    assert {row["voted"] for row in answer(whole, "responses agree on") if row["source_id"] == "id-g04"} == {"7"}


def test_the_planted_copies_are_found(whole: Lake) -> None:
    kinds = {row["kind"]: row["problems"] for row in answer(whole, "evaluation contaminated")}
    assert kinds == {"clean": 11, "exact": 1, "image": 1, "near": 1}
    assert [(row["problem_id"], row["other_id"]) for row in answer(whole, "nearly the same")] == [("a00", "a01")]


def test_the_planted_loss_is_found(whole: Lake) -> None:
    assert {row["problem_id"] for row in answer(whole, "What got harder")} == {"g03"}
    assert answer(whole, "base policy solve that a trained one")[0]["problem_id"] == "g03"


def test_time_is_shared_out_by_tokens(whole: Lake) -> None:
    rows = query(whole, "select sum(tokens)::bigint as tokens, sum(seconds) as seconds from problem_cost").to_dicts()
    assert rows[0]["seconds"] == pytest.approx(rows[0]["tokens"] / 1000)
