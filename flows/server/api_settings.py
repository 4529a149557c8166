"""Whether Prefect's settings may name an API, told without Prefect, whose import takes a second: `status` asks before it imports it."""

import os
import sys
from pathlib import Path

VARIABLE = "PREFECT_API_URL"
OF_SERVERS = ("PREFECT_API_", "PREFECT_SERVER_API_", "PREFECT_SERVER_ALLOW", "PREFECT_SERVER_EPHEMERAL_ENABLED", "PREFECT_PROFILE")
IN_FOLDER = (".env", "prefect.toml", "pyproject.toml")


def api_may_be_set() -> bool:
    """Whether a variable, or a file that Prefect reads its settings from, may name an API. Where Prefect is loaded already, it may."""
    return "prefect.settings" in sys.modules or bool(os.environ.get(VARIABLE)) or any(map(may_name_one, settings_files()))


def is_left_to_us() -> bool:
    """Whether no variable, and no file, may have a setting of Prefect's API or server, so that a run has a temporary one as we start it."""
    variables = any(name.startswith(OF_SERVERS) for name in os.environ)
    return not (variables or "prefect.settings" in sys.modules or any(map(has_settings, settings_files())))


def has_settings(path: Path) -> bool:
    """Whether a file may have a setting of Prefect's; one that cannot be read may."""
    if not path.exists():
        return False
    try:
        text = path.read_text(encoding="utf-8").lower()
    except (OSError, UnicodeDecodeError):
        return True
    return "[tool.prefect" in text if path.name == "pyproject.toml" else path.name == "prefect.toml" or "prefect" in text


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
