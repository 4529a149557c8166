"""The Prefect API that is configured, if any: its password, whether it answers, and whether its server is new enough for this client."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import prefect
from packaging.version import Version
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.context import refresh_global_settings_context
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_CLOUD_API_URL,
    PREFECT_HOME,
    PREFECT_SERVER_API_AUTH_STRING,
    temporary_settings,
)

from flows.server import password
from flows.server.early import closed
from tasks.base.errors import InputError

SECONDS = 5.0


def api_url() -> str | None:
    """The address of the configured API; None where a run starts a temporary server of its own."""
    url = PREFECT_API_URL.value() or None
    ours = password.served_at(url) if url else None
    return ours.api if ours else url  # which may be said to be on `localhost`, where another may listen, too


def password_for(url: str) -> str | None:
    """What the user has set for the API at `url`; else, for a server of this user's `serve`, its own. Raises what `own_password` raises."""
    ours = password.served_at(url)
    chosen = PREFECT_API_AUTH_STRING.value() or (ours and PREFECT_SERVER_API_AUTH_STRING.value())
    return chosen or (password.own_password() if ours and ours.own else None)


def chosen_password() -> str | None:
    """What the user has set as the password of a server that we start. Raises InputError where it is two, or spaces are around it."""
    server, client = PREFECT_SERVER_API_AUTH_STRING.value() or "", PREFECT_API_AUTH_STRING.value() or ""
    names = "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"
    if server and client and server != client:
        raise InputError(f"{' and '.join(names)} are different passwords of one server: unset one of them, or make them equal")
    if (server or client).strip() != (server or client):
        raise InputError(f"{names[0] if server else names[1]} is a password with spaces around it: set it to USER:PASSWORD, or unset it")
    return server or client or None


def prefect_home() -> Path:
    """The folder with Prefect's profiles, and the history of servers that keep it in SQLite."""
    return PREFECT_HOME.value()


@contextmanager
def talking_to(url: str, word: str | None = None) -> Iterator[None]:
    """Ask this API inside, with this password or the one that we have for it, and let what is started there ask it, too.

    Prefect reads its environment once, when it is imported.
    """
    word = word or password_for(url)
    tell_children(url, word)
    with temporary_settings({PREFECT_API_URL: url, PREFECT_API_AUTH_STRING: word}):
        yield


def tell_children(url: str, word: str | None) -> None:
    """Let what this process starts ask this API, with this password."""
    os.environ.update({"PREFECT_API_URL": url, **({"PREFECT_API_AUTH_STRING": word} if word else {})})


class ApiError(InputError):
    """What is wrong with the configured API, and the fix."""

    def __init__(self, said: str, fix: str) -> None:
        super().__init__(f"{said}: {fix}")
        self.said, self.fix = said, fix


@contextmanager
def asking(url: str) -> Iterator[SyncPrefectClient]:
    """A client of the API at this address that gives up soon. Raises ApiError where it cannot be asked, or its password not be trusted."""
    word = trusted_password(url)
    try:
        with (
            temporary_settings({PREFECT_API_URL: url, PREFECT_API_AUTH_STRING: word, PREFECT_CLIENT_MAX_RETRIES: 0}),
            get_client(httpx_settings={"timeout": SECONDS}, sync_client=True) as client,
        ):
            yield client
    except (PrefectHTTPStatusError, httpx.HTTPStatusError) as error:
        raise refusal(url, error.response.status_code, bool(word)) from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise ApiError(
            f"the Prefect API at {url} does not answer ({said(error)})",
            "start its server (`difficulty-prior serve`), correct PREFECT_API_URL, or unset it (also `prefect config unset "
            "PREFECT_API_URL`) and runs start a temporary server",
        ) from error


def trusted_password(url: str) -> str | None:
    """The password for an API. Raises ApiError for a file of it that cannot be trusted."""
    try:
        return password_for(url)
    except InputError as error:
        fault, _, fix = str(error).partition(": ")
        raise ApiError(fault, fix) from error


def said(error: Exception) -> str:
    """What an error of the network says, in short."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def refusal(url: str, status: int, asked: bool = False) -> ApiError:
    """What is wrong when a server answers with an error; `asked`: to a request with a password."""
    if status in (401, 403):
        kept = f"PREFECT_HOME/{password.FOLDER}/{password.FILE}"
        fix = f"set PREFECT_API_AUTH_STRING (or PREFECT_API_KEY) to what its server expects; that of a `serve` is in its {kept}"
        return ApiError(f"the Prefect API at {url} refuses {'our password' if asked else 'us'} ({status})", fix)
    if status == httpx.codes.MISDIRECTED_REQUEST:
        fix = "give it one (`serve --allow-host NAME`), or ask by the address that `serve` prints"
        return ApiError(f"the server at {url} does not answer to this name", fix)
    return ApiError(f"{url} answers {status}, so it is no Prefect API", "PREFECT_API_URL ends in /api, as in http://127.0.0.1:4200/api")


def check_version(url: str) -> Version | None:
    """The version of the server behind an API; None for Prefect Cloud, which goes with every client. Raises ApiError when no server answers
    there, when it wants a password that it is not given, or when it is too old for us."""
    if url.startswith(PREFECT_CLOUD_API_URL.value()):
        return None
    with asking(url) as client:
        version = Version(client.api_version())
    check_age(version)
    return version


def check_age(version: Version) -> None:
    """Raise ApiError for a server of this version when it is too old: Prefect wants it at least as new as its clients, minor versions
    counting."""
    ours = Version(prefect.__version__)
    if version.release[:2] < ours.release[:2]:
        fix = f"upgrade the server (pip install 'prefect=={ours}', and restart it), or unset PREFECT_API_URL to use a temporary one"
        raise ApiError(f"the Prefect server has version {version}, older than this client's {ours}", fix)


def check_api() -> None:
    """Let this process ask the configured API, or else a temporary server that nobody else can. Raises ApiError where the API does not
    answer, refuses us, or its server is too old."""
    url = api_url()
    if url is None:
        os.environ.update(closed(PREFECT_API_AUTH_STRING.value() or f"{password.USER}:{secrets.token_urlsafe(24)}"))
    else:
        check_version(url)
        tell_children(url, password_for(url))
    refresh_global_settings_context()
