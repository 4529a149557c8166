"""The errors a person is meant to read: they name the thing, the value, the place and the way out, and end a command with exit code 2."""

import errno
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

DISK_FAULTS = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up", errno.EROFS: "the disk is read-only"}
FULL = (errno.ENOSPC, errno.EDQUOT)
PLACE_FAULTS = DISK_FAULTS | {
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.ENOTDIR: "a file is in the way of its folder",
    errno.EEXIST: "a file is in the way of its folder",
}
SAID_OF_DISKS = {"No space left on device": errno.ENOSPC, "Disk quota exceeded": errno.EDQUOT, "Read-only file system": errno.EROFS}
WAY_OUT = "What is written stays; make room (or choose another --home) and run again"


class InputError(ValueError):
    """Something given to us is wrong (a file, a row, a setting). Retrying cannot help; the message says what can."""


class NotReachable(InputError):
    """Something that lies elsewhere (a dataset on the hub) could not be asked from here, so nobody can say what it is now."""


class WorkerError(RuntimeError):
    """A child process ended without finishing its work. The message carries its last words and where its whole log lies."""


def input_error_in(error: BaseException) -> InputError | None:
    """The input error that an error is or comes of: a full or read-only disk is one, whichever library met it. None for all others."""
    if isinstance(error, InputError):
        return error
    for cause in causes(error):
        if fault := disk_fault(cause):
            place = f" {cause.filename}" if isinstance(cause, OSError) and cause.filename else ""
            return InputError(f"cannot write{place}: {fault}. {WAY_OUT}")
    return None


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """What may have been meant by a name that is none of those known, to put behind it; empty where none is like it."""
    folded = {name.casefold(): name for name in sorted(known, reverse=True)}
    like = get_close_matches(given.casefold(), folded, n=1, cutoff=0.6)
    return f" (did you mean `{folded[like[0]]}`?)" if like else ""


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what it was raised from or while handling, and so on."""
    while error:
        yield error
        error = error.__cause__ or error.__context__


def disk_fault(error: BaseException) -> str | None:
    """What an error itself says is wrong with a disk, if it does: by its number, or in the words that libraries pass on."""
    if isinstance(error, OSError) and error.errno in DISK_FAULTS:
        return DISK_FAULTS[error.errno]
    return next((DISK_FAULTS[number] for words, number in SAID_OF_DISKS.items() if words in str(error)), None)
