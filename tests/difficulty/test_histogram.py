import polars as pl
import pytest
from rich.console import Console

from tasks.difficulty.histogram import draw
from tasks.difficulty.shapes import SHAPES
from tasks.estimates.settings import DifficultySettings
from tests.sql.rows import verdicts, warehouse


def shown(histogram: pl.DataFrame, u_shape: pl.DataFrame, edges: DifficultySettings | None = None) -> str:
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(draw(histogram, u_shape, edges))
    return console.export_text()


def charts(tmp_path, letters: dict[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = [row for name, said in letters.items() for row in verdicts(name, said)]
    connection = warehouse(tmp_path, {"problems": [{"problem_id": name, "dataset": "geo[3k]"} for name in letters], "verdicts": rows})
    return connection.table("difficulty_histogram").pl(), connection.table("u_shape").pl()


def test_bars_counts_shares_and_verdict(tmp_path):
    letters = {f"{k}-{copy}": "c" * k + "i" * (4 - k) for k, number in enumerate((8, 2, 1, 1, 4)) for copy in range(number)}
    text = shown(*charts(tmp_path, letters))
    lines = text.splitlines()
    assert lines[0].startswith("geo[3k]/train · base")
    bars = {line.split()[0]: line for line in lines if "/4" in line}
    assert [bars[f"{k}/4"].split()[-2:] for k in range(5)] == [["8", "50.0%"], ["2", "12.5%"], ["1", "6.2%"], ["1", "6.2%"], ["4", "25.0%"]]
    assert bars["0/4"].count("█") == 40 and bars["4/4"].count("█") == 20
    assert "U-shaped: Beta(0." in text and "not U-shaped" not in text
    assert "never solved 50.0%, always 25.0%" in text
    assert "both surely below 1" in text


def test_a_fit_of_few_problems_is_called_no_u(tmp_path):
    histogram, u_shape = charts(tmp_path, {"a": "iiii", "b": "ciii", "c": "cccc", "d": "ccci"})
    assert u_shape["is_u"].item()
    text = shown(histogram, u_shape)
    assert "Not told apart from flat: Beta(0." in text and "U-shaped" not in text


@pytest.mark.parametrize("shape", [name for name in SHAPES if name not in ("none", "panel")])
def test_every_shape_has_its_own_words(tmp_path, shape):
    histogram, u_shape = charts(tmp_path, {"a": "iiii", "b": "ciii", "c": "cccc", "d": "ccci"})
    text = " ".join(shown(histogram, u_shape.with_columns(shape=pl.lit(shape))).split())
    assert f"{SHAPES[shape].title}: Beta(" in text and SHAPES[shape].reason in text
    assert ("U-shaped" in text) is (shape == "u")


def test_the_bands_are_told_as_they_were_made(tmp_path):
    edges = DifficultySettings(low=0.1, hard_below=0.3, medium_below=0.51, high=0.9)
    text = shown(*charts(tmp_path, {"a": "ciii", "b": "cccc"}), edges)
    said = "bands by accuracy: hopeless below 0.1, hard 0.1 to 0.3, medium 0.3 to 0.51, easy 0.51 to 0.9, trivial above 0.9"
    assert " ".join(text.split()).endswith(said)


def test_a_name_for_the_policy_is_used(tmp_path):
    histogram, u_shape = charts(tmp_path, {"a": "ci", "b": "cc"})
    assert "geo[3k]/train · my policy" in shown(histogram.with_columns(policy=pl.lit("my policy")), u_shape)


def test_no_shape_and_nothing_at_all(tmp_path):
    histogram, u_shape = charts(tmp_path, {"a": "cc", "b": "cc"})
    assert "no shape" in shown(histogram, u_shape)
    assert "profile problems first" in shown(histogram.clear(), u_shape.clear())
