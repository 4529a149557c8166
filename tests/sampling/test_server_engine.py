"""The server engine against servers that behave badly: what is retried, what goes elsewhere, what ends the run and with which words."""

import base64
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from PIL import Image
from pydantic import ValidationError

from tasks.base.errors import InputError
from tasks.policy.identity import STARTER, Policy
from tasks.prompting.pictures import open_picture
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines.prompt_check import PromptCheck
from tasks.sampling.engines.server import ServerEngine
from tasks.sampling.requests import Completion, Outcome, Refusal, Request
from tasks.sampling.servers.answers import wait_of
from tasks.sampling.settings import SamplingSettings, ServerSettings
from tests.patience import until
from tests.sampling.asking import completions, outcomes
from tests.sampling.double import Answer, Call, Double, Script, doubles, good

pytestmark = pytest.mark.process

POLICY = Policy(policy_id="p", name="base", model=str(STARTER), dtype="float32")
FAST = {"model": "m", "backoff_s": 0.02, "backoff_limit_s": 0.1, "health_s": 0.05, "patience_s": 2, "timeout_s": 5, "check_prompts": False}
SECRET = "sesame-open-1234"


def settings(*servers: Double, max_tokens: int = 16, **server: object) -> SamplingSettings:
    fields = {**FAST, "base_urls": tuple(server.url for server in servers), **server}
    return SamplingSettings(engine="server", max_tokens=max_tokens, temperature=0.7, top_p=0.9, server=ServerSettings(**fields))  # type: ignore[arg-type]


def shards(count: int, size: int = 4) -> list[list[Request]]:
    return [[Request(f"p{shard}-{n}", 0, 0, 100 * shard + n, f"prompt {shard} {n}") for n in range(size)] for shard in range(count)]


def run(work: Sequence[Sequence[Request]], sampling: SamplingSettings, policy: Policy = POLICY) -> dict[int, list[Completion]]:
    """Every shard's completions. Raises the first refusal."""
    return completions(ServerEngine(policy, PromptingSettings(), sampling), work)


def check_all_answered(work: Sequence[Sequence[Request]], done: dict[int, list[Completion]]) -> None:
    """Each request has the answer to its own prompt and seed."""
    wanted = {place: [f"{request.prompt}/{request.seed}" for request in shard] for place, shard in enumerate(work)}
    assert {place: [one.response for one in answers] for place, answers in done.items()} == wanted


def first(*answers: Answer) -> Script:
    """These answers first, good ones after them."""
    return lambda call: answers[call.number] if call.number < len(answers) else good(call)


def always(answer: Answer) -> Script:
    return lambda call: answer


def test_requests_carry_the_distribution_their_own_seed_and_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", SECRET)
    work = [[Request("p", 0, 0, 2**63 - 1, "What?")]]
    with doubles(good) as [server]:
        check_all_answered(work, run(work, settings(server, key_variable="A_KEY")))
    [call] = server.calls
    expected = {"model": "m", "n": 1, "seed": 2**63 - 1, "temperature": 0.7, "top_p": 0.9, "max_tokens": 16, "top_k": -1, "min_p": 0.0}
    assert {name: call.body[name] for name in expected} == expected
    assert (call.body["repetition_penalty"], call.body["presence_penalty"], call.body["frequency_penalty"]) == (1.0, 0.0, 0.0)
    assert call.headers["Authorization"] == f"Bearer {SECRET}"


def test_strict_servers_get_the_fields_of_openai_alone() -> None:
    with doubles(good) as [server]:
        run(shards(1), settings(server, neutral=False))
    assert not {"top_k", "min_p", "repetition_penalty"} & server.calls[0].body.keys()


def test_a_completion_keeps_its_text_tokens_and_end() -> None:
    words = "<think>1+1</think>\\boxed{2}"
    with doubles(lambda call: good(call, words=words, tokens=16, finish="length")) as [server]:
        assert run(shards(1, 1), settings(server)) == {0: [Completion(words, 16, "length")]}


