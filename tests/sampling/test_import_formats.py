"""Answers as the tools that people have write them: rows of their real shapes, each answer to the problem that it is to."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.sampling.imported.rollouts import Imported, imported_rollouts
from tasks.sampling.imported.settings import ImportColumns, ImportSettings, panel_files
from tests.problems.test_reading_tables import workbook

JANET = "Janet’s ducks lay 16 eggs per day.\nShe eats three for breakfast. How many are left?"
ROBE = "A robe takes 2 bolts of blue fiber and half that much white fiber. How many bolts in total does it take?"
LEFT = "<image>Find the length of the side that is marked x in the figure."
PROBLEMS = pl.DataFrame(
    [
        {"problem_id": "janet", "source_id": "17", "question": JANET, "row": 1, "answer": "13"},
        {"problem_id": "robe", "source_id": "18", "question": ROBE, "row": 2, "answer": "3"},
        {"problem_id": "left", "source_id": "19", "question": LEFT, "row": 3, "answer": "5"},
        {"problem_id": "right", "source_id": "20", "question": LEFT, "row": 4, "answer": "7"},
        {"problem_id": "short", "source_id": "21", "question": "1+1?", "row": 5, "answer": "2"},
    ]
).with_columns(dataset=pl.lit("gsm8k"), split=pl.lit("train"))


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Rows as a file of the kind that its suffix says."""
    if path.suffix == ".parquet":
        pl.DataFrame(rows, strict=False).write_parquet(path)
    elif path.suffix == ".tsv":
        pl.DataFrame(rows).write_csv(path, separator="\t")
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def imported(file: Path, columns: ImportColumns | None = None, **settings: Any) -> Imported:
    asked = ImportSettings(panel="panel", files=(str(file),), columns=columns or ImportColumns(), **settings)
    return imported_rollouts([file], asked, PROBLEMS, "panel", "imported")


def pairs(found: Imported) -> list[tuple[str, str]]:
    return found.rollouts.select("problem_id", "response").rows()


def batch(id: str, choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    body = {"id": "chatcmpl-1", "object": "chat.completion", "choices": choices, "usage": {"completion_tokens": 3}}
    response = {"status_code": 200, "request_id": "r", "body": body}
    return {"id": f"batch_req_{id}", "custom_id": id, "response": response, "error": None, **more}


def choice(text: str | None, reason: str = "stop", index: int = 0, **more: Any) -> dict[str, Any]:
    return {"index": index, "message": {"role": "assistant", "content": text, **more}, "finish_reason": reason}


def test_openais_batches_with_several_choices_and_errors(tmp_path: Path) -> None:
    rows = [
        {"id": "batch_req_0", "custom_id": "18", "response": None, "error": {"code": "batch_expired", "message": "Not in time."}},
        batch("17", [choice("b", "length", 1), choice("a")]),
        batch("18", [choice(None, refusal="I cannot.")]),
        batch("19", [choice("", "content_filter")]),
        batch("20", [choice("5", reasoning_content="3-4-5")]),
        {**batch("17", []), "response": {"status_code": 429, "body": {"error": {"message": "Rate limit."}}}},
    ]
    found = imported(write(tmp_path / "out.jsonl", rows))
    assert pairs(found) == [("janet", "a"), ("janet", "b"), ("robe", "I cannot."), ("right", "<think>3-4-5</think>\n5")]
    assert found.rollouts["finish_reason"].to_list() == ["stop", "length", "stop", "stop"]
    said = "\n".join(found.notes)
    assert (
        "1 x set aside: an error of the API (Not in time.)" in said and "(Rate limit.)" in said and "withheld it (content_filter)" in said
    )


def test_replies_of_the_responses_api_and_of_anthropic(tmp_path: Path) -> None:
    message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "13"}]}
    body = {"object": "response", "status": "completed", "output": [{"type": "reasoning", "summary": []}, message]}
    openai = {"custom_id": "17", "response": {"status_code": 200, "body": body}, "error": None}
    assert pairs(imported(write(tmp_path / "a.jsonl", [openai]))) == [("janet", "13")]
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "so "}, {"type": "text", "text": "3"}]
    good = {"type": "succeeded", "message": {"role": "assistant", "content": content, "stop_reason": "max_tokens"}}
    bad = {"type": "errored", "error": {"type": "error", "error": {"message": "Overloaded"}}}
    found = imported(write(tmp_path / "b.jsonl", [{"custom_id": "17", "result": bad}, {"custom_id": "18", "result": good}]))
    assert (pairs(found), found.rollouts["finish_reason"][0]) == ([("robe", "so 3")], "length")
    assert "an error of the API (Overloaded)" in found.notes[0]


