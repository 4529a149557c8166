"""Finds the answers in a field, however they are written: a text, a list of them, chat messages, the body of an API's reply."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

CUT_OFF = ("length", "max_tokens", "max_output_tokens", "model_length", "incomplete")
ENDED = ("stop", "eos", "eos_token", "end_turn", "stop_sequence", "stop_token", "completed")
WITHHELD = ("content_filter", "safety", "recitation", "refusal_filter")
TEXTS = ("content", "text", "output_text", "generated_text", "response", "completion", "output", "prediction")


class NoAnswer(ValueError):
    """A value that is no answer of the model; the message says what it is."""


@dataclass(frozen=True)
class Response:
    """One answer: its text, and why it ended ("stop", or "length" where it was cut off)."""

    text: str
    finish_reason: str = "stop"


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """What stands at a path: the column of that very name, else the value inside nested columns (`doc.id`, `choices.0`); None for none."""
    if path in values:
        return values[path]
    place: Any = values
    for step in path.split("."):
        if isinstance(place, Mapping):
            place = place.get(step)
        elif isinstance(place, list) and step.isdigit() and int(step) < len(place):
            place = place[int(step)]
        else:
            return None
    return place


def responses_in(value: Any, finish_reasons: Any = None) -> list[Response]:
    """The answers in a field, in order; a null one is an empty answer. `finish_reasons` is one, or a list as long as that of the answers.

    Raises NoAnswer, saying what it is, for what is none.
    """
    found = list(answers_in(value))
    reasons = finish_reasons if isinstance(finish_reasons, list) else [finish_reasons] * len(found)
    if len(reasons) != len(found):
        raise NoAnswer(f"there are {len(found)} answers, and {len(reasons)} reasons why they ended")
    return [Response(answer.text, ended(reason)) if reason else answer for answer, reason in zip(found, reasons, strict=True)]


def answers_in(value: Any) -> Iterator[Response]:
    """The answers in a value."""
    if isinstance(value, list) and is_likelihood(value):
        raise NoAnswer("it has log-likelihoods of given choices, and no texts")
    if isinstance(value, list) and value and not is_one_message(value):
        for item in value:
            yield from answers_in(item)
    elif isinstance(value, Mapping) and isinstance(value.get("choices"), list):
        for choice in sorted(value["choices"], key=lambda choice: choice.get("index") or 0):
            yield from answers_in(choice)
    elif isinstance(value, Mapping):
        reason = value.get("finish_reason") or value.get("stop_reason") or value.get("status")
        yield Response(message_text(value), ended(reason) if reason else "stop")
    elif value == []:
        raise NoAnswer("the list of answers is empty")
    else:
        yield Response(message_text(value))


def is_likelihood(items: list[Any]) -> bool:
    """Whether a list is what harnesses write for a given choice: its log-likelihood, and whether it was the likeliest."""
    if len(items) != 2 or str(items[1]) not in ("True", "False"):
        return False
    try:
        return math.isfinite(float(items[0]))
    except (TypeError, ValueError):
        return False


def is_one_message(items: list[Any]) -> bool:
    """Whether a list is one answer: the parts of a message, or the turns of a chat."""
    return all(isinstance(item, Mapping) and ("type" in item or "role" in item) for item in items)


def message_text(value: Any) -> str:
    """The text of one answer: a text or number itself, of a message its content, with its reasoning in front where that is apart."""
    if value is None or isinstance(value, str):
        return str(value or "")
    if isinstance(value, bool | int | float | Decimal):
        return str(value)
    if isinstance(value, date):
        raise NoAnswer(f"{value} is a date, which a spreadsheet makes of answers like 3/4; write that column as text")
    if isinstance(value, list):
        return "".join(message_text(part) for part in value if is_said(part))
    if not isinstance(value, Mapping):
        raise NoAnswer(f"it is not a text but of type {type(value).__name__}")
    if isinstance(value.get("message"), Mapping):
        return message_text(value["message"])
    name = next((name for name in TEXTS if value.get(name) is not None), None)
    said = message_text(value[name]) if name else refusal(value)
    reasoning = value.get("reasoning_content") or value.get("reasoning")
    return f"<think>{reasoning}</think>\n{said}" if isinstance(reasoning, str) and reasoning else said


def is_said(part: Any) -> bool:
    """Whether a part of a message, or a turn of a chat, is the model's own text."""
    if isinstance(part, Mapping):
        return part.get("role", "assistant") == "assistant" and part.get("type", "text") in ("text", "output_text", "message")
    if not isinstance(part, str):
        raise NoAnswer("it is a list of numbers, not of texts")
    return True


def refusal(message: Mapping[str, Any]) -> str:
    """What a message without content says: its refusal, or nothing. Raises NoAnswer for what is no message."""
    if not {"content", "role", "refusal", "text", *TEXTS} & set(message):
        raise NoAnswer(f"it is an object of {', '.join(map(repr, sorted(message))) or 'nothing'}, in which no text was found")
    return str(message.get("refusal") or "")


def ended(reason: Any) -> str:
    """Why an answer ended, in our words. Raises NoAnswer where the API withheld it."""
    said = str(reason).lower()
    if said in WITHHELD:
        raise NoAnswer(f"the API withheld it ({reason})")
    return "length" if said in CUT_OFF else "stop" if said in ENDED else said
