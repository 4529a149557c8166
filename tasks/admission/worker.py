"""The admission process: loads a policy's processor, not its weights, and writes which problems the policy cannot be asked."""

import logging
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from tasks.admission.settings import Limits
from tasks.base.errors import InputError
from tasks.base.events import worker_main
from tasks.base.workers import Job
from tasks.lake.lake import Lake, read_parquet, write_parquet
from tasks.policy.identity import Policy, without_network
from tasks.prompting.control import control_tokens
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.requests import Prompts, Request
from tasks.sampling.worker import LIBRARIES

REFUSED = "refused.parquet"
SCHEMA = {"problem_id": pl.String, "column": pl.String, "reason": pl.String}
LOG = logging.getLogger(__name__)
ACCURACY = 0.5  # a hint is as long with another


class AdmissionSpec(BaseModel):
    """Write to `folder` which of the problems in these files the policy cannot be asked, put as `prompting` says, within the limits. One
    that is `elsewhere` is only asked on servers, and its processor need not be here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    folder: Path
    policy: Policy
    prompting: PromptingSettings
    limits: Limits
    problems: tuple[Path, ...]
    elsewhere: bool = False


def admission_job(spec: AdmissionSpec) -> Job:
    """The job of looking through the problems, in a process that is forked with the libraries loaded."""
    return Job(__name__, spec, spec.folder, variables=without_network(spec.policy.model), libraries=LIBRARIES)


def run(spec_text: str) -> None:
    """Look through the problems, and write those that are refused, in their order."""
    from tasks.admission.judging import refused

    spec = AdmissionSpec.model_validate_json(spec_text)
    try:
        reader = reader_of(spec)
        found = [vars(one) for one in refused(requests_of(spec, reader), reader, spec.limits)] if reader else []
    except FileNotFoundError as error:
        raise InputError(
            f"image {error.filename} is gone; delete the problems/ folder of the lake and run again to read it anew"
        ) from error
    write_parquet(pl.DataFrame(found, schema=SCHEMA), spec.folder / REFUSED)


def reader_of(spec: AdmissionSpec) -> Any:
    """The policy's processor, as the engines use it; None where it is elsewhere and cannot be had. Raises InputError where it is not."""
    try:
        return loaded_reader(spec)
    except (InputError, OSError) as error:
        if not spec.elsewhere:
            raise
        LOG.warning("nobody can say before they are asked which problems %s refuses: %s", spec.policy.model, error)
        return None


def loaded_reader(spec: AdmissionSpec) -> Any:
    """The policy's processor and context."""
    from tasks.policy.loading import context_length, load_processor, sees_images
    from tasks.sampling.reader import Reader

    processor, reads_images = load_processor(spec.policy, spec.prompting), sees_images(spec.policy)
    known = [length for length in (context_length(spec.policy), spec.limits.context) if length is not None]
    return Reader(processor, reads_images, min(known, default=None), spec.limits.max_tokens)


def requests_of(spec: AdmissionSpec, reader: Any) -> list[Request]:
    """Each problem once, with its prompt, and the longest hint where it may carry one."""
    rows = read_parquet(list(spec.problems)).unique("problem_id", keep="first", maintain_order=True)
    problems = {row["problem_id"]: row for row in rows.iter_rows(named=True)}
    band = longest_hint(spec, reader)
    hints = dict.fromkeys(problems, (band, ACCURACY)) if band else None
    prompts = Prompts(problems, Lake(spec.home).images, spec.prompting, hints, control_tokens(spec.policy))
    return [Request(problem_id, 0, 0, 0, **prompts.asked(problem_id)) for problem_id in problems]


def longest_hint(spec: AdmissionSpec, reader: Any) -> str:
    """The band whose hint has the most tokens; "" where no hint is given."""
    from tasks.prompting.prompt import problem_hint

    if not spec.limits.hints:
        return ""
    lengths = {
        band: len(reader.chat_tokens(problem_hint(spec.prompting.hints, band=band, accuracy=ACCURACY)))
        for band in spec.prompting.hints.by_band
    }
    return max(lengths, key=lengths.__getitem__, default="")


if __name__ == "__main__":
    worker_main(run)
