"""What a server's HTTP answer means: good, worth another try, or a fault that a person must mend."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from tasks.base.errors import InputError
from tasks.sampling.requests import Refusal
from tasks.sampling.servers.faults import Unfit, excerpt
from tasks.sampling.settings import Servers

NEUTRAL = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
"""Fields beyond the OpenAI API by which a server is asked to leave the policy's own distribution as it is."""
OVERLOADED = (429, 503)
MAY_PASS = (408, 425, 429)
OF_A_REQUEST = (400, 413, 422)
ADDRESS = "a base address ends where /chat/completions begins, mostly in /v1"


def check_answer(answer: httpx.Response, settings: Servers, key: str, *, images: int = 0) -> None:
    """Raise Unfit for an answer that may be better later, Refusal for one to what was asked, InputError for any other that is not good."""
    status, words = answer.status_code, excerpt(answer.text, key)
    if status in MAY_PASS or status >= 500:
        raise Unfit(f"it answers {status}: {words}", wait=wait_of(answer), overloaded=status in OVERLOADED)
    if status != httpx.codes.OK:
        mine = status in OF_A_REQUEST and not any(field in words for field in NEUTRAL)
        raise (Refusal if mine else InputError)(f"it answers {status}: {words}; {way_out(status, words.lower(), settings, images)}")


def model_names(answer: httpx.Response, settings: Servers, key: str) -> list[str]:
    """The models in an answer to `/models`. Raises Unfit or InputError as `check_answer` does, and where it lists none."""
    check_answer(answer, settings, key)
    try:
        return [str(model["id"]) for model in answer.json()["data"]]
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(f"/models gives no list of models: {excerpt(answer.text, key)}; {ADDRESS}") from error


def way_out(status: int, words: str, settings: Servers, images: int) -> str:
    """What a person can do about a refusal, as far as status and words tell."""
    place = settings.place
    if status in (401, 403) and settings.key_variable:
        return f"it refuses the key in the environment variable {settings.key_variable} ({place}.key_variable)"
    if status in (401, 403):
        return f"it wants a key: export one, and name its environment variable in {place}.key_variable"
    if "context" in words or "max_model_len" in words:
        return f"prompt and response overflow its context: start it with a longer --max-model-len, or lower {settings.lengths}"
    if images and any(word in words for word in ("image", "multimodal", "multi-modal")):
        return f"the prompt has images ({images}): serve a model that reads images, and see --limit-mm-per-prompt"
    if any(field in words for field in NEUTRAL):
        return f"set {place}.neutral to false, and start the server so that it adds nothing of its own to the distribution"
    return f"is {place}.model one of its models? {ADDRESS}" if status == 404 else "see the server's log"


def wait_of(answer: httpx.Response) -> float | None:
    """The seconds that a server asks to wait (Retry-After, a number or a date); None where it does not say."""
    words = answer.headers.get("Retry-After", "")
    try:
        return max(0.0, float(words))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(words) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
