"""A profile by a server that is killed, meets a question that the server refuses, and is run again: nothing finished is asked for twice,
what is missing is told with exit code 3, and the next run has it."""

import json
import signal
import subprocess
from pathlib import Path

import polars as pl
import pytest
import yaml

from tests.flows.runs import command, environment
from tests.patience import until
from tests.sampling.double import Answer, Call, doubles, good

pytestmark = pytest.mark.process
REFUSAL = Answer({"error": {"message": "maximum context length is 512"}}, 400)
PROBLEMS, ROUNDS = 12, 4


def recipe(folder: Path, url: str) -> Path:
    """A profile in one shard."""
    rows = [{"id": str(number), "problem": f"What is {number} and {number}?", "answer": str(2 * number)} for number in range(PROBLEMS)]
    (folder / "problems.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    served = {"base_urls": [url], "model": "m", "concurrency": 4, "check_prompts": False}
    asked = {
        "name": "unlost",
        "policy": {"model": "starter"},
        "problems": {"train": [{"name": "own", "path": str(folder / "problems.jsonl"), "columns": {"images": None}}]},
        "sampling": {"engine": "server", "rounds": ROUNDS, "max_tokens": 16, "flush_s": 0.2, "server": served},
    }
    path = folder / "unlost.yaml"
    path.write_text(yaml.safe_dump(asked))
    return path


def written_down(home: Path) -> int:
    return sum(len(pl.read_parquet(path)) for path in home.glob("aside/rollouts-*/*.parquet"))


def test_what_is_finished_stays_and_what_is_missing_is_told_and_tried_again(tmp_path: Path, prefect_home: Path) -> None:
    slow, refuses, home = [True], [True], tmp_path / "runs"

    def answer(call: Call) -> Answer:
        if refuses[0] and "What is 5 and 5?" in json.dumps(call.body["messages"]):
            return REFUSAL
        return good(call, delay=0.3 if slow[0] else 0.0, words="\\boxed{4}")

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, env=environment(prefect_home), capture_output=True, text=True, check=False)

    with doubles(answer) as [server]:
        words = command("profile", str(recipe(tmp_path, server.url)), "--home", str(home))
        first = subprocess.Popen(words, env=environment(prefect_home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        kept = until(lambda: written_down(home) >= 8 and written_down(home))
        first.send_signal(signal.SIGKILL)
        first.wait()
        kept, slow[0], before = written_down(home), False, len(server.calls)
        second = run()
        assert second.returncode == 3, second.stdout + second.stderr
        assert "4 completions of 1 problem could not be had: problem " in second.stderr and "it answers 400" in second.stderr
        assert f"To try them again: difficulty-prior profile {tmp_path / 'unlost.yaml'} --home {home}" in second.stderr
        assert len(server.calls) - before == PROBLEMS * ROUNDS - kept and not list(home.glob("aside/rollouts-*"))
        [missing] = home.glob("profiles/*/missing.parquet")
        assert pl.read_parquet(missing)["round"].to_list() == [0, 1, 2, 3]
        refuses[0], before = False, len(server.calls)
        third = run()
        assert third.returncode == 0, third.stdout + third.stderr
        assert len(server.calls) - before == ROUNDS and not list(home.glob("profiles/*/missing.parquet"))
