"""Where files are kept that can be made or fetched again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from relook.core.errors import UsageError

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """Relook's folder in the cache of the user; it need not be there yet.

    ``RELOOK_CACHE`` names another one; ``XDG_CACHE_HOME`` or ``LOCALAPPDATA`` the user's cache.

    Raises:
        UsageError: the user has no home folder, and nothing is named.
    """
    if chosen := os.environ.get("RELOOK_CACHE"):
        return Path(chosen)
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        base = os.environ.get(variable, "")
        if base and Path(base).is_absolute():
            return Path(base) / "relook"
    below = {"darwin": Path("Library", "Caches"), "win32": Path("AppData", "Local")}
    try:
        return Path.home() / below.get(sys.platform, Path(".cache")) / "relook"
    except RuntimeError as error:
        raise UsageError("this user has no home folder; set RELOOK_CACHE to a folder") from error
