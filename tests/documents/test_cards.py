"""RESULTS.md's table of cards is what the kept figures say: seeds add up, arms of unequal tokens are named, and a CPU proves nothing."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tasks.base.errors import InputError
from tests.bench.gpu import ACCURACY, DIFFERENCE, FIGURES, KEPT, LIVE, NO_GPU, NOTHING, RUN, SHUFFLED, TABLE, TOKENS, add, read, table
from tests.bench.results import shown

CARD, SETUP = "NVIDIA H200", "qwen2 of 494M weights, GSM8K"


def run(seed: int, *, card: str = CARD, day: int = 1, live: float = 0.5, tokens: float = 1000) -> pl.DataFrame:
    """The figures of a run, few of them."""
    figures = [
        (ACCURACY, "base", 0.3, 0.25, 0.35),
        (ACCURACY, SHUFFLED, 0.4, 0.35, 0.45),
        (ACCURACY, LIVE, live, live - 0.05, live + 0.05),
        (ACCURACY, DIFFERENCE, live - 0.4, live - 0.45, live - 0.35),
        (TOKENS, SHUFFLED, 1000.0, None, None),
        (TOKENS, LIVE, tokens, None, None),
        ("seconds of profile", RUN, 95.0, None, None),
    ]
    said = (date(2026, 12, day), card, SETUP, seed)
    return pl.DataFrame([(*said, *row) for row in figures], schema=FIGURES, orient="row")


def test_results_show_what_is_kept() -> None:
    assert shown(TABLE) == table(KEPT)


def test_without_a_run_it_says_so(tmp_path: Path) -> None:
    assert table(tmp_path).endswith("nothing yet. No run of it on a GPU is kept here, so nothing is claimed of how a real model learns.")


def test_one_seed_has_its_interval_over_problems(tmp_path: Path) -> None:
    add(run(0), tmp_path)
    said = table(tmp_path)
    assert f"**{CARD}**, 2026-12-01, seed 0: {SETUP}." in said
    assert f"| {ACCURACY} | 30.0% (25.0% … 35.0%) | 40.0% (35.0% … 45.0%) | 50.0% (45.0% … 55.0%) | +10.0 (+5.0 … +15.0) |" in said
    assert said.endswith("\nseconds of profile 95.") and f"| {TOKENS} | – | 1,000 | 1,000 | – |" in said


def test_a_run_that_only_profiled_says_so_and_has_no_table(tmp_path: Path) -> None:
    add(run(0, card=f"{NO_GPU}, 2 cores").filter(arm=RUN), tmp_path)
    said = table(tmp_path)
    assert said.endswith(f"seed 0: {SETUP}. Nothing was trained.\n\n\nseconds of profile 95.") and "|" not in said
    assert NOTHING in said
    add(run(0), tmp_path)
    assert NOTHING not in table(tmp_path)


def test_seeds_add_up_in_one_file_of_a_card_and_day_and_replace_themselves(tmp_path: Path) -> None:
    for rows in (run(0, live=0.1), run(1, live=0.6), run(0, live=0.4), run(0, card="NVIDIA L4", day=2)):
        add(rows, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nvidia-h200-2026-12-01.parquet", "nvidia-l4-2026-12-02.parquet"]
    assert f"**{CARD}**, 2026-12-01, seeds 0, 1: " in table(tmp_path)
    assert "| +10.0 (-117.1 … +137.1) |" in table(tmp_path)  # Student's t over 0.0 and 0.2: 0.1 ± 12.71 × 0.1


def test_a_seed_that_was_run_on_two_days_counts_once(tmp_path: Path) -> None:
    for rows in (run(0, live=0.6, day=2), run(0, live=0.1)):
        add(rows, tmp_path)
    assert "2026-12-02, seed 0: " in table(tmp_path) and "60.0%" in table(tmp_path) and "10.0%" not in table(tmp_path)


@pytest.mark.parametrize(("tokens", "said"), [(1021, "2.1% more"), (979, "2.1% fewer"), (1019, ""), (981, "")])
def test_arms_of_unequal_tokens_are_named(tmp_path: Path, tokens: float, said: str) -> None:
    add(run(3, tokens=tokens), tmp_path)
    warned = f"**Not at equal tokens**: with seed 3 live trained on {said} tokens than shuffled, where 2% are let pass."
    assert ("Not at equal tokens" in table(tmp_path), warned in table(tmp_path)) == (bool(said), bool(said))


def test_an_arm_that_was_not_trained_is_named(tmp_path: Path) -> None:
    add(run(0).filter(pl.col("arm") != LIVE), tmp_path)
    assert "**Not compared**: seed 0 has not trained both arms." in table(tmp_path)


def test_a_cpu_stands_last_and_proves_nothing(tmp_path: Path) -> None:
    for rows in (run(0, card=f"{NO_GPU}, 2 cores"), run(0, card="Zeta")):
        add(rows, tmp_path)
    gpu, _, cpu = table(tmp_path).partition(f"**{NO_GPU}, 2 cores**")
    assert "**Zeta**" in gpu and "nothing about learning follows" not in gpu and "nothing about learning follows" in cpu


def test_what_holds_no_figures_is_refused(tmp_path: Path) -> None:
    text, others = tmp_path / "text.parquet", tmp_path / "others.parquet"
    text.write_text("no Parquet")
    pl.DataFrame({"value": [1]}).write_parquet(others)
    with pytest.raises(InputError, match="text.parquet is no file of figures: .*; give the Parquet file"):
        read([text])
    with pytest.raises(InputError, match=r"others.parquet has the columns value, and no figures of this version"):
        read([others])
