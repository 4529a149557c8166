"""The page holds what a run gave, and nothing of what others wrote in it can act."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from tasks.estimates.settings import BANDS
from tasks.lake.lake import Lake
from tasks.reporting import task as reporting
from tasks.reporting.inputs import Inputs
from tasks.reporting.page import render_report
from tasks.reporting.task import ReportRequest, report_run
from tasks.reporting.wording import duration
from tests.reporting.made import DOUBTED

HOSTILE_NAME = "<img src=x onerror=alert(1)>"
HOSTILE_TEXT = "</pre></style></svg><script>alert(1)</script>{{{{ 7 * 7 }}}} \u202eevil\x1b[31m {answer}"
SECTIONS = {
    "result",
    "difficulty",
    "curated",
    "training",
    "calibration",
    "forecast",
    "drift",
    "evaluation",
    "examples",
    "suspects",
    "grader",
    "cost",
    "lineage",
    "dictionary",
    "power",
}
LINKS = ("#", "../index.html")
MAY_LOAD = {"src", "href", "srcset", "data", "action", "poster", "xlink:href"}


class Page(HTMLParser):
    """A page's elements with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _, attributes in self.elements if "id" in attributes]

    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}


def page_of(run) -> Page:
    return Page(run.page)


def test_what_was_optimised_is_told_once_and_a_clip_that_binds_is_warned_of(made):
    text = page_of(made()).text
    assert text.count("L = Σ −min(r A, clip(r, 0.8, 1.28) A) / N") == 1 and "What was optimised: Stage 1 and Stage 2" in text
    assert "Stage 1: the gradient was clipped at 0.1 on 95.0% of the steps" in text
    assert "would have clipped a fifth of these steps" in text
    assert "of the answers were cut off at" not in text and "importance ratios were dropped" not in text
    assert "not measured" in text  # importance ratios, where vLLM did not draw


def test_page_tells_the_whole_run(made):
    run = made()
    page = page_of(run)
    ids = {attributes["id"] for tag, attributes in page.elements if tag == "section"}
    assert ids == SECTIONS
    assert [attributes["href"] for tag, attributes in page.elements if tag == "a"][1:-1] == [
        f"#{name}" for name in page.ids() if name in ids
    ][1:]
    summary = pl.read_parquet(run.evaluation.file("summary.parquet"))
    best = summary.filter(policy="stage2", hints=False, dataset="all").row(0, named=True)
    assert f"Stage 2 solves {100 * best['accuracy']:.1f}% of the held-out problems" in page.text
    assert f"{100 * best['difference']:+.1f} points" in page.text
    shape = pl.read_parquet(run.difficulty.file("u_shape.parquet")).row(0, named=True)
    assert f"α = {shape['alpha']:#.3g}" in page.text
    assert "medium_to_hard: from the middle down" in page.text  # the SQL of stage 2
    for said in (
        "KL divergence",
        "cells",
        "charts",
        run.sets[0].key,
        run.stages[1].key,
        "base-id",
        "grader-1",
        "Effect of hints",
        "read as",
        "chance that one of 8 samples is right",
    ):
        assert (said in page.text) is (said != "KL divergence"), said  # a KL of nothing but zeros is no picture


def test_page_tells_what_was_warned_of_before_each_stage(made):
    page = page_of(made())
    for stage in ("stage1", "stage2"):
        assert f"{stage}: temperature 1.0 in training, but <b>0.7</b> in the profile" in page.text


def test_page_tells_how_the_prior_ages(made):
    inputs = Inputs(**made().arguments)
    text = Page(made().page).text
    _, staleness = inputs.ageing
    assert len(staleness) == len(inputs.stages) == 2
    for said in (
        "Skill of the prior",
        "Correlation of prior and group accuracy",
        "How the prior ages",
        "Left out, since the prior was measured without hints: Stage 2: of ",
        "whose prompts carried a hint",
        "off beyond chance from step",
    ):
        assert said in text
    for row in staleness.iter_rows(named=True):
        assert f"{100 * row['drift_per_100_steps']:+.1f}".replace("-", "−") in text
    assert "How the prior ages" not in made(groups=False).page


