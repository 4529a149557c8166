"""How one text says that several answers are right: as a JSON list of texts, `["12", "13"]`. A single answer is itself."""

import json
from collections.abc import Iterable


def joined(answers: Iterable[str]) -> str:
    """The answers as one text, each once, in their order."""
    found = list(dict.fromkeys(answers))
    return found[0] if len(found) == 1 else json.dumps(found, ensure_ascii=False)


def acceptable(answer: str) -> tuple[str, ...]:
    """The answers that are right by a text; itself, where it does not say that there are several."""
    if not (answer.startswith('["') and answer.endswith('"]')):
        return (answer,)
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return (answer,)
    return tuple(found) if len(found) > 1 and all(isinstance(one, str) for one in found) else (answer,)
