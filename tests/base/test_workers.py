"""Workers, fresh and forked alike: events and log lines come back, faults are told from crashes, and each has its own variables."""

import json
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

from tasks.base import forking
from tasks.base.errors import InputError, WorkerError
from tasks.base.process import PROJECT
from tasks.base.workers import RUNNING, Job, run_worker, start_worker, warm_up, worker_variables, workers_ended
from tests.patience import PATIENCE_S, until

pytestmark = pytest.mark.process

WORKER = """
import json, logging, os, signal, sys, time, warnings
from pathlib import Path
from tasks.base.errors import InputError
from tasks.base.events import emit_progress, worker_main

def run(text):
    act = json.loads(text)['act']
    print('said ' + act + os.environ.get('SHARE', ''))
    emit_progress(1, 2, 'steps')
    if act == 'log':
        logging.getLogger(__name__).info('50% done')
        logging.getLogger('tasks.room').warning('two\\nlines')
        logging.getLogger('library').info('chatter')
        logging.getLogger('library').error('a real fault')
        warnings.warn('an old name')
    if act == 'fault': raise InputError('row 3 is bad')
    if act == 'crash': raise RuntimeError('boom')
    if act == 'killed': os.kill(os.getpid(), signal.SIGKILL)
    if act == 'leave': sys.exit(7)
    if act == 'sleep': time.sleep(3600)
    if act == 'who':
        import room.libraries
        listed = Path('/proc/self/comm').read_text().strip()
        print(json.dumps({'cwd': os.getcwd(), 'at': room.libraries.AT, 'pid': os.getpid(), 'path': sys.path,
            'argv': sys.argv, 'name': __name__, 'listed': listed,
            'spec': __spec__.name, 'read': room.libraries.SEEN, 'input': sys.stdin.read(),
            'handles': sorted(os.readlink(p) for p in Path('/proc/self/fd').iterdir() if p.exists()),
            **{name: os.environ.get(name) for name in ('CUDA_VISIBLE_DEVICES', 'OMP_NUM_THREADS', 'HF_HOME', 'SHARE', 'PWD')}}))
    if act == 'linger':
        import atexit
        atexit.register(print, 'the end')

worker_main(run)
"""
LIBRARIES = "import os\nAT, SEEN = os.getpid(), os.environ.get('HF_HOME')\nprint('loaded')\n"


class Spec(BaseModel):
    """What the test's worker is told to do."""

    act: str


