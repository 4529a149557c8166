"""Which errors are a disk's fault, whichever library met it, and which are not a person's to mend."""

import errno
from pathlib import Path

import duckdb
import pytest

from tasks.base.errors import InputError, input_error_in


@pytest.mark.process
def test_a_full_disk_is_one_whoever_meets_it(small_disk: Path) -> None:
    with pytest.raises(duckdb.Error) as met:
        duckdb.connect(str(small_disk / "large.duckdb")).execute("create table t as select random() from range(1000000); checkpoint")
    told = input_error_in(met.value)
    assert told and "the disk is full" in str(told) and "run again" in str(told)


def test_a_disk_s_fault_is_found_below_what_was_raised() -> None:
    try:
        try:
            raise OSError(errno.EROFS, "Read-only file system", "/data/runs/x")
        except OSError as error:
            raise RuntimeError("the library's own words") from error
    except RuntimeError as error:
        assert str(input_error_in(error)).startswith("cannot write /data/runs/x: the disk is read-only.")


def test_other_errors_are_not_the_input_s() -> None:
    assert input_error_in(ValueError("a mistake of ours")) is None
    assert input_error_in(OSError(errno.ENOENT, "No such file", "x")) is None
    fault = InputError("row 3 is bad")
    assert input_error_in(fault) is fault
