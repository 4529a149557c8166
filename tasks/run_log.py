"""What our modules log while a flow or task runs goes into the log of that run, with its level, as what a task's own logger says does."""

import logging

from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging.handlers import APILogHandler

from tasks.process import OURS


class RunLogHandler(APILogHandler):
    """Prefect's handler, quiet where nothing runs."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(TaskRunContext.get() or FlowRunContext.get()) and bool(super().filter(record))


def log_to_runs() -> None:
    """Send what our modules log to the run that they work for; once is enough."""
    for name in OURS:
        logger = logging.getLogger(name)
        if not any(isinstance(handler, APILogHandler) for handler in logger.handlers):
            logger.addHandler(RunLogHandler())
            logger.setLevel(logging.INFO)