def test_page_tells_how_training_could_have_been_foreseen(made):
    run = made()
    page = Page(run.page)
    _, scores = Inputs(**run.arguments).forecasts
    for row in scores.iter_rows(named=True):
        assert row["scored_groups"] + row["hinted_groups"] == row["groups"]
        assert f"{row['brier']:.3g}" in page.text
    for said in (
        "Expected and solved",
        "Groups without a signal",
        "live estimate foresaw",
        "had hints; they are left out",
        "stored profile",
    ):
        assert said in page.text, said
    assert 'id="forecast"' not in made(groups=False).page


def test_page_shows_what_was_chosen_from_what(made):
    run = made()
    html = run.page
    curated = pl.read_parquet(run.sets[0].file("curated.parquet")).filter(stage="stage1", dataset="cells")
    figure = next(part for part in html.split("<figure>") if "<h3>Stage 1 · cells</h3>" in part)
    assert f"{len(curated)} of 32 problems" in figure
    bar = rf'<path d="((?!M[^"]*v0h)M[^"]*)" fill="var\(--(?:{"|".join(BANDS)})\)"'  # one that has a height
    solid, pale = (re.findall(bar + end, figure) for end in (" ?/>", " opacity"))
    histogram = pl.read_parquet(run.difficulty.file("histogram.parquet")).filter(pl.col("dataset") == "cells", pl.col("problems") > 0)
    assert len(solid) == curated["accuracy"].n_unique() and len(pale) == len(histogram)


def test_page_tells_what_each_stage_changed(made):
    run = made()
    text = page_of(run).text
    rows = pl.read_parquet(run.evaluation.file("evaluations.parquet")).filter(~pl.col("hints"))
    base, last = (rows.filter(policy=name).select("problem_id", "dataset", "n", "k") for name in ("base", "stage2"))
    pairs = base.join(last, on="problem_id", suffix="_last")
    easier = pairs.filter(band_of("k_last") > band_of("k")).height
    assert f"{100 * easier / len(pairs):.0f}% of 64 problems in an easier band" in text.split("Base → Stage 2", 1)[1]
    never = pairs.filter(pl.col("dataset") == "cells", pl.col("k") == 0)
    assert re.search(rf"{(never['k_last'] > 0).sum()} \(\d+\) of {len(never)}", text)
    assert "stay in theirs, of a policy that has not changed" in text
    assert re.search(r"about \d+% of problems are expected to be in another", text)
    assert "Stage 1 → Stage 2" in text and "cells / train" not in text


def band_of(column: str) -> pl.Expr:
    """The place of the band of k of n."""
    return (pl.col(column) / pl.col("n")).cut([0.084, 0.35, 0.65, 0.87], left_closed=True).to_physical()


def test_policies_that_answered_the_training_problems_are_compared_there_too(made):
    run = made(reprofile=True)
    page = page_of(run)
    later = pl.read_parquet(run.home / "difficulty" / run.sets[1].manifest["difficulty"] / "difficulty.parquet")
    assert later["policy_id"].unique().to_list() == ["stage1-id"]
    assert "cells / train" in page.text and "cells / heldout" in page.text
    never = 100 * (later.filter(dataset="cells")["k"] == 0).mean()
    assert f"never solved {never:.0f}%" in page.text
    assert "Profile Stage 1 512" in page.text


def test_page_tells_what_more_would_tell(made):
    text = page_of(made()).text
    for said in (
        "8 rounds tell rightly for",
        "Right decisions by rounds: keep or drop, and which of five bands",
        "0.084 – 0.7",  # the second stage's own range
        "Stage 2 less base: 64 problems with 8 samples each know it within",
        "Not told: how much seeds differ, which one run cannot show",
    ):
        assert said in text, said


