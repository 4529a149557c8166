"""Where our servers listen, who reaches them there, and by which names they are asked."""

import ipaddress
import os
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from tasks.base.errors import InputError

ALLOWED = "DIFFICULTY_PRIOR_ALLOW_HOSTS"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def address(host: str, port: int) -> str:
    """Where the UI of a server is, for a browser on the same machine; the API is under /api."""
    local = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{local}:{port}"


def is_loopback(host: str) -> bool:
    """Whether this machine alone reaches what listens on `host`. Raises InputError where that is no address of it."""
    return all((getattr(found, "ipv4_mapped", None) or found).is_loopback for found in addresses_of(host))


def addresses_of(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """What a name stands for: a server listens on all of them. Raises InputError for a name of nothing."""
    way_out = "give 127.0.0.1, or 0.0.0.0 for all addresses of this machine"
    if not host.strip():
        raise InputError(f"--host {host!r} is no address of this machine; {way_out}")
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise InputError(f"--host {host!r} is no address of this machine ({error}); {way_out}") from error
    return [ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found]


def name_in(text: str) -> str:
    """The host's name in a name, NAME:PORT, or a URL, in lower case; "" where there is none."""
    try:
        return (urlsplit(text if "//" in text else f"//{text}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def allowed_names(given: Iterable[str]) -> frozenset[str]:
    """The names of the hosts that are given as names or URLs. Raises InputError for one that is none, or stands for all of them."""
    found = {text: name_in(text.strip()) for text in given if text.strip()}
    for text, name in found.items():
        if not name or set(name) & set("*?, /\\@#%"):
            raise InputError(f"--allow-host: {text!r} is no name of a host; give each name or address by itself, as in prior.example.org")
    return frozenset(found.values())


def names_here(host: str, given: Iterable[str]) -> frozenset[str]:
    """The names by which a server that listens on `host` may be asked: those of loopback, its own, and those that are given.

    A page whose name has been pointed at this machine (DNS rebinding) asks by a name of its own, which is none of these.
    """
    own = set() if is_loopback(host) else {socket.gethostname().lower(), socket.getfqdn().lower()}
    return LOOPBACK | {name_in(host if ":" not in host else f"[{host}]")} | own | allowed_names(given)


def given_names() -> list[str]:
    """The names of hosts in DIFFICULTY_PRIOR_ALLOW_HOSTS."""
    return os.environ.get(ALLOWED, "").split(",")