def test_no_more_is_in_hand_than_the_servers_take() -> None:
    pulled = []

    def pull() -> Iterator[list[Request]]:
        for place, shard in enumerate(shards(20)):
            pulled.append(place)
            yield shard

    with doubles(lambda call: good(call, delay=0.01), lambda call: good(call, delay=0.01)) as servers:
        seen: list[int] = []
        engine = ServerEngine(POLICY, PromptingSettings(), settings(*servers, concurrency=3))
        engine.generate(pull(), lambda request, outcome: seen.append(len(pulled)))
    assert seen[0] <= 1 + -(-6 // 4) + 1 and len(seen) == 80
    assert [server.most for server in servers] == [3, 3]


def test_a_run_that_is_given_up_ends_at_once() -> None:
    def given_up(request: Request, outcome: Outcome) -> None:
        until(lambda: server.busy)
        raise KeyboardInterrupt

    with doubles(lambda call: good(call, delay=0 if call.body["seed"] < 4 else 600)) as [server]:
        with pytest.raises(KeyboardInterrupt):
            ServerEngine(POLICY, PromptingSettings(), settings(server)).generate(shards(3), given_up)
        assert server.busy  # it has waited for no answer


def test_the_slow_server_gets_less_work() -> None:
    with doubles(lambda call: good(call, delay=0.2), lambda call: good(call, delay=0.01)) as [slow, fast]:
        work = shards(20)
        check_all_answered(work, run(work, settings(slow, fast, concurrency=2)))
    assert len(slow.calls) * 4 < len(fast.calls)


def test_a_server_that_asks_to_wait_is_left_alone_for_as_long() -> None:
    with doubles(first(Answer({"error": "slow down"}, 429, {"Retry-After": "1"}))) as [server]:
        work = shards(1, 3)
        check_all_answered(work, run(work, settings(server, concurrency=1)))
    assert server.calls[1].at - server.calls[0].at >= 1
    assert all(after.at - before.at < 0.5 for before, after in pairwise(server.calls[1:]))


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("7", 7), ("0.5", 0.5), ("-3", 0)],
)
def test_how_long_a_server_asks_to_wait(words: str, seconds: float) -> None:
    assert wait_of(httpx.Response(429, headers={"Retry-After": words})) == seconds


def test_until_when_a_server_asks_to_wait() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(hours=1))
    wait = wait_of(httpx.Response(429, headers={"Retry-After": until}))
    assert wait is not None
    assert 3500 <= wait <= 3600


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}])
def test_a_server_that_does_not_say_how_long(headers: dict[str, str]) -> None:
    assert wait_of(httpx.Response(429, headers=headers)) is None


def test_a_server_that_takes_few_at_a_time_gets_few() -> None:
    with doubles(lambda call: Answer({}, 429) if call.others >= 2 else good(call, delay=0.02)) as [server]:
        work = shards(15)
        check_all_answered(work, run(work, settings(server, concurrency=16)))
    assert sum(call.others >= 2 for call in server.calls[30:]) < len(server.calls[30:]) / 3


