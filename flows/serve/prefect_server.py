"""`prefect server …` with a fix that Prefect has from 3.8.6 on: `python -m flows.serve.prefect_server start` takes what that takes.

On SQLite, Prefect 3.7 lets a transaction read before it asks to write, which SQLite refuses where another wrote meanwhile: "database is
locked". Two workers that look for runs get it all the time, and what was to be written has to be tried again. Here every transaction asks
first. On Postgres nothing is different.
"""

import runpy
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from prefect.server.database.configurations import AioSqliteConfiguration

plain = AioSqliteConfiguration.begin_transaction


@asynccontextmanager
async def asking_first(self: AioSqliteConfiguration, session: Any, with_for_update: bool = False) -> AsyncGenerator[Any, None]:
    """A transaction that has the right to write from its beginning."""
    async with plain(self, session, with_for_update=True) as transaction:
        yield transaction


if __name__ == "__main__":
    AioSqliteConfiguration.begin_transaction = asking_first  # type: ignore[method-assign]
    sys.argv[1:1] = ["server"]
    runpy.run_module("prefect", run_name="__main__")