def test_lm_evaluation_harness_writes_its_answers_once_a_filter(tmp_path: Path) -> None:
    def sample(doc_id: int, question: str, filter: str) -> dict[str, Any]:
        prompt = {"gen_args_0": {"arg_0": f"Question: 2+2?\nAnswer: 4\n\nQuestion: {question}\nAnswer:", "arg_1": {"until": ["\n"]}}}
        doc = {"question": question, "answer": "so #### 13"}
        more = {"filtered_resps": ["13"], "filter": filter, "metrics": ["exact_match"], "doc_hash": "d", "target": "#### 13"}
        return {"doc_id": doc_id, "doc": doc, "arguments": prompt, "resps": [[f"{question[0]}1", f"{question[0]}2"]], **more}

    rows = [sample(number, text, filter) for filter in ("strict", "flexible") for number, text in enumerate((JANET, ROBE))]
    found = imported(write(tmp_path / "samples_gsm8k_2025.jsonl", rows))
    assert pairs(found) == [("janet", "J1"), ("janet", "J2"), ("robe", "A1"), ("robe", "A2")]
    assert "2 x set aside: the same answers, written again for another filter" in found.notes[0]


def test_log_likelihoods_are_no_answers(tmp_path: Path) -> None:
    row = {"doc_id": 0, "doc": {"question": JANET}, "arguments": [], "filtered_resps": []}
    for resps in ([[["-3.2", "False"]], [["-1.1", "True"]]], [[[-3.2, False]], [[-1.1, True]]]):
        with pytest.raises(InputError, match="there is no answer in .*log-likelihoods"):
            imported(write(tmp_path / "a.jsonl", [{**row, "resps": resps}]))


def test_lmms_eval_keeps_the_prompt_and_the_place(tmp_path: Path) -> None:
    def sample(doc_id: int, question: str, **answers: Any) -> dict[str, Any]:
        prompt = question.replace("<image>", "") + "\nAnswer the question using a single word or phrase."
        return {"doc_id": doc_id, "target": "5", "doc_hash": "d", "input": prompt, "token_counts": None, **answers}

    rows = [
        sample(0, JANET, filtered_resps="13"),
        sample(2, LEFT, resps=["five", "5"], filtered_resps="5"),
        sample(3, LEFT, resps=[["seven"]], filtered_resps=["7"]),
    ]
    expected = [("janet", "13"), ("left", "five"), ("left", "5"), ("right", "seven")]
    assert pairs(imported(write(tmp_path / "2025_samples_x.jsonl", rows))) == expected
    older = {**rows[0], "doc": {"question_id": 17, "question": JANET}, "resps": [["13"]], "filtered_resps": ["13"]}
    assert pairs(imported(write(tmp_path / "b.jsonl", [older]), ImportColumns(id="doc.question_id"))) == [("janet", "13")]


def test_open_r1_has_all_generations_in_a_row(tmp_path: Path) -> None:
    more = {"answer": "13", "correctness_math_verify": [True, False], "finish_reasons": ["stop", "length"]}
    rows = [{"uuid": "u-1", "problem": JANET, "generations": ["<think>a</think> 13", "b"], **more}]
    rows += [{"uuid": "u-2", "problem": ROBE, "generations": ["c"], **more, "finish_reasons": None}]
    found = imported(write(tmp_path / "train-00000-of-00001.parquet", rows))
    assert pairs(found) == [("janet", "<think>a</think> 13"), ("janet", "b"), ("robe", "c")]
    assert found.rollouts["finish_reason"].to_list() == ["stop", "length", "stop"]


def test_vlmevalkit_says_where_its_api_failed(tmp_path: Path) -> None:
    rows = [
        {"index": 19, "question": "Find the length of the side that is marked x in the figure.", "answer": "5", "prediction": "5"},
        {"index": 18, "question": ROBE, "answer": "3", "prediction": "Failed to obtain answer via API. "},
        {"index": 20, "question": "Find the length of the side that is marked x in the figure.", "answer": "7", "prediction": None},
    ]
    found = imported(write(tmp_path / "Model_Set.tsv", rows))
    assert pairs(found) == [("left", "5"), ("right", "")]
    assert "an error of the API (Failed to obtain answer via API.)" in found.notes[0]
    crossed = imported(write(tmp_path / "b.tsv", [{**rows[0], "index": 17}, {**rows[0], "index": 19}]))
    assert "the id is that of one problem and the question that of another" in crossed.notes[0]


def test_a_workbook_of_vlmevalkit(tmp_path: Path) -> None:
    rows = [["index", "question", "answer", "prediction"], [17, JANET, "13", "13"], [18, ROBE, 3, 3], [21, "1+1?", 2, None]]
    (tmp_path / "Model_Set.xlsx").write_bytes(workbook({"Sheet1": rows}))
    assert pairs(imported(tmp_path / "Model_Set.xlsx")) == [("janet", "13"), ("robe", "3"), ("short", "")]