def test_page_lists_labels_worth_a_look(made):
    run = made(problems=128)
    suspects = Inputs(**run.arguments).suspects
    assert suspects is not None and set(suspects["source_id"]) == {f"{dataset}-{DOUBTED}" for dataset in ("cells", "charts")}
    assert set(suspects["voted"]) == {"1"} and set(suspects["votes"]) == {8} and suspects["probability"].min() > 0.5
    text = page_of(run).text
    section = text[text.index("Training problems that are worth a look") : text.index("What it cost")]
    share = f"{100 * suspects['expected_precision'].mean():.0f}%"
    assert (
        f"2 the answers agree on another one, more than guesses and misconceptions explain: about {share} of these gold answers" in section
    )
    assert all(name in section for name in suspects["source_id"]) and " say 1 " in section and "doubt" not in section


def test_costs_are_those_of_the_answers(made):
    run = made()
    text = page_of(run).text
    verdicts = pl.scan_parquet(run.home / "verdicts" / "base-id-sampling-1" / "*.parquet").collect()
    train = pl.concat(pl.read_parquet(source.file("problems.parquet")) for source in run.problems)["problem_id"]
    correct = verdicts.filter(pl.col("problem_id").is_in(train.implode()), pl.col("verdict") == "correct").height
    assert f"Profile Base 512 4,608 9.0 {4608 / correct:,.1f} 0.0% –" in text
    assert "Training Stage 1 768" in text and "Evaluation Stage 2 512 4,608" in text
    assert "Evaluation base-bands, bands of hints 512 4,608" in text


def test_a_time_is_told_where_draws_are_known(made):
    run = made()
    row = {"policy_id": "base-id", "sampling_id": "sampling-1", "engine": "transformers", "responses": 10, "tokens": 90, "seconds": 900.0}
    Lake(run.home).record("draws", row)
    try:
        html = render_report(Inputs(**run.arguments))
    finally:
        [path.unlink() for path in run.home.glob("draws/*.parquet")]  # the run is everybody's
    told = duration(32 * 2 * 8 * 9 * 10)
    assert told == "12 h 48 min" and told in Page(html).text and told not in page_of(run).text


def test_texts_can_be_read_in_both_schemes():
    style = (Path(reporting.__file__).parent / "report.css").read_text()
    light, dark = (
        dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    )
    for inks in (light, dark):
        for ink in ("ink", "muted", "accent", "up", "down"):
            for ground in ("page", "surface"):
                assert contrast(inks[ink], inks[ground]) >= 4.5, (ink, ground)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of a colour."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_charts_take_the_pages_colours_and_words(made):
    page = page_of(made())
    charts = [attributes for tag, attributes in page.elements if tag == "svg"]
    assert len(charts) >= 14
    assert all(attributes["role"] == "img" and len(attributes["aria-label"] or "") > 20 for attributes in charts)
    style = re.search(r"<style>(.*?)</style>", made().page, re.DOTALL)[1]
    inks = {value for _, attributes in page.elements for name, value in attributes.items() if name in ("fill", "stroke")}
    assert inks <= {"none", "transparent"} | {f"var({name})" for name in re.findall(r"(--[a-z0-9-]+):", style)}
    assert {"var(--hopeless)", "var(--medium)", "var(--trivial)", "var(--series-3)"} <= inks


def test_histogram_draws_every_problem(made):
    run = made()
    histogram = pl.read_parquet(run.difficulty.file("histogram.parquet"))
    counts = histogram.filter(pl.col("dataset") == "cells").sort("bin")["problems"].to_list()
    html = run.page
    figure = next(part for part in html.split("<figure>") if "Histogram of 32 problems of cells" in part)
    bars = re.findall(r'<path d="M[^"]*?v?[^"]*" fill="var\(--(?:hopeless|hard|medium|easy|trivial)\)"', figure)
    high = [bar for bar in bars if "v0h" not in bar]  # that of an empty bin has no height
    assert len(high) == sum(1 for count in counts if count)


