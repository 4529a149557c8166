"""A judge over real sockets: what it is sent, that nothing is asked twice, and every way in which a server can fail."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.base.errors import InputError
from tasks.grading.second.judge import Appeal, Judge
from tasks.grading.second.kept import Kept
from tasks.grading.settings import SecondSettings
from tests.sampling.double import Answer, Call, Double, doubles, good

FAST = {"backoff_s": 0.002, "backoff_limit_s": 0.01, "health_s": 0.05, "patience_s": 0.5, "timeout_s": 5, "tries": 2, "concurrency": 4}
SECRET = "sesame-open-1234"


def settings(*servers: Double, **fields: object) -> SecondSettings:
    urls = tuple(server.url for server in servers) or ("http://127.0.0.1:9/v1",)
    return SecondSettings(**{"base_urls": urls, "model": "m", **FAST, **fields})  # type: ignore[arg-type]


def appeals(*responses: str) -> list[Appeal]:
    return [Appeal("What is 2 + 2?", (), "4", response) for response in responses]


def asked(chosen: SecondSettings, *responses: str, folder: Path | None = None) -> list[str]:
    with Kept(folder) as kept:
        return Judge(chosen, kept).words(appeals(*responses))


def says(*pairs: tuple[str, str], otherwise: str = "incorrect") -> Callable[[Call], Answer]:
    """A judge that says a word where the prompt holds a text."""

    def script(call: Call) -> Answer:
        prompt = call.body["messages"][0]["content"]
        return good(call, words=next((word for text, word in pairs if text in prompt), otherwise), tokens=1)

    return script


def test_it_is_asked_once_with_the_likeliest_answer_and_the_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("A_KEY", SECRET)
    with doubles(says(("four", "correct"))) as [server]:
        chosen = settings(server, key_variable="A_KEY", max_tokens=7)
        assert asked(chosen, "four", "five", "four", folder=tmp_path) == ["correct", "incorrect", "correct"]
    assert len(server.calls) == 2
    body = server.calls[0].body
    assert (body["temperature"], body["max_tokens"], body["model"], len(body["messages"])) == (0.0, 7, "m", 1)
    assert server.calls[0].headers["Authorization"] == f"Bearer {SECRET}" and SECRET not in json.dumps(body)
    assert SECRET not in "".join(path.read_text() for path in tmp_path.rglob("*.jsonl"))


def test_nothing_is_asked_twice_whoever_asks_and_when(tmp_path: Path) -> None:
    with doubles(says(("four", "correct"))) as [server]:
        first = asked(settings(server), "four", "five", folder=tmp_path)
        [kept] = tmp_path.glob("*.jsonl")
        kept.write_text(kept.read_text() + '["cut off by a ki')
        assert asked(settings(server, limit=1), "five", "four", folder=tmp_path) == first[::-1] and len(server.calls) == 2
        asked(settings(server, max_tokens=64), "four", folder=tmp_path)
    assert len(server.calls) == 3


def test_servers_share_the_questions() -> None:
    with doubles(says(), says()) as servers:
        assert asked(settings(*servers), *map(str, range(40))) == ["incorrect"] * 40
    assert min(len(server.calls) for server in servers) >= 5 and sum(len(server.calls) for server in servers) == 40


def test_a_judge_that_is_down_is_told_in_one_line_before_anything_is_asked() -> None:
    with doubles(says()) as [server]:
        server.die()
        with (
            Kept(None) as kept,
            pytest.raises(InputError, match=r"no server has been up for 0\.5 s \(grading\.second\.patience_s\)") as caught,
        ):
            Judge(settings(server), kept).check()
    assert "\n" not in str(caught.value) and "grading.second.base_urls" in str(caught.value)


def test_a_judge_that_is_up_is_not_asked_to_be_looked_at() -> None:
    with doubles(says()) as [server], Kept(None) as kept:
        Judge(settings(server), kept).check()
    assert not server.calls


FAULTS: list[tuple[Answer, str]] = [
    (Answer({"error": "boom"}, 500), r"had no good answer in 2 tries \(grading\.second\.tries\).*answers 500"),
    (Answer(b"<html>hello</html>"), "no chat completion"),
    (Answer({"choices": []}), "no chat completion"),
    (Answer({"choices": [{"message": {"content": 5}}]}), "which is no text"),
    (Answer({"error": "who are you?"}, 401), r"it wants a key: .* grading\.second\.key_variable"),
    (Answer({"error": "no such model"}, 404), r"is grading\.second\.model one of its models\?"),
    (Answer({"error": "bad field"}, 400), "the judge has refused 16 questions in a row"),
    (Answer({"error": "gone"}, cut=True), "was cut off"),
]


@pytest.mark.parametrize(("answer", "words"), FAULTS, ids=[f"{answer.status} {words[:20]}" for answer, words in FAULTS])
def test_faults_that_stay_end_the_grading_in_one_line(answer: Answer, words: str) -> None:
    with doubles(lambda call: answer) as [server], pytest.raises(InputError, match=words) as caught:
        asked(settings(server), *map(str, range(40)))
    assert "\n" not in str(caught.value)


def test_faults_that_pass_are_got_over() -> None:
    passing = [Answer({"error": "boom"}, 503), Answer(b"{", 200), Answer({"x": 1}, cut=True), Answer({"error": "slow down"}, 429)]
    with doubles(lambda call: passing[call.number] if call.number < 4 else good(call, words="correct")) as [server]:
        assert asked(settings(server, tries=6), *map(str, range(12))) == ["correct"] * 12


def test_a_slow_judge_is_told() -> None:
    words = r"did not answer within 0\.1 s \(grading\.second\.timeout_s\)"
    with doubles(lambda call: good(call, words="correct", delay=30)) as [server], pytest.raises(InputError, match=words):
        asked(settings(server, timeout_s=0.1, tries=1), *map(str, range(20)))


def test_another_model_there_is_told_with_the_models_there_are() -> None:
    words = r"it serves 'qwen', 'llama', not 'm'\. Set grading\.second\.model"
    with doubles(says(), models=("qwen", "llama")) as [server], pytest.raises(InputError, match=words):
        asked(settings(server), "four")


def test_one_response_that_is_refused_has_no_word_and_the_others_have(tmp_path: Path) -> None:
    def refuses(call: Call) -> Answer:
        too_long = "very long" in call.body["messages"][0]["content"]
        return Answer({"error": "maximum context length"}, 400) if too_long else good(call, words="correct")

    with doubles(refuses) as [server]:
        for _ in range(2):
            assert asked(settings(server), "four", "very long", "five", folder=tmp_path) == ["correct", "", "correct"]
    assert len(server.calls) <= 4  # with an easy question, where the refusal came last


def test_a_judge_that_dies_in_the_middle_loses_no_word(tmp_path: Path) -> None:
    def dies(call: Call) -> Answer:
        if call.number == 6:
            server.server.socket.close()
        return good(call, words=f"word {call.number}") if call.number < 6 else Answer({}, cut=True)

    responses = [str(number) for number in range(20)]
    with doubles(dies) as [server], pytest.raises(InputError, match="run again|was cut off"):
        asked(settings(server, concurrency=1), *responses, folder=tmp_path)
    with doubles(says(otherwise="no")) as [later]:
        words = asked(settings(later), *responses, folder=tmp_path)
    assert [word for word in words if word.startswith("word")] == [f"word {number}" for number in range(6)]
    assert len(later.calls) == 14 and words.count("no") == 14


def test_a_key_that_is_not_set_is_told() -> None:
    with Kept(None) as kept, pytest.raises(InputError, match=r"grading\.second\.key_variable: the environment variable NO_KEY is not set"):
        Judge(settings(key_variable="NO_KEY"), kept)


@pytest.mark.parametrize(
    "fault", [Answer({"error": "boom"}, 500), Answer({"error": "too long"}, 400), Answer({}, cut=True)], ids=["500", "400", "cut"]
)
def test_refusals_at_the_end_are_the_responses_only_where_the_judge_answers_an_easy_question(fault: Answer) -> None:
    def poisoned(call: Call) -> Answer:
        return fault if "poison" in call.body["messages"][0]["content"] else good(call, words="correct")

    with doubles(poisoned) as [server]:
        assert asked(settings(server), "poison") == [""] and asked(settings(server), "four", "poison") == ["correct", ""]
    with doubles(lambda call: fault) as [server], pytest.raises(InputError, match=r"the judge does not answer: .*; run again"):
        asked(settings(server), "four")
