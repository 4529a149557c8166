"""The temporary server that Prefect starts for a run where PREFECT_API_URL is not set, with the fix of `serve`'s (prefect_server.py).

Runs and `serve` of one PREFECT_HOME write to one SQLite database, so that the UI shows them all, and each may begin and end without the
other. Two servers get on with that as long as each transaction asks for the right to write before it reads; Prefect's own does not, and
then prints a traceback for every "database is locked". So the run's server does as that of `serve` does.

A run could use the server of a `serve` that it finds instead: it would then end with it, and one that began before `serve` would still have
a server of its own. It could have a database of its own: then the UI would not show it, and two runs at once would still clash.
"""

import gc
import os
import subprocess
import sys
import time
from threading import Thread
from typing import Any

from prefect.settings import get_current_settings

from flows.server.early import EARLY, begin
from tasks.base.process import PARENT

LOOK_S = 0.2


def use_ours() -> None:
    """From now on, a temporary server of this process is ours."""
    from prefect.server.api.server import SubprocessASGIServer

    plain = SubprocessASGIServer.find_available_port
    SubprocessASGIServer.find_available_port = lambda server: EARLY[0][0] if EARLY else plain(server)  # type: ignore[method-assign, assignment]
    SubprocessASGIServer._run_uvicorn_command = started  # type: ignore[method-assign, assignment]


def started(server: Any) -> subprocess.Popen[Any]:
    """The process of a temporary server (Prefect's `SubprocessASGIServer`), on the port that it has chosen; one may run already."""
    if EARLY:
        return EARLY.pop()[1]
    return begin(server.port, get_current_settings().to_environment_variables(exclude_unset=True))


def end_with(parent: int) -> None:
    """End this process when its parent, the run, has ended: Prefect ends a temporary server with its run, but not with one that is killed.
    Linux's own way would end it with the thread that has started it, one of Prefect's."""
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os._exit(0)


def main() -> None:
    """Serve Prefect's API as Prefect's own temporary server does, with the fix of transactions."""
    gc.disable()  # imports make no garbage, and looking for it is a sixth of their time
    Thread(target=end_with, args=(int(os.environ.pop(PARENT, os.getppid())),), daemon=True).start()
    import uvicorn
    from prefect.server.database.configurations import AioSqliteConfiguration

    from flows.server.prefect_server import asking_first

    AioSqliteConfiguration.begin_transaction = asking_first  # type: ignore[method-assign]
    import prefect.server.api.server  # noqa: F401

    gc.freeze()
    gc.enable()
    sys.argv += ["--factory", "prefect.server.api.server:create_app", "--log-level", "error", "--lifespan", "on"]
    uvicorn.main()


if __name__ == "__main__":
    main()
