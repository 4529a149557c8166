"""`prefect server start`, closed to strangers, with a fix that Prefect has from 3.8.6 on: `python -m flows.server.prefect_server start …`.

It wants a password (PREFECT_SERVER_API_AUTH_STRING), protects against forged requests (CSRF), lets no pages ask it but its own and those
of PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS, and answers to the names of loopback and of DIFFICULTY_PRIOR_ALLOW_HOSTS alone (guard.py).

On SQLite, Prefect 3.7 lets a transaction read before it asks to write, which SQLite refuses where another wrote meanwhile: "database is
locked". Two workers that look for runs get it all the time, and what was to be written has to be tried again. Here every transaction asks
first. On Postgres nothing is different.
"""

import os
import runpy
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from prefect.context import refresh_global_settings_context
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.settings import get_current_settings

from flows.server.addresses import given_names, is_loopback, names_here
from flows.server.guard import Guard
from flows.server.own import other_origins
from tasks.base.errors import InputError

plain = AioSqliteConfiguration.begin_transaction
CSRF, CORS, UI_API = "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED", "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS", "PREFECT_SERVER_UI_API_URL"


@asynccontextmanager
async def asking_first(self: AioSqliteConfiguration, session: Any, with_for_update: bool = False) -> AsyncGenerator[Any, None]:
    """A transaction that has the right to write from its beginning."""
    async with plain(self, session, with_for_update=True) as transaction:
        yield transaction


def guarded(run: Callable[..., None]) -> Callable[..., None]:
    """uvicorn's `run`, with the guard before the app."""

    def running(app: Any, **options: Any) -> None:
        if not callable(app):
            raise InputError("--workers: this server is one process; leave it out")
        host = options["host"]
        run(Guard(app, names_here(host, given_names()), other_origins(), addresses=not is_loopback(host)), **options)

    return running


def close_to_strangers() -> None:
    """Prefect's settings of a server that strangers cannot use. Raises InputError where it would have no password."""
    settings = get_current_settings()
    if not (settings.server.api.auth_string and settings.server.api.auth_string.get_secret_value()):
        raise InputError("PREFECT_SERVER_API_AUTH_STRING: this server wants a password; set it to USER:PASSWORD")
    os.environ[CSRF] = "true"
    os.environ[CORS] = ",".join(other_origins())
    if "api_url" not in settings.server.ui.model_fields_set:
        os.environ[UI_API] = "/api"  # of whatever name the browser knows us by: its pages then never ask another origin
    refresh_global_settings_context()


def main() -> None:
    """Start Prefect's server, one process in the foreground."""
    if {"--background", "-b"} & set(sys.argv):
        raise InputError("--background: this server runs in the foreground; leave it out")
    close_to_strangers()
    AioSqliteConfiguration.begin_transaction = asking_first  # type: ignore[method-assign]
    uvicorn.run = guarded(uvicorn.run)
    sys.argv[1:1] = ["server"]
    runpy.run_module("prefect", run_name="__main__")


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(f"error: {error}")
