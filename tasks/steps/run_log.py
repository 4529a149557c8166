"""What our modules log while a flow or task runs goes into the log of that run, with its level, as what a task's own logger says does."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging.handlers import APILogHandler, APILogWorker

from tasks.base.errors import InputError, WorkerError, causes, input_error_in
from tasks.base.events import OURS

TASK_RUNS = "prefect.task_runs"
RUNS = (TASK_RUNS, "prefect.flow_runs")
UNSENT = ("Service %r failed", "Unable to connect to")
SENDERS = ("prefect._internal.concurrency", "prefect.events.clients")
SHOWN = 120
PREFECTS = re.compile(r"(.*?/api)/(flow_runs|task_runs|flows|logs|artifacts|v2/concurrency_limits|health|admin|csrf-token)\b")
FAILED = "Finished in state Failed("


class RunLogHandler(APILogHandler):
    """Prefect's handler, quiet where nothing runs."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(TaskRunContext.get() or FlowRunContext.get()) and bool(super().filter(record))


class TaskFirst(logging.Formatter):
    """A line of a task's log as the server keeps it, with the task's name: the log of a run has those of all its tasks mixed."""

    def format(self, record: logging.LogRecord) -> str:
        context = TaskRunContext.get()
        task = getattr(record, "task_name", None) or (context.task.name if context else None)
        said = super().format(record)
        return f"{task}: {said}" if task else said


class OneMessage(logging.Filter):
    """Makes one message of an error that is meant for people, where Prefect logs its traceback at every level of flows and tasks."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        fault = error if isinstance(error, WorkerError) else error and (input_error_in(error) or server_gone(error))
        if fault:
            record.msg, record.args, record.exc_info = str(fault), (), None
            record.is_fault = True
        return True


def server_gone(error: BaseException) -> InputError | None:
    """The error to tell where one comes of a Prefect server that does not answer any more; None for all others."""
    for cause in causes(error):
        if isinstance(cause, httpx.TransportError) and (at := asked_at(cause)):
            return InputError(
                f"the Prefect server at {at} does not answer any more ({type(cause).__name__}: {cause}); what is done "
                "stays: see to the server (a temporary one is started anew), and run again"
            )
    return None


def asked_at(error: httpx.TransportError) -> str:
    """The API of Prefect's that an error of the network is about; "" where it is about something else."""
    with suppress(RuntimeError):  # it does not know its request
        found = PREFECTS.match(str(error.request.url))
        return found[1] if found else ""
    return ""


class SaidAtTheEnd(logging.Filter):
    """Keeps from a command's console what the command itself says when it ends: the error that ended its flows, not once for each."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (getattr(record, "is_fault", False) or (record.name in RUNS and record.getMessage().startswith(FAILED)))


class SaidOnce(logging.Filter):
    """Lets what cannot be sent to a server that has gone be one line, where Prefect prints every event with all that it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith(UNSENT):
            return True
        if record.msg in self.said:
            return False
        self.said.add(record.msg)
        record.msg, record.args, record.exc_info = f"{record.getMessage()[:SHOWN]} … (told once)", (), None
        return True


async def send_lines(worker: APILogWorker, lines: list[dict[str, Any]]) -> None:
    """Send lines of a log to the server, as Prefect's own does, which writes two lines for every batch that a server that has gone does not
    take."""
    try:
        await worker._client.create_logs(lines)
    except Exception as error:  # noqa: BLE001 - whatever keeps a line from the server, the run goes on
        logging.getLogger(SENDERS[0]).error("Service %r failed to send lines of the log: %s", type(worker).__name__, error)


@contextmanager
def faults_said_by_caller() -> Iterator[None]:
    """Who calls the flow that runs inside hears of its faults by exception: the console need not show them."""
    consoles, said = logging.getLogger().handlers, SaidAtTheEnd()
    log_to_runs()
    for console in consoles:
        console.addFilter(said)
    try:
        yield
    finally:
        for console in consoles:
            console.removeFilter(said)


def log_to_runs() -> None:
    """Send what our modules log to the run that they work for, and let every line of a task say whose it is; once is enough."""
    APILogWorker._handle_batch = send_lines  # type: ignore[method-assign, assignment]
    for names, kind in ((RUNS, OneMessage), (SENDERS, SaidOnce)):
        for logger in map(logging.getLogger, names):
            if not any(isinstance(one, kind) for one in logger.filters):
                logger.addFilter(kind())
    for name in OURS:
        logger = logging.getLogger(name)
        if not any(isinstance(handler, APILogHandler) for handler in logger.handlers):
            logger.addHandler(RunLogHandler())
            logger.setLevel(logging.INFO)
    for name in (*OURS, TASK_RUNS):
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, APILogHandler):
                handler.setFormatter(TaskFirst())
