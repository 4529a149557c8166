import logging

import numpy as np
import polars as pl
import pytest
from scipy.special import betaln, digamma, polygamma

from tasks.base.errors import InputError
from tasks.base.files import file_digest
from tasks.curation import task
from tasks.curation.settings import SetSettings, StageRule
from tasks.difficulty.task import DifficultyRequest, measure_difficulty
from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import RELATIONS
from tasks.warehouse.relations import SQL
from tests.curation.sets import HARDER, SMALL, measured
from tests.sql.rows import graded_artifact, problems_artifact, verdicts


def asked(home, difficulty, problems, settings, seed) -> task.CurationRequest:
    return task.CurationRequest(home=home, difficulty=difficulty, problems=problems, settings=settings, seed=seed)


def curate(*given) -> Artifact:
    return task.curate_sets.fn(asked(*given))


def with_rule(stage: str, rule: StageRule) -> SetSettings:
    """The small set's settings with another rule for a stage."""
    return SMALL.model_copy(update={"rules": {**SMALL.rules, stage: rule}})


@pytest.mark.process
def test_stages_load_as_datasets_with_pictures(tmp_path):
    from datasets import load_dataset

    made = curate(tmp_path, *measured(tmp_path), SMALL, 0)
    loaded = load_dataset("parquet", data_files=str(made.file("stage1.parquet")), split="train", cache_dir=str(tmp_path / "cache"))
    assert len(loaded) == 6
    assert loaded["rank"] == [1, 2, 3, 4, 5, 6]
    for row in loaded:
        number = int(row["problem_id"][1:])
        assert [image.getpixel((0, 0)) for image in row["images"]] == ([(number, 0, 0)] if number % 2 else [])
        assert row["problem"].count("<image>") == len(row["images"])
        assert (row["answer"], row["choices"], row["dataset"]) == ("A", ["1", "2"], "geometry")
        assert row["precision"] == (1 if number % 2 else None)
        assert row["accuracy"] == (number % 9) / 8 and 0.084 <= row["accuracy"] <= 0.87


def test_the_set_is_in_the_lake_and_tells_its_lineage(tmp_path):
    difficulty, sources = measured(tmp_path)
    made = curate(tmp_path, difficulty, sources, SMALL, 0)
    rows = pl.read_parquet(made.file("curated.parquet"))
    assert dict(rows.schema) == RELATIONS["curated"]
    assert set(rows["set_id"]) == {made.key}
    assert rows.group_by("stage").len().sort("stage").rows() == [("stage1", 6), ("stage2", 3)]
    hard = rows.filter(pl.col("stage") == "stage2").sort("rank")
    assert hard["accuracy"].to_list() == [0.125, 0.25, 0.375]
    manifest, stage = made.manifest, made.manifest["stages"]["stage2"]
    assert (manifest["policy_id"], manifest["sampling_id"], manifest["grader_id"], manifest["difficulty"]) == (
        "base",
        "warm",
        "strict",
        difficulty.key,
    )
    rule = SQL / "curation" / "medium_to_hard.sql"
    assert (stage["query"], stage["query_digest"]) == (rule.read_text(), file_digest(rule))
    assert stage["parameters"] == {
        "low": 0.084,
        "high": 0.5,
        "estimate": "posterior",
        "size": 3,
        "by_dataset": False,
        "seed": 0,
        "target": 0.5,
        "subject": "subject",
    }
    assert (stage["by_band"], stage["by_dataset"]) == ({"hard": 2, "medium": 1}, {"geometry": 3})


@pytest.mark.parametrize("estimate", ["posterior", "share"])
def test_a_stage_tells_counts_and_estimates_and_has_for_prior_what_decided(tmp_path, estimate):
    difficulty, sources = measured(tmp_path)
    made = curate(tmp_path, difficulty, sources, with_rule("stage1", StageRule(size=6, estimate=estimate)), 0)
    rows = pl.read_parquet(made.file("stage1.parquet"))
    assert rows["prior"].to_list() == rows["p_mean" if estimate == "posterior" else "accuracy"].to_list()
    assert rows.select((pl.col("p_low") < pl.col("p_mean")) & (pl.col("p_mean") < pl.col("p_high"))).to_series().all()
    known = pl.read_parquet(difficulty.file("difficulty.parquet"), columns=["problem_id", "k", "p_mean", "p_low", "p_high"])
    kept = pl.read_parquet(made.file("curated.parquet")).filter(stage="stage1").join(known, on=["problem_id", "p_mean", "p_low", "p_high"])
    assert len(kept) == 6
    prior = pl.read_parquet(difficulty.file("priors.parquet"))
    weight, alpha, beta = (prior[name].to_numpy() for name in ("weight", "alpha", "beta"))
    right = rows.join(known.select("problem_id", "k"), on="problem_id", maintain_order="left")["k"].to_numpy()[:, None]
    shares = weight * np.exp(betaln(alpha + right, beta + 8 - right) - betaln(alpha, beta))
    shares /= shares.sum(axis=1, keepdims=True)
    means = digamma(alpha + right) - digamma(beta + 8 - right)
    squares = means**2 + polygamma(1, alpha + right) + polygamma(1, beta + 8 - right)
    mean = (shares * means).sum(axis=1)
    assert rows["logit_mean"].to_numpy() == pytest.approx(mean)
    assert rows["logit_variance"].to_numpy() == pytest.approx((shares * squares).sum(axis=1) - mean**2)


