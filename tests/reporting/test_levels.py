"""What the page and the notices call problems and histograms is what they are: by their level, not by their rank among the others."""

import re

import polars as pl
import pytest

from tasks.difficulty.shapes import SHAPES, shapes_counted
from tasks.estimates.settings import DifficultySettings
from tasks.reporting.charts import Ends, end_place
from tasks.reporting.inputs import Inputs
from tasks.reporting.measured import measured
from tasks.reporting.notices import histogram_notices
from tasks.reporting.page import render_report
from tasks.reporting.sections.curation import DECIDED, curation_section
from tasks.reporting.sections.difficulty import difficulty_section
from tasks.reporting.sections.drift import drift_section
from tasks.reporting.sections.examples import examples_section, pick
from tasks.reporting.sections.training import hinting, training_section

SPREADS = {
    "u": {"spread": (0.3, 0.3), "problems": 120},
    "hump": {"spread": (6.0, 6.0), "problems": 120},
    "falling": {"spread": (0.3, 2.0), "problems": 120},
    "rising": {"spread": (2.0, 0.3), "problems": 120},
    "flat": {"solved": (0, 1, 2, 3, 4, 5, 6, 7, 8), "problems": 27},
    "unclear": {"solved": (0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 8), "problems": 26},
    "mixture": {"solved": (0, 0, 6, 6, 5, 7, 6, 7, 5, 6), "problems": 120, "rules": ("random", "random")},
    None: {"solved": (8,), "problems": 9, "rules": ("random", "random")},
}
LIGHT = {"datasets": ("only",), "heldout": 4, "steps": 2, "hints": False}
EDGES = DifficultySettings()


def inputs_of(run) -> Inputs:
    return Inputs(**run.arguments)


@pytest.mark.parametrize("shape", SPREADS)
def test_every_shape_has_its_own_words(made, shape):
    inputs = inputs_of(made(**LIGHT, **SPREADS[shape]))
    row = inputs.shapes.row(0, named=True)
    assert row["shape"] == shape
    words, section = SHAPES[shape or "none"], difficulty_section(inputs)
    said = [section["figures"][0].caption, next(iter(histogram_notices("r", inputs))).text]
    assert all(words.title in text and words.reason in text for text in said)
    assert section["headline"] == f"The histogram is {words.name}." and section["overview"].rows[0][-1] == words.short
    told = " ".join([*said, section["headline"], str(section["figures"][0].svg)])
    assert ("U-shaped" in told) is (shape == "u") and section["has_u"] is (shape == "u")
    others = {other.title for other in SHAPES.values()} - {words.title}
    assert not [title for title in others if title in told]


def test_a_few_problems_are_never_called_a_u(made):
    inputs = inputs_of(made(**LIGHT, problems=4, solved=(0, 2, 8, 6), rules=("random", "random")))
    row = inputs.shapes.row(0, named=True)
    assert row["is_u"] and row["shape"] == "flat"  # the fit's best guess is a U
    section = difficulty_section(inputs)
    assert section["figures"][0].caption.startswith("Not told apart from flat: α = ") and not section["has_u"]


def test_the_table_of_stages_says_by_which_bands_live_hints_were_given():
    schema = {"name": pl.String, "value": pl.Float64}
    told = [("hints/hard", 0.25), ("hints/hard", 0.5), ("hints/medium", 0.625), ("hints/easy", 0.0), ("hints/moved", 1.0)]
    metrics = pl.DataFrame(told, schema=schema, orient="row")
    assert hinting({"hints": "live", "hint_dropout": 0.25}, metrics) == "live: 37.5% hard, 62.5% medium, 25.0% without"
    assert [hinting({"hints": hints, "hint_dropout": 0.0}, metrics.clear()) for hints in (True, False, "live")] == ["on", "off", "live"]


def test_shapes_are_counted_by_what_is_sure():
    rows = [{"shape": shape, "is_u": True} for shape in ("u", "u", "flat", "unclear", None)]
    assert shapes_counted(rows) == (
        "Of 5 histograms 2 are U-shaped, 1 is not told apart from flat, 1 is of no clear shape, 1 is without a fit."
    )
    assert shapes_counted(rows[2:3]) == "The histogram is not told apart from flat." and "No problem" in shapes_counted([])


def frame(*accuracies: float | None) -> pl.DataFrame:
    """Problems of two datasets with these accuracies, in their bands."""
    edges = [EDGES.low, EDGES.hard_below, EDGES.medium_below, EDGES.high]
    names = ("hopeless", "hard", "medium", "easy", "trivial")
    bands = [None if p is None else names[sum(p >= edge for edge in edges[:3]) + (p > edges[3])] for p in accuracies]
    ids, datasets = [f"p{place:03}" for place in range(len(bands))], [f"d{place % 2}" for place in range(len(bands))]
    schema = {"problem_id": pl.String, "dataset": pl.String, "accuracy": pl.Float64, "band": pl.String}
    return pl.DataFrame([ids, datasets, accuracies, bands], schema=schema)


