"""Finds the problem that an answer is to: by its id, or where a file has none by its question, never by a guess.

A question is looked for in the text around it (a prompt with its template, an instruction, other fields), since what samples and trains
keeps prompts and not ids. Of questions that contain each other the longest is meant. Problems of one text (a question about several
images) are told apart by the row's place in its dataset or by its gold answer; where these do not, the answer is set aside.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import polars as pl

from tasks.base.errors import InputError

NOT_SAID = re.compile(r"<image[ _]?\d*>|<\|[a-z_]+\|>")
WHOLE = re.compile(r"(-?\d+)\.0*")
WORD_START = re.compile(r"(?<!\w)\S")
SHORT = 24
"""A question shorter than this must be a line of the text: it might be found in any."""


class Ambiguous(ValueError):
    """Several problems are meant equally; the message says which."""


@dataclass(frozen=True)
class Asked:
    """What a file's row says of the problem that it answers, and where the row stands."""

    where: str
    id: str | None
    texts: tuple[str, ...]
    place: Any
    gold: str
    dataset: str


class Matcher:
    """The problems by source id, problem id and question."""

    def __init__(self, problems: pl.DataFrame) -> None:
        """`problems`: problem_id, source_id, dataset, split, question, row, answer, one row per place that a problem has."""
        self.by_id: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        self.by_question: dict[str, set[str]] = defaultdict(set)
        self.places: dict[str, set[tuple[int, str]]] = defaultdict(set)
        for row in problems.select("problem_id", "source_id", "dataset", "split", "question", "row", "answer").iter_rows(named=True):
            self.by_id[row["source_id"]].setdefault(row["problem_id"], (row["dataset"], row["split"]))
            self.by_question[spoken(row["question"])].add(row["problem_id"])
            self.places[row["problem_id"]].add((row["row"], row["answer"]))
        self.by_start: dict[str, list[str]] = defaultdict(list)
        for question in self.by_question:
            self.by_start[question[:SHORT]].append(question)
        self.questions_in = lru_cache(maxsize=4096)(self._questions_in)

    def find(self, asked: Asked) -> str | None:
        """The problem that is meant; None where there is none. Raises Ambiguous where several are, InputError where the id is one of
        several datasets'."""
        told = self.of_texts(asked)
        named = self.of_id(asked, told)
        if named and told and named not in told:
            raise Ambiguous("the id is that of one problem and the question that of another")
        return named or (self.told_apart(asked, told) if told else None)

    def of_id(self, asked: Asked, told: list[str]) -> str | None:
        """The problem of that source id, or else of that problem id. A whole number is one however it is written: 1, "1", 1.0.

        Of problems of several datasets it is the one whose dataset is said, or whose question is `told`.
        """
        if asked.id is None:
            return None
        whole = WHOLE.fullmatch(asked.id)
        found = self.by_id.get(asked.id) or (self.by_id.get(whole[1]) if whole else None) or {}
        meant = {problem for problem, (dataset, split) in found.items() if asked.dataset in (dataset, f"{dataset}/{split}")}
        meant = meant or set(found).intersection(told) or set(found)
        if len(meant) > 1:
            raise InputError(
                f"{asked.where}: the id {asked.id!r} is that of a problem of {' and of another of '.join(places_of(found))}; name the "
                "dataset of each answer in a field `dataset` (or the one that columns.dataset names), as NAME or NAME/SPLIT, or import the "
                "answers to each apart"
            )
        return next(iter(meant), None) or (asked.id if asked.id in self.places else None)

    def of_texts(self, asked: Asked) -> list[str]:
        """The problems whose question is in the texts, and not inside that of another that is."""
        questions = {question for text in asked.texts for question in self.questions_in(text)}
        longest = [question for question in questions if not any(question != other and question in other for other in questions)]
        return sorted({problem for question in longest for problem in self.by_question[question]})

    def _questions_in(self, text: str) -> frozenset[str]:
        """The questions that a text is, has as a line, or contains from one word to the end of another."""
        lines = {spoken(line) for line in text.splitlines()} | {spoken(text)}
        return frozenset(line for line in lines if line in self.by_question) | frozenset(self.contained(spoken(text)))

    def contained(self, text: str) -> Iterator[str]:
        """The questions of some length in a text."""
        for found in WORD_START.finditer(text):
            start = found.start()
            for question in self.by_start.get(text[start : start + SHORT], ()):
                end = start + len(question)
                if len(question) >= SHORT and text.startswith(question, start) and not (text[end - 1 : end + 1]).isalnum():
                    yield question

    def told_apart(self, asked: Asked, problems: list[str]) -> str:
        """The one of the problems that the place or the gold answer says. Raises Ambiguous where neither does."""
        if len(problems) == 1:
            return problems[0]
        row = int(asked.place) + 1 if str(asked.place).isdigit() else None
        for tells in (lambda place: place[0] == row, lambda place: bool(asked.gold) and place[1] == asked.gold):
            meant = [problem for problem in problems if any(map(tells, self.places[problem]))]
            if len(meant) == 1:
                return meant[0]
        raise Ambiguous(f"its question is that of {len(problems)} problems; give a field with their ids by --id (columns.id)")


def places_of(found: Mapping[str, tuple[str, str]]) -> list[str]:
    """The datasets of what was found, with their splits where those are what differs."""
    datasets = sorted({dataset for dataset, _ in found.values()})
    return datasets if len(datasets) > 1 else sorted({f"{dataset}/{split}" for dataset, split in found.values()})


def spoken(text: str) -> str:
    """A text without image marks and control tokens, its words one space apart."""
    return " ".join(NOT_SAID.sub(" ", text).split())


def texts_of(value: Any) -> Iterator[str]:
    """All texts in a value: of a chat the model's turns left out, and of what is nested."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping) and value.get("role") != "assistant":
        yield from (text for item in value.values() for text in texts_of(item))
    elif isinstance(value, list):
        yield from joined_parts(value)
        yield from (text for item in value for text in texts_of(item))


def joined_parts(items: Iterable[Any]) -> Iterator[str]:
    """The text of a message that comes in parts, as one."""
    parts = [item["text"] for item in items if isinstance(item, Mapping) and isinstance(item.get("text"), str)]
    if len(parts) > 1:
        yield " ".join(parts)
