"""Admission: finds out before any GPU time which problems a policy cannot be asked, and sets them aside, so that no row ends a run.

Cached by what the policy reads problems with (tokenizer, processor, chat template, configuration: not its weights, so that a trained policy
is not asked again), the prompting, the limits, and the content of the problems. What is set aside is a row of `rejected` with its reason. A
source that loses nothing stays the artifact that it was, and so does all that was made of it. How many problems a source may lose is not
bounded, unlike rows that cannot be read (`max_rejected`): these are sound, and another policy takes them. It is told, and an error only
where nothing is left.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from prefect import get_run_logger

from tasks.admission.counted import KIND, counted, set_aside
from tasks.admission.settings import Limits
from tasks.admission.worker import REFUSED, AdmissionSpec, admission_job
from tasks.base.errors import InputError
from tasks.base.files import digest, file_digest
from tasks.base.workers import run_worker
from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import RELATIONS, Lake, read_parquet, write_parquet
from tasks.policy.identity import CODE_FILES, Policy
from tasks.policy.size import CONFIG, file_at_hand
from tasks.problems.overlap import Parts
from tasks.prompting.prompt import template_digests
from tasks.prompting.settings import PromptingSettings
from tasks.steps.caching import room_task
from tasks.steps.naming import place_of, problems_named
from tasks.steps.planning import is_known
from tasks.steps.progress import progress_shown
from tasks.steps.request import StepRequest

VERSION = 1
READS_WITH = (
    *("config.json", "tokenizer*", "*processor_config.json", "chat_template*", "vocab*", "merges*"),
    *("special_tokens_map.json", "added_tokens.json", "*.model", "*.tiktoken"),
)
SHOWN = 3
logger = logging.getLogger(__name__)


class AdmissionRequest(StepRequest):
    """A policy, the problems that it will be asked, how they are put, and what must fit. A policy that is `elsewhere` is asked on servers:
    where its files cannot be had here, nothing is refused before it is asked."""

    policy: Policy
    problems: tuple[Artifact, ...]
    prompting: PromptingSettings
    limits: Limits
    elsewhere: bool = False

    def target(self) -> Artifact:
        told = self.limits.hints
        inputs = {
            **({"at_hand": file_at_hand(self.policy, CONFIG) is not None} if self.elsewhere else {}),
            "version": VERSION,
            "reads_with": reads_with(self.policy),
            "problems": [source.content for source in self.problems],
            "templates": {name: text for name, text in template_digests(self.prompting).items() if told or not name.startswith("hints/")},
            "prompting": self.prompting.model_dump(exclude=None if told else {"hints"}),
            "limits": self.limits,
        }
        return artifact(self.home, "admissions", inputs)

    def said(self) -> str:
        return f"find what of {problems_named(self.problems)} {self.policy.name} cannot be asked"


def reads_with(policy: Policy) -> Any:
    """What a policy's processor is made of: its files in digests, or for one of the hub its name and revision."""
    folder = Path(policy.model)
    if not folder.is_dir():
        return [policy.model, policy.revision, policy.trust_remote_code]
    patterns = (*READS_WITH, *([CODE_FILES] if policy.trust_remote_code else []))
    files = sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in files}


