"""Settings of grading: how long one expression may take, and how many children with how much memory work on them."""

from pydantic import Field

from tasks.settings import Settings


class GradingSettings(Settings):
    """Limits of the grader. Times in seconds, memory in MiB of address space per child process."""

    timeout_s: float = Field(default=5.0, gt=0, le=600)
    workers: int = Field(default=2, ge=1, le=256)
    memory_mib: int = Field(default=2048, ge=128)
    start_timeout_s: float = Field(default=120.0, gt=0)