BROKEN = {
    "500": Answer({"error": "oops"}, 500),
    "503": Answer(b"<html>busy</html>", 503),
    "408": Answer({}, 408),
    "cut": Answer({"choices": "x" * 1000}, cut=True),
    "not JSON": Answer(b"\x1b[31m<html>\xff\x00 hello"),
    "JSON, but a list": Answer([1, 2]),
    "deep": Answer(b"[" * 100_000),
    "no choices": Answer({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}),
    "null content": good(Call(0, 0, {"seed": 1, "messages": [{"content": ""}]}, {}, 0), content=None),
    "no usage": Answer({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}),
    "a strange end": good(Call(0, 0, {"seed": 1, "messages": [{"content": ""}]}, {}, 0), finish="content_filter"),
    "a wrong encoding": Answer(b"nonsense", headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_bad_answer_is_tried_again(name: str) -> None:
    with doubles(first(BROKEN[name], BROKEN[name])) as [server]:
        work = shards(2)
        check_all_answered(work, run(work, settings(server, tries=3)))


@pytest.mark.parametrize("name", BROKEN)
def test_bad_answers_only_end_the_run_with_the_server_s_name(name: str) -> None:
    with (
        doubles(always(BROKEN[name])) as [server],
        pytest.raises(InputError, match=r"problem p\d-\d .* 3 tries .*127\.0\.0\.1:\d+/v1") as caught,
    ):
        run(shards(2), settings(server, tries=3))
    assert str(caught.value).isprintable()


def test_a_server_that_hangs_is_timed_out_and_its_work_goes_to_the_other() -> None:
    with doubles(lambda call: good(call, delay=30 if call.number < 2 else 0), good) as [hangs, works]:
        work = shards(3)
        check_all_answered(work, run(work, settings(hangs, works, concurrency=2, timeout_s=0.3)))


def test_a_server_that_always_hangs_ends_the_run() -> None:
    with doubles(lambda call: good(call, delay=30)) as [server], pytest.raises(InputError, match=r"did not answer within 0\.2 s"):
        run(shards(1), settings(server, timeout_s=0.2, tries=2))


def test_a_server_that_fails_fast_does_not_swallow_the_work() -> None:
    with doubles(always(BROKEN["500"]), lambda call: good(call, delay=0.02)) as [broken, works]:
        work = shards(20)
        check_all_answered(work, run(work, settings(broken, works, concurrency=4, tries=3)))
    assert len(broken.calls) < 30


def test_a_server_that_dies_is_dropped_and_used_again_when_it_is_back() -> None:
    with doubles(lambda call: good(call, delay=0.02), lambda call: good(call, delay=0.02)) as [dies, stays]:
        work, seen = shards(60), list[int]()

        def pulled() -> Iterator[list[Request]]:
            for place, shard in enumerate(work):
                if place == 10:
                    dies.die()
                    seen.append(len(dies.calls))
                if place == 25:
                    seen.append(len(dies.calls))
                    dies.start()
                yield shard

        check_all_answered(work, completions(ServerEngine(POLICY, PromptingSettings(), settings(dies, stays, concurrency=2)), pulled()))
        assert seen[1] == seen[0] and len(dies.calls) > seen[0] + 10


def test_a_run_goes_on_without_a_server_that_is_down_from_the_start() -> None:
    with doubles(good, good) as [down, works]:
        down.die()
        work = shards(3)
        check_all_answered(work, run(work, settings(down, works)))
        down.start()


def test_with_no_server_left_the_run_ends_after_its_patience_and_what_was_finished_stays() -> None:
    with doubles(lambda call: good(call, delay=0.01)) as [server]:
        kept: list[Outcome] = []

        def keep(request: Request, outcome: Outcome) -> None:
            kept.append(outcome)
            if len(kept) == 10:
                server.die()

        engine = ServerEngine(POLICY, PromptingSettings(), settings(server, concurrency=1, patience_s=0.5))
        with pytest.raises(InputError, match=r"no server has been up for 0\.5 s .*127\.0\.0\.1:\d+/v1: ConnectError.*run again"):
            engine.generate(shards(50), keep)
        assert len(kept) >= 10
        server.start()


def test_a_request_that_brings_servers_down_ends_the_run() -> None:
    def dies_of_the_third(call: Call) -> Answer:
        return BROKEN["cut"] if call.body["seed"] == 2 else good(call)

    with doubles(dies_of_the_third, dies_of_the_third) as servers, pytest.raises(InputError, match=r"problem p0-2 was cut off.* 4 tries"):
        run(shards(2), settings(*servers, tries=4))


REFUSED = {
    "a wrong key": (Answer({"error": f"bad key {SECRET}"}, 401), r"answers 401: .*refuses the key in the environment variable A_KEY"),
    "overflow": (
        Answer({"error": {"message": "maximum context length is 512"}}, 400),
        r"problem p0-0.*answers 400.*--max-model-len.*max_tokens",
    ),
    "no model": (Answer({"error": "The model `m` does not exist"}, 404), r"answers 404.*sampling\.server\.model"),
    "strict": (Answer({"error": "Unrecognized argument: top_k"}, 400), r"answers 400.*sampling\.server\.neutral"),
    "elsewhere": (Answer({}, 307, {"Location": "http://127.0.0.1:1/"}), "answers 307"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_ends_the_run_at_once_with_the_way_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", SECRET)
    answer, words = REFUSED[name]
    with doubles(always(answer)) as [server], pytest.raises(InputError, match=words) as caught:
        run(shards(1, 1), settings(server, key_variable="A_KEY"))
    assert len(server.calls) == 1
    assert server.url in str(caught.value)
    assert SECRET not in str(caught.value)


def test_one_refused_request_is_handed_back_and_the_others_go_on() -> None:
    refusal = Answer({"error": {"message": "maximum context length is 512"}}, 400)
    with doubles(lambda call: refusal if call.body["seed"] == 2 else good(call)) as [server]:
        found = outcomes(ServerEngine(POLICY, PromptingSettings(), settings(server)), shards(1)[0])
    assert [type(one) for one in found] == [Completion, Completion, Refusal, Completion]
    assert "problem p0-2: http://127" in str(found[2]) and "--max-model-len" in str(found[2])


def test_a_request_without_a_good_answer_is_handed_back_and_many_in_a_row_end_the_run() -> None:
    with doubles(lambda call: BROKEN["500"] if call.body["seed"] == 1 else good(call)) as [server]:
        found = outcomes(ServerEngine(POLICY, PromptingSettings(), settings(server, tries=2)), shards(1)[0])
        assert [type(one) for one in found] == [Completion, Refusal, Completion, Completion]
    with doubles(always(BROKEN["500"])) as [server], pytest.raises(InputError, match="16 requests in a row: problem") as caught:
        outcomes(ServerEngine(POLICY, PromptingSettings(), settings(server, tries=1)), shards(1, 64)[0])
    assert not isinstance(caught.value, Refusal)


def test_images_given_to_a_server_that_reads_text_only(picture: Path) -> None:
    refusal = Answer({"error": {"message": "m is not a multimodal model"}}, 400)
    with doubles(always(refusal)) as [server], pytest.raises(InputError, match=r"problem p.*images \(1\): serve a model that reads images"):
        run([[Request("p", 0, 0, 0, "<image>What?", (picture,))]], settings(server))


AT_START = {
    "a wrong key": (Answer({}, 401), "answers 401.*it wants a key"),
    "a web page": (Answer(b"<html>welcome</html>"), r"gives no list of models: '<html>welcome.*/v1"),
    "no such page": (Answer(b"not found", 404), r"answers 404.*/v1"),
    "other models": (Answer({"data": [{"id": "a"}, {"id": "b"}]}), r"it serves 'a', 'b', not 'm'.*sampling\.server\.model"),
}


@pytest.mark.parametrize("name", AT_START)
def test_a_wrong_endpoint_is_found_before_anything_is_asked(name: str) -> None:
    models, words = AT_START[name]
    with doubles(good, models=models) as [server], pytest.raises(InputError, match=words):
        run(shards(1), settings(server))
    assert not server.calls


def test_a_server_with_other_models_is_left_out() -> None:
    with doubles(good, models=("other",)) as [other], doubles(good) as [ours]:
        work = shards(2)
        check_all_answered(work, run(work, settings(other, ours)))
    assert not other.calls


def test_a_trained_policy_is_not_asked_for_by_the_base_s_name() -> None:
    trained = POLICY.model_copy(update={"kind": "stage", "model": "/lake/policies/stage1"})
    with doubles(good) as [server], pytest.raises(InputError, match=r"serves 'm', not '/lake/policies/stage1'"):
        run(shards(1), settings(server), trained)


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_a_server_that_takes_the_reasoning_out_is_an_error(field: str) -> None:
    with doubles(lambda call: good(call, **{field: "1+1=2"})) as [server], pytest.raises(InputError, match=f"{field}.*--reasoning-parser"):
        run(shards(1), settings(server))


def test_a_response_that_a_server_cuts_short_is_an_error() -> None:
    with doubles(lambda call: good(call, tokens=9, finish="length")) as [server], pytest.raises(InputError, match="after 9 tokens.* = 16"):
        run(shards(1), settings(server))


def test_a_response_that_ends_at_once_is_empty() -> None:
    with doubles(lambda call: good(call, content=None, tokens=1)) as [server]:
        assert run(shards(1, 1), settings(server)) == {0: [Completion("", 1, "stop")]}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "x.png"
    Image.new("RGB", (48, 48), "red").save(path)
    return path


def sent_images(server: Double) -> list[tuple[str, bytes]]:
    """Media type and bytes of each image of the first call."""
    parts = [part["image_url"]["url"] for part in server.calls[0].body["messages"][0]["content"] if part["type"] == "image_url"]
    return [(url.removeprefix("data:").split(";")[0], base64.b64decode(url.split(",")[1])) for url in parts]


def test_images_go_as_their_stored_bytes_in_their_place(picture: Path, tmp_path: Path) -> None:
    jpeg = tmp_path / "y.jpg"
    Image.new("RGB", (60, 40), "blue").save(jpeg)
    with doubles(good) as [server]:
        run([[Request("p", 0, 0, 0, "<image>one<image>two", (picture, jpeg))]], settings(server))
    assert sent_images(server) == [("image/png", picture.read_bytes()), ("image/jpeg", jpeg.read_bytes())]
    assert [part["type"] for part in server.calls[0].body["messages"][0]["content"]] == ["image_url", "text", "image_url", "text"]


def test_images_that_decoders_read_in_different_ways_go_as_the_pixels_that_training_sees(tmp_path: Path) -> None:
    turned, clear = tmp_path / "turned.jpg", tmp_path / "clear.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40), "blue").save(turned, exif=exif)
    Image.new("RGBA", (48, 48), (255, 0, 0, 0)).save(clear)
    with doubles(good) as [server]:
        run([[Request("p", 0, 0, 0, "<image><image>?", (turned, clear))]], settings(server))
    for (kind, data), path in zip(sent_images(server), (turned, clear), strict=True):
        with Image.open(BytesIO(data)) as sent:
            assert (kind, sent.mode, sent.getexif().get(0x0112)) == ("image/png", "RGB", None)
            assert sent.tobytes() == open_picture(path).tobytes()


def test_a_prompt_of_another_length_than_ours_is_an_error(picture: Path) -> None:
    work = [[Request("p", 0, 0, 0, "<image>What is it?", (picture,))]]
    with doubles(lambda call: good(call, prompt_tokens=23)) as [server]:  # 9 of the image, 14 of the text
        run(work, settings(server, check_prompts=True))
    words = (
        r"problem p: .*127.* as 50 tokens.* as 23.*pixel limits.*--mm-processor-kwargs '\{\"min_pixels\": 2304, \"max_pixels\": 16384\}'"
    )
    with doubles(lambda call: good(call, prompt_tokens=50)) as [server], pytest.raises(InputError, match=words):
        run(work, settings(server, check_prompts=True))


def test_text_prompts_are_checked_too() -> None:
    with doubles(lambda call: good(call, prompt_tokens=500)) as [server], pytest.raises(InputError, match="as 500 tokens.* as 1[0-9]"):
        run(shards(1), settings(server, check_prompts=True))


def test_without_the_processor_at_hand_prompts_go_unchecked_unless_there_are_limits(caplog: pytest.LogCaptureFixture) -> None:
    elsewhere = POLICY.model_copy(update={"model": "nobody/has-this-model"})
    with doubles(good) as [server]:
        check_all_answered(shards(1), run(shards(1), settings(server, check_prompts=True), elsewhere))
    assert "nobody checks that the servers read prompts as training does" in caplog.text
    check = PromptCheck(elsewhere, PromptingSettings(max_pixels=9216), ServerSettings())
    with pytest.raises(InputError, match="pixel limits"):
        check.measure("What?", (), "p")


def test_a_key_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_KEY", raising=False)
    with doubles(good) as [server], pytest.raises(InputError, match="A_KEY is not set"):
        run(shards(1), settings(server, key_variable="A_KEY"))
    monkeypatch.setenv("A_KEY", f"{SECRET}\nX-Other: 1")
    with doubles(good) as [server], pytest.raises(InputError, match="what A_KEY holds is no key") as caught:
        run(shards(1), settings(server, key_variable="A_KEY"))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"engine": "server"}, "needs server.base_urls"),
        ({"engine": "server", "replicas": 2, "server": {"base_urls": ["http://a/v1"]}}, "replicas is 2"),
        ({"server": {"base_urls": ["a:8000/v1"]}}, "not an http"),
        ({"server": {"base_urls": ["http://a:99999/v1"]}}, "port"),
        ({"server": {"base_urls": ["http://user:secret@a/v1"]}}, "keep keys in the environment"),
        ({"server": {"key_variable": "sk-123-this-is-a-key"}}, "key_variable"),
    ],
)
def test_settings_that_cannot_be_meant_are_errors(fields: dict, words: str) -> None:
    with pytest.raises(ValidationError, match=f"(?i){words}"):
        SamplingSettings(**fields)


def test_an_address_counts_once() -> None:
    assert ServerSettings(base_urls=("http://a/v1", "http://a/v1/")).base_urls == ("http://a/v1",)


def test_the_engine_starts_without_torch() -> None:
    code = "import sys, tasks.sampling.engines.server; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
