"""What our modules log while a flow or task runs goes into the log of that run, with its level, as what a task's own logger says does."""

import logging

from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging.handlers import APILogHandler

from tasks.base.events import OURS

TASK_RUNS = "prefect.task_runs"


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


def log_to_runs() -> None:
    """Send what our modules log to the run that they work for, and let every line of a task say whose it is; once is enough."""
    for name in OURS:
        logger = logging.getLogger(name)
        if not any(isinstance(handler, APILogHandler) for handler in logger.handlers):
            logger.addHandler(RunLogHandler())
            logger.setLevel(logging.INFO)
    for name in (*OURS, TASK_RUNS):
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, APILogHandler):
                handler.setFormatter(TaskFirst())
