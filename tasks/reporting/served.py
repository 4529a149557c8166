"""Where a page of the lake can be opened: at the address of the server that shows the reports, where one does, else as a file."""

import os
from pathlib import Path

SERVED_AT = "DIFFICULTY_PRIOR_REPORTS_URL"


def address_of(page: Path, reports: Path) -> str:
    """The address of a page in the folder of reports. A browser follows a link to a file from a file, but not from a server's page."""
    served = os.environ.get(SERVED_AT, "").rstrip("/")
    return f"{served}/{page.relative_to(reports).as_posix()}" if served else page.as_uri()
