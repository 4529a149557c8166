"""The automations on a real server: each once, however often they are made, and an error for a block that is not there."""

from collections.abc import Iterator

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.service.automations import ZOMBIES, make_automations, put, zombies
from tasks.base.errors import InputError
from tests.prefect_server import PrefectServer

pytestmark = pytest.mark.process


@pytest.fixture
def client(shared_server: PrefectServer) -> Iterator[SyncPrefectClient]:
    """A client of the running server."""
    with temporary_settings({PREFECT_API_URL: shared_server.api}), get_client(sync_client=True) as found:
        yield found


def test_an_automation_is_there_once_however_often_it_is_made(client: SyncPrefectClient) -> None:
    for seconds in (600, 300):
        put(client, zombies(seconds))
    [kept] = client.read_automations_by_name(ZOMBIES)
    assert kept.trigger.within.total_seconds() == 300


@pytest.mark.parametrize("name", ["slack-webhook/nobody", "no-such-type/team", "nobody", "/"])
def test_a_block_that_is_not_there_is_one_error(client: SyncPrefectClient, name: str) -> None:
    with pytest.raises(InputError, match=f"--notify: there is no block '{name}' on this server"):
        make_automations(client, name)
