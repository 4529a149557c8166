"""Opens a lake wherever it is, in a folder or at an address on object storage: to work in it, or only to look at what is at hand."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from tasks.base.errors import InputError
from tasks.base.files import write_text
from tasks.lake.artifacts import check_writable
from tasks.lake.database import literal
from tasks.lake.lake import Lake
from tasks.lake.layout import ASIDE, WAREHOUSE
from tasks.lake.looking import LOOKING
from tasks.lake.published import copy_as_it_is, forget, put_in_place
from tasks.lake.storage import MARK, Remote, copy_of, remote_address, remote_of, storage, storage_errors_named
from tasks.warehouse.pointing import point_views

TAG, SYNCED = ".warehouse", ".synced"


@dataclass(frozen=True)
class AtHand:
    """A lake as it lies on this machine: its folder, which need not be there, and what its storage may have that the folder has not, in
    words ("" for a lake that is only here)."""

    folder: Path
    unknown: str = ""


def at_hand(home: Path) -> AtHand:
    """A lake for who only looks at it: nothing is made, and its storage is not asked. Raises InputError for what is no lake of ours to
    open, and for other addresses than s3://."""
    address = remote_address(home)
    folder = copy_of(address) if address else local_folder(home)
    Lake(folder)
    remote = Remote(address, folder) if address else remote_of(folder)
    return AtHand(folder, remote_unknown(remote) if remote else "")


def remote_unknown(remote: Remote) -> str:
    """What a look at a local copy cannot say of its storage."""
    bring, mark = f"`difficulty-prior sync --home s3://{remote.address}`", remote.home / SYNCED
    if not remote.home.is_dir():
        return f"s3://{remote.address} is not asked, and has no copy here: nothing of what lies there is known; {bring} fetches it"
    when = f"at {mark.read_text(encoding='utf-8')}" if mark.is_file() else "at an unknown time"
    return f"s3://{remote.address} is not asked: the local copy was last brought up to date {when}; {bring} does so now"


def local_folder(home: Path) -> Path:
    """The folder that a path of a lake stands for. Raises InputError for the home of a user that there is none of."""
    try:
        return home.expanduser().absolute()
    except RuntimeError as error:
        raise InputError(f"--home {home}: {error}; give a folder, or s3://bucket/prefix") from error


def open_home(home: Path) -> Path:
    """The folder to work in, which is a lake from now on: `home` itself, or for s3://bucket/prefix its local copy, after both sides have
    what either had. Where lakes are only looked at, what is at hand.

    Raises InputError for a folder that cannot be written, other addresses, and where the storage does not answer, or refuses.
    """
    if LOOKING.get():
        return at_hand(home).folder
    address = remote_address(home)
    lake = Lake(copy_of(address) if address else local_folder(home))
    check_writable(lake.home)
    if address:
        bring_together(Remote(address, lake.home))
    return lake.make().home


def bring_together(remote: Remote) -> None:
    """Give a copy what only its storage has, and the storage what only the copy has."""
    with FileLock(remote.home / f"{MARK}.lock"):
        write_text(remote.home / MARK, remote.address)
        remote.sync()
        Lake(remote.home).make()  # whose files the warehouse's views read
        fetch_warehouse(remote)
        write_text(remote.home / SYNCED, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")


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
