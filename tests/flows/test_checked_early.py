"""What a recipe names is looked at when it is read, before anything is sampled: rules, launch configs, TRL's options, templates."""

from pathlib import Path

import pytest

from flows.recipe import Recipe, load_recipe
from flows.train import check_stages_here
from tasks.base.errors import InputError
from tasks.base.extras import EXTRAS
from tasks.curation.candidates import nobody
from tasks.curation.rules import rule_tables
from tasks.curation.trained import NONE
from tasks.training.options import option_names, option_words
from tasks.warehouse.building import open_over

STAGE = "stages.stage1.train"


def starter(*changes: str) -> Recipe:
    return load_recipe("starter", changes)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            "stages.stage1.choose.rule=mediun",
            r"`stages\.stage1\.choose`: no curation rule 'mediun' \(did you mean `medium`\?\): give one of",
        ),
        ("stages.stage1.choose.rule=", r"`stages\.stage1\.choose\.rule`: .*"),
        (f"{STAGE}.accelerate=fsdp", r"`stages\.stage1\.train`: .*'fsdp' \(did you mean `fsdp2`\?\)"),
        (
            f"{STAGE}.extra={{weight_decy: 0.1}}",
            r"extra\.weight_decy: TRL's GRPOConfig has no such option \(did you mean `weight_decay`\?\)",
        ),
        (f"{STAGE}.loss=grop", r"stages\.stage1\.train\.loss`: .*dr_grpo.*\(did you mean `grpo`\?\)"),
        (f"{STAGE}.extra={{sapo_temperature_pos: 1.0}}", r"extra\.sapo_temperature_pos would never act: it is of the loss sapo"),
        (
            f"{STAGE}.extra={{delta: 2.0}}",
            r"extra\.delta would never act: with iterations 1 .*; set iterations to 2 or more, or leave it out",
        ),
        (f"{STAGE}.extra={{use_bias_correction_kl: false}}", r"would never act: .*set beta"),
        (f"{STAGE}.extra={{ref_model_sync_steps: 8}}", r"would never act: .*set extra\.sync_ref_model"),
        (f"{STAGE}.extra={{vllm_model_impl: vllm}}", r"would never act: vLLM draws nothing here"),
        (f"{STAGE}.extra={{optim: adamw}}", r"extra\.optim: 'adamw' is none of .*adamw_torch"),
        (f"{STAGE}.extra={{importance_sampling_level: tokens}}", r"\(did you mean `token`\?\)"),
        (f"{STAGE}.lr_schedule=cosin", r"\(did you mean `cosine`\?\)"),
        (f"{STAGE}.weighting.family=exponental", r"\(did you mean `exponential`\?\)"),
        (f"{STAGE}.report_to=[tensorbord]", r"\(did you mean `tensorboard`\?\)"),
    ],
)
def test_a_name_of_a_stage_is_checked_when_the_recipe_is_read(change: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        starter(change)


def test_the_options_of_real_recipes_are_there() -> None:
    starter(f"{STAGE}.loss=dr_grpo", f"{STAGE}.iterations=2", f"{STAGE}.extra={{weight_decay: 0.1, optim: adamw_torch, delta: 2.0}}")
    assert len(option_names()) > 100 and {"loss_type", "optim", "weight_decay"} <= option_names()
    assert {"grpo", "dapo", "dr_grpo", "bnpo"} <= option_words("loss_type") and not option_words("weight_decay")


def test_a_clip_below_what_adam_sees_is_told_before_anything_is_sampled(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"stages\.stage1: train\.max_grad_norm: 1e-06 is so low a clip that nothing moves: of 1\.6 million"
    ):
        check_stages_here(starter(f"{STAGE}.max_grad_norm=1.0e-6"), tmp_path)
    check_stages_here(starter(f"{STAGE}.max_grad_norm=null"), tmp_path)


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("selec problem_id from candidates", "syntax error"),
        ("select problem_id from candidate", r"candidate does not exist"),
        ("select problem_id from candidates where acuracy > 0.1", r"acuracy"),
        ("select problem_id, accuracy from candidates", r"leave out accuracy"),
        ("select accuracy from candidates", r"gives the columns accuracy"),
        ("select problem_id, band as rank from candidates where $tarrget > 0", r"tarrget"),
        ("delete from candidates", r"a query is one SELECT"),
        ("select problem_id from read_csv('/etc/passwd')", r"the query failed"),
        ("select problem_id from candidates -- Gr\udcf6\udcdfe", r"line 1, column 40 holds the byte 0xf6"),
        ("", r"empty"),
    ],
)
def test_a_rule_of_ones_own_is_asked_before_anything_is_sampled(tmp_path: Path, sql: str, fault: str) -> None:
    path = tmp_path / "own.sql"
    path.write_bytes(sql.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=rf"`stages\.stage1\.choose`: curation rule (?s:.*){fault}"):
        starter(f"stages.stage1.choose.rule={path}")


def test_a_good_rule_of_ones_own_is_taken_and_rules_read_the_mart(tmp_path: Path) -> None:
    path = tmp_path / "it's [my] rule #1.sql"
    path.write_text("select problem_id, row_number() over (order by accuracy, problem_id) as rank from candidates where accuracy > $low")
    assert starter(f'stages.stage1.choose={{rule: "{path}"}}').stages["stage1"].choose.rule == str(path)
    with rule_tables(nobody(), nobody(), NONE) as connection:
        assert connection.table("candidates").pl().schema == open_over({}, wanted=["candidates"]).table("candidates").pl().schema


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{ question | shout }}", "is not a Jinja template: line 1: No filter named 'shout'"),
        ("{{ question + 1 }}", "fails on .*; correct the file"),
        ("{% include 'other.jinja' %}{{ question }}", "fails on"),
        ("Answer it.", "never uses `question`"),
        ("{{ question }} Gr\udcf6\udcdfe", "line 1, column 18 holds the byte 0xf6"),
    ],
)
def test_a_template_is_tried_when_the_recipe_is_read(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "own.jinja"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=f"`prompting`: template .*{fault}"):
        starter(f"prompting.template={path}")


@pytest.mark.skipif(EXTRAS["liger"].is_installed, reason="Liger's kernels are installed")
def test_a_package_that_training_lacks_is_told_before_anything_is_sampled(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"stages\.stage2: train\.liger: true needs Liger's kernels: pip install"):
        check_stages_here(starter("stages.stage2.train.liger=true"), tmp_path)
    check_stages_here(starter(), tmp_path)
