"""Where a user's programs keep what can be made again."""

from __future__ import annotations

import os
import sys

APPLICATION = "mock-server"


def user_cache() -> str:
    """Return the cache directory of this server, which need not be there yet.

    ``$XDG_CACHE_HOME/mock-server`` where that variable is an absolute path (XDG Base Directory Specification); else the
    place that the system has for caches: ``~/Library/Caches`` on macOS, ``%LOCALAPPDATA%`` on Windows, ``~/.cache``.
    """
    base = os.environ.get("XDG_CACHE_HOME", "").strip()
    if os.path.isabs(base):
        return os.path.join(base, APPLICATION)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or os.path.expanduser(r"~\AppData\Local")
        return os.path.join(local, APPLICATION, "Cache")
    caches = "~/Library/Caches" if sys.platform == "darwin" else "~/.cache"
    return os.path.join(os.path.expanduser(caches), APPLICATION)
