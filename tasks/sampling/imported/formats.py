"""Where the tools that people have answers from write them: what names the problem, what holds the answers, what is an error of an API.

To add one is an entry of FORMATS (and its name in `settings.py`), with a row of its real shape in `tests/sampling/test_import_formats.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.base.errors import InputError, did_you_mean
from tasks.sampling.imported.responses import value_at
from tasks.sampling.imported.settings import ImportSettings

IDS = ("id", "problem_id", "source_id", "question_id", "qid", "pid", "uid", "uuid", "idx", "index", "sample_index", "custom_id")
RESPONSES = (
    *("response", "responses", "prediction", "predictions", "output", "outputs", "completion", "completions"),
    *("generation", "generations", "generated_text", "model_output", "model_answer", "model_response"),
)
QUESTIONS = ("question", "problem", "prompt", "query", "input")
FAILED_API = "Failed to obtain answer"


def answered(values: Mapping[str, Any]) -> str:
    """Nothing is known to be wrong with a row."""
    return ""


@dataclass(frozen=True)
class AnswerFormat:
    """`signs`: the columns by which it is known. Of several `id`, `response` and `finish_reason` columns the first that a row has counts.

    `texts` hold the question, or the prompt around it; `place` the problem's row in its dataset, from 0; `gold` the gold answer: these two
    tell problems of the same text apart. `failed` says why a row is no answer at all ("" where it is one). `once` is a column of which
    only the first value counts, where a tool writes the same answers once for each.
    """

    signs: tuple[str, ...] = ()
    id: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    thinking: str = ""
    texts: tuple[str, ...] = ()
    place: str = ""
    gold: str = ""
    dataset: str = "dataset"
    finish_reason: tuple[str, ...] = ("finish_reason", "finish_reasons", "stop_reason")
    once: str = ""
    failed: Callable[[Mapping[str, Any]], str] = answered


def batch_fault(values: Mapping[str, Any]) -> str:
    """The error of a request in the output of OpenAI's batch API, or of vLLM's `run-batch`."""
    status = value_at(values, "response.status_code")
    if not values.get("error") and status in (None, 200) and value_at(values, "response.body") is not None:
        return ""
    error = values.get("error") or value_at(values, "response.body.error") or {}
    said = error.get("message") or error.get("code") if isinstance(error, Mapping) else error
    return f"an error of the API ({said or f'status {status}'})"


def anthropic_fault(values: Mapping[str, Any]) -> str:
    """The error of a request in the results of Anthropic's batch API."""
    kind = value_at(values, "result.type")
    said = value_at(values, "result.error.error.message") or value_at(values, "result.error.message") or kind
    return "" if kind == "succeeded" else f"an error of the API ({said})"


def vlmevalkit_fault(values: Mapping[str, Any]) -> str:
    """What VLMEvalKit writes in the place of an answer that it could not get."""
    said = values.get("prediction")
    return f"an error of the API ({said.strip()})" if isinstance(said, str) and said.startswith(FAILED_API) else ""


HARNESS = AnswerFormat(response=("resps", "filtered_resps"), texts=("doc", "arguments", "input"), place="doc_id", once="filter")

FORMATS: dict[str, tuple[AnswerFormat, ...]] = {
    "openai-batch": (AnswerFormat(("custom_id", "response"), ("custom_id",), ("response.body",), failed=batch_fault),),
    "anthropic-batch": (AnswerFormat(("custom_id", "result"), ("custom_id",), ("result.message",), failed=anthropic_fault),),
    "lm-eval": (AnswerFormat(**(vars(HARNESS) | {"signs": ("doc_id", "arguments", "filtered_resps")})),),
    "lmms-eval": (AnswerFormat(**(vars(HARNESS) | {"signs": ("doc_id", "filtered_resps")})),),
    "open-r1": (AnswerFormat(("generations",), ("uuid", "id"), ("generations",), texts=("problem", "question", "prompt")),),
    "vlmevalkit": (
        AnswerFormat(
            ("index", "question", "prediction"),
            ("index",),
            ("prediction",),
            thinking="thinking",
            texts=("question",),
            failed=vlmevalkit_fault,
        ),
    ),
    "lighteval": (
        AnswerFormat(("doc", "model_response"), (), ("model_response.text",), texts=("doc.query", "doc.specific"), place="doc.id"),
        AnswerFormat(("full_prompt", "predictions"), (), ("predictions",), texts=("example", "full_prompt")),
    ),
    "verl": (AnswerFormat(("input", "output", "score"), (), ("output",), texts=("input",), gold="gts"),),
    "trl": (AnswerFormat(("prompt", "completion", "advantage"), (), ("completion",), texts=("prompt",)),),
}
"""By name, in the order in which files are looked at for their signs."""


def format_of(rows: Sequence[Mapping[str, Any]], settings: ImportSettings, where: str) -> AnswerFormat:
    """How the rows of a file, of which the first are given, are to be read. Raises InputError where that is not certain."""
    names = sorted({name for values in rows for name in values})
    found = named_format(names, settings) or plain_columns(names)
    given = settings.columns
    for name in (given.id, given.response, given.question, given.dataset, given.finish_reason):
        if name and rows and all(value_at(values, name) is None and name not in values for values in rows):
            raise InputError(f"{where} has no field {name!r}{did_you_mean(name, names)}; it has {', '.join(map(repr, names)) or 'none'}")
    parts = {
        "id": (given.id,) if given.id else () if given.question else found.id,
        "response": (given.response,) if given.response else found.response,
        "texts": (given.question,) if given.question else () if given.id else found.texts,
        "dataset": given.dataset or found.dataset,
        "finish_reason": (given.finish_reason,) if given.finish_reason else found.finish_reason,
    }
    if not parts["response"] or not (parts["id"] or parts["texts"]):
        raise InputError(
            f"{where} needs the fields 'id' and 'response', but it has {names}; map them with --id (or --question) and --response, in a "
            "recipe with columns.id (or columns.question) and columns.response, or say with --format what wrote the file: "
            f"{', '.join(FORMATS)}"
        )
    return AnswerFormat(**(vars(found) | parts))


def named_format(names: Sequence[str], settings: ImportSettings) -> AnswerFormat | None:
    """The format that is asked for, or that the columns are a sign of; None for plain columns."""
    if settings.format == "columns" or (settings.columns.id and settings.columns.response):
        return None
    if settings.format == "auto" and {"id", "response"} <= set(names) and "custom_id" not in names:
        return None
    among = FORMATS.values() if settings.format == "auto" else [FORMATS[settings.format]]
    known = (form for forms in among for form in forms if set(form.signs) <= set(names))
    return next(known, None if settings.format == "auto" else FORMATS[settings.format][0])


def plain_columns(names: Sequence[str]) -> AnswerFormat:
    """Columns with the usual names: the problem's id, or where there is none the question."""
    id = usual(IDS, names)
    any_id = any(name in names for name in IDS)
    return AnswerFormat(id=id, response=usual(RESPONSES, names), texts=() if any_id else usual(QUESTIONS, names))


def usual(wanted: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """The column with the first of the usual names, or with the only one of them that there is; none where several are."""
    found = [name for name in wanted if name in names]
    return tuple(found[:1]) if wanted[0] in found or len(found) == 1 else ()
