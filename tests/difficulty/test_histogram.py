import polars as pl
from rich.console import Console

from tasks.difficulty.histogram import draw
from tests.sql.rows import verdicts, warehouse


def shown(histogram: pl.DataFrame, u_shape: pl.DataFrame) -> str:
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(draw(histogram, u_shape))
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
    assert "chance alone" not in text


def test_a_u_of_few_problems_may_be_chance(tmp_path):
    text = shown(*charts(tmp_path, {"a": "iiii", "b": "ciii", "c": "cccc", "d": "ccci"}))
    assert "U-shaped (chance alone could do that): Beta(0." in text


def test_a_name_for_the_policy_is_used(tmp_path):
    histogram, u_shape = charts(tmp_path, {"a": "ci", "b": "cc"})
    assert "geo[3k]/train · my policy" in shown(histogram.with_columns(policy=pl.lit("my policy")), u_shape)


def test_no_shape_and_nothing_at_all(tmp_path):
    histogram, u_shape = charts(tmp_path, {"a": "cc", "b": "cc"})
    assert "no shape" in shown(histogram, u_shape)
    assert "profile problems first" in shown(histogram.clear(), u_shape.clear())
