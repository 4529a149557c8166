"""Which problems a policy cannot be asked, and why: what its processor refuses, and what is longer than there is room for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.admission.pictures import PictureRefused, Pictures, Sizes
from tasks.admission.settings import Limits
from tasks.base.errors import InputError
from tasks.policy.loading import tokenizer_of
from tasks.prompting.pictures import seen_size
from tasks.sampling.reader import Reader
from tasks.sampling.requests import Request

AT_ONCE = 512  # texts tokenized in one call
PER_BYTE = 2  # no tokenizer makes more tokens of a byte, but for rare ligatures that it writes out
COLUMNS = {"problem_id": str, "column": str, "reason": str}


@dataclass(frozen=True)
class Refused:
    """A problem that a policy cannot be asked: the part of it that is at fault, as `columns` of a source call it, and why."""

    problem_id: str
    column: str
    reason: str


@dataclass(frozen=True)
class Most:
    """The tokens that a prompt may have, and `why`: what they are called in a message."""

    tokens: int
    why: str


def most_tokens(context: int | None, limits: Limits) -> Most | None:
    """What a prompt may have at most; None where nothing bounds it. Raises InputError where the context leaves no room for any prompt."""
    found = []
    if limits.max_prompt_tokens:
        found.append(Most(limits.max_prompt_tokens, f"problems.max_prompt_tokens = {limits.max_prompt_tokens:,}"))
    if context is not None:
        left = context - limits.max_tokens
        if left < 1:
            raise InputError(
                f"no prompt fits: a response of up to {limits.max_tokens:,} tokens, the longest that sampling or a stage asks for, takes "
                f"all of the context of {context:,} tokens; lower max_tokens under sampling or the stage's train, or choose a policy of "
                "a longer context"
            )
        found.append(Most(left, f"the {left:,} that its context of {context:,} leaves beside a response of up to {limits.max_tokens:,}"))
    return min(found, key=lambda most: most.tokens, default=None)


def refused(requests: Sequence[Request], reader: Reader, limits: Limits) -> Iterator[Refused]:
    """Those of the problems, one request each, that the policy behind `reader` cannot be asked."""
    most = most_tokens(reader.context, limits)
    sizes = {request.problem_id: tuple(map(seen_size, request.images)) for request in requests}
    pictures = Pictures(reader, filter(None, sizes.values())) if reader.reads_images else None
    taken: dict[str, int] = {}
    for request in requests:
        fault = "" if not request.images else picture_fault(sizes[request.problem_id], pictures, limits, taken, request.problem_id)
        if fault:
            yield Refused(request.problem_id, "images", fault)
        else:
            taken.setdefault(request.problem_id, 0)
    if most:
        yield from too_long([request for request in requests if request.problem_id in taken], taken, reader, most)


def picture_fault(sizes: Sizes, pictures: Pictures | None, limits: Limits, taken: dict[str, int], problem_id: str) -> str:
    """Why a policy does not take images of these sizes; "" where it does, and then their tokens are noted in `taken`."""
    if pictures is None:
        return f"no images: it has {counted(sizes)}, and the policy reads text only"
    if limits.images and len(sizes) > limits.images:
        return f"too many images: it has {len(sizes)}, and a prompt may have {limits.images} (sampling.vllm.images)"
    try:
        taken[problem_id] = pictures.tokens(sizes)
        return ""
    except PictureRefused as error:
        shown = ", ".join(f"{width} x {height}" for width, height in sizes)
        return f"image refused: the policy's processor does not take {shown} pixels: {error}"


def counted(sizes: Sizes) -> str:
    """So many images, in words."""
    return "an image" if len(sizes) == 1 else f"{len(sizes)} images"


def too_long(requests: Sequence[Request], images: dict[str, int], reader: Reader, most: Most) -> Iterator[Refused]:
    """Those whose prompts have more tokens than they may; `images` says how many more than a mark each their images have. Short prompts are
    known to fit by their bytes."""
    around = len(reader.chat_tokens(""))
    maybe = [one for one in requests if PER_BYTE * len(one.prompt.encode()) + around + images[one.problem_id] > most.tokens]
    for start in range(0, len(maybe), AT_ONCE):
        batch = maybe[start : start + AT_ONCE]
        texts = [reader.chat_text(request.prompt) for request in batch]
        read = tokenizer_of(reader.processor)(texts, add_special_tokens=False)["input_ids"]
        for request, ids in zip(batch, read, strict=True):
            if (tokens := len(ids) + images[request.problem_id]) > most.tokens:
                part = "images" if images[request.problem_id] > tokens // 2 else "problem"
                yield Refused(request.problem_id, part, f"too long: its prompt has {tokens:,} tokens, more than {most.why}")