def test_the_same_inputs_give_the_same_bytes(tmp_path):
    made = []
    for home in (tmp_path / "a", tmp_path / "b"):
        home.mkdir()
        made.append(curate(home, *measured(home), SMALL, 0))
    assert made[0].key == made[1].key and made[0].content == made[1].content
    assert curate(home, *measured_again(home), SMALL, 1).content != made[1].content


def measured_again(home) -> tuple[Artifact, tuple[Artifact, ...]]:
    """The artifacts that `measured` left in `home`."""
    kinds = [Artifact(home=home, kind=kind, key=next((home / kind).glob("[0-9a-f]*")).name) for kind in ("difficulty", "problems")]
    return kinds[0], (kinds[1],)


def test_plan_follows_the_rules_sql(tmp_path):
    given = measured(tmp_path)
    path = tmp_path / "mine.sql"
    path.write_text((SQL / "curation" / "medium.sql").read_text())
    settings = with_rule("stage1", StageRule(rule=str(path), size=6))
    before = asked(tmp_path, *given, settings, 0).target()
    assert asked(tmp_path, *given, settings, 0).target() == before
    path.write_text(path.read_text() + "\n-- edited")
    assert asked(tmp_path, *given, settings, 0).target().key != before.key


def test_too_few_problems_are_an_error_or_a_warning(tmp_path, caplog):
    given = measured(tmp_path)
    wish = with_rule("stage1", StageRule(size=500, estimate="share"))
    with pytest.raises(InputError, match=r"stages\.stage1\.choose[\s\S]*size is 500[\s\S]*hopeless 5, hard 10"):
        curate(tmp_path, *given, wish, 0)
    with caplog.at_level(logging.WARNING):
        made = curate(tmp_path, *given, wish.model_copy(update={"on_shortage": "warn"}), 0)
    assert "size is 500" in caplog.text
    assert made.manifest["warnings"] == [record.getMessage() for record in caplog.records]
    assert made.manifest["stages"]["stage1"]["problems"] == 27


def test_a_stage_without_problems_is_always_an_error(tmp_path):
    nothing = with_rule("stage2", StageRule(low=0.51, high=0.52, size=1)).model_copy(update={"on_shortage": "warn"})
    with pytest.raises(InputError, match=r"stages\.stage2\.choose: .* finds 0 problems"):
        curate(tmp_path, *measured(tmp_path), nothing, 0)


def test_problems_with_two_golds_are_left_out_and_told(tmp_path, caplog):
    torn = {"problem_id": "b", "dataset": "other", "gold_id": "new", "answer": "2"}
    problems = [problems_artifact(tmp_path, [{"problem_id": name} for name in "abc"]), problems_artifact(tmp_path, [torn], name="other")]
    rows = [row for name in "abc" for row in verdicts(name, "cciiiiii")]
    graded, bands = graded_artifact(tmp_path, rows), DifficultySettings()
    difficulty = measure_difficulty.fn(DifficultyRequest(home=tmp_path, graded=graded, problems=tuple(problems), settings=bands))
    settings = SetSettings(rules={"one": StageRule(size=2), "two": HARDER.model_copy(update={"size": 2})})
    with caplog.at_level(logging.WARNING):
        made = curate(tmp_path, difficulty, tuple(problems), settings, 0)
    assert set(pl.read_parquet(made.file("curated.parquet"))["problem_id"]) == {"a", "c"}
    assert "1 problems have more than one gold answer" in caplog.text


def test_an_image_that_is_gone_is_named(tmp_path):
    given = measured(tmp_path)
    for path in (tmp_path / "images").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"image .*\.png of problem p\d+ is gone"):
        curate(tmp_path, *given, SMALL, 0)
    assert not list((tmp_path / "curated").glob("*/manifest.json"))
