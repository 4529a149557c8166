"""Opens a lake wherever it is: in a folder, or at an address on object storage, which is brought to its local copy first."""

from pathlib import Path

from filelock import FileLock

from tasks.base.files import write_text
from tasks.lake.database import literal
from tasks.lake.lake import Lake
from tasks.lake.layout import ASIDE, WAREHOUSE
from tasks.lake.published import copy_as_it_is, forget, put_in_place
from tasks.lake.storage import MARK, Remote, copy_of, remote_address, remote_of, storage, storage_errors_named
from tasks.warehouse.pointing import point_views

TAG = ".warehouse"


def open_home(home: Path) -> Path:
    """The folder to work in: `home` itself, or for s3://bucket/prefix its local copy, after both sides have what either had.

    Raises InputError for other addresses, and where the storage does not answer, or refuses.
    """
    address = remote_address(home)
    if address is None:
        return home.expanduser().absolute()
    copy = Lake(copy_of(address)).home
    with FileLock(copy / f"{MARK}.lock"):
        write_text(copy / MARK, address)
        remote = Remote(address, copy)
        remote.sync()
        fetch_warehouse(remote)
    return copy


def fetch_warehouse(remote: Remote) -> None:
    """Put the storage's warehouse in the place of the copy's where it is another one."""
    tag = warehouse_tag(remote)
    if tag is None or ((remote.home / TAG).is_file() and (remote.home / TAG).read_text(encoding="utf-8") == tag):
        return
    aside = remote.home / ASIDE / f"fetched-{WAREHOUSE}"
    with storage_errors_named(remote.address):
        storage().get([f"{remote.address}/{WAREHOUSE}"], [str(aside)])
    point_views(aside, literal(remote.home), remote.home)
    forget(remote.home)
    put_in_place(aside, Lake(remote.home))
    write_text(remote.home / TAG, tag)


def send_warehouse(home: Path) -> None:
    """Send the published warehouse, its views over the storage's own files, so that it can be attached from there."""
    if remote := remote_of(home):
        aside = home / ASIDE / f"sent-{WAREHOUSE}"
        copy_as_it_is(home / WAREHOUSE, aside)
        point_views(aside, f"s3://{remote.address}", home, storage())
        with storage_errors_named(remote.address):
            storage().put([str(aside)], [f"{remote.address}/{WAREHOUSE}"])
        aside.unlink()
        write_text(home / TAG, warehouse_tag(remote) or "")


def warehouse_tag(remote: Remote) -> str | None:
    """What the storage calls the content of its warehouse; None without one."""
    info = remote.files(WAREHOUSE).get(WAREHOUSE)
    return str(info["ETag"]) if info else None
