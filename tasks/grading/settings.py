"""Settings of grading: who judges, how much computing one expression may take, and how many children with how much memory work on them."""

from pydantic import Field

from tasks.base.settings import Settings


class GradingSettings(Settings):
    """Limits of the grader: times in seconds, memory in MiB of address space per child process. `verifier` is a function of your own that
    judges in its place: `path/to/file.py:function` or `package.module:function` (see verifier.py).

    `timeout_s` is time of the processor, so that no verdict depends on what else the machine does. `wait_s` is time on the clock, for a
    child that does not compute: a verifier that waits for a network, say, is timed out after it."""

    verifier: str | None = None
    timeout_s: float = Field(default=5.0, gt=0, le=600)
    wait_s: float = Field(default=120.0, gt=0, le=86_400)
    workers: int = Field(default=2, ge=1, le=256)
    memory_mib: int = Field(default=2048, ge=128)
    start_timeout_s: float = Field(default=120.0, gt=0)
