"""Workers: events and log lines come back, faults are told from crashes, and a worker dies with its parent."""

import logging
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from pydantic import BaseModel

from tasks.base.errors import InputError, WorkerError
from tasks.base.process import OWNER, PROJECT, RUNNING, own_children, run_worker, worker_variables, workers_ended


class Spec(BaseModel):
    """What the test's worker is told to do."""

    act: str


def work(tmp_path: Path, act: str, monkeypatch: pytest.MonkeyPatch, lines: list[tuple] | None = None) -> tuple[list[tuple], list[tuple]]:
    room = tmp_path / "room"
    room.mkdir(exist_ok=True)
    (room / "__init__.py").touch()
    (room / "worker.py").write_text(
        "import json, logging, os, signal, sys, time, warnings\n"
        "from tasks.base.errors import InputError\n"
        "from tasks.base.process import emit_progress, worker_main\n"
        "def run(text):\n"
        "    act = json.loads(text)['act']\n"
        "    print('said ' + act + os.environ.get('SHARE', ''))\n"
        "    emit_progress(1, 2, 'steps')\n"
        "    if act == 'log':\n"
        "        logging.getLogger(__name__).info('50% done')\n"
        "        logging.getLogger('tasks.room').warning('two\\nlines')\n"
        "        logging.getLogger('library').info('chatter')\n"
        "        logging.getLogger('library').error('a real fault')\n"
        "        warnings.warn('an old name')\n"
        "    if act == 'fault': raise InputError('row 3 is bad')\n"
        "    if act == 'crash': raise RuntimeError('boom')\n"
        "    if act == 'killed': os.kill(os.getpid(), signal.SIGKILL)\n"
        "    if act == 'sleep': time.sleep(60)\n"
        "worker_main(run)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    lines = [] if lines is None else lines
    progress: list[tuple] = []

    def log(level: int, line: str) -> None:
        lines.append((level, line))

    run_worker("room.worker", Spec(act=act), tmp_path, log=log, on_progress=lambda *told: progress.append(told))
    return lines, progress


def test_lines_are_logged_and_events_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines, progress = work(tmp_path, "well", monkeypatch)
    assert lines == [(logging.DEBUG, "said well")]
    assert progress == [(1, 2, "steps")]


def test_lines_keep_their_level_and_chatter_is_for_debugging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    *lines, warned = work(tmp_path, "log", monkeypatch)[0]
    assert lines[1:] == [
        (logging.INFO, "50% done"),
        (logging.WARNING, "two\nlines"),
        (logging.DEBUG, "chatter"),
        (logging.ERROR, "a real fault"),
    ]
    assert warned[0] == logging.DEBUG and "an old name" in warned[1]
    assert "WARNING two\nlines\nDEBUG   chatter\n" in (tmp_path / ".room.log").read_text()


def test_a_crash_is_logged_as_an_error_with_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[tuple] = []
    with pytest.raises(WorkerError):
        work(tmp_path, "crash", monkeypatch, lines)
    [fault] = [text for level, text in lines if level == logging.ERROR]
    assert fault.startswith("RuntimeError: boom\nTraceback") and "worker.py" in fault


def test_a_fault_of_the_input_comes_back_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="^row 3 is bad$"):
        work(tmp_path, "fault", monkeypatch)


def test_a_crash_names_its_last_words_and_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WorkerError, match=r"exit code 1(.|\n)*\.room\.log(.|\n)*boom"):
        work(tmp_path, "crash", monkeypatch)
    assert "boom" in (tmp_path / ".room.log").read_text()


def test_a_kill_is_named_with_a_guess_at_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WorkerError, match=r"killed by SIGKILL.*memory"):
        work(tmp_path, "killed", monkeypatch)


def test_variables_of_a_context_reach_its_workers_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with worker_variables({"SHARE": " with half"}):
        assert work(tmp_path, "well", monkeypatch)[0] == [(logging.DEBUG, "said well with half")]
    assert work(tmp_path, "well", monkeypatch)[0] == [(logging.DEBUG, "said well")]


def test_an_interruption_ends_the_workers_of_other_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadPoolExecutor() as pool:
        with pytest.raises(KeyboardInterrupt), workers_ended():
            sleeping = pool.submit(work, tmp_path, "sleep", monkeypatch)
            while not RUNNING:
                time.sleep(0.01)
            raise KeyboardInterrupt
        with pytest.raises(WorkerError, match="killed by SIGKILL"):
            sleeping.result(timeout=10)
    with pytest.raises(WorkerError, match="the run is being stopped"):
        work(tmp_path, "well", monkeypatch)
    with workers_ended():
        assert work(tmp_path, "well", monkeypatch)[0] == [(logging.DEBUG, "said well")]


def started(script: str, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **environment},
    )


def gone_within(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ties a child to its parent on Linux only")
def test_a_worker_dies_with_a_killed_parent() -> None:
    child = "from tasks.base.process import die_with_parent; import time; die_with_parent(); print('up', flush=True); time.sleep(60)"
    parent = started(
        f"import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); print(child.pid, flush=True); time.sleep(60)"
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert gone_within(pid, 5)


def test_what_a_killed_owner_left_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    orphan = started("import time; print('up', flush=True); time.sleep(60)", **{OWNER: str(dead.pid)})
    mine = started("import time; print('up', flush=True); time.sleep(60)", **{OWNER: str(os.getpid())})
    for process in (orphan, mine):
        assert process.stdout is not None
        process.stdout.readline()
    monkeypatch.setenv(OWNER, "")
    own_children()
    try:
        assert orphan.wait(timeout=5) == -signal.SIGTERM
        assert mine.poll() is None
    finally:
        mine.kill()
        mine.wait()
