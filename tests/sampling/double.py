"""A small OpenAI-compatible server over real sockets, whose answers a test scripts: what a third party's server might do to us."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What to answer, and how: after `delay` seconds, and only the first half of it when `cut`."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    cut: bool = False


@dataclass(frozen=True)
class Call:
    """A chat completion that was asked for. `number` counts from 0; `at` is the monotonic clock's; `others` were being answered."""

    number: int
    at: float
    body: dict
    headers: dict[str, str]
    others: int


Script = Callable[[Call], Answer]


def said(call: Call) -> str:
    """The words that a good answer gives: the prompt and the seed, so that a test sees whose answer it is."""
    content = call.body["messages"][0]["content"]
    return f"{content if isinstance(content, str) else len(content)}/{call.body['seed']}"


def good(
    call: Call, *, delay: float = 0, words: str | None = None, tokens: int = 3, finish: str = "stop", prompt_tokens: int = 7, **fields: Any
) -> Answer:
    """A good chat completion."""
    message = {"role": "assistant", "content": said(call) if words is None else words, **fields}
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": tokens, "total_tokens": prompt_tokens + tokens}
    return Answer(
        {"object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage}, delay=delay
    )


class Double:
    """The server. `script` answers chat completions, `models` are listed; it can `die` and be `start`ed again on its port."""

    def __init__(self, script: Script = good, models: Answer | tuple[str, ...] = ("m",)) -> None:
        listed = {"object": "list", "data": [{"id": name} for name in models]} if isinstance(models, tuple) else None
        self.script, self.models = script, Answer(listed) if listed else models
        self.calls: list[Call] = []
        self.port, self.busy, self.most = 0, 0, 0
        self.lock, self.connections = threading.Lock(), set[socket.socket]()
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        """Listen, on the same port as before if it listened before."""
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

            def setup(self) -> None:
                super().setup()
                double.connections.add(self.connection)

            def do_GET(self) -> None:
                self.answer(double.models)

            def do_POST(self) -> None:
                call = double.arrived(json.loads(self.rfile.read(int(self.headers["Content-Length"]))), dict(self.headers))
                with contextlib.ExitStack() as leaving:
                    leaving.callback(double.left)
                    self.answer(double.script(call), leaving.close)

            def answer(self, answer: Answer, leave: Callable[[], None] = lambda: None) -> None:
                """Send an answer; it counts as sent before its last byte is, as whoever has that may ask again at once."""
                time.sleep(answer.delay)
                body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
                self.send_response(answer.status)
                for name, value in {**answer.headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                leave()
                self.wfile.write(body[: len(body) // 2] if answer.cut else body)
                self.close_connection = answer.cut

            def log_message(self, *words: Any) -> None:
                pass

            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    super().handle()

        class Server(ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 256

            def handle_error(self, *words: Any) -> None:
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def die(self) -> None:
        """Stop listening and break every connection, as a killed process does."""
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.connections.clear()

    def arrived(self, body: dict, headers: dict[str, str]) -> Call:
        with self.lock:
            call = Call(len(self.calls), time.monotonic(), body, headers, self.busy)
            self.calls.append(call)
            self.busy += 1
            self.most = max(self.most, self.busy)
            return call

    def left(self) -> None:
        with self.lock:
            self.busy -= 1


@contextlib.contextmanager
def doubles(*scripts: Script, **options: Any) -> Iterator[list[Double]]:
    """One server a script."""
    servers = [Double(script, **options) for script in scripts]
    try:
        yield servers
    finally:
        for server in servers:
            server.die()
