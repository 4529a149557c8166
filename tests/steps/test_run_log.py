"""What is meant for people is one message in the logs, and once on a command's console; what nobody can send is told once."""

import errno
import logging
import sys
from collections.abc import Iterator

import httpx
import pytest

from tasks.base.errors import InputError, NotReachable, WorkerError
from tasks.steps.run_log import FAILED, RUNS, SENDERS, faults_said_by_caller, log_to_runs, server_gone


class Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def console() -> Iterator[Kept]:
    """A console, where Prefect's is."""
    log_to_runs()
    kept = Kept()
    logging.getLogger().addHandler(kept)
    yield kept
    logging.getLogger().removeHandler(kept)


def fail(name: str, error: Exception) -> None:
    """Log an error as Prefect's engines do."""
    try:
        raise error
    except Exception:
        logging.getLogger(name).error("Encountered exception during execution: %r", error, exc_info=sys.exc_info())
    logging.getLogger(name).error(f"{FAILED}'{error!r}')")


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InputError("row 3 of a.jsonl: 100% of it is bad"), "row 3 of a.jsonl: 100% of it is bad"),
        (NotReachable("the hub does not answer"), "the hub does not answer"),
        (
            WorkerError("worker tasks.sampling.worker was killed\n  its last line"),
            "worker tasks.sampling.worker was killed\n  its last line",
        ),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), "cannot write /x: the disk is full."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_for_people_is_one_message(console: Kept, name: str, error: Exception, said: str) -> None:
    fail(name, error)
    first, second = console.records
    assert first.getMessage().startswith(said) and first.exc_info is None and second.getMessage().startswith(FAILED)
    with faults_said_by_caller():
        fail(name, error)
    assert len(console.records) == 2
    fail(name, error)
    assert len(console.records) == 4


def test_a_fault_of_ours_keeps_its_traceback(console: Kept) -> None:
    with faults_said_by_caller():
        fail(RUNS[0], KeyError("x"))
    [record] = console.records
    assert record.exc_info


def test_what_cannot_be_sent_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    log_to_runs()
    heard = Kept()
    logger = logging.getLogger(SENDERS[0])
    logger.addHandler(heard)
    try:
        for number in range(3):
            logger.error("Service %r failed to process item %r", "EventsWorker", f"event {number} {'x' * 5000}")
            logger.error("something else")
    finally:
        logger.removeHandler(heard)
    unsent = [record.getMessage() for record in heard.records if "EventsWorker" in record.getMessage()]
    assert len(unsent) <= 1 and all(len(line) < 200 for line in unsent)
    assert sum(record.msg == "something else" for record in heard.records) == 3


def refused(url: str) -> httpx.ConnectError:
    return httpx.ConnectError("Connection refused", request=httpx.Request("POST", url))


def test_a_server_that_has_gone_is_one_message(console: Kept) -> None:
    for path in ("flow_runs/1/set_state", "task_runs/", "artifacts/", "v2/concurrency_limits/increment-with-lease"):
        fail(RUNS[1], refused(f"http://127.0.0.1:8123/api/{path}"))
        first = console.records[-2]
        assert first.getMessage().startswith("the Prefect server at http://127.0.0.1:8123/api does not answer any more")
        assert not first.exc_info
    hub = refused("https://huggingface.co/api/models/a/b"), refused("https://hub.example/api/datasets/a")
    for other in (*hub, httpx.ConnectError("x"), OSError("x")):
        assert server_gone(other) is None
