"""Whether Prefect's settings may name an API, told without Prefect, whose import takes a second: `status` asks before it imports it."""

import os
import sys
from pathlib import Path

VARIABLE = "PREFECT_API_URL"
IN_FOLDER = (".env", "prefect.toml", "pyproject.toml")


def api_may_be_set() -> bool:
    """Whether a variable, or a file that Prefect reads its settings from, may name an API. Where Prefect is loaded already, it may."""
    return "prefect.settings" in sys.modules or bool(os.environ.get(VARIABLE)) or any(map(may_name_one, settings_files()))


def settings_files() -> list[Path]:
    """The files that Prefect reads: the profiles, and those of the folder."""
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")).expanduser()
    return [profiles, *(Path(name) for name in IN_FOLDER)]


def may_name_one(path: Path) -> bool:
    """Whether a file has a setting that may be the API's address; one that cannot be read may."""
    if not path.exists():
        return False
    try:
        text = path.read_text(encoding="utf-8").lower()
    except (OSError, UnicodeDecodeError):
        return True
    return VARIABLE.lower() in text or ("prefect" in f"{path.name} {text}" and "api" in text and "url" in text)