def test_lightevals_details_of_both_forms(tmp_path: Path) -> None:
    doc = {"query": f"Solve:\n{JANET}\nPut your answer in a box.", "choices": ["13"], "gold_index": [0], "id": "0", "specific": None}
    row = {"doc": doc, "model_response": {"text": ["a", "b"], "logprobs": [], "input": None}, "metric": {"pass@1": 1.0}}
    assert pairs(imported(write(tmp_path / "details_x.parquet", [row]))) == [("janet", "a"), ("janet", "b")]
    older = {"example": ROBE, "full_prompt": f"Q: {ROBE}\nA:", "predictions": ["3"], "gold": ["3"], "truncated": 0}
    assert pairs(imported(write(tmp_path / "old.parquet", [older]))) == [("robe", "3")]


def test_verls_dumps_have_prompts_and_no_ids(tmp_path: Path) -> None:
    def dumped(question: str, gold: str) -> dict[str, Any]:
        prompt = f"system\nYou are helpful.\nuser\n{question.replace('<image>', '')} Let's think step by step.\nassistant\n"
        return {"input": prompt, "output": f"so {gold}", "gts": gold, "score": 1.0, "acc": 1.0, "step": 7}

    rows = [
        dumped(JANET, "13"),
        dumped(LEFT, "7"),
        dumped(JANET, "13"),
        dumped(LEFT, "9"),
        dumped("Who is unknown to all of us here?", "0"),
    ]
    found = imported(write(tmp_path / "7.jsonl", rows))
    assert pairs(found) == [("janet", "so 13"), ("right", "so 7"), ("janet", "so 13")]
    said = "\n".join(found.notes)
    assert "1 of 4 answers are to no problem of gsm8k (the first: id without an id" in said
    assert "its question is that of 2 problems; give a field with their ids by --id" in said


@pytest.mark.parametrize("conversational", [False, True])
def test_trls_completions(tmp_path: Path, conversational: bool) -> None:
    text = f"{ROBE}\nPut the answer in a box."
    prompt: Any = [{"role": "user", "content": text}] if conversational else text
    said: Any = [{"role": "assistant", "content": "3"}] if conversational else "3"
    rows = [{"step": 5, "prompt": prompt, "completion": said, "accuracy_reward": 1.0, "advantage": 0.5}] * 2
    assert pairs(imported(write(tmp_path / "completions_00005.parquet", rows))) == [("robe", "3")] * 2


def test_a_short_question_must_be_a_line(tmp_path: Path) -> None:
    rows = [{"q": "What is 11+1?", "response": "12"}, {"q": "user\n1+1?\nassistant", "response": "2"}]
    found = imported(write(tmp_path / "a.jsonl", rows), ImportColumns(question="q"))
    assert pairs(found) == [("short", "2")]


def test_columns_of_ones_own_by_dotted_paths(tmp_path: Path) -> None:
    rows = [{"meta": {"pid": 17, "why": "MAX_TOKENS"}, "out": {"samples": [{"text": "a"}, {"text": "b"}]}}]
    columns = ImportColumns(id="meta.pid", response="out.samples", finish_reason="meta.why")
    found = imported(write(tmp_path / "a.jsonl", rows), columns)
    assert pairs(found) == [("janet", "a"), ("janet", "b")]
    with pytest.raises(InputError, match=r"has no field 'meta.id'.*; it has 'meta', 'out'"):
        imported(tmp_path / "a.jsonl", ImportColumns(id="meta.id", response="out"))


def test_answers_kept_by_id_in_one_object(tmp_path: Path) -> None:
    (tmp_path / "output.json").write_text(json.dumps({"17": {"query": "?", "response": "13"}, "18": {"query": "?", "response": "3"}}))
    assert pairs(imported(tmp_path / "output.json")) == [("janet", "13"), ("robe", "3")]


def test_without_ids_a_question_says_which_problem_is_meant(tmp_path: Path) -> None:
    rows = [{"question": ROBE, "response": "3"}, {"question": LEFT, "response": "5"}]
    found = imported(write(tmp_path / "a.jsonl", rows))
    assert pairs(found) == [("robe", "3")] and "its question is that of 2 problems" in found.notes[0]


def test_what_is_not_known_asks(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", [{"qid": 17, "index": 3, "output": "a", "prediction": "b"}])
    with pytest.raises(
        InputError, match=r"needs the fields 'id' and 'response', but it has .*say with --format what wrote the file: openai-b"
    ):
        imported(file)
    assert pairs(imported(file, ImportColumns(id="qid", response="output"))) == [("janet", "a")]
    with pytest.raises(InputError, match=r"map them with --id \(or --question\) and --response"):
        imported(write(tmp_path / "b.jsonl", [{"response": "a"}]))
    with pytest.raises(InputError, match=r"panel p: .* is a folder; name the files in it, as .*\*\.jsonl"):
        panel_files(ImportSettings(panel="p", files=(str(tmp_path),)))
