"""A pool of child processes that compare two formulas with math-verify and can be killed one by one.

Children are fresh interpreters (nothing of this process, such as torch, is imported in them), start only when a question comes,
and speak JSON lines over pipes. A child that overruns its time or memory is killed and replaced; the pool goes on.

No verdict depends on the machine's load or on what a child did before: time is the child's own time of the processor, and a question that
a used child had no memory for is asked again of a new one. On the clock there is only a backstop, for a child that does not compute.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import IO, Any

from tasks.base.errors import InputError
from tasks.base.process import PROJECT, child_environment, module_command
from tasks.grading.settings import GradingSettings
from tasks.grading.workers.verifier import find_verifier

_MAX_FAILED_STARTS = 3
SAME_ORDER = {"PYTHONHASHSEED": "0"}
"""Sets of symbols then have one order in all children, and what a comparison costs does not depend on chance."""


class ChildError(RuntimeError):
    """A child could not be started."""


@dataclass(frozen=True, slots=True)
class Question:
    """Are these two formulas the same? With `explain` the reply says also what they were read as."""

    answer: str
    gold: str
    explain: bool = False


@dataclass(frozen=True, slots=True)
class Plea:
    """What does the verifier say of this response? `problem` has `question`, `choices` and `precision`."""

    response: str
    gold: str | None
    problem: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The reply: `equal` to a question, `verdict` to a plea. Both are None where there is none; the rule then says why: `time` (of the
    processor), `memory`, `wait` (a verifier that did not compute) or `worker_died`."""

    equal: bool | None
    rule: str
    verdict: str | None = None
    readings: tuple[dict[str, Any], ...] = ()


class Child:
    """One child process and the question it has in hand."""

    def __init__(self, settings: GradingSettings) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 closed by kill()
        verifier = find_verifier(settings.verifier).target if settings.verifier else ""
        limits = str(settings.memory_mib), str(settings.timeout_s)
        command = module_command("tasks.grading.workers.child", *limits, str(os.getpid()), verifier)
        found_at = {"PYTHONPATH": os.pathsep.join([str(PROJECT), *filter(None, sys.path)])} if verifier else {}  # as we have found it
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=child_environment() | found_at | SAME_ORDER,
        )
        assert self._process.stdin and self._process.stdout
        self._questions, self.replies = self._process.stdin, self._process.stdout
        os.set_blocking(self.replies.fileno(), False)
        self._unread = b""
        self._settings = settings
        self.ready = False
        self.answered = 0
        self.job: int | None = None
        self.deadline = time.monotonic() + settings.start_timeout_s

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def ran_out_of_time(self) -> bool:
        """Whether the kernel has ended it because its question took too much time of the processor."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout=1) == -signal.SIGPROF  # its pipe closes a little before it is gone
        return False

    def ask(self, job: int, question: Question | Plea) -> None:
        """Hands a question over; the clocks start, the processor's in the child. A dead child is noticed when its reply is read."""
        self.job = job
        self.deadline = time.monotonic() + self._settings.wait_s
        line = json.dumps({"id": job, **asdict(question)}) + "\n"
        with contextlib.suppress(BrokenPipeError):
            self._questions.write(line.encode())
            self._questions.flush()

    def read(self) -> dict[str, Any] | None:
        """The next whole reply, None while there is none. Raises EOFError where the child has died."""
        data = self.replies.read()
        if data == b"":
            raise EOFError
        self._unread += data or b""
        line, newline, rest = self._unread.partition(b"\n")
        if not newline:
            return None
        self._unread = rest
        return json.loads(line)

    def kill(self) -> str:
        """Ends the process, waits for it and returns the last of what it wrote to stderr."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._questions, self.replies):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        self._errors.seek(0)
        tail = self._errors.read()[-2000:].decode(errors="replace")
        self._errors.close()
        return tail


class Pool:
    """Children shared by all calls; calls from several threads take turns."""

    def __init__(self, settings: GradingSettings) -> None:
        self.settings = settings
        self._children: list[Child] = []
        self._turn = threading.Lock()
        self._starter = ThreadPoolExecutor(1, "grading-children")

    @property
    def pids(self) -> list[int]:
        """Process ids of the children that live now."""
        return [child.pid for child in self._children if child.alive]

    def ask(self, questions: Sequence[Question | Plea]) -> list[Outcome]:
        """One outcome per question, in order. Raises ChildError where a child cannot start, InputError where the verifier is at fault."""
        if not questions:
            return []
        with self._turn:
            try:
                return _Round(self._start, self.settings, self._children, questions).run()
            except BaseException:
                self._kill_all()
                raise

    def close(self) -> None:
        """Ends all children. The pool may be asked again; it then starts new ones."""
        with self._turn:
            self._kill_all()
            self._starter.shutdown()
            self._starter = ThreadPoolExecutor(1, "grading-children")

    def _start(self) -> Child:
        """A new child, started by the pool's own thread: Linux kills a child with the thread that started it, and callers' threads end."""
        return self._starter.submit(Child, self.settings).result()

    def _kill_all(self) -> None:
        while self._children:
            self._children.pop().kill()


def outcome_of(reply: dict[str, Any]) -> Outcome:
    """What a child's reply says."""
    if "why" in reply:
        return Outcome(None, str(reply["why"]))
    if "verdict" in reply:
        return Outcome(None, "verifier", reply["verdict"])
    return Outcome(bool(reply["equal"]), "math_verify", readings=tuple(reply.get("readings", ())))