def test_nothing_is_fetched_and_nothing_runs(made):
    html = made().page
    page = Page(html)
    assert "http://" not in html and "https://" not in html and "@import" not in html and "url(" not in html
    icons = [attributes for tag, attributes in page.elements if tag == "link"]
    assert [(icon["rel"], (icon["href"] or "")[:19]) for icon in icons] == [("icon", "data:image/svg+xml,")]
    assert not page.tags() & {"script", "iframe", "object", "embed", "base", "form", "foreignobject", "animate"}
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")], tag
        loads = [value or "" for name, value in attributes.items() if name in MAY_LOAD]
        allowed = ("data:image/svg+xml,",) if tag == "link" else LINKS if tag == "a" else ("data:image/webp;base64,", "#")
        assert all(value.startswith(allowed) for value in loads), (tag, loads)
    policy = next(attributes["content"] for tag, attributes in page.elements if attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert len(html) < 640_000  # half of it is the dictionary of all relations


def test_what_others_wrote_is_inert(made):
    run = made(
        datasets=(HOSTILE_NAME, "</svg><script>alert(2)</script>"), question=f"<image>{HOSTILE_TEXT}", response=HOSTILE_TEXT, problems=24
    )
    html = run.page
    page = Page(html)
    assert "script" not in page.tags()
    assert all((attributes.get("src") or "data:").startswith("data:") for tag, attributes in page.elements if tag == "img")
    assert not [tag for tag, attributes in page.elements if any(name.startswith("on") for name in attributes)]
    assert html.count("</style>") == 1 and html.count("</svg>") == html.count("<svg ")
    assert HOSTILE_NAME in page.text and "<script>alert(1)</script>" in page.text and "{{ 7 * 7 }}" in page.text
    assert not [char for char in html if char in "\x1b\u202e"]
    inside_charts = re.findall(r"<text [^>]*>([^<]*)</text>", html)
    assert any("&lt;img src=x" in text for text in inside_charts)


def test_equal_inputs_give_equal_bytes(made):
    inputs = made().arguments
    assert render_report(Inputs(**inputs)) == made().page
    assert str(made().home) not in made().page


@pytest.mark.parametrize(
    ("changes", "absent", "present"),
    [
        ({"hints": False}, "Effect of hints", "Held-out evaluation"),
        ({"datasets": ("only",)}, "All held-out problems", "only"),
        ({"groups": False}, "Prior against training", "Reward"),
        ({"groups": False, "metrics": False}, "How training went", "Lineage"),
        ({"answers": False}, "of the answers</summary>", "answers that difficulty was measured on are not at hand"),
        ({"answers": False}, "Suspect labels", "Evaluation"),
        ({"problems": 4, "rounds": 1, "low": 0.0}, "U-shaped: α", "No shape"),
    ],
)
def test_what_a_run_lacks_is_left_out(made, changes, absent, present):
    html = made(**changes).page
    assert absent not in html and present in html


def test_lost_images_leave_the_words(made, tmp_path):
    run = made()
    assert 'alt="Image 1 of the problem"' in run.page
    images = run.home / "images"
    images.rename(tmp_path / "images")
    try:
        html = render_report(Inputs(**run.arguments))
    finally:
        (tmp_path / "images").rename(images)
    assert "<img" not in html and "[image 1] What is the sum" in html


def test_report_is_made_once_and_again_when_an_input_changes(made):
    run = made()
    first = report_run.fn(ReportRequest(**run.arguments))
    written = first.file("report.html").stat().st_mtime_ns
    assert report_run.fn(ReportRequest(**run.arguments)) == first and first.file("report.html").stat().st_mtime_ns == written
    assert first.kind == "reports"
    assert ReportRequest(**{**run.arguments, "name": "other"}).target() != first
    assert ReportRequest(**{**run.arguments, "stages": run.stages[:1]}).target() != first
    assert ReportRequest(**{**run.arguments, "evaluation": made(hints=False).evaluation}).target() != first


@pytest.mark.process
def test_task_module_stays_light():
    code = "import sys, tasks.reporting.task; print(sorted({'altair', 'vl_convert', 'polars', 'jinja2.environment'} & set(sys.modules)))"
    root = Path(__file__).parents[2]
    loaded = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert "altair" not in loaded and "vl_convert" not in loaded
