"""The files of one folder over HTTP, for browsers of this machine: `python -m flows.service.report_server HOST PORT FOLDER`.

It answers to the names of loopback with its own port, so that no page whose name has been pointed at this machine (DNS rebinding) reads a
report; it lists no folder, follows no link out of its own, and takes nothing but GET and HEAD.
"""

import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET, AF_INET6, SOCK_STREAM, getaddrinfo
from typing import Any

from flows.server.addresses import LOOPBACK


class Reports(SimpleHTTPRequestHandler):
    """Answers a browser of this machine with a file of its folder."""

    server_version, sys_version = "reports", ""

    def send_head(self) -> Any:
        """The file that is asked for, after its headers; None after a refusal."""
        if not self.asked_by_name():
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, "this server has no such name")
            return None
        root, found = Path(self.directory).resolve(), Path(self.translate_path(self.path)).resolve()
        if not found.is_relative_to(root):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def asked_by_name(self) -> bool:
        """Whether the one Host header names loopback and our port."""
        own, port = self.connection.getsockname()[:2]
        hosts = self.headers.get_all("Host", [])
        names = (f"[{name}]" if ":" in name else name for name in (*LOOPBACK, own))
        return len(hosts) == 1 and hosts[0].lower() in {f"{name}:{port}" for name in names}

    def list_directory(self, path: Any) -> None:
        """Refuse to list a folder: its name is no page."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Every answer is shown in no frame of another page, and as what it says it is."""
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()


def report_server(host: str, port: int, folder: Path) -> ThreadingHTTPServer:
    """A server of a folder's files that listens, and answers nothing yet."""
    family, _, _, _, place = getaddrinfo(host, port, type=SOCK_STREAM)[0]
    listening = type("Listening", (ThreadingHTTPServer,), {"address_family": AF_INET6 if family == AF_INET6 else AF_INET})
    return listening(place[:2], partial(Reports, directory=str(folder)))


if __name__ == "__main__":
    report_server(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])).serve_forever()