class _Round:
    """One call's questions on their way through the children."""

    def __init__(
        self, start: Callable[[], Child], settings: GradingSettings, children: list[Child], questions: Sequence[Question | Plea]
    ) -> None:
        self.start, self.settings, self.children, self.questions = start, settings, children, questions
        self.failed_starts = 0
        self.waiting = deque(range(len(questions)))
        self.outcomes: dict[int, Outcome] = {}
        self.deaths: dict[int, int] = {}

    def run(self) -> list[Outcome]:
        while len(self.outcomes) < len(self.questions):
            self._hand_out()
            self._listen()
        return [self.outcomes[job] for job in range(len(self.questions))]

    def _hand_out(self) -> None:
        """Replaces the dead, starts missing children and gives every idle one a question."""
        for child in [child for child in self.children if child.job is None and not child.alive]:
            self._remove(child)
        busy = sum(child.job is not None for child in self.children)
        while len(self.children) < min(self.settings.workers, busy + len(self.waiting)):
            self.children.append(self.start())
        for child in self.children:
            if child.ready and child.job is None and self.waiting:
                job = self.waiting.popleft()
                child.ask(job, self.questions[job])

    def _listen(self) -> None:
        """Waits for the next reply or deadline and deals with both."""
        at_work = [child for child in self.children if child.job is not None or not child.ready]
        with selectors.DefaultSelector() as selector:
            for child in at_work:
                selector.register(child.replies, selectors.EVENT_READ, child)
            first = min((child.deadline for child in at_work), default=time.monotonic())
            events = selector.select(max(0.0, first - time.monotonic()))
        for key, _ in events:
            self._receive(key.data)
        now = time.monotonic()
        for child in [child for child in at_work if child in self.children and (child.job is not None or not child.ready)]:
            if now >= child.deadline:
                self._expire(child)

    def _receive(self, child: Child) -> None:
        try:
            reply = child.read()
        except EOFError:
            self._bury(child)
            return
        if reply is None:
            return
        if "fault" in reply:
            raise InputError(f"grading.verifier {self.settings.verifier!r}: {reply['fault']}")
        if "ready" in reply:
            child.ready = True
            return
        job, child.job = child.job, None
        assert job is not None and job == reply["id"]
        if "why" not in reply:
            self.outcomes[job] = outcome_of(reply)
            child.answered += 1
            return
        self._remove(child)
        self._ask_again(job, outcome_of(reply), known=not child.answered)

    def _expire(self, child: Child) -> None:
        """The clock's time is up: of a start, which is an error, or of a question. A verifier may wait for anything; math-verify waits
        for nothing, so that somebody stopped its child, and another one is asked."""
        job, ready, errors = child.job, child.ready, self._remove(child)
        if not ready:
            raise ChildError(f"a grading child was not ready after {self.settings.start_timeout_s} s: {errors}")
        assert job is not None
        if self.settings.verifier:
            self.outcomes[job] = Outcome(None, "wait")
        else:
            self._ask_again(job, Outcome(None, "worker_died"))

    def _bury(self, child: Child) -> None:
        """A child has ended: at its limit of time, its question's outcome, or by itself. Repeated deaths at the start are an error."""
        job, ready, timed_out, errors = child.job, child.ready, child.ran_out_of_time, self._remove(child)
        self.failed_starts = 0 if ready else self.failed_starts + 1
        if self.failed_starts >= _MAX_FAILED_STARTS:
            raise ChildError(f"a grading child ended before it was ready (memory_mib={self.settings.memory_mib}): {errors}")
        if job is not None:
            self._ask_again(job, Outcome(None, "time" if timed_out else "worker_died"), known=timed_out)
        if timed_out:
            self.children.append(self.start())  # at once, though nothing may wait: the next question comes

    def _ask_again(self, job: int, outcome: Outcome, known: bool = False) -> None:
        """Ask another child, as all may be killed at once; the outcome stands where it is `known` to be the question's own doing, or others
        have ended so as well."""
        self.deaths[job] = self.deaths.get(job, 0) + 1
        if known or self.deaths[job] > self.settings.workers:
            self.outcomes[job] = outcome
        else:
            self.waiting.appendleft(job)

    def _remove(self, child: Child) -> str:
        self.children.remove(child)
        return child.kill()
