"""The reports of a lake over HTTP, so that the Prefect UI can link to them: a browser follows no link from a server's page to a file.

For this machine alone: whoever uses it can read every report, with no password asked.
"""

import os
from collections.abc import Callable
from pathlib import Path

from flows.server.addresses import address, is_loopback
from flows.server.children import Child
from flows.server.own import check_port
from tasks.base.errors import InputError
from tasks.base.process import child_environment, module_command
from tasks.reporting.index import REPORTS, write_index
from tasks.reporting.served import SERVED_AT


def pages_child(home: Path, host: str, port: int, logs: Path, say: Callable[[str], None]) -> Child | None:
    """A server of the lake's reports, whose address is told to all that is started after it; None, with the reason said, where they
    cannot be served: the UI is open to other machines, or the port is taken."""
    if not is_loopback(host):
        say(f"reports      {home / REPORTS}; they are not served, as --host {host} is open to other machines and they have no password")
        return None
    try:
        check_port(host, port)
    except InputError as error:
        say(f"reports      {home / REPORTS}; they are not served: {error}")
        return None
    write_index(home)
    os.environ[SERVED_AT] = address(host, port)
    command = module_command("flows.service.report_server", host, str(port), str(home / REPORTS))
    environment = {name: value for name, value in child_environment().items() if "AUTH_STRING" not in name}
    return Child("server of reports", command, environment, logs / "reports.log")
