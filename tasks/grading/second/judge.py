"""Asks a judge: many questions at once, those that it has answered before from disk, and gives its words as they came.

A question that no server answers, though they answer others, has no word (""). Servers that are down, refuse everything or answer badly
raise InputError; what was answered until then is kept.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.base.errors import InputError
from tasks.grading.second.kept import Kept, asked_id
from tasks.grading.second.prompts import bounded, filled, gives_letters, option_lines, template
from tasks.grading.settings import SecondSettings
from tasks.sampling.requests import Refusal
from tasks.sampling.servers.exchange import MOST_UNANSWERED, Exchange, Line, Question, by_hands
from tasks.sampling.servers.faults import Garbage, excerpt
from tasks.sampling.servers.fleet import Journey

LONGEST_WORD = 2000  # characters of a judge's word that are kept: its beginning, and more of its end
ENDPOINT = "chat/completions"


@dataclass(frozen=True, slots=True)
class Appeal:
    """A response that was not accepted, as a judge is shown it: the question with its options, what is right, and the response."""

    question: str
    choices: tuple[str, ...]
    gold: str
    response: str


EASY = Appeal("What is 1 + 1?", (), "2", "The answer is 2.")


class Judge:
    """A judge by the settings of a second opinion; `kept` holds what it has said before."""

    def __init__(self, settings: SecondSettings, kept: Kept) -> None:
        self.settings, self.kept = settings, kept
        self.template = template(settings.prompt)
        self.letters = gives_letters(self.template)
        self.line: Line[str] = Line(settings, settings.key(), settings.model, ENDPOINT, read_word)
        self.refused = 0

    def check(self) -> None:
        """Raise InputError unless a server is up that serves the judge, which is waited for as long as the settings say. Where it has said
        something before nobody looks: it may not be needed again."""
        if self.kept.words:
            return

        async def look() -> None:
            async with Exchange(self.line) as exchange, exchange.fleet.turn(Journey()):
                pass

        asyncio.run(look())

    def words(self, appeals: Sequence[Appeal]) -> list[str]:
        """What the judge says of each, in their order; "" where it says nothing."""
        bodies = [self.body(appeal) for appeal in appeals]
        ids = [asked_id(body) for body in bodies]
        left = {name: body for name, body in zip(ids, bodies, strict=True) if name not in self.kept.words}
        for name in asyncio.run(self.ask(left)) if left else ():
            self.kept.keep(name, "")
        return [self.kept.words[name] for name in ids]

    def body(self, appeal: Appeal) -> bytes:
        """The JSON of a question: one message, the likeliest answer, and little of it."""
        response = bounded(appeal.response, self.settings.max_characters)
        parts = {"question": appeal.question, "choices": option_lines(appeal.choices), "gold": appeal.gold, "response": response}
        message = {"role": "user", "content": filled(self.template, parts)}
        asked = {"model": self.settings.model, "messages": [message], "temperature": 0.0, "max_tokens": self.settings.max_tokens}
        return json.dumps(asked).encode()

    async def ask(self, bodies: Mapping[str, bytes]) -> list[str]:
        """Ask for what is not known yet, keep each word as it comes, and give the questions that have none."""
        unanswered: list[str] = []
        waiting = iter(bodies.items())

        async def hand() -> None:
            for name, body in waiting:
                try:
                    word, _ = await exchange.answer(Question("a question to the judge", body))
                except Refusal as refusal:
                    self.endure(refusal)
                    unanswered.append(name)
                else:
                    self.refused = 0
                    self.kept.keep(name, bounded(word, LONGEST_WORD))

        async with Exchange(self.line) as exchange:
            await by_hands(hand, min(exchange.hands, len(bodies)))
            if self.refused:
                await self.prove(exchange)
        return unanswered

    async def prove(self, exchange: Exchange[str]) -> None:
        """After refusals with no answer since: see whether the judge answers anything. Raises InputError where it does not, as then the
        responses that it was asked about are not at fault."""
        try:
            await exchange.answer(Question("a question to the judge", self.body(EASY)))
        except Refusal as refusal:
            raise InputError(f"the judge does not answer: {refusal}; run again to go on from what it has said") from refusal
        self.refused = 0

    def endure(self, refusal: Refusal) -> None:
        """Take a refusal as one response's fate. Raises InputError after as many in a row, which are the judge's."""
        self.refused += 1
        if self.refused >= MOST_UNANSWERED:
            raise InputError(f"the judge has refused {self.refused} questions in a row, the last so: {refusal}")


def read_word(text: str) -> str:
    """The words in a chat completion's JSON. Raises Garbage for what is none."""
    try:
        message = json.loads(text)["choices"][0]["message"]
        word = message["content"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise Garbage(f"its reply is no chat completion ({type(error).__name__}: {error}): {excerpt(text)}") from error
    if not isinstance(word, str | None):
        raise Garbage(f"its reply has content {excerpt(repr(word))}, which is no text")
    return (word or "").encode(errors="replace").decode()  # JSON can hold half a character