@pytest.fixture(params=["fresh", "forked"])
def libraries(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A room with a worker, on the path, and the libraries of its jobs: none for a fresh process."""
    room = tmp_path / "room"
    room.mkdir()
    (room / "__init__.py").touch()
    (room / "worker.py").write_text(WORKER)
    (room / "libraries.py").write_text(LIBRARIES)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(forking, "UNFIT", set())
    return "room.libraries" if request.param == "forked" else ""


forked_only = pytest.mark.parametrize("libraries", ["forked"], indirect=True)


def job(folder: Path, act: str, libraries: str, **variables: str) -> Job:
    return Job("room.worker", Spec(act=act), folder, variables=variables, libraries=libraries)


def work(
    folder: Path, act: str, libraries: str, lines: list[tuple] | None = None, **variables: str
) -> tuple[list[tuple[int, str]], list[tuple]]:
    lines = [] if lines is None else lines
    progress: list[tuple] = []

    def log(level: int, line: str) -> None:
        if line != "loaded":
            lines.append((level, line))

    run_worker(job(folder, act, libraries, **variables), log, lambda *told: progress.append(told))
    return lines, progress


def who(folder: Path, libraries: str, **variables: str) -> dict:
    return json.loads(work(folder, "who", libraries, **variables)[0][1][1])


def test_lines_are_logged_and_events_are_not(tmp_path: Path, libraries: str) -> None:
    lines, progress = work(tmp_path, "well", libraries)
    assert lines == [(logging.DEBUG, "said well")]
    assert progress == [(1, 2, "steps")]


def test_lines_keep_their_level_and_chatter_is_for_debugging(tmp_path: Path, libraries: str) -> None:
    *lines, warned = work(tmp_path, "log", libraries)[0]
    assert lines[1:] == [
        (logging.INFO, "50% done"),
        (logging.WARNING, "two\nlines"),
        (logging.DEBUG, "chatter"),
        (logging.ERROR, "a real fault"),
    ]
    assert warned[0] == logging.DEBUG and "an old name" in warned[1]
    assert "WARNING two\nlines\nDEBUG   chatter\n" in (tmp_path / ".room.log").read_text()


def test_a_crash_is_an_error_with_its_traceback_last_words_and_log(tmp_path: Path, libraries: str) -> None:
    lines: list[tuple] = []
    with pytest.raises(WorkerError, match=r"exit code 1(.|\n)*\.room\.log(.|\n)*boom"):
        work(tmp_path, "crash", libraries, lines)
    [fault] = [text for level, text in lines if level == logging.ERROR]
    assert fault.startswith("RuntimeError: boom\nTraceback") and "worker.py" in fault
    assert "boom" in (tmp_path / ".room.log").read_text()


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        ("fault", InputError, "^row 3 is bad$"),
        ("killed", WorkerError, r"killed by SIGKILL.*memory"),
        ("leave", WorkerError, "ended with exit code 7"),
    ],
)
def test_an_end_is_told_as_what_it_was(tmp_path: Path, libraries: str, act: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        work(tmp_path, act, libraries)


def test_variables_of_a_context_reach_its_workers_only(tmp_path: Path, libraries: str) -> None:
    with worker_variables({"SHARE": " with half"}):
        assert work(tmp_path, "well", libraries)[0] == [(logging.DEBUG, "said well with half")]
    assert work(tmp_path, "well", libraries)[0] == [(logging.DEBUG, "said well")]


def test_an_interruption_ends_the_workers_of_other_threads(tmp_path: Path, libraries: str) -> None:
    with ThreadPoolExecutor() as pool:
        with pytest.raises(KeyboardInterrupt), workers_ended():
            sleeping = pool.submit(work, tmp_path, "sleep", libraries)
            while not RUNNING:
                time.sleep(0.01)
            raise KeyboardInterrupt
        with pytest.raises(WorkerError, match="killed by SIGKILL"):
            sleeping.result(timeout=PATIENCE_S)
    with pytest.raises(WorkerError, match="the run is being stopped"):
        work(tmp_path, "well", libraries)
    with workers_ended():
        assert work(tmp_path, "well", libraries)[0] == [(logging.DEBUG, "said well")]


def test_a_worker_is_the_module_in_our_folder_with_its_own_variables(
    tmp_path: Path, libraries: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forked or fresh, it sees the same; what is read when libraries are loaded, too. The folder's own modules are not ours."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for name in ("tasks", "json", "room", "logging"):
        (theirs / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    who(tmp_path, libraries)
    monkeypatch.chdir(theirs)
    found = who(tmp_path, libraries, CUDA_VISIBLE_DEVICES="3", OMP_NUM_THREADS="1", HF_HOME="/models", SHARE="half")
    given = {"CUDA_VISIBLE_DEVICES": "3", "OMP_NUM_THREADS": "1", "HF_HOME": "/models", "SHARE": "half", "read": "/models"}
    assert {name: found[name] for name in given} == given
    assert (found["cwd"], found["name"], found["spec"], found["input"]) == (str(theirs), "__main__", "room.worker", "")
    assert found["listed"] == "room.worker"
    assert found["argv"] == [str(tmp_path / "room" / "worker.py"), str(tmp_path / ".room.spec.json")]
    assert found["path"][:2] == [str(PROJECT), str(tmp_path)] and str(theirs) not in found["path"]
    assert len([name for name in found["handles"] if "pipe" in name or "socket" in name]) == 2  # its output, twice
    assert "CUDA_VISIBLE_DEVICES" not in os.environ and who(tmp_path, libraries)["SHARE"] is None


def test_what_is_registered_for_the_end_is_done(tmp_path: Path, libraries: str) -> None:
    assert work(tmp_path, "linger", libraries)[0][-1] == (logging.DEBUG, "the end")


@forked_only
def test_libraries_are_loaded_once(tmp_path: Path, libraries: str) -> None:
    first, second = who(tmp_path, libraries), who(tmp_path, libraries, OMP_NUM_THREADS="1")
    assert first["at"] == second["at"] not in (first["pid"], second["pid"], os.getpid())
    assert "DEBUG   loaded" in (tmp_path / ".room.log").read_text()


@forked_only
def test_a_killed_worker_leaves_the_server(tmp_path: Path, libraries: str) -> None:
    before = who(tmp_path, libraries)["at"]
    with start_worker(job(tmp_path, "sleep", libraries)) as process, start_worker(job(tmp_path, "sleep", libraries)) as other:
        process.stdout.readline()
        process.kill()
        assert process.wait() == -signal.SIGKILL and other.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(timeout=0.01)
        other.kill()
    assert who(tmp_path, libraries)["at"] == before


@forked_only
def test_a_killed_server_takes_its_workers_along_and_is_started_again(tmp_path: Path, libraries: str) -> None:
    before = who(tmp_path, libraries)["at"]
    with start_worker(job(tmp_path, "sleep", libraries)) as process:
        process.stdout.readline()
        os.kill(before, signal.SIGKILL)
        assert process.wait(timeout=PATIENCE_S) == -signal.SIGKILL
    assert who(tmp_path, libraries)["at"] not in (before, os.getpid())


@forked_only
def test_libraries_that_cannot_be_loaded_are_the_workers_own_fault(tmp_path: Path, libraries: str) -> None:
    (tmp_path / "room" / "libraries.py").write_text("import no_such_library")
    with pytest.raises(WorkerError, match="No module named 'no_such_library'"):
        work(tmp_path, "who", libraries)


@forked_only
def test_where_no_server_lives_workers_start_fresh(tmp_path: Path, libraries: str) -> None:
    ends = "import os, sys\nAT = SEEN = os.getpid()\nif 'fork_server' in sys.argv[0]: os._exit(1)"
    (tmp_path / "room" / "libraries.py").write_text(ends)
    for _ in range(2):
        found = who(tmp_path, libraries)
        assert found["at"] == found["pid"]
    assert {libraries} == forking.UNFIT  # so that the second one has not waited for servers that end


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs; one that nobody has taken up yet does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ties a child to its parent on Linux only")
def test_all_end_with_a_killed_parent(tmp_path: Path, libraries: str) -> None:
    """Also when a thread started them that has ended since."""
    script = (
        "import sys, threading, time\nfrom pathlib import Path\nfrom tasks.base.workers import Job, start_worker\n"
        "from pydantic import BaseModel\nclass Spec(BaseModel):\n    act: str = 'sleep'\n"
        f"def begin(): made.append(start_worker(Job('room.worker', Spec(), Path({str(tmp_path)!r}), libraries={libraries!r})))\n"
        "made = []\n"
        + ("thread = threading.Thread(target=begin); thread.start(); thread.join()\n" if libraries else "begin()\n")
        + "print(made[0].pid, flush=True); print(made[0].stdout.readline(), flush=True); time.sleep(3600)"
    )
    path = os.pathsep.join([str(PROJECT), str(tmp_path)])
    command = [sys.executable, "-P", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}) as parent:
        assert parent.stdout is not None
        pid, said = int(parent.stdout.readline()), parent.stdout.readline()
        assert said.strip() in ("said sleep", "loaded")
        family = [psutil.Process(pid), *psutil.Process(parent.pid).children(recursive=True)]
        parent.kill()
    until(lambda: not any(map(is_alive, family)), lambda: f"outlived their parent: {list(filter(is_alive, family))}")


@forked_only
def test_libraries_are_loaded_ahead_where_that_is_asked_for(tmp_path: Path, libraries: str) -> None:
    warm_up(libraries, {"HF_HOME": "/models"})
    assert who(tmp_path, libraries, HF_HOME="/models")["read"] == "/models"
    assert "DEBUG   loaded" not in (tmp_path / ".room.log").read_text()