@room_task(name="admit")
def find_refused(request: AdmissionRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write REFUSED: problem_id, column, reason of each problem that the policy cannot be asked."""
    files = tuple(source.file("problems.parquet") for source in request.problems)
    spec = AdmissionSpec(
        home=Lake(request.home).home,
        folder=folder,
        policy=request.policy,
        prompting=request.prompting,
        limits=request.limits,
        problems=files,
        elsewhere=request.elsewhere,
    )
    with progress_shown("looking through the problems", folder) as on_progress:
        run_worker(admission_job(spec), get_run_logger().log, on_progress)
    found = read_parquet(folder / REFUSED)
    return {"policy_name": request.policy.name, "problems": [source.key for source in request.problems], "refused": len(found)}


def admitted(home: Path, parts: Parts, admission: Artifact) -> Parts:
    """The parts without the problems that were refused; sources that lose none as they are. Raises InputError where nothing is left of one.

    In a plan, parts whose admission is not known yet are taken as they are.
    """
    if not is_known(admission.manifest["refused"]) or not admission.manifest["refused"]:
        return parts
    said = {"train": "train on", "heldout": "hold out", "validation": "watch training with"}
    return Parts(**{part: tuple(left_of(home, getattr(parts, part), admission, words)) for part, words in said.items()})


def left_of(home: Path, sources: tuple[Artifact, ...], admission: Artifact, words: str) -> Iterator[Artifact]:
    """What is left of the sources of a part. Raises InputError where that is nothing."""
    refused = read_parquet(admission.file(REFUSED))
    gone = {source: read_ids(source).join(refused, on="problem_id", how="semi") for source in sources}
    if sources and all(len(gone[source]) == len(read_ids(source)) for source in sources):
        asked = pl.concat(read_ids(source) for source in sources)
        raise InputError(f"no problem to {words} is left: {why_none(refused.join(asked, on='problem_id', how='semi'))}")
    for source in sources:
        if not len(gone[source]):
            yield source
        elif len(gone[source]) < len(read_ids(source)):
            yield set_refused_aside(RefusedRequest(home=home, source=source, admission=admission))
        else:
            why = why_none(refused.join(gone[source], on="problem_id", how="semi"))
            logger.warning("nothing of %s %s is left: %s", *place_of(source), why)


def read_ids(source: Artifact) -> pl.DataFrame:
    """The problems of a source."""
    return read_parquet(source.file("problems.parquet"), columns=["problem_id"])


def why_none(refused: pl.DataFrame) -> str:
    """Why all problems of a source were refused, and the way out."""
    first = refused["reason"][0].partition(": ")[2]
    return (
        f"the policy can be asked none of {len(refused):,} ({counted(refused['reason'])}; the first: {first}). Choose a policy that takes "
        "them, or other problems; prompting and max_tokens say what must fit"
    )


class RefusedRequest(StepRequest):
    """A source, and the admission that refuses some of its problems."""

    source: Artifact
    admission: Artifact

    def target(self) -> Artifact:
        inputs = {"version": VERSION, "source": self.source.content, "refused": digest(refused_rows(self.source, self.admission).rows())}
        return artifact(self.home, "problems", inputs)

    def said(self) -> str:
        return f"set aside what of {' '.join(place_of(self.source))} {self.admission.manifest['policy_name']} cannot be asked"

    def foretold(self) -> dict[str, Any]:
        return {fact: self.source.manifest[fact] for fact in ("source", "settings")}


def refused_rows(source: Artifact, admission: Artifact) -> pl.DataFrame:
    """The rows of `rejected` for a source's problems that an admission refuses, by row."""
    rows = read_parquet(source.file("problems.parquet"), columns=["problem_id", "dataset", "split", "row"])
    refused = rows.join(read_parquet(admission.file(REFUSED)), on="problem_id", how="inner", maintain_order="left")
    named = refused.with_columns(source=pl.lit(source.manifest["source"].split(" from ", 1)[1]))
    return named.select(pl.col(name).cast(dtype) for name, dtype in RELATIONS["rejected"].items()).sort("source", "row")


@room_task(name="set aside")
def set_refused_aside(request: RefusedRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write the source's problems that the policy can be asked, and the rest to `rejected.parquet`."""
    source, refused = request.source, refused_rows(request.source, request.admission)
    gone = read_parquet(request.admission.file(REFUSED))
    rows = read_parquet(source.file("problems.parquet"))
    left = rows.join(gone, on="problem_id", how="anti", maintain_order="left")
    write_parquet(left, folder / "problems.parquet")
    write_parquet(refused, folder / "rejected.parquet")
    kinds = refused.group_by(KIND).len().sort("len", "kind", descending=[True, False])
    first = refused.row(0, named=True)
    facts = {
        **request.foretold(),
        "problems": [source.key],
        "counts": {**source.manifest["counts"], "problems": len(left), "set_aside": len(refused)},
        "set_aside": {"of": len(rows), "kinds": dict(kinds.iter_rows()), "row": first["row"], "reason": first["reason"]},
    }
    logger.warning(set_aside(facts))
    return facts
