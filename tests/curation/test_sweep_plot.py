"""Where a sweep's plot can be written is looked at before anything is computed."""

from pathlib import Path

import pytest

from tasks.base.errors import InputError
from tasks.curation.sweep import check_plot


@pytest.mark.parametrize(
    ("name", "fault"),
    [("sweep.pdf", "a plot is one of .svg, .png, .html"), ("missing/sweep.svg", "which is no folder"), ("folder.svg", "is a folder")],
)
def test_a_plot_that_cannot_be_written_is_told_early(tmp_path: Path, name: str, fault: str) -> None:
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(InputError, match=fault):
        check_plot(tmp_path / name)
    check_plot(tmp_path / "sweep.SVG")
