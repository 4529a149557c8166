"""What stands before Prefect's server: nobody is answered under a foreign name, no page of another origin is, and none may frame the UI.

A browser sends what any page asks of this machine, and a name of the page's own may be pointed here (DNS rebinding). The password keeps
both from doing harm; this keeps them from being heard at all. It also serves /sign-in, which takes the password behind the `#` of its
address, where no server and no log sees it, to where the UI looks for it.
"""

import base64
import hashlib
import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from flows.server.addresses import ALLOWED

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

SIGN_IN = "/sign-in"
HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:@/?#\[\]\\]+))(?::[0-9]+)?")
SCRIPT = """
const word = decodeURIComponent(location.hash.slice(1)), told = document.querySelector("p");
history.replaceState(null, "", location.pathname);
if (!word) location.replace("/");
else fetch("/api/admin/version", {headers: {Authorization: "Basic " + btoa(word)}}).then(answer => {
  if (answer.ok) { localStorage.setItem("prefect-password", btoa(word)); location.replace("/deployments"); }
  else told.textContent = answer.status == 401 ? "This is not the password of this server." : "The server answers " + answer.status + ".";
});
"""
PAGE = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title><p>Signing in …</p><script>{SCRIPT}</script></html>'
POLICY = (
    f"default-src 'none'; connect-src 'self'; script-src 'sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}'"
)
UNFRAMED = [(b"x-frame-options", b"DENY"), (b"content-security-policy", b"frame-ancestors 'none'")]


class Guard:
    """An ASGI app that lets requests through to `app` which ask for one of `names`, from no page or one of its own or `origins`.

    `addresses` allows every IP address for a name, which no rebinding can have: for a server that other machines reach.
    """

    def __init__(self, app: App, names: frozenset[str], origins: Iterable[str] = (), addresses: bool = False) -> None:
        self.app, self.names, self.origins, self.addresses = app, names, frozenset(origins), addresses

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """Answer a request or a websocket; the rest (the app's lifespan) is its own."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        if refusal := self.refusal(scope["headers"]):
            return await refuse(scope, receive, send, *refusal)
        if scope["type"] == "websocket":
            return await self.app(scope, receive, send)
        if scope["path"] == SIGN_IN and scope["method"] in ("GET", "HEAD"):
            return await answer(send, 200, PAGE, "text/html; charset=utf-8", [(b"content-security-policy", POLICY.encode())])
        return await self.app(scope, receive, unframed(send))

    def refusal(self, headers: list[tuple[bytes, bytes]]) -> tuple[int, str] | None:
        """Why a request is refused, with its status; None where it is not."""
        hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
        if len(hosts) != 1 or not self.knows(name_of(hosts[0])):
            return 421, f"this server has no such name; `serve --allow-host NAME` (or {ALLOWED}) gives it one"
        origins = [value.decode("latin-1") for name, value in headers if name == b"origin"]
        if any(origin not in self.origins and not same(origin, hosts[0]) for origin in origins):
            return 403, "pages of another origin may not ask this server"
        return None

    def knows(self, name: str) -> bool:
        """Whether the server answers to a name: one of `names`, or an address where `addresses` are allowed."""
        return name in self.names or (self.addresses and is_address(name))


def name_of(host: str) -> str:
    """The name in a Host header; "" where it is malformed."""
    found = HOST.fullmatch(host)
    return (found[1] or found[2]).lower().rstrip(".") if found else ""


def same(origin: str, host: str) -> bool:
    """Whether a page of `origin` was loaded from `host`."""
    found = urlsplit(origin)
    return found.scheme in ("http", "https") and found.netloc.lower() == host.lower()


def is_address(name: str) -> bool:
    """Whether a name is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def refuse(scope: Message, receive: Any, send: Any, status: int, words: str) -> None:
    """Refuse a request with its reason; a websocket is closed before it is accepted."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": words})
    else:
        await answer(send, status, f"{words}\n", "text/plain; charset=utf-8")


async def answer(send: Any, status: int, body: str, kind: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Send a whole answer, which no browser or proxy is to keep."""
    said = [(b"content-type", kind.encode()), (b"content-length", str(len(body.encode())).encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": [*said, (b"x-frame-options", b"DENY"), *headers]})
    await send({"type": "http.response.body", "body": body.encode()})


def unframed(send: Any) -> Any:
    """Sends that tell browsers to show the page in no frame of another."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *UNFRAMED]}
        await send(message)

    return sending