@pytest.mark.parametrize(
    ("accuracies", "numbers"),
    [
        ((0.0,) * 20, (3, 0, 0)),
        ((1.0,) * 20, (0, 0, 3)),
        ((0.0, 0.0, 0.125), (3, 0, 0)),
        ((0.0, 1.0), (1, 0, 1)),
        ((0.5,), (0, 1, 0)),
        ((0.5,) * 9, (0, 3, 0)),
        ((0.0, 0.25, 0.5, 0.75, 1.0), (2, 1, 2)),
        ((0.0,) * 10 + (1.0,) * 10, (3, 0, 3)),
        ((None, None, None), (0, 0, 0)),
        ((None, 0.0, None, 1.0), (1, 0, 1)),
        ((0.87, 0.65, 0.6499, 0.35, 0.3499, 0.084, 0.0839), (3, 2, 2)),
        ((0.3, 0.2, 0.1), (3, 0, 0)),
        ((), (0, 0, 0)),
    ],
)
def test_examples_go_by_their_own_level(accuracies, numbers):
    picked = pick(frame(*accuracies))
    assert tuple(map(len, picked.values())) == numbers
    hardest, middle, easiest = (rows["accuracy"] for rows in picked.values())
    assert (hardest < EDGES.hard_below).all() and (easiest >= EDGES.medium_below).all()
    assert middle.is_between(EDGES.hard_below, EDGES.medium_below).all()
    shown = [name for rows in picked.values() for name in rows["problem_id"]]
    assert len(set(shown)) == len(shown)


def test_the_page_of_hopeless_problems_calls_none_anything_else(made):
    html = render_report(inputs_of(made(**LIGHT, problems=6, solved=(0,), rounds=2, rules=("random", "random"))))
    examples = html.split('<section id="examples">')[1].split("</section>")[0]
    for title, said in (("In the middle", "from 0.35 to below 0.65"), ("Easiest", "of 0.65 or more")):
        assert f'<h3>{title}</h3>\n<p class="note">None: no training problem has an accuracy {said}.</p>' in examples
    assert examples.count("<b>hopeless</b>") == 3 and "U-shaped" not in html
    assert "No gold answer is worth a look by these answers: where they agree on another one, luck" in html


def test_problems_nobody_could_judge_are_told_apart(made):
    run = made(**LIGHT, problems=12, solved=(-1, 8, 0, 4))
    section = difficulty_section(inputs_of(run))
    assert section["unmeasured"].startswith(
        "Unmeasured, since no answer to them counts: 3 of only / train. Bands are those of the raw shares"
    )
    assert sum(problem["band"] is None for kind in examples_section(inputs_of(run))["kinds"] for problem in kind["problems"]) == 0


@pytest.mark.parametrize(
    ("rules", "highs", "labels"),
    [
        (("medium", "medium_to_hard"), (0.87, 0.51), (["0.084", "0.87"], ["0.084", "0.51"])),
        (("medium", "medium_to_hard"), (0.6, 0.4), (["0.084", "0.6"], ["0.084", "0.4"])),
        (("learnability", "target_pass_rate"), (0.95, 0.3), (["0.084", "0.95"], ["0.084", "0.3"])),
        (("random", "medium"), (0.87, 0.7), ([], ["0.084", "0.7"])),
    ],
)
def test_a_stages_chart_shows_its_own_thresholds(made, rules, highs, labels):
    section = curation_section(inputs_of(made(**LIGHT, rules=rules, highs=highs)))
    figures = {figure.title: figure.svg for figure in section["histograms"]}
    for stage, rule in zip(section["stages"], rules, strict=True):
        assert stage["decided"] == ("" if rule == "random" else DECIDED["posterior"])
    for stage, wanted in zip(("Stage 1", "Stage 2"), labels, strict=True):
        texts = re.findall(r"<text [^>]*>([^<]*)</text>", figures[f"{stage} · only"])
        assert [text for text in texts if re.fullmatch(r"0\.\d+", text)] == wanted


def test_what_no_stage_was_chosen_by_has_no_thresholds(made):
    drift = drift_section(measured(inputs_of(made(**LIGHT, highs=(0.6, 0.4)))))
    figures = {figure.title: figure.svg for _, figures in drift["histograms"] for figure in figures}
    assert "Stage 2" in figures and not any(f">{end}<" in svg for svg in figures.values() for end in ("0.084", "0.87", "0.6", "0.4"))


@pytest.mark.parametrize(
    ("low", "high", "chosen", "places"),
    [
        (0.084, 0.87, None, (0.5, 6.5)),
        (0.084, 0.51, None, (0.5, 4.5)),
        (0.0, 1.0, None, (-0.5, 8.5)),
        (0.125, 0.5, None, (0.5, 4.5)),
        (0.125, 0.5, 0, (0.5, 3.5)),  # the rule leaves its upper end out
        (0.125, 0.5, 7, (0.5, 4.5)),
        (0.3, 0.31, None, (2.5, 2.5)),
    ],
)
def test_ends_part_the_bars_that_they_are_between(low, high, chosen, places):
    rows = pl.DataFrame({"bin": range(9)}).with_columns(accuracy=pl.col("bin") / 8)
    if chosen is not None:
        rows = rows.with_columns(chosen=pl.when(pl.col("bin") == 4).then(chosen).otherwise(1))
    assert tuple(end_place(rows, name, end) for name, end in vars(Ends(low, high)).items()) == places


def test_weights_that_do_not_fall_are_not_said_to(made):
    run = made(**LIGHT, problems=31)
    assert training_section(inputs_of(run))["weights_fall"]
    for stage in run.stages:
        path = stage.path / "groups" / "groups.parquet"
        pl.read_parquet(path).with_columns(weight=pl.lit(1.0)).write_parquet(path)
    assert not training_section(inputs_of(run))["weights_fall"]
